"""What acts can't be among one another and beside the register of citizens.

The acts of a file are checked together with those that the register has already, and the order
of rows never matters: a divorce may stand below the second marriage.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from datasets.formats import Options
from datasets.specs.base import Entry, noted
from registry.citizens.records import find_record_ids
from registry.citizens.related import documents
from registry.citizens.standings import standings
from registry.civil_status.acts import RETROACTIVE, Act, act_of, amended
from registry.civil_status.changes import LEDGER
from registry.civil_status.checks import check_act, check_among
from registry.civil_status.events import ENDING_KINDS, LIFE_KINDS
from registry.civil_status.surroundings import read_surroundings
from registry.kernel.clock import today
from registry.kernel.dates import PartialDate
from registry.kernel.fields import Document
from registry.kernel.ledger import Moment

_T = TypeVar("_T")
_BATCH = 1000
_SPOUSES = ("husband", "wife")
# Whoever stands in these roles becomes a reference; others are only named.
_LINKED = ("child", "mother", "father", "husband", "wife", "deceased", "parent", "person")
_WEIGHTY = frozenset({"marriage"}) | ENDING_KINDS | LIFE_KINDS | RETROACTIVE
_AGES = {
    "death_before_birth": "death_date",
    "child_older_than_parent": "child_birth_date",
    "parent_too_young": "child_birth_date",
    "under_age": "marriage_on",
}


def against(session: Session, entries: Iterable[Entry], options: Options) -> Iterator[Entry]:
    """Yield the entries with what other acts and the register of citizens say against them.

    Marriages and amendments come last, since what they are checked against may stand below them.
    """
    del options
    around = _Around()
    held: list[tuple[Entry, Act]] = []
    for batch in _batches(entries):
        for entry, act in _beside_citizens(session, batch):
            if act is not None:
                around.add(act)
            if act is not None and (act.kind == "marriage" or act.amends):
                held.append((entry, act))
            else:
                yield entry
    for waiting in _batches(held):
        yield from _among(session, waiting, around)


def _batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    stream = iter(items)
    while batch := list(islice(stream, _BATCH)):
        yield batch


def _beside_citizens(
    session: Session, batch: Sequence[Entry]
) -> Iterator[tuple[Entry, Act | None]]:
    """Yield the entries checked by what is registered of their people, each with its act."""
    numbers = {
        person["personal_id"]
        for entry in batch
        if entry.change
        for person in entry.change.document["persons"].values()
        if "personal_id" in person
    }
    found = find_record_ids(session, numbers)
    standing = standings(session, set(found.values()))
    people = {number: standing[key].id for number, key in found.items() if key in standing}
    known = documents(session, set(people.values()), Moment())
    for entry in batch:
        if entry.change is None:
            yield entry, None
            continue
        document = _referring(entry.change.document, people)
        rules = [("person_not_registered", f"{role}_id") for role in _unregistered(document)]
        told = check_act(_with_birthdays(document, known), today())
        rules += [(rule, _AGES[rule]) for rule in told if rule in _AGES]
        if _wed_dead(document, known):
            rules.append(("marries_the_dead", "marriage_on"))
        checked = noted(entry, rules)
        yield checked, act_of(document["code"], document) if checked.change else None


def _referring(document: Document, people: Mapping[str, str]) -> Document:
    persons = {
        role: {**person, "citizen_id": people[person["personal_id"]]}
        if person.get("personal_id") in people
        else person
        for role, person in document["persons"].items()
    }
    return {**document, "persons": persons}


def _unregistered(document: Document) -> Iterator[str]:
    for role in _LINKED:
        person = document["persons"].get(role, {})
        if "personal_id" in person and "citizen_id" not in person:
            yield role


def _with_birthdays(document: Document, known: Mapping[str, Document]) -> Document:
    """Return the act with the registered birth dates of people of whom it tells none."""
    persons: dict[str, Any] = {}
    for role, person in document["persons"].items():
        born = known.get(person.get("citizen_id", ""), {}).get("birth_date")
        persons[role] = {"birth_date": born, **person} if born else person
    return {**document, "persons": persons}


def _wed_dead(document: Document, known: Mapping[str, Document]) -> bool:
    """Say whether somebody who marries is registered as dead by then."""
    act = act_of(document["code"], document)
    for role in _SPOUSES if act.kind == "marriage" else ():
        entry = document["persons"].get(role, {})
        life = known.get(entry.get("citizen_id", ""), {}).get("life_status", {})
        died = life.get("date") if life.get("code") == "deceased" else None
        if died and PartialDate.parse(died["value"]).certainly_before(act.when):
            return True
    return False


class _Around:
    """The acts of the file that decide whether others can be."""

    def __init__(self) -> None:
        self.codes: set[str] = set()
        self._by_person: dict[str, list[Act]] = defaultdict(list)
        self._by_target: dict[str, list[Act]] = defaultdict(list)

    def add(self, act: Act) -> None:
        self.codes.add(act.code)
        if act.kind not in _WEIGHTY:
            return
        for role in act.persons:
            who = act.who(role)
            if who:
                self._by_person[who].append(act)
        if act.amends:
            self._by_target[act.amends].append(act)

    def of(self, who: Iterable[str]) -> dict[str, Act]:
        """Return by code the acts of some people, of those whom they married, and amendments."""
        own = [act for person in who for act in self._by_person.get(person, ())]
        spouses = {p for act in own for role in _SPOUSES if (p := act.who(role))}
        found: dict[str, Act] = {}
        waiting = own + [act for person in spouses for act in self._by_person.get(person, ())]
        while waiting:
            act = waiting.pop()
            if act.code not in found:
                found[act.code] = act
                waiting += self._by_target.get(act.code, ())
        return found

    def drop(self, act: Act) -> None:
        """Forget an act that is rejected: it speaks against no other."""
        self.codes.discard(act.code)
        for role in act.persons:
            held = self._by_person.get(act.who(role) or "", [])
            if act in held:
                held.remove(act)


def _among(
    session: Session, waiting: Sequence[tuple[Entry, Act]], around: _Around
) -> Iterator[Entry]:
    here = LEDGER.find(session, sorted({act.amends for _, act in waiting if act.amends}))
    couples = {
        person["citizen_id"]
        for _, act in waiting
        if act.kind == "marriage"
        for person in act.persons.values()
        if "citizen_id" in person
    }
    known = read_surroundings(session, couples)
    # The earlier marriage first: where it is rejected, it speaks against no later one.
    for entry, act in sorted(waiting, key=lambda pair: (pair[1].day, pair[1].code)):
        rules = []
        if act.amends and act.amends not in around.codes and act.amends not in here:
            rules.append(("amended_act_unknown", "amends"))
        if act.kind == "marriage":
            couple = [who for role in _SPOUSES if (who := act.who(role))]
            acts = {a.code: a for who in couple for a in known.of(who)} | around.of(couple)
            rules += [(rule, "marriage_on") for rule in check_among(act, amended(acts.values()))]
        checked = noted(entry, rules)
        if checked.change is None:
            around.drop(act)
        yield checked
