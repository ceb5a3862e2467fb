"""The administrative units as facts in memory: the packaged ones and those of the database.

Codes are those of Decision 124/2004/QĐ-TTg until 30 June 2025 and of Decision
19/2025/QĐ-TTg since. Nearly every commune code of today meant another, smaller commune
before, some even two others, so a code says nothing without the day on which it was written.

`catalogue` answers for the database whose session is open, and for none with the packaged facts
alone. It stays the same as long as that session: a check or a request sees one state of the facts.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, timedelta
from functools import cached_property, lru_cache
from threading import Lock
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy.orm import Session

from registry.kernel.clock import today
from registry.kernel.db import Database, session_in_use
from registry.places.facts import facts_version, read_relations, read_units
from registry.places.loaded import Fact
from registry.places.names import bears, readings, short_key, split_type
from registry.places.overlay import Overlay, overlay
from registry.places.stored import believed_facts, generation
from registry.places.units import (
    REFORM,
    WAVE,
    Candidate,
    Conversion,
    Level,
    Relation,
    Unit,
)

__all__ = ["REFORM", "WAVE", "Candidate", "Catalogue", "Conversion", "Unit", "catalogue"]

logger = logging.getLogger("sogoc")
# How long a server may go without asking whether facts were loaded.
_FRESH_SECONDS = 0.5


_TOLD: ContextVar[Catalogue | None] = ContextVar("sogoc_places", default=None)


class Catalogue:
    """All units of every generation; get the one in force with `catalogue()`.

    ``version`` names the facts, and is another one for other facts: what is made of them may be
    kept under it. ``day`` is the day to which `convert` leads; None: the end of the facts.
    ``loaded`` are the facts that came from stewards' files.
    """

    def __init__(
        self,
        units: Iterable[Unit],
        relations: Iterable[Relation],
        version: str = "",
        day: date | None = None,
        loaded: Sequence[Fact] = (),
    ) -> None:
        self.loaded = tuple(loaded)
        self.version = version
        self.day = day or date.max
        self._meanings: dict[str, list[Unit]] = defaultdict(list)
        self._children: dict[str, list[Unit]] = defaultdict(list)
        for unit in units:
            self._meanings[unit.code].append(unit)
            if unit.parent and unit.valid_to:
                self._children[unit.parent].append(unit)
        self.relations = tuple(relations)
        self._successors: dict[Unit, list[Relation]] = defaultdict(list)
        for relation in self.relations:
            ended = self.unit(relation.old, relation.day - timedelta(days=1))
            if ended is None or ended.valid_to != relation.day:
                raise ValueError(f"the facts end {relation.old} on {relation.day}, the units don't")
            if self.unit(relation.new, relation.day) is None:
                raise ValueError(f"the facts name a successor {relation.new} that is no unit")
            self._successors[ended].append(relation)

    def __iter__(self) -> Iterator[Unit]:
        """Go through every unit of every generation, in order of code, then of time."""
        for code in sorted(self._meanings):
            yield from self.meanings(code)

    def unit(self, code: str, day: date) -> Unit | None:
        """Return what ``code`` meant on ``day``, or None."""
        return next((unit for unit in self._meanings.get(code, ()) if unit.valid_on(day)), None)

    def meanings(self, code: str) -> tuple[Unit, ...]:
        """Return every unit that ever had ``code``, oldest first."""
        return tuple(sorted(self._meanings.get(code, ()), key=lambda u: u.valid_from or date.min))

    def units(self, day: date, level: Level, parent: str | None = None) -> list[Unit]:
        """Return the units of a ``level`` on ``day`` in order of code, all or of one parent."""
        return sorted(
            (
                unit
                for meanings in self._meanings.values()
                for unit in meanings
                if unit.level == level
                and unit.valid_on(day)
                and (parent is None or unit.parent == parent)
            ),
            key=lambda unit: unit.code,
        )

    def line(self, code: str, day: date) -> tuple[Unit, ...]:
        """Return the unit and those above it on ``day``, smallest first; empty if there is none.

        >>> [unit.name for unit in catalogue().line("26740", date(2020, 1, 1))]
        ['Phường Bến Nghé', 'Quận 1', 'Thành phố Hồ Chí Minh']
        """
        unit = self.unit(code, day)
        if unit is None:
            return ()
        return (unit, *(self.line(unit.parent, day) if unit.parent else ()))

    def find(self, *names: str, day: date) -> list[Unit]:
        """Return the units on ``day`` that bear the first name, under units with the others.

        Names go from small to large, with or without type, marks or leading zeros; a level may
        be left out. More than one answer means that the names don't say which.

        >>> [unit.code for unit in catalogue().find("P. Bến Nghé", "Q1", "TP.HCM", day=WAVE)]
        ['26740']
        >>> len(catalogue().find("Phường 14", "TP.HCM", day=WAVE))  # no district: no answer
        9
        """
        wanted = [readings(name) for name in names]
        found = {unit for key in wanted[0] for unit in self._named.get(key, ())}
        fitting = (u for u in found if u.valid_on(day) and self._fits(u, wanted, day))
        return sorted(fitting, key=lambda unit: unit.code)

    def _fits(self, unit: Unit, wanted: list[dict[str, str | None]], day: date) -> bool:
        above = iter(self.line(unit.code, day))
        # Each name takes the line up from where the one before was found.
        return bears(next(above).name, wanted[0]) and all(
            any(bears(higher.name, name) for higher in above) for name in wanted[1:]
        )

    @cached_property
    def _named(self) -> dict[str, list[Unit]]:
        named: dict[str, list[Unit]] = defaultdict(list)
        for unit in self:
            named[short_key(split_type(unit.name)[1])].append(unit)
        return dict(named)

    def convert(self, code: str, day: date | None = None) -> Conversion:
        """Return the present units behind a ``code`` that was written on ``day``.

        Without a day every meaning counts, and the answer is exact only where all of them
        became the same unit; nothing is chosen silently.
        """
        sources = tuple(
            unit
            for unit in self.meanings(code)
            if (unit.valid_on(day) if day else self._begun(unit))
        )
        found: dict[str, Candidate] = {}
        for source in sources:
            for candidate in self._now(source):
                known = found.get(candidate.unit.code, candidate)
                found[candidate.unit.code] = Candidate(
                    candidate.unit,
                    candidate.whole and known.whole,
                    candidate.default or known.default,
                )
        candidates = tuple(found[key] for key in sorted(found))
        if not candidates:
            return Conversion("unknown", sources, ())
        exact = len(candidates) == 1 and candidates[0].whole
        return Conversion("exact" if exact else "candidates", sources, candidates)

    def _begun(self, unit: Unit) -> bool:
        return unit.valid_from is None or unit.valid_from <= self.day

    def _stands(self, unit: Unit) -> bool:
        return unit.valid_to is None or unit.valid_to > self.day

    def _now(self, source: Unit) -> list[Candidate]:
        if self._stands(source):
            return [Candidate(source, whole=True)]
        if source in self._successors:
            return self._heirs_by_law(self._successors[source])
        if source.level == "district":
            # Abolished in 2025: its communes went into several units, none of them its heir.
            return [Candidate(now, whole=False) for now in self._heirs(source)]
        if source.level == "province":
            provinces = {now.parent for now in self._heirs(source) if now.parent}
            return [
                Candidate(now, whole=len(provinces) == 1)
                for code in provinces
                for now in self.meanings(code)
                if self._stands(now) and self._begun(now)
            ]
        return []

    def _heirs_by_law(self, relations: list[Relation]) -> list[Candidate]:
        """Follow the relations of one unit to today."""
        steps: list[tuple[Relation, Candidate]] = []
        for relation in relations:
            heir = self.unit(relation.new, relation.day)
            steps += [(relation, end) for end in self._now(heir)] if heir else []
        ends = {end.unit for _, end in steps}
        # Parts of one unit that meet again in one present unit are the whole of it.
        united = len(ends) == 1 and len(steps) > 1 and all(end.whole for _, end in steps)
        return [
            Candidate(
                end.unit,
                united or (relation.whole and end.whole),
                relation.default or (relation.whole and end.default),
            )
            for relation, end in steps
        ]

    def _heirs(self, source: Unit) -> Iterator[Unit]:
        last = source.valid_to or date.max
        for child in self._children[source.code]:
            if (child.valid_from or date.min) >= last:
                continue  # a child of a later unit of the same code
            if child in self._successors:
                yield from (end.unit for end in self._now(child))
            else:
                yield from self._heirs(child)


@lru_cache(maxsize=1)
def _packaged() -> Catalogue:
    return Catalogue(read_units(), read_relations(), facts_version())


def catalogue() -> Catalogue:
    """Return the units known in the session in use: the packaged facts and the loaded ones.

    Without a session they are the packaged ones. Loads that others published are seen within a
    second by sessions that begin later.
    """
    session = session_in_use()
    if session is None:
        return _TOLD.get() or _packaged()
    found: Catalogue | None = session.info.get("places")
    if found is None:
        found = session.info["places"] = _held(session.info["database"]).current(session)
    return found


@contextmanager
def told(facts: Sequence[Fact], day: date) -> Iterator[None]:
    """Let `catalogue` answer by loaded ``facts`` where no session is open: in a reader process."""
    before = _TOLD.set(compose(facts, day))
    try:
        yield
    finally:
        _TOLD.reset(before)


def laid(facts: Sequence[Fact]) -> Overlay:
    """Return the packaged facts with ``facts``, one a key, laid over them."""
    packaged = _packaged()
    return overlay(packaged, packaged.relations, facts)


def compose(facts: Sequence[Fact], day: date) -> Catalogue:
    """Return the catalogue of the packaged facts and ``facts``, which leads to ``day``.

    A fact that doesn't fit is left out: it was checked when it was loaded, but a later release
    may know better. The log says so.
    """
    while facts and (found := laid(facts)).errors:
        misfits = {problem.key for problem in found.errors}
        logger.warning(
            "loaded facts that don't fit the packaged ones: %s", sorted(map(str, misfits))
        )
        facts = [fact for fact in facts if fact.key not in misfits]
    packaged = _packaged()
    if not facts:
        return packaged
    turned = max((d for d in _turns(facts) if d <= day), default=date.min)
    told = [packaged.version, turned, *(fact.to_document() for fact in facts)]
    digest = hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS))
    return Catalogue(found.units, found.relations, digest.hexdigest()[:16], day, facts)


def _turns(facts: Iterable[Fact]) -> Iterator[date]:
    """Yield the days on which the facts change something."""
    for fact in facts:
        days = [fact.unit.valid_from, fact.unit.valid_to, *(p.day for p in fact.predecessors)]
        yield from filter(None, days)


class _Holder:
    """Keeps the catalogue of one database until its facts or, with facts to come, the day change.

    The number of loads is asked for in the session at hand, at most every half second.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked = float("-inf")
        self._number = -1
        self._until = date.max
        self._catalogue: Catalogue | None = None

    def current(self, session: Session) -> Catalogue:
        """Return the catalogue, made anew where it must be."""
        fresh = time.monotonic() - self._asked < _FRESH_SECONDS and today() < self._until
        # Whoever comes while another one asks goes on with what there is.
        if not fresh and self._lock.acquire(blocking=self._catalogue is None):
            try:
                self._ask(session)
            finally:
                self._lock.release()
        return self._catalogue or _packaged()

    def _ask(self, session: Session) -> None:
        number, day = generation(session), today()
        # A session that began before the last load knows less; it must not take anything back.
        if number > self._number or (number == self._number and day >= self._until):
            facts = believed_facts(session) if number else []
            self._until = min((turn for turn in _turns(facts) if turn > day), default=date.max)
            self._catalogue = compose(facts, day)
            self._number = number
        self._asked = time.monotonic()


_HOLDERS: WeakKeyDictionary[Database, _Holder] = WeakKeyDictionary()


def _held(database: Database) -> _Holder:
    return _HOLDERS.setdefault(database, _Holder())
