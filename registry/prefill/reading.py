"""Profiles as files: one in TOML for each procedure, beside what several of them share.

``shared/bases.toml`` has the provisions that many profiles cite, ``shared/fields.toml`` the fields
that many forms have. A profile names them, and may say its own beside them. Whatever is unknown,
missing or said twice is refused with the name of the file and the key.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, get_args

from registry.kernel.codes import load as load_codes
from registry.prefill.shapes import (
    SAME_AS,
    Basis,
    Component,
    Field,
    FieldType,
    ProcedureCode,
    Profile,
    Role,
)
from registry.prefill.tables import ProfileError, Table, parse
from registry.prefill.transforms import TRANSFORMS

# Today's administrative units are a list of their own, at `/v1/places`.
PLACES = "places"
_WHO = ("submitter", "child", "spouse", "adult", "household", "deceased")
# Whoever is of age consents alone; nobody else may be told of them on the submitter's word.
_OWN = ("spouse", "adult", "household")
_LEVELS = ("commune", "province")
_KINDS = ("paper", "declaration", "drawing", "other")
_SLUG = re.compile(r"[a-z][a-z0-9-]{1,39}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CODE = re.compile(r"[0-9]\.[0-9]{6}")
_PREDICATE = re.compile(r"([a-z_]{1,40}:[^:\s]{0,60})?")
_ATTRIBUTE = re.compile(r"([a-z_]{1,40}:[a-z0-9_.]{1,100})?")
_PORTAL = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}|")
_PORTAL_ROLE = "portal_role"
# What an act is about, as `registry.civil_status.acts.kind_of_event` tells it.
_EVENTS = ("civil_act_type", "civil_decision_kind")

Standard = Mapping[str, Mapping[str, Any]]


def read_profile(
    file: str, content: str, bases: Mapping[str, Basis], standard: Standard
) -> Profile:
    """Return the profile of one file; ``bases`` and ``standard`` are what profiles share.

    Raises ProfileError.
    """
    table = parse(file, content)
    own = {
        **{name: _shared(table, bases, name) for name in table.texts("shared_bases")},
        **read_bases(table),
    }
    roles = tuple(_role(each) for each in table.tables("roles"))
    _require_unique(table, "roles", (role.id for role in roles))
    known = {role.id for role in roles}
    fields = tuple(
        field for each in table.tables("fields") for field in _fields(each, known, own, standard)
    )
    _require_unique(table, "fields", (field.key for field in fields))
    _require_unique(table, "portal", (field.portal for field in fields if field.portal))
    keys = {field.key for field in fields}
    components = tuple(_component(each, keys, own) for each in table.tables("components"))
    _require_unique(table, "components", (component.code for component in components))
    for role in roles:
        _check_who(table, role, roles)
    profile = Profile(
        _shaped(table, "id", _SLUG),
        table.take("version", str),
        table.text("name"),
        table.one_of("level", _LEVELS),
        tuple(_code(each) for each in table.tables("codes")),
        own,
        roles,
        components,
        fields,
    )
    table.close()
    for member in ("codes", "roles", "fields"):
        if not getattr(profile, member):
            raise table.wrong(member, "must not be empty")
    return profile


def read_bases(table: Table) -> dict[str, Basis]:
    """Return the provisions that a file states itself, by their ids."""
    found: dict[str, Basis] = {}
    for each in table.tables("bases"):
        start, end = each.days()
        basis = Basis(
            _shaped(each, "id", _NAME),
            each.take("act", str),
            each.take("article", str),
            start,
            end,
            # Always said, so that nobody takes an entry for verified by its silence.
            verified=each.take("verified", bool),
        )
        each.close()
        if basis.id in found:
            raise each.wrong("id", f"stands twice: {basis.id}")
        found[basis.id] = basis
    return found


def read_standard(file: str, content: str) -> Standard:
    """Return the fields that many forms have, by name: a table of members each."""
    table = parse(file, content)
    found: dict[str, Mapping[str, Any]] = {}
    for each in table.tables("fields"):
        name = _shaped(each, "name", _NAME)
        if name in found:
            raise each.wrong("name", f"stands twice: {name}")
        members = {member: each.take(member, object) for member in _MEMBERS if each.has(member)}
        each.close()
        found[name] = members
    return found


def _shared(table: Table, bases: Mapping[str, Basis], name: str) -> Basis:
    if name not in bases:
        raise table.wrong("shared_bases", f"unknown basis: {name}")
    return bases[name]


def _shaped(table: Table, member: str, shape: re.Pattern[str], *default: str) -> str:
    value: str = table.take(member, str, *default)
    if not shape.fullmatch(value):
        raise table.wrong(member, f"not of the form {shape.pattern}: {value}")
    return value


def _code(table: Table) -> ProcedureCode:
    code = ProcedureCode(_shaped(table, "code", _CODE), *table.days())
    table.close()
    return code


def _role(table: Table) -> Role:
    role = Role(
        _shaped(table, "id", _NAME),
        table.text("label"),
        table.take("who", str),
        table.one_of("consent", ("submitter", "own"), "submitter"),
        table.take("many", bool, False),
    )
    table.close()
    return role


def _check_who(table: Table, role: Role, roles: Collection[Role]) -> None:
    """Refuse an unknown kind of person, a circle, and consent that another can't give."""
    who, seen = role.who, {role.id}
    by_id = {each.id: each for each in roles}
    while who.startswith(SAME_AS):
        other = who.removeprefix(SAME_AS)
        if other not in by_id:
            raise table.wrong("roles", f"{role.id}: unknown role: {other}")
        if other in seen:
            raise table.wrong("roles", f"{role.id}: is the same as itself")
        seen.add(other)
        who = by_id[other].who
    if who not in _WHO:
        raise table.wrong("roles", f"{role.id}: unknown: {who}")
    if role.who in _OWN and role.consent != "own":
        raise table.wrong("roles", f"{role.id}: consents itself: consent must be own")


def _component(table: Table, keys: Collection[str], bases: Collection[str]) -> Component:
    replaced_by, proves = table.texts("replaced_by"), table.texts("proves")
    for key in (*replaced_by, *proves):
        if key not in keys:
            raise table.wrong("replaced_by", f"unknown field: {key}")
    component = Component(
        _shaped(table, "code", _NAME),
        table.text("label"),
        table.one_of("kind", _KINDS),
        _basis(table, "basis", bases),
        replaced_by,
        _basis(table, "ground", bases),
        proves or replaced_by,
        table.text("note", None),
    )
    table.close()
    if bool(component.ground) != bool(replaced_by):
        raise table.wrong("ground", "goes with replaced_by: both, or neither")
    return component


def _basis(table: Table, member: str, bases: Collection[str]) -> str:
    value: str = table.take(member, str, "")
    if value and value not in bases:
        raise table.wrong(member, f"unknown basis: {value}")
    return value


def _fields(
    table: Table, roles: Collection[str], bases: Collection[str], standard: Standard
) -> Iterator[Field]:
    """Yield the fields of one entry: several standard ones, or one with all that it says."""
    role = table.one_of("role", roles)
    names = table.texts("standard")
    if bool(names) == table.has("name"):
        raise table.wrong("name", "either a name, or a list of standard fields")
    said = {member: table.take(member, object) for member in _MEMBERS if table.has(member)}
    for name in names or (_shaped(table, "name", _NAME),):
        if names and name not in standard:
            raise table.wrong("standard", f"unknown standard field: {name}")
        members = _over(standard[name], said) if names else said
        yield _field(Table(table.file, f"{table.key}({name})", members), role, name, bases)
    table.close()


def _over(standard: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a standard field with what a profile says otherwise of it."""
    found = {**standard, **said}
    if "portal" in said:
        found.pop(_PORTAL_ROLE, None)
    return found


def _field(table: Table, role: str, name: str, bases: Collection[str]) -> Field:
    portal, only = _shaped(table, "portal", _PORTAL, ""), table.take(_PORTAL_ROLE, str, role)
    field = Field(
        key=f"{role}.{name}",
        role=role,
        label=table.text("label"),
        attribute=_shaped(table, "attribute", _ATTRIBUTE, ""),
        transform=table.one_of("transform", TRANSFORMS, "plain"),
        predicate=_shaped(table, "predicate", _PREDICATE, ""),
        required=table.take("required", bool, False),
        optional_to_share=table.take("optional_to_share", bool, False),
        basis=_basis(table, "basis", bases),
        stale_after_days=table.take("stale_after_days", int, None),
        lock=table.one_of("lock", ("locked", "editable"), "editable"),
        type=table.one_of("type", get_args(FieldType), "text"),
        codes=table.take("codes", str, ""),
        act=table.take("act", str, ""),
        portal=portal if only == role else "",
        justification=table.text("justification", None),
    )
    table.close()
    if field.codes and field.codes != PLACES and not _is_list(field.codes):
        raise table.wrong("codes", f"unknown code list: {field.codes}")
    if field.act and not any(field.act in load_codes(name) for name in _EVENTS):
        raise table.wrong("act", f"unknown event: {field.act}")
    if (field.type == "code") != bool(field.codes):
        raise table.wrong("codes", "goes with the type code: both, or neither")
    if field.lock == "locked" and not field.attribute:
        raise table.wrong("lock", "nothing fills it, so it can't be locked")
    return field


@cache
def _is_list(name: str) -> bool:
    if not _NAME.fullmatch(name):
        return False
    try:
        load_codes(name)
    except FileNotFoundError:
        return False
    return True


def _require_unique(table: Table, member: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise table.wrong(member, f"stands twice: {name}")
        seen.add(name)


def require_apart(profiles: Iterable[tuple[str, Profile]]) -> dict[str, Profile]:
    """Return profiles by id; raises ProfileError for an id, or a code on one day, that two have."""
    found: dict[str, Profile] = {}
    meant: list[tuple[ProcedureCode, str]] = []
    for file, profile in profiles:
        if profile.id in found:
            raise ProfileError(file, "id", f"stands twice: {profile.id}")
        for code in profile.codes:
            for other, of in meant:
                if other.code == code.code and _meet(other, code):
                    raise ProfileError(file, "codes", f"{code.code} means {of} in that time")
            meant.append((code, profile.id))
        found[profile.id] = profile
    return found


def _meet(one: ProcedureCode, other: ProcedureCode) -> bool:
    return (one.valid_to is None or other.valid_from < one.valid_to) and (
        other.valid_to is None or one.valid_from < other.valid_to
    )


_MEMBERS = (
    *("label", "attribute", "transform", "predicate", "required", "optional_to_share", "basis"),
    *("stale_after_days", "lock", "type", "codes", "act", "portal", _PORTAL_ROLE),
    "justification",
)
