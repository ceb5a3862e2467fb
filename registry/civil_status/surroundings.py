"""The acts around a person: those that name them, what amends these, and what befell their kin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens.related import identities
from registry.citizens.standings import standings
from registry.civil_status.acts import Act, act_of, named
from registry.civil_status.models import CivilAct, CivilActPerson
from registry.kernel.bulk import among
from registry.kernel.fields import Document

# An act of these types may change what is true of people whom it does not name: a widow, the
# parents of an adopted child.
RIPPLING = frozenset({"death", "court_note", "foreign_note", "parentage"})
_RELATING = frozenset({"birth", "marriage", "parentage", "adoption"})
_BATCH = 1000


class Surroundings:
    """The acts around some people, read in a few queries for all of them together."""

    def __init__(self, acts: Iterable[Act]) -> None:
        self._by_code = {act.code: act for act in acts}
        self._by_person: dict[str, list[Act]] = defaultdict(list)
        self._by_target: dict[str, list[Act]] = defaultdict(list)
        for act in self._by_code.values():
            for who in named(act.document):
                self._by_person[who].append(act)
            if act.amends:
                self._by_target[act.amends].append(act)

    def of(self, who: str) -> list[Act]:
        """Return the acts that bear on one person, each once."""
        own = self._by_person[who]
        found = {act.code: act for act in self._amended(own)}
        for relative in _kin(found.values(), who):
            rippling = [a for a in self._by_person[relative] if _ripples(a.document)]
            found |= {act.code: act for act in self._amended(rippling)}
        return list(found.values())

    def _amended(self, acts: Iterable[Act]) -> Iterable[Act]:
        """Return ``acts`` with all that amend them and all that they amend."""
        found: dict[str, Act] = {}
        waiting = list(acts)
        while waiting:
            act = waiting.pop()
            if act.code in found:
                continue
            found[act.code] = act
            waiting += self._by_target[act.code]
            target = self._by_code.get(act.amends or "")
            waiting += [target] if target else []
        return found.values()


def _ripples(document: Document) -> bool:
    return str(document["type"]["code"]) in RIPPLING


def _kin(acts: Iterable[Act], who: str) -> set[str]:
    """Return the people to whom the acts of ``who`` relate them."""
    return {
        person
        for act in acts
        if act.kind in _RELATING and act.roles_of(who)
        for person in named(act.document)
    } - {who}


def list_people(session: Session, after: str | None, limit: int) -> list[str]:
    """Return the record ids of people whom acts name, in order, ``after`` one; reads no data."""
    wanted = sa.select(CivilActPerson.citizen_id).distinct()
    if after is not None:
        wanted = wanted.where(CivilActPerson.citizen_id > after)
    return list(session.scalars(wanted.order_by(CivilActPerson.citizen_id).limit(limit)))


def read_surroundings(session: Session, people: Collection[str]) -> Surroundings:
    """Return the acts around ``people``; everybody stands under the record that stands for them."""
    found: dict[str, tuple[str, Document]] = {}
    known = identities(session, people)
    _add(found, _naming(session, known))
    _add_amended(session, found)
    others = {who for _, document in found.values() for who in named(document)} - known
    _add(found, _naming(session, identities(session, others), RIPPLING))
    _add_amended(session, found)
    return Surroundings(_standing(session, found.values()))


def relatives(session: Session, people: Collection[str]) -> set[str]:
    """Return those whom the acts of ``people`` name beside them."""
    known = identities(session, people)
    return {who for _, document in _naming(session, known) for who in named(document)}


def targets(session: Session, codes: Collection[str]) -> list[Document]:
    """Return the acts with these codes and those that they amend in turn."""
    found: dict[str, tuple[str, Document]] = {}
    wanted = set(codes)
    while wanted:
        _add(found, _reading(session, CivilAct.code, wanted))
        wanted = {d["amends"] for _, d in found.values() if "amends" in d} - found.keys() - wanted
    return [document for _, document in found.values()]


def _add(found: dict[str, tuple[str, Document]], read: Iterable[tuple[str, Document]]) -> None:
    found |= {document["code"]: (key, document) for key, document in read if document}


def _add_amended(session: Session, found: dict[str, tuple[str, Document]]) -> None:
    """Add what amends the acts found and what they amend, until nothing new comes."""
    asked: set[str] = set()
    wanted: set[str] = set()
    while fresh := found.keys() - asked:
        asked |= fresh
        _add(found, _reading(session, CivilAct.amends, fresh))
        amended = {d["amends"] for _, d in found.values() if "amends" in d}
        absent = amended - found.keys() - wanted
        wanted |= absent
        _add(found, _reading(session, CivilAct.code, absent))


def _naming(
    session: Session, people: Collection[str], types: Collection[str] = ()
) -> list[tuple[str, Document]]:
    acts = sa.select(CivilActPerson.act)
    read: list[tuple[str, Document]] = []
    for part in parts(people):
        linked = acts.where(among(session, CivilActPerson.citizen_id, part))
        query = sa.select(CivilAct.id, CivilAct.document).where(CivilAct.row.in_(linked))
        if types:
            query = query.where(CivilAct.type.in_(types))
        read += [(row[0], row[1]) for row in session.execute(query)]
    # A mended act may name somebody no longer.
    return [(key, doc) for key, doc in read if not named(doc).isdisjoint(people)]


def _reading(session: Session, column: Any, values: Collection[str]) -> list[tuple[str, Document]]:
    read: list[tuple[str, Document]] = []
    for part in parts(values):
        query = sa.select(CivilAct.id, CivilAct.document).where(among(session, column, part))
        read += [(row[0], row[1]) for row in session.execute(query)]
    return read


def parts(values: Collection[str]) -> Iterable[list[str]]:
    """Return ``values`` in order, in parts that one statement can name."""
    ordered = sorted(values)
    return (ordered[i : i + _BATCH] for i in range(0, len(ordered), _BATCH))


def _standing(session: Session, read: Iterable[tuple[str, Document]]) -> list[Act]:
    read = list(read)
    known = standings(session, {who for _, document in read for who in named(document)})
    ids = {key: standing.id for key, standing in known.items()}
    return [act_of(key, _renamed(document, ids)) for key, document in read]


def _renamed(document: Document, ids: Mapping[str, str]) -> Document:
    if all(ids.get(who, who) == who for who in named(document)):
        return document
    persons = {
        role: {**entry, "citizen_id": ids.get(entry["citizen_id"], entry["citizen_id"])}
        if "citizen_id" in entry
        else entry
        for role, entry in document["persons"].items()
    }
    return {**document, "persons": persons}
