"""Whom the roles of a form may mean beside the person who submits it; nothing here is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from registry.citizens.records import find_record_ids
from registry.citizens.related import documents
from registry.citizens.rules import is_over
from registry.citizens.standings import standings
from registry.civil_status.representation import ground_to_act
from registry.civil_status.surroundings import relatives
from registry.households.records import members_of
from registry.kernel.clock import today
from registry.kernel.fields import Document
from registry.kernel.ledger import Moment

# Returns the record ids that a role may mean, for a person, in a fixed order.
Candidates = Callable[[Session, str], list[str]]


def children(session: Session, person: str) -> list[str]:
    """Return the minors and wards for whom a person may act today (`ground_to_act`)."""
    others = sorted(relatives(session, [person]) - {person})
    return [who for who in others if ground_to_act(session, person, who, today())]


def dead(session: Session, person: str) -> list[str]:
    """Return those of the person's kin and household whom the register says to have died."""
    others = relatives(session, [person]) | set(members_of(session, person, today()))
    known = documents(session, _open(session, others - {person}), Moment())
    return sorted(who for who, document in known.items() if _is_dead(document))


def spouse(session: Session, person: str) -> list[str]:
    """Return the record of the person's husband or wife, where the register has both."""
    document = documents(session, [person], Moment()).get(person, {})
    number = document.get("spouse", {}).get("personal_id")
    if not number or document.get("marital_status", {}).get("code") != "married":
        return []
    found = find_record_ids(session, [number])
    return _open(session, found.values())


def household(session: Session, person: str) -> list[str]:
    """Return everybody of the person's household today, the person first."""
    others = [who for who in members_of(session, person, today()) if who != person]
    return [person, *_open(session, others)]


def names(session: Session, people: Iterable[str]) -> dict[str, str]:
    """Return the full names of people, for the one person who may choose among them."""
    known = documents(session, list(people), Moment())
    return {who: _name(document) for who, document in known.items()}


def is_of_age(session: Session, person: str) -> bool:
    """Say whether nobody acts for the person by law, as far as the register knows the age."""
    return not _is_minor(documents(session, [person], Moment()).get(person, {}))


CANDIDATES: Mapping[str, Candidates] = {
    "child": children,
    "deceased": dead,
    "spouse": spouse,
    "household": household,
}


def _open(session: Session, people: Iterable[str]) -> list[str]:
    known = standings(session, people)
    return list(dict.fromkeys(s.id for s in known.values() if not s.hidden))


def _is_dead(document: Document) -> bool:
    return bool(document.get("life_status", {}).get("code") == "deceased")


def _name(document: Document) -> str:
    name: Any = document.get("name", {})
    return str(name.get("full", ""))


def _is_minor(document: Document) -> bool:
    # Civil Code 91/2015/QH13, article 21. Who may be of age is treated as of age.
    return is_over(document, "18", today()) == "no_match"
