"""Filling the fields of a form: what profile, agreement and consents all three allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.citizens.attributes import CATALOGUE as CITIZENS
from registry.citizens.predicates import Predicate
from registry.civil_status.attributes import CATALOGUE as CIVIL_STATUS
from registry.corrections.cases import open_paths
from registry.households.attributes import CATALOGUE as HOUSEHOLDS
from registry.kernel.clock import now
from registry.kernel.errors import Unavailable
from registry.kernel.fields import Catalogue
from registry.parcels.attributes import CATALOGUE as PARCELS
from registry.prefill import leaves
from registry.prefill.leaves import Circumstances, Leaf, by_hand, missing
from registry.prefill.registers import Faults, Told, may_ask, no_faults, read_person
from registry.prefill.shapes import Field, Profile
from registry.prefill.subjects import Member

CATALOGUES: Mapping[str, Catalogue] = {
    catalogue.register: catalogue for catalogue in (CITIZENS, HOUSEHOLDS, CIVIL_STATUS, PARCELS)
}
# What tells several records of one register apart, where it was agreed to.
_NAMING = {"parcels": ("reference", "address"), "civil_status": ("type", "registered_on")}


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


@dataclass(frozen=True, slots=True)
class _Part:
    """What one member of a role is asked: the fields, and why some of them may not be told."""

    member: Member
    number: int
    many: bool
    fields: tuple[Field, ...]
    closed: Mapping[str, str]


def fill_form(session: Session, principal: Principal, form: Form) -> dict[str, Leaf]:
    """Return the leaf of every field that is wanted, by its key, in the order of the form.

    A role of several people has a leaf for each, ``role.0.name``. Every person is read once in
    each register, whatever the roles, and every read has its row in the access log.
    """
    parts = list(_parts(principal, form))
    read = _read(session, principal, form, parts)
    seen = {
        found.record_id for told in read.values() for one in told.values() for found in one.found
    }
    around = Circumstances(now(), form.chosen, open_paths(session, seen) if seen else {})
    filled = {
        _key(each, part.number, many=part.many): _leaf(
            session, principal, form, part, each, read, around
        )
        for part in parts
        for each in part.fields
    }
    order = {each.key: place for place, each in enumerate(form.profile.fields)}
    return dict(sorted(filled.items(), key=lambda entry: (order[entry[1].field.key], entry[0])))


def _parts(principal: Principal, form: Form) -> Iterator[_Part]:
    for role in form.profile.roles:
        fields = tuple(each for each in form.profile.of_role(role.id) if _wanted(form, each))
        for number, member in enumerate(form.members[role.id]):
            reasons = {
                each.key: _closed(principal, form, each, member)
                for each in fields
                if each.attribute or each.predicate
            }
            closed = {key: reason for key, reason in reasons.items() if reason is not None}
            yield _Part(member, number, role.many, fields, closed)


def _wanted(form: Form, each: Field) -> bool:
    return form.keys is None or each.key in form.keys


def _key(each: Field, number: int, *, many: bool) -> str:
    role, _, name = each.key.partition(".")
    return f"{role}.{number}.{name}" if many else each.key


def _read(
    session: Session, principal: Principal, form: Form, parts: Iterable[_Part]
) -> dict[str, dict[str, Told]]:
    """Return by record id and register what is told of everybody in the form."""
    wanted: dict[str, dict[str, set[str]]] = {}
    for part in parts:
        if part.member.record_id is None:
            continue
        paths = wanted.setdefault(part.member.record_id, {})
        for each in part.fields:
            if each.attribute and not each.predicate and each.key not in part.closed:
                named = _naming(principal, part.member, each.register)
                paths.setdefault(each.register, set()).update({each.path}, named)
    return {
        who: read_person(session, principal, who, paths, form.faults)
        for who, paths in wanted.items()
    }


def _leaf(  # noqa: PLR0913, PLR0917 - which field of whom, of what was read, and what bears on it
    session: Session,
    principal: Principal,
    form: Form,
    part: _Part,
    each: Field,
    read: Mapping[str, Mapping[str, Told]],
    around: Circumstances,
) -> Leaf:
    if not (each.attribute or each.predicate):
        return by_hand(each)
    if each.key in part.closed:
        return missing(each, part.closed[each.key])
    who = str(part.member.record_id)
    if each.predicate:
        return _answered(session, principal, form, each, who)
    return leaves.fill(each, read[who][each.register], around)


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


def _naming(principal: Principal, member: Member, register: str) -> set[str]:
    """Return what tells records of a register apart, as far as member and agreement allow it."""
    return {
        path
        for path in _NAMING.get(register, ())
        if f"{register}:{path}" in member.allowed
        and _allowed(principal, CATALOGUES[register], path)
    }


def _answered(
    session: Session, principal: Principal, form: Form, each: Field, record_id: str
) -> Leaf:
    """Return yes or no in place of the values behind it; what is not known is neither."""
    name, _, argument = each.predicate.partition(":")
    predicate = form.predicates[name]
    paths = {catalogue.register: frozenset(paths) for catalogue, paths in predicate.rights.items()}
    try:
        who = may_ask(session, principal, record_id, paths, form.faults)
    except Unavailable:
        return missing(each, "register_down")
    if who is None:
        return Leaf(each, "not_found", reason="no_record")
    verdict = predicate.check(session, who, argument)
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
    replacing = {key: leaf for key, leaf in told.items() if leaf.field.key in component.replaced_by}
    lacking = {key for key, leaf in replacing.items() if not leaf.certain}
    # A field that was not asked for, or whose role has nobody in it, proves nothing either.
    lacking |= set(component.replaced_by) - {leaf.field.key for leaf in replacing.values()}
    replaced = bool(component.ground and component.replaced_by and not lacking)
    ground = profile.bases.get(component.ground)
    return {
        "code": component.code,
        "label": {"vi": component.label.vi, "en": component.label.en},
        "kind": component.kind,
        "needed": not replaced,
        "ground": {"act": ground.act, "article": ground.article} if ground and replaced else None,
        **({"because": sorted(lacking)} if lacking and component.ground else {}),
    }
