"""What can't be true of an act, by itself and among the acts around its people (pure).

Every rule is certain: a date known only by year breaks one only where any day of it would.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from registry.civil_status.acts import (
    Act,
    date_at,
    effective_date,
    event_date,
    kind_of_event,
)
from registry.civil_status.events import Marriage, life_on, marriages_of
from registry.kernel.dates import DateError, PartialDate, age_on
from registry.kernel.fields import Document

_REGISTERED = ("registered_on",)
_DATES = (
    _REGISTERED,
    ("marriage", "established_on"),
    ("death", "date"),
    ("death", "notice", "date"),
    ("guardianship", "from"),
    ("decision", "effective_on"),
)
_SPOUSES = {"husband": 20, "wife": 18}
_YOUNGEST_PARENT = 12


def check_act(document: Document, today: date) -> list[str]:
    """Return the codes of the rules that an act breaks by itself, each once.

    Codes: date_impossible, date_future, undated, registered_before_event, death_before_birth,
    child_older_than_parent, parent_too_young, under_age.
    """
    try:
        dates = [date_at(document, path) for path in _DATES]
        dates += [date_at(document, ("persons", role, "birth_date")) for role in _roles(document)]
        when = effective_date(document)
    except DateError:
        return ["date_impossible"]
    if when is None:
        return ["undated"]
    found = ["date_future"] if any(d and d.first > today for d in dates) else []
    return list(dict.fromkeys([*found, *_broken(document)]))


def _roles(document: Document) -> list[str]:
    return sorted(document.get("persons", {}))


def _born(document: Document, role: str) -> PartialDate | None:
    return date_at(document, ("persons", role, "birth_date"))


def _broken(document: Document) -> Iterator[str]:
    registered, event = date_at(document, _REGISTERED), event_date(document)
    if registered and event and registered.certainly_before(event):
        yield "registered_before_event"
    kind = kind_of_event(document)
    if kind == "death":
        died, born = date_at(document, ("death", "date")), _born(document, "deceased")
        if died and born and died.certainly_before(born):
            yield "death_before_birth"
    if kind == "marriage":
        yield from _under_age(document)
    yield from _parents(document)


def _under_age(document: Document) -> Iterator[str]:
    when = effective_date(document)
    for role, age in _SPOUSES.items():
        born = _born(document, role)
        if when and born and age_on(born, when.last)[1] < age:
            yield "under_age"


def _parents(document: Document) -> Iterator[str]:
    child = _born(document, "child")
    for role in ("father", "mother", "parent"):
        parent = _born(document, role)
        if child is None or parent is None:
            continue
        if child.certainly_before(parent):
            yield "child_older_than_parent"
        elif age_on(parent, child.last)[1] < _YOUNGEST_PARENT:
            yield "parent_too_young"


def check_among(act: Act, others: Sequence[Act]) -> list[str]:
    """Return the codes of the rules that a marriage breaks among the acts of its two people.

    Codes: marries_the_dead, already_married. ``others`` are amended and in order
    (`registry.civil_status.acts.amended`); the act itself among them counts for nothing.
    """
    if act.kind != "marriage":
        return []
    apart = [other for other in others if other.code != act.code]
    couple = {who for role in _SPOUSES if (who := act.who(role))}
    found = []
    for who in sorted(couple):
        life = life_on(apart, who, act.when.last)
        if life.code == "deceased" and life.since and life.since.certainly_before(act.when):
            found.append("marries_the_dead")
        if any(_stands(m, apart, act.when, couple) for m in marriages_of(apart, who)):
            found.append("already_married")
    return list(dict.fromkeys(found))


def _stands(marriage: Marriage, acts: Sequence[Act], when: PartialDate, couple: set[str]) -> bool:
    """Say whether another marriage certainly stood on the day; the same couple's is the same."""
    if marriage.start is None or marriage.spouse in couple:
        return False
    if not marriage.start.certainly_before(when):
        return False
    if marriage.ended and marriage.ended.when.first <= when.last:
        return False
    spouse = life_on(acts, marriage.spouse, when.last) if marriage.spouse else None
    return spouse is None or spouse.code != "deceased"
