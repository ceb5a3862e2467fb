"""Filling the fields of a form: what profile, agreement and consents all three allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.citizens.attributes import CATALOGUE as CITIZENS
from registry.citizens.predicates import Predicate, Subject
from registry.citizens.related import documents
from registry.civil_status.attributes import CATALOGUE as CIVIL_STATUS
from registry.households.attributes import CATALOGUE as HOUSEHOLDS
from registry.kernel.access_log import record_access
from registry.kernel.clock import now, today
from registry.kernel.fields import Catalogue
from registry.kernel.ledger import Moment
from registry.parcels.attributes import CATALOGUE as PARCELS
from registry.prefill import leaves
from registry.prefill.leaves import Leaf, by_hand, missing
from registry.prefill.registers import Faults, Told, no_faults, read_person
from registry.prefill.shapes import Field, Profile
from registry.prefill.subjects import Member

CATALOGUES: Mapping[str, Catalogue] = {
    catalogue.register: catalogue for catalogue in (CITIZENS, HOUSEHOLDS, CIVIL_STATUS, PARCELS)
}
_NAMING = {"parcels": ("reference",), "civil_status": ("registered_on",)}


@dataclass(frozen=True, slots=True)
class Form:
    """What is to be filled: the profile, who stands in its roles, and what the person picked.

    ``chosen`` are record ids by register; ``keys`` the fields that are wanted, None being all.
    """

    profile: Profile
    members: Mapping[str, tuple[Member, ...]]
    chosen: Mapping[str, str] = field(default_factory=dict)
    keys: frozenset[str] | None = None
    predicates: Mapping[str, Predicate] = field(default_factory=dict)
    faults: Faults = no_faults


def fill_form(session: Session, principal: Principal, form: Form) -> dict[str, Leaf]:
    """Return the leaf of every field that is wanted, by its key, in the order of the form.

    A role of several people has a leaf for each, ``role.0.name``. Every person is read once in
    each register, and every read has its row in the access log.
    """
    told: dict[str, Leaf] = {}
    for role in form.profile.roles:
        fields = [each for each in form.profile.of_role(role.id) if _wanted(form, each)]
        for number, member in enumerate(form.members[role.id]):
            part = _of_member(session, principal, form, fields, member)
            told |= {_key(leaf.field, number, many=role.many): leaf for leaf in part}
    order = {each.key: place for place, each in enumerate(form.profile.fields)}
    return dict(sorted(told.items(), key=lambda entry: (order[entry[1].field.key], entry[0])))


def _wanted(form: Form, each: Field) -> bool:
    return form.keys is None or each.key in form.keys


def _key(each: Field, number: int, *, many: bool) -> str:
    role, _, name = each.key.partition(".")
    return f"{role}.{number}.{name}" if many else each.key


def _of_member(
    session: Session, principal: Principal, form: Form, fields: Iterable[Field], member: Member
) -> Iterator[Leaf]:
    asked = [each for each in fields if each.attribute or each.predicate]
    closed = {each.key: _closed(principal, form, each, member) for each in asked}
    open_fields = [each for each in asked if closed[each.key] is None]
    read: dict[str, Told] = {}
    if member.record_id is not None:
        wanted = _paths(member, (each for each in open_fields if not each.predicate))
        read = read_person(session, principal, member.record_id, wanted, form.faults)
    for each in fields:
        reason = closed.get(each.key)
        if not (each.attribute or each.predicate):
            yield by_hand(each)
        elif reason is not None:
            yield missing(each, reason)
        elif each.predicate:
            yield _answered(session, principal, form, each, str(member.record_id))
        else:
            yield leaves.fill(each, read[each.register], form.chosen, now())


def _closed(principal: Principal, form: Form, each: Field, member: Member) -> str | None:
    """Return why a field of somebody may not be told; None where it may."""
    if member.record_id is None:
        return member.reason
    if each.attribute and each.attribute not in member.allowed:
        return member.reason or "no_consent"
    if not all(_allowed(principal, *needed) for needed in _needs(form, each)):
        return "outside_agreement"
    return None


def _needs(form: Form, each: Field) -> Iterator[tuple[Catalogue, str]]:
    if each.attribute:
        yield CATALOGUES[each.register], each.path
    if each.predicate:
        for catalogue, paths in form.predicates[each.predicate.partition(":")[0]].rights.items():
            yield from ((catalogue, path) for path in paths)


def _allowed(principal: Principal, catalogue: Catalogue, path: str) -> bool:
    return catalogue.allows(path, principal.attributes(catalogue.register))


def _paths(member: Member, fields: Iterable[Field]) -> dict[str, set[str]]:
    """Return what to read of each register, with what names its records apart where agreed to."""
    wanted: dict[str, set[str]] = {}
    for each in fields:
        wanted.setdefault(each.register, set()).add(each.path)
    for register, paths in wanted.items():
        also = _NAMING.get(register, ())
        paths |= {path for path in also if f"{register}:{path}" in member.allowed}
    return wanted


def _answered(
    session: Session, principal: Principal, form: Form, each: Field, record_id: str
) -> Leaf:
    """Return yes or no in place of the values behind it; what is not known is neither."""
    name, _, argument = each.predicate.partition(":")
    predicate = form.predicates[name]
    document = documents(session, [record_id], Moment()).get(record_id, {})
    verdict = predicate.check(session, Subject(record_id, document, today()), argument)
    paths = [path for some in predicate.rights.values() for path in some]
    record_access(session, principal.asker, "delivered", paths, record_id)
    if verdict == "unknown":
        return Leaf(each, "incomplete", reason="not_certain")
    return Leaf(each, "ok", value=verdict == "match", lock=each.lock)


def needed_attributes(profile: Profile) -> dict[str, frozenset[str]]:
    """Return what an agreement must let a client read to fill the whole form, by register."""
    needed: dict[str, set[str]] = {}
    for each in profile.fields:
        if each.attribute:
            catalogue = CATALOGUES[each.register]
            needed.setdefault(each.register, set()).update(catalogue.with_sources(each.path))
    return {register: frozenset(paths) for register, paths in needed.items()}


def with_grounds(profile: Profile, told: Mapping[str, Leaf]) -> dict[str, Leaf]:
    """Return the leaves with the provisions by which the certain ones take a paper's place."""
    grounds = {
        key: profile.bases[component.ground]
        for component in profile.components
        if component.ground
        for key in component.replaced_by
    }
    return {
        key: replace(leaf, ground=grounds[leaf.field.key])
        if leaf.certain and leaf.field.key in grounds
        else leaf
        for key, leaf in told.items()
    }


def papers(profile: Profile, told: Mapping[str, Leaf]) -> list[dict[str, Any]]:
    """Return the parts of the dossier: which are still needed, and because of which fields.

    Resolution 66.7/2025/NQ-CP, article 8: what can't be taken from the registers, or is not
    certain there, may be asked for as a paper, and that one paper alone.
    """
    return [_paper(profile, component, told) for component in profile.components]


def _paper(profile: Profile, component: Any, told: Mapping[str, Leaf]) -> dict[str, Any]:
    lacking = sorted(
        key
        for key, leaf in told.items()
        if leaf.field.key in component.replaced_by and not leaf.certain
    )
    replaced = bool(component.ground and component.replaced_by and not lacking)
    ground = profile.bases.get(component.ground)
    return {
        "code": component.code,
        "label": {"vi": component.label.vi, "en": component.label.en},
        "kind": component.kind,
        "needed": not replaced,
        "ground": {"act": ground.act, "article": ground.article} if ground and replaced else None,
        **({"because": lacking} if lacking and component.ground else {}),
    }
