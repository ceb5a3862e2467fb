"""The administrative units as facts in memory, without a database.

Codes are those of Decision 124/2004/QĐ-TTg until 30 June 2025 and of Decision
19/2025/QĐ-TTg since. Nearly every commune code of today meant another, smaller commune
before, so a code says nothing without the day on which it was written.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Literal

REFORM = date(2025, 7, 1)
"""The day on which the two-tier units came into force (Resolution 202/2025/QH15)."""

Level = Literal["province", "district", "commune"]
Outcome = Literal["exact", "candidates", "unknown"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit as it was in an interval, closed at ``valid_from`` and open at ``valid_to``.

    ``valid_from`` is None where the facts don't say since when; ``valid_to`` is None while
    the unit exists. ``parent`` is a code of the same interval, None for a province.
    """

    code: str
    level: Level
    name: str
    parent: str | None
    valid_from: date | None
    valid_to: date | None

    def valid_on(self, day: date) -> bool:
        """Say whether the unit existed on ``day``, as far as the facts reach back."""
        started = self.valid_from is None or self.valid_from <= day
        return started and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A present unit that holds all (``whole``) or some of the unit asked about."""

    unit: Unit
    whole: bool


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a code of a given day is now.

    ``sources`` are the units that the code may have meant. ``exact`` has one candidate, which
    holds the source whole; ``candidates`` is for a person, a street or a point to decide;
    ``unknown`` has none.
    """

    outcome: Outcome
    sources: tuple[Unit, ...]
    candidates: tuple[Candidate, ...]


class Catalogue:
    """All units of both generations; build it with `catalogue()`, which reads the facts once."""

    def __init__(self, units: Iterable[Unit], successors: Iterable[tuple[str, str, bool]]) -> None:
        self._meanings: dict[str, list[Unit]] = defaultdict(list)
        self._children: dict[str, list[Unit]] = defaultdict(list)
        for unit in units:
            self._meanings[unit.code].append(unit)
            if unit.parent and unit.valid_to:
                self._children[unit.parent].append(unit)
        self._successors: dict[str, list[Candidate]] = defaultdict(list)
        for old, new, whole in successors:
            now = self.unit(new, REFORM)
            if now is None:
                raise ValueError(f"the facts name a successor {new} that is no unit")
            self._successors[old].append(Candidate(now, whole))

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

    def convert(self, code: str, day: date | None = None) -> Conversion:
        """Return the present units behind a ``code`` that was written on ``day``.

        Without a day every meaning counts, and the answer is exact only where all of them
        became the same unit; nothing is chosen silently.
        """
        sources = tuple(u for u in self.meanings(code) if day is None or u.valid_on(day))
        found: dict[str, Candidate] = {}
        for source in sources:
            for candidate in self._now(source):
                known = found.get(candidate.unit.code)
                whole = candidate.whole and (known is None or known.whole)
                found[candidate.unit.code] = Candidate(candidate.unit, whole)
        candidates = tuple(found[key] for key in sorted(found))
        if not candidates:
            return Conversion("unknown", sources, ())
        exact = len(candidates) == 1 and candidates[0].whole
        return Conversion("exact" if exact else "candidates", sources, candidates)

    def _now(self, source: Unit) -> Iterator[Candidate]:
        if source.valid_to is None:
            yield Candidate(source, whole=True)
        elif source.code in self._successors:
            yield from self._successors[source.code]
        elif source.level == "district":
            # Abolished in 2025: its communes went into several units, none of them its heir.
            for now in self._heirs(source):
                yield Candidate(now, whole=False)
        elif source.level == "province":
            provinces = {now.parent for now in self._heirs(source) if now.parent}
            for code in provinces:
                for now in self.meanings(code):
                    if now.valid_to is None:
                        yield Candidate(now, whole=len(provinces) == 1)

    def _heirs(self, source: Unit) -> Iterator[Unit]:
        for child in self._children[source.code]:
            if child.code in self._successors:
                yield from (candidate.unit for candidate in self._successors[child.code])
            else:
                yield from self._heirs(child)


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Return the units that this release knows, read from the packaged facts."""
    return Catalogue(
        (_unit(row) for row in _rows("units.csv")),
        ((row["old"], row["new"], row["part"] == "whole") for row in _rows("relations.csv")),
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("registry.places").joinpath("data", name).read_text("utf-8")
    yield from csv.DictReader(text.splitlines())


def _unit(row: dict[str, str]) -> Unit:
    current = row["generation"] == "from_2025_07"
    return Unit(
        code=row["code"],
        level=row["level"],  # type: ignore[arg-type]  # the facts hold only the three levels
        name=row["name"],
        parent=row["parent"] or None,
        valid_from=REFORM if current else None,
        valid_to=None if current else REFORM,
    )
