"""What a consent page shows: every value that would be given, before anything leaves.

It is read as the person's own look at their data, by the same verbs and with the same rules as the
release itself, and logged as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from auth.consents.preview import Choice, Details, Item, PlainPreview, Section, Shown
from auth.grants.grants import Grantor
from auth.guard import trace_id
from auth.principals import Agreement, Principal, Purpose
from registry.citizens.predicates import is_record_id
from registry.kernel.clock import today
from registry.kernel.errors import NotFound, Text
from registry.prefill.filling import CATALOGUES, Form, fill_form
from registry.prefill.leaves import Leaf
from registry.prefill.profiles import for_procedure
from registry.prefill.relatives import CANDIDATES, household, names
from registry.prefill.shapes import SAME_AS, Field, Profile, Role
from registry.prefill.subjects import Member

# Under which a person's own looks stand in the log.
OWN_CLIENT = "sogoc"
_SOURCES = {
    "citizens": Text("Cơ sở dữ liệu dân cư", "Population register"),
    "households": Text("Sổ hộ gia đình", "Household register"),
    "civil_status": Text("Sổ hộ tịch", "Civil-status register"),
    "parcels": Text("Cơ sở dữ liệu đất đai", "Land register"),
}
_NOTES = {
    "under_review": Text("Đang được xác minh", "Under review"),
    "several": Text("Có nhiều hồ sơ: bạn sẽ chọn trên biểu mẫu", "Several: you choose on the form"),
    "stale": Text("Đã lâu chưa xác nhận: biểu mẫu sẽ hỏi lại", "Not confirmed lately: to be asked"),
    "withheld": Text("Đang được bảo vệ, không chuyển đi", "Protected: it is not passed on"),
    "register_down": Text("Sổ này tạm thời không trả lời", "This register does not answer now"),
    "no_coverage": Text("Sổ chưa số hóa đủ để trả lời", "The books here are not complete"),
}
_NONE = Text("Chưa có trong sổ", "Not in the registers")
_PREDICATE = Text("Chỉ trả lời có hoặc không", "Only yes or no is told")
_OWN_PHONE = Text(
    "{} sẽ tự xem và đồng ý trên điện thoại của mình.",
    "{}: will see and agree on their own phone.",
)
_YES, _NO = "Có", "Không"


class RegistryPreview:
    """Shows the values that the registers hold (`auth.consents.preview.Preview`)."""

    def __init__(self, predicates: Mapping[str, Any]) -> None:
        self._predicates = predicates

    def show(self, session: Session, client_id: str, person: Grantor, details: Details) -> Shown:
        """Return the values behind ``details`` by role; only their names without a profile."""
        code = details[0]["procedure"] if details else ""
        profile: Profile | None
        try:
            profile = for_procedure(code, today())
        except NotFound:
            profile = None
        # Of who is no citizen of ours, such as an officer, no register says anything.
        if profile is None or not is_record_id(person.person_id):
            return PlainPreview().show(session, client_id, person, details)
        sections, notes = [], []
        for subject, attributes in _by_subject(details).items():
            role = next((r for r in profile.roles if r.id == _role_of(profile, subject)), None)
            if role is None:
                continue
            if role.consent == "own" and not role.many:
                label = role.label
                notes.append(Text(_OWN_PHONE.vi.format(label.vi), _OWN_PHONE.en.format(label.en)))
            whole = _with_others(profile, role, attributes)
            section = self._section(session, person, whole, role, attributes, code)
            sections.append(replace(section, role=subject))
        return Shown(tuple(sections), tuple(notes), profile.name)

    def _section(  # noqa: PLR0913, PLR0917 - whose, of which form and role, and what of it
        self,
        session: Session,
        person: Grantor,
        profile: Profile,
        role: Role,
        attributes: Mapping[str, bool],
        code: str,
    ) -> Section:
        people = _people(session, profile, role, person.person_id)
        read = [self._read(session, person, profile, role, who, attributes, code) for who in people]
        chosen = role.who in {"child", "deceased"}
        called = names(session, people) if chosen else {}
        return Section(
            role.id,
            role.label,
            tuple(Choice(who, called.get(who, "")) for who in people) if chosen else (),
            role.many,
            tuple(_items(profile, role, attributes, read)),
        )

    def _read(  # noqa: PLR0913, PLR0917 - as above, and of whom
        self,
        session: Session,
        person: Grantor,
        profile: Profile,
        role: Role,
        who: str,
        attributes: Mapping[str, bool],
        code: str,
    ) -> dict[str, Leaf]:
        nobody: dict[str, tuple[Member, ...]] = {each.id: () for each in profile.roles}
        form = Form(
            replace(profile, roles=(replace(role, many=False),)),
            {**nobody, role.id: (Member(who, frozenset(attributes)),)},
            predicates=self._predicates,
        )
        return fill_form(session, own_look(person, code), form)


def own_look(person: Grantor, code: str) -> Principal:
    """Return the principal of a person who looks at their own data for a procedure.

    It may read everything that a catalogue has by name, as the person may by law (Law
    91/2025/QH15, article 4); its rows in the log say that the person looked.
    """
    everything = {register: catalogue.paths for register, catalogue in CATALOGUES.items()}
    law = "Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15, Điều 4"
    agreement = Agreement("", OWN_CLIENT, code, everything, {}, law, date.min)
    return Principal(
        OWN_CLIENT,
        frozenset(),
        trace_id(),
        purpose=Purpose(code, "consent"),
        agreement=agreement,
        person_id=person.person_id,
    )


def _role_of(profile: Profile, subject: str) -> str:
    """Return the role that a request means: whoever sits there is the one who submits."""
    return profile.roles[0].id if subject == "self" else subject


def _by_subject(details: Details) -> dict[str, dict[str, bool]]:
    """Return the attributes asked for of each subject, and whether each may be left out."""
    wanted: dict[str, dict[str, bool]] = {}
    for detail in details:
        for subject in detail["subjects"]:
            asked = wanted.setdefault(subject, {})
            for attribute in detail["attributes"]:
                asked[attribute] = asked.get(attribute, True) and attribute in detail["optional"]
    return wanted


def _with_others(profile: Profile, role: Role, attributes: Iterable[str]) -> Profile:
    """Return the profile with a field for each attribute that its form has none for.

    A client may ask for more than a form needs, by its agreement: the person sees that too. No
    form is ever filled with it.
    """
    known = {each.attribute for each in profile.of_role(role.id)}
    more = [
        Field(f"{role.id}.{attribute}", role.id, _named(attribute), attribute)
        for attribute in attributes
        if attribute not in known
    ]
    return replace(profile, fields=(*profile.fields, *more))


def _named(attribute: str) -> Text:
    register, _, path = attribute.partition(":")
    found = CATALOGUES[register].expand([path]) if register in CATALOGUES else frozenset()
    labels = [a for a in CATALOGUES[register].attributes if a.path in found] if found else []
    if not labels:
        return Text(attribute, attribute)
    return Text(" · ".join(a.vi for a in labels), " · ".join(a.en for a in labels))


def _people(session: Session, profile: Profile, role: Role, person: str) -> Sequence[str]:
    """Return of whom the section shows values: of nobody who consents for themselves."""
    if role.who.startswith(SAME_AS):
        return _people(session, profile, profile.role(role.who.removeprefix(SAME_AS)), person)
    if role.who == "submitter":
        return [person]
    if role.who == "household":
        minors = CANDIDATES["child"](session, person)
        return [who for who in household(session, person) if who == person or who in minors]
    return CANDIDATES[role.who](session, person) if role.consent == "submitter" else []


def _items(
    profile: Profile,
    role: Role,
    attributes: Mapping[str, bool],
    read: Sequence[Mapping[str, Leaf]],
) -> Iterable[Item]:
    for attribute, optional in attributes.items():
        fields = [each for each in profile.of_role(role.id) if each.attribute == attribute]
        if not fields:
            continue
        told = [[one[each.key] for each in fields if each.key in one] for one in read]
        leaves = [leaf for some in told for leaf in some]
        yield Item(
            attribute,
            _label(fields),
            tuple(_words(some) for some in told),
            _SOURCES[fields[0].register],
            max((leaf.valid_from for leaf in leaves if leaf.valid_from), default=None),
            optional,
            _note(leaves),
            tuple(each.key for each in fields),
        )


def _label(fields: Sequence[Any]) -> Text:
    """Return the names of the form's fields that one attribute fills."""
    vi = dict.fromkeys(each.label.vi for each in fields)
    en = dict.fromkeys(each.label.en for each in fields)
    return Text(" · ".join(vi), " · ".join(en))


def _words(leaves: Sequence[Leaf]) -> str:
    words = dict.fromkeys(text for leaf in leaves if (text := _word(leaf)))
    return " · ".join(words)


def _word(leaf: Leaf) -> str:
    value = leaf.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return _YES if value else _NO
    if leaf.label:
        return leaf.label
    if isinstance(value, list):
        return ", ".join(_member(each) for each in value)
    if leaf.field.type in {"date", "partial_date"} and isinstance(value, str):
        return "/".join(reversed(value.split("-")))
    return str(value)


def _member(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    parts = (v.get("label", "") if isinstance(v, Mapping) else str(v) for v in value.values())
    return " ".join(part for part in parts if part)


def _note(leaves: Sequence[Leaf]) -> Text | None:
    if any(leaf.field.predicate for leaf in leaves):
        return _PREDICATE
    reasons = [leaf.reason for leaf in leaves if leaf.reason in _NOTES]
    if reasons:
        return _NOTES[str(reasons[0])]
    return None if any(leaf.value is not None for leaf in leaves) or not leaves else _NONE
