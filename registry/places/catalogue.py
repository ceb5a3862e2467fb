"""The administrative units as facts in memory, without a database.

Codes are those of Decision 124/2004/QĐ-TTg until 30 June 2025 and of Decision
19/2025/QĐ-TTg since. Nearly every commune code of today meant another, smaller commune
before, some even two others, so a code says nothing without the day on which it was written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cached_property, lru_cache

from registry.places.facts import facts_version, read_relations, read_units
from registry.places.names import bears, readings, short_key, split_type
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


class Catalogue:
    """All units of every generation; build it with `catalogue()`, which reads the facts once."""

    def __init__(
        self, units: Iterable[Unit], relations: Iterable[Relation], version: str = ""
    ) -> None:
        self.version = version
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
        sources = tuple(u for u in self.meanings(code) if day is None or u.valid_on(day))
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

    def _now(self, source: Unit) -> list[Candidate]:
        if source.valid_to is None:
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
                if now.valid_to is None
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
        for child in self._children[source.code]:
            if child in self._successors:
                yield from (end.unit for end in self._now(child))
            else:
                yield from self._heirs(child)


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Return the units that this release knows, read from the packaged facts."""
    return Catalogue(read_units(), read_relations(), facts_version())
