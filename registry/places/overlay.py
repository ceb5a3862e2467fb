"""Lays the facts of stewards over the packaged ones, and finds what does not fit (pure).

A fact is added, or takes the place of the unit of the same code and first day. A unit named as a
predecessor ends on that day by being named, so that a file need not tell its end as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from registry.places.loaded import Fact, Key, Predecessor
from registry.places.units import REFORM, Level, Relation, Unit

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Problem:
    """What does not fit: the rule, the column and the fact; ``about`` is the other unit's code."""

    rule: str
    column: str
    key: Key
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Overlay:
    """All units and relations together; with ``errors`` they make no catalogue."""

    units: list[Unit]
    relations: list[Relation]
    errors: list[Problem]
    warnings: list[Problem]


def overlay(units: Iterable[Unit], relations: Iterable[Relation], facts: Sequence[Fact]) -> Overlay:
    """Return the packaged ``units`` and ``relations`` with ``facts``, one a key, laid over them."""
    laid = _Laying(units, relations, [fact for fact in facts if not fact.withdrawn])
    errors = [*laid.ends(), *laid.overlaps(), *laid.parents(), *laid.orphans(), *laid.broken()]
    found = list(laid.units.values())
    return Overlay(found, list(laid.relations.values()), errors, list(laid.warnings()))


def parent_level(level: Level, day: date) -> Level | None:
    """Return the level right above ``level`` on ``day``; there are no districts since 2025.

    >>> parent_level("commune", date(2026, 1, 1)), parent_level("commune", date(2020, 1, 1))
    ('province', 'district')
    """
    if level == "province":
        return None
    return "district" if level == "commune" and day < REFORM else "province"


class _Laying:
    """The units by key while facts are laid over them; each method yields what it finds."""

    def __init__(
        self, units: Iterable[Unit], relations: Iterable[Relation], facts: Sequence[Fact]
    ) -> None:
        self.facts = {fact.key: fact for fact in facts}
        self.packaged = {(r.day, r.old, r.new): r for r in relations}
        self.told = {(r.day, r.old, r.new) for fact in facts for r in fact.relations}
        self.relations = dict(self.packaged)
        for relation in (r for fact in facts for r in fact.relations):
            place = relation.day, relation.old, relation.new
            hint = place in self.packaged and self.packaged[place].default
            self.relations[place] = replace(relation, default=hint)
        self.units: dict[Key, Unit] = {(unit.code, unit.valid_from): unit for unit in units}
        self.units |= {key: fact.unit for key, fact in self.facts.items()}
        self.by_code: dict[str, list[Key]] = defaultdict(list)
        for key in sorted(self.units, key=lambda key: (key[0], key[1] or date.min)):
            self.by_code[key[0]].append(key)
        self.leaving: dict[tuple[str, date], list[Relation]] = defaultdict(list)
        for relation in self.relations.values():
            self.leaving[relation.old, relation.day].append(relation)

    def on(self, code: str, day: date) -> Unit | None:
        """Return what ``code`` means on ``day``: of those begun by then the last, if it stands."""
        begun = [key for key in self.by_code.get(code, ()) if (key[1] or date.min) <= day]
        unit = self.units[begun[-1]] if begun else None
        return unit if unit and unit.valid_on(day) else None

    def ends(self) -> Iterator[Problem]:
        """End every predecessor on the day it is named with."""
        for fact in self.facts.values():
            for named in fact.predecessors:
                rule = self._end(fact.unit, named)
                if rule:
                    yield Problem(rule, "predecessors", fact.key, named.code)

    def _end(self, unit: Unit, named: Predecessor) -> str | None:
        old = self.on(named.code, named.day - _DAY)
        if old is None:
            known = named.code in self.by_code
            return "place_predecessor_then" if known else "place_unknown"
        key = old.code, old.valid_from
        itself = key == (unit.code, unit.valid_from)
        if itself or not unit.valid_on(named.day) or (old.valid_to or named.day) != named.day:
            return "place_predecessor_day"
        self.units[key] = replace(old, valid_to=named.day)
        leaving = self.leaving[named.code, named.day]
        if len(leaving) > 1 and any(relation.whole for relation in leaving):
            return "place_whole_shared"
        return None

    def overlaps(self) -> Iterator[Problem]:
        """Yield facts whose interval another meaning of the code reaches into."""
        for code in {key[0] for key in self.facts}:
            keys = self.by_code[code]
            for one, other in pairwise(keys):
                ended, begun = self.units[one].valid_to, other[1] or date.min
                if ended is None or ended > begun:
                    late = other in self.facts
                    column = "valid_from" if late else "valid_to"
                    if late or one in self.facts:
                        yield Problem("place_overlap", column, other if late else one, code)

    def parents(self) -> Iterator[Problem]:
        """Yield facts whose parent is missing, of a wrong level, or not there when they begin."""
        for fact in self.facts.values():
            unit = fact.unit
            day = unit.valid_from or (unit.valid_to or date.max) - _DAY
            level = parent_level(unit.level, day)
            if (level is None) != (unit.parent is None):
                yield Problem("place_parent", "parent", fact.key, unit.parent)
            elif unit.parent is not None:
                rule = self._parent(unit.parent, level, day)
                if rule:
                    yield Problem(rule, "parent", fact.key, unit.parent)

    def _parent(self, code: str, level: Level | None, day: date) -> str | None:
        if code not in self.by_code:
            return "place_unknown"
        above = self.on(code, day)
        if above is None:
            return "place_parent_then"
        return None if above.level == level else "place_parent"

    def orphans(self) -> Iterator[Problem]:
        """Yield facts that end a unit to which others still belong."""
        children: dict[str | None, list[Unit]] = defaultdict(list)
        for unit in self.units.values():
            children[unit.parent].append(unit)
        for (code, day), (key, column) in self._ended().items():
            left = any(unit.valid_on(day) for unit in children[code])
            if left and self.on(code, day) is None:
                yield Problem("place_orphans", column, key, code)

    def _ended(self) -> dict[tuple[str, date], tuple[Key, str]]:
        """Return the ends that facts tell, each with the fact and the column that tell it."""
        ended: dict[tuple[str, date], tuple[Key, str]] = {}
        for fact in self.facts.values():
            for named in fact.predecessors:
                ended[named.code, named.day] = fact.key, "predecessors"
            if fact.unit.valid_to:
                ended[fact.unit.code, fact.unit.valid_to] = fact.key, "valid_to"
        return ended

    def broken(self) -> Iterator[Problem]:
        """Yield facts that a packaged relation contradicts."""
        codes = {key[0]: key for key in self.facts}
        for place, relation in self.packaged.items():
            if place in self.told or not {relation.old, relation.new} & codes.keys():
                continue
            old = self.on(relation.old, relation.day - _DAY)
            ended = old is not None and old.valid_to == relation.day
            if not ended or self.on(relation.new, relation.day) is None:
                key = codes.get(relation.old) or codes[relation.new]
                yield Problem("place_relation_broken", "valid_to", key, relation.new)

    def warnings(self) -> Iterator[Problem]:
        """Yield what is possible, but rarely meant."""
        for key, fact in self.facts.items():
            unit = fact.unit
            if unit.valid_to and (unit.code, unit.valid_to) not in self.leaving:
                yield Problem("place_no_successor", "valid_to", key)
            for named in fact.predecessors:
                if not named.whole and len(self.leaving[named.code, named.day]) == 1:
                    yield Problem("place_partial_alone", "predecessors", key, named.code)
            before = self.by_code[unit.code].index(key)
            came = unit.valid_from and (unit.valid_from, unit.code, unit.code) in self.relations
            if before and not came:
                yield Problem("place_code_reused", "predecessors", key)
