"""What an act of civil status says: its event, its day, its people, what amends it (pure).

The order in which acts arrive never matters: they are always read in the order of their
effective day, then of registration, then of code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from registry.kernel.dates import PartialDate
from registry.kernel.fields import Document

ROLES = (
    "child",
    "mother",
    "father",
    "husband",
    "wife",
    "deceased",
    "guardian",
    "ward",
    "parent",
    "person",
    "declarant",
)
# Mended from the beginning: the entry should always have said so (Law on Civil Status, article 4).
RETROACTIVE = frozenset({"correction", "supplement"})
# A change holds from its own day on; what was before stays as it was.
PROSPECTIVE = frozenset({"change", "ethnicity_redetermination"})
_SECTIONS = frozenset(
    {"birth", "marriage", "death", "guardianship", "parentage", "decision", "office", "signer"}
) | {"number", "book", "year", "registered_on", "registration_kind", "handled_by", "note"}
_PRINCIPAL = {"birth": "child", "death": "deceased", "guardianship": "ward", "parentage": "child"}
_EVENT_DATES = {
    "birth": ("persons", "child", "birth_date"),
    "marriage": ("marriage", "established_on"),
    "death": ("death", "date"),
    "guardianship": ("guardianship", "from"),
    "guardianship_end": ("guardianship", "to"),
}
_FALLBACKS = (("decision", "effective_on"), ("registered_on",))
_BOOK_YEAR = re.compile(r"(?<![0-9])((?:18|19|20|21)[0-9]{2})(?![0-9])")


@dataclass(frozen=True, slots=True)
class Act:
    """One act by its record id, read once.

    ``kind`` is its event (`kind_of_event`), ``when`` its effective date as precise as the source
    and ``day`` the first day of that; ``basis`` are the ids of the acts its document rests on.
    ``code`` is the source system's key of the entry, ``amends`` that of the act which it corrects
    or notes, ``persons`` are the people it names, one in a role, and ``people`` their keys.
    """

    id: str
    document: Document
    basis: tuple[str, ...]
    kind: str
    when: PartialDate
    # What every question about a person asks of every act, found once.
    day: date = field(init=False, repr=False, compare=False)
    code: str = field(init=False, repr=False, compare=False)
    amends: str | None = field(init=False, repr=False, compare=False)
    persons: Mapping[str, Mapping[str, Any]] = field(init=False, repr=False, compare=False)
    people: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find what is asked again and again."""
        code = str(self.document["code"])
        persons: Mapping[str, Mapping[str, Any]] = self.document.get("persons", {})
        people = {
            role: str(entry.get("citizen_id") or entry.get("personal_id") or f"{code}/{role}")
            for role, entry in persons.items()
        }
        for name, value in (
            ("day", self.when.first),
            ("code", code),
            ("amends", self.document.get("amends")),
            ("persons", persons),
            ("people", people),
        ):
            object.__setattr__(self, name, value)

    def who(self, role: str) -> str | None:
        """Return the key of the person in ``role``: record id, else personal id, else the place."""
        return self.people.get(role)

    def roles_of(self, who: str) -> list[str]:
        """Return the roles in which it names ``who``."""
        return [role for role, key in self.people.items() if key == who]


def act_of(record_id: str, document: Document, basis: tuple[str, ...] = ()) -> Act:
    """Return the act of a record as its document has it; raises ValueError for one undated."""
    when = effective_date(document)
    if when is None:
        raise ValueError("an act without any date is never stored")
    return Act(record_id, document, basis or (record_id,), kind_of_event(document), when)


def text_code(value: Any) -> str:
    """Return the code of a coded value, which may be a leaf or the bare code."""
    return str(value.get("code", "")) if isinstance(value, Mapping) else str(value or "")


def kind_of_event(document: Document) -> str:
    """Return the event: the act's type, or what a note of a decision or of abroad is about.

    >>> kind_of_event({"type": {"code": "court_note"}, "decision": {"kind": "divorce"}})
    'divorce'
    """
    kind = text_code(document["type"])
    if kind == "court_note":
        return text_code(document.get("decision", {}).get("kind"))
    return text_code(document.get("of")) if kind == "foreign_note" else kind


def date_at(document: Document, path: Sequence[str]) -> PartialDate | None:
    """Return the partial date at ``path``; None where there is none. Raises DateError."""
    value: Any = document
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    if not value:
        return None
    return PartialDate.parse(value["value"] if isinstance(value, Mapping) else str(value))


def event_date(document: Document) -> PartialDate | None:
    """Return the date of the event itself, where the act gives it apart from its registration."""
    path = _EVENT_DATES.get(kind_of_event(document))
    return (date_at(document, path) if path else None) or date_at(document, _FALLBACKS[0])


def effective_date(document: Document) -> PartialDate | None:
    """Return since when an act holds: the event, else its registration, else the book's year.

    >>> effective_date({"type": {"code": "marriage"}, "book": "01/2003-KH"}).value
    '2003'
    """
    year = year_of(document)
    return (
        event_date(document)
        or date_at(document, _FALLBACKS[1])
        or (PartialDate(year) if year else None)
    )


def year_of(document: Document) -> int | None:
    """Return the year of the entry: as told, of its registration, or of its book."""
    told = document.get("year")
    if told:
        return int(str(told))
    registered = date_at(document, _FALLBACKS[1])
    if registered:
        return registered.year
    found = _BOOK_YEAR.search(str(document.get("book", "")))
    return int(found[1]) if found else None


def named(document: Document) -> set[str]:
    """Return the record ids of the registered people that an act names."""
    return {
        entry["citizen_id"]
        for entry in document.get("persons", {}).values()
        if "citizen_id" in entry
    }


def in_order(acts: Iterable[Act]) -> list[Act]:
    """Return the acts in their one order, however they came."""
    return sorted(acts, key=lambda act: (act.day, _registered(act), act.code))


def _registered(act: Act) -> date:
    found = date_at(act.document, _FALLBACKS[1])
    return found.first if found else date.min


def amended(acts: Iterable[Act]) -> list[Act]:
    """Return the acts in order, with every correction and supplement applied to its target.

    One that corrects another correction reaches the entry behind it. Where two say different
    things of one value, the later in order stands.
    """
    ordered = in_order(acts)
    result = {act.code: act for act in ordered}
    for act in ordered:
        if act.kind not in RETROACTIVE:
            continue
        target = result.get(root_of(act, result) or "")
        if target is not None:
            document = target.document
            for field, value in changes_in(act.document):
                path = _locate(target.document, act.document, field)
                document = put(document, path, value) if path else document
            result[target.code] = act_of(target.id, document, (*target.basis, act.id))
    return in_order(result.values())


def root_of(act: Act, known: Mapping[str, Act]) -> str | None:
    """Return the code of the entry behind a chain of corrections; empty for a circle.

    None where the chain names no entry.
    """
    seen = {act.code}
    code = act.amends
    while code is not None and code in known and known[code].kind in RETROACTIVE:
        if code in seen:
            return ""
        seen.add(code)
        code = known[code].amends
    return code


def changes_in(amendment: Document) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each field that an amendment changes, as steps, and the new value; None: no value.

    A field may name a part of the act (``death.date``), a role (``father.name.full``) or an
    attribute of the person whom the amendment is about (``name.full``).
    """
    changes = amendment.get("amendment", {}).get("changes", ())
    # A whole name first, since it takes the place of all the parts of the old one.
    for change in sorted(changes, key=lambda c: (not c["field"].endswith("name.full"), c["field"])):
        path = tuple(change["field"].split("."))
        value = change.get("to")
        if path[-2:] == ("name", "full"):
            path, value = path[:-1], value and {"full": value}
        yield path, value


def _locate(target: Document, amendment: Document, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return where in ``target`` a field of the amendment lies; empty where nowhere."""
    if path[0] in _SECTIONS or path[0] == "persons":
        return path
    if path[0] in ROLES:
        return ("persons", *path)
    role = _role_meant(target, amendment)
    return ("persons", role, *path) if role else ()


def _role_meant(target: Document, amendment: Document) -> str | None:
    persons = amendment.get("persons", {})
    about: Document = persons.get("person") or next(iter(persons.values()), {})
    for role, entry in target.get("persons", {}).items():
        for key in ("citizen_id", "personal_id"):
            if key in about and about.get(key) == entry.get(key) and role != "declarant":
                return str(role)
    return _PRINCIPAL.get(kind_of_event(target))


def put(document: Document, path: Sequence[str], value: Any) -> dict[str, Any]:
    """Return ``document`` with ``value`` at ``path``; None takes away what is there.

    >>> put({"death": {"cause": "A"}}, ("death", "place"), "B")
    {'death': {'cause': 'A', 'place': 'B'}}
    """
    first, below = path[0], path[1:]
    if below:
        inner = document.get(first)
        return {**document, first: put(inner if isinstance(inner, Mapping) else {}, below, value)}
    rest = {key: held for key, held in document.items() if key != first}
    return rest if value is None else {**rest, first: value}
