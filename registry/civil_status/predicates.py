"""Questions about a person that acts of civil status answer: match, no match, or not known.

Whoever calls these has the right to ask and logs the answer; `PREDICATES` says which right.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from registry.citizens.attributes import CATALOGUE
from registry.citizens.predicates import Predicate, is_record_id
from registry.citizens.records import find_record_ids
from registry.citizens.related import documents
from registry.citizens.rules import Verdict
from registry.citizens.standings import standings
from registry.kernel.clock import today
from registry.kernel.dates import PartialDate
from registry.kernel.fields import Document
from registry.kernel.identifiers import kind_of
from registry.kernel.ledger import Moment

_FREE = frozenset({"single", "divorced", "widowed"})
_PARENTS = ("father", "mother")


def is_parent_of(session: Session, citizen_id: str, argument: str, on: date) -> Verdict:
    """Say whether a citizen is father or mother of a child on a day, as acts tell.

    ``argument`` is the child's record id or personal id. No match only where acts name both
    parents of the child and neither is the citizen.
    """
    parent = _standing(session, citizen_id)
    child = _standing(session, _record_id(session, argument))
    if parent is None or child is None:
        return "unknown"
    document = documents(session, [child], Moment(as_of=on)).get(child, {})
    told = [document.get(side) for side in _PARENTS if side in document.get("projected", ())]
    named = {entry["id"] for entry in told if entry and "id" in entry}
    known = standings(session, named)
    if parent in {known[who].id for who in named if who in known}:
        return "match"
    certain = len(told) == len(_PARENTS) and all(_identified(entry) for entry in told)
    return "no_match" if certain else "unknown"


def _identified(entry: Document | None) -> bool:
    return entry is None or "id" in entry or "personal_id" in entry


def is_single_as_of(session: Session, citizen_id: str, argument: str) -> Verdict:
    """Say whether a citizen had no husband or wife on a day (ISO 8601), as acts and books tell.

    Unknown where the books are not complete, where the day lies within a date known only by
    month or year, on a day to come, and for whoever was dead.
    """
    try:
        day = date.fromisoformat(argument)
    except ValueError:
        return "unknown"
    person = _standing(session, citizen_id)
    if person is None or day > today():
        return "unknown"
    document = documents(session, [person], Moment(as_of=day)).get(person, {})
    if document.get("life_status", {}).get("code") == "deceased":
        return "unknown"
    return single_on(document.get("marital_status", {}), day)


def single_on(status: dict[str, Any] | Document, day: date) -> Verdict:
    """Return the verdict of one marital status leaf on a day that it holds for.

    >>> single_on({"code": "single", "state": "known", "coverage": {"complete": False}}, date.max)
    'unknown'
    """
    since = status.get("since")
    if status.get("state") != "known" or (since and day < PartialDate.parse(since["value"]).last):
        return "unknown"
    if status.get("code") == "married":
        return "no_match"
    coverage = status.get("coverage", {})
    until = coverage.get("until")
    covered = coverage.get("complete") is True and (until is None or day.isoformat() <= until)
    return "match" if covered and status.get("code") in _FREE else "unknown"


def _record_id(session: Session, argument: str) -> str:
    if kind_of(argument) == "personal_id":
        return find_record_ids(session, [argument]).get(argument, "")
    return argument


def _standing(session: Session, record_id: str) -> str | None:
    """Return the record that stands for a person; None where nobody may know of it."""
    try:
        key = str(uuid.UUID(record_id))
    except ValueError:
        return None
    standing = standings(session, [key]).get(key)
    return None if standing is None or standing.hidden else standing.id


def _is_day(argument: str) -> bool:
    try:
        return date.fromisoformat(argument).isoformat() == argument
    except ValueError:
        return False


def _is_person(argument: str) -> bool:
    return kind_of(argument) == "personal_id" or is_record_id(argument)


def _child(session: Session, argument: str) -> Iterable[str]:
    child = _standing(session, _record_id(session, argument))
    return () if child is None else (child,)


PREDICATES: Mapping[str, Predicate] = {
    # The argument is the record id or the personal id of the child.
    "is_parent_of": Predicate(
        {CATALOGUE: ("father.personal_id", "mother.personal_id")},
        _is_person,
        lambda session, who, child: is_parent_of(session, who.record_id, child, who.on),
        _child,
    ),
    # The argument is a day.
    "is_single_as_of": Predicate(
        {CATALOGUE: ("marital_status",)},
        _is_day,
        lambda session, who, day: is_single_as_of(session, who.record_id, day),
    ),
}
