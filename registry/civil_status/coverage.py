"""Which books of marriages a person's residences point to, and which of them are not here (pure).

"No act" means "single" only where the books that would hold one are complete. A commune's code
means another commune after each reform, so a book is found by the unit that had the code then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

from registry.kernel.dates import PartialDate
from registry.kernel.fields import Document
from registry.places.catalogue import REFORM, Unit, catalogue

_DAY = timedelta(days=1)
_KINDS = ("permanent", "temporary")
Days = tuple[date, date]
"""An interval of days, closed at the start and open at the end."""
Covered = Mapping[tuple[str, Unit | None], Sequence[Days]]


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Days for which the books are not complete; without an office, nobody knows which books.

    ``end`` is the first day after, `date.max` where there is none.
    """

    start: date
    end: date
    office: str | None = None
    name: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the wire form; an open end is absent."""
        told: dict[str, Any] = {"from": self.start.isoformat()}
        if self.office:
            told["office"] = {"code": self.office, **({"label": self.name} if self.name else {})}
        if self.end != date.max:
            told["to"] = (self.end - _DAY).isoformat()
        return told


@dataclass(frozen=True, slots=True)
class Book:
    """The years of one office's books that are complete; ``year_to`` None: they go on."""

    office: str
    as_of: date
    year_from: int
    year_to: int | None

    @property
    def unit(self) -> Unit | None:
        """The unit that had the code on the day that the entry names."""
        return catalogue().unit(self.office, self.as_of)

    @property
    def days(self) -> Days:
        """The days it covers, no longer than its unit existed."""
        start = date(self.year_from, 1, 1)
        end = date(self.year_to + 1, 1, 1) if self.year_to else date.max
        unit = self.unit
        if unit is None:
            return start, end
        # A unit that will end keeps its books until then.
        ended = unit.valid_to or date.max
        ended = ended if ended <= catalogue().day else date.max
        return max(start, unit.valid_from or date.min), min(end, ended)


@dataclass(frozen=True, slots=True)
class Residence:
    """An address as the register of citizens has it, and the days for which it says so."""

    address: Document
    start: date
    end: date


def residences_of(states: Iterable[tuple[date, date | None, Document]]) -> list[Residence]:
    """Return the residences told by the states of a person (first day, first day after, document).

    A residence reaches back to its own start where the state that tells it begins later.
    """
    found = []
    for first, after, document in states:
        for kind in _KINDS:
            entry = document.get("residence", {}).get(kind)
            if not entry:
                continue
            began = entry.get("valid_from")
            start = PartialDate.parse(began["value"]).first if began else first
            end = after or date.max
            if "term_end" in entry:
                end = min(end, date.fromisoformat(entry["term_end"]) + _DAY)
            if start < end:
                found.append(Residence(entry.get("address") or {}, start, end))
    return found


def office_codes(residences: Iterable[Residence]) -> set[str]:
    """Return every commune code that the residences may mean in any era."""
    return {code for r in residences for era in _codes(r.address) for code in era}


def covered_days(books: Iterable[Book]) -> Covered:
    """Return the days that complete books cover, by office code and the unit that it means."""
    covered: dict[tuple[str, Unit | None], list[Days]] = defaultdict(list)
    for book in books:
        covered[book.office, book.unit].append(book.days)
    return covered


def uncovered(residences: Sequence[Residence], covered: Covered, since: date) -> list[Gap]:
    """Return what is missing from ``since`` on: books not complete, and days of no residence."""
    gaps = [
        Gap(start, end) for start, end in _outside([(r.start, r.end) for r in residences], since)
    ]
    for residence in residences:
        for codes, (first, last) in zip(_codes(residence.address), _eras(), strict=True):
            start, end = max(residence.start, first, since), min(residence.end, last)
            if start >= end:
                continue
            for code in codes:
                unit = catalogue().unit(code, start)
                left = _outside(covered.get((code, unit), ()), start, end)
                gaps += [Gap(a, b, code, unit.name if unit else None) for a, b in left]
            if not codes:
                gaps.append(Gap(start, end))
    return _merged(gaps)


def _outside(intervals: Iterable[Days], since: date, until: date = date.max) -> list[Days]:
    """Return the days from ``since`` to ``until`` that lie in none of ``intervals``."""
    left, reached = [], since
    for start, end in sorted(intervals):
        if reached < min(start, until):
            left.append((reached, min(start, until)))
        reached = max(reached, end)
    return [*left, (reached, until)] if reached < until else left


def _merged(gaps: Iterable[Gap]) -> list[Gap]:
    """Return the gaps in order, those of one office joined where they touch."""
    merged: list[Gap] = []
    for gap in sorted(gaps, key=lambda g: (g.office or "", g.name or "", g.start, g.end)):
        last = merged[-1] if merged else None
        if last and (last.office, last.name) == (gap.office, gap.name) and gap.start <= last.end:
            merged[-1] = Gap(last.start, max(last.end, gap.end), gap.office, gap.name)
        else:
            merged.append(gap)
    return sorted(merged, key=lambda g: (g.start, g.end, g.office or ""))


def _codes(address: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return for each era the commune codes that an address may have had; empty: not known."""
    legacy = address.get("legacy", {})
    if "commune" in legacy and "as_of" in legacy:
        return _through(legacy["commune"], date.fromisoformat(legacy["as_of"]))
    current = address.get("current", {}).get("commune", {}).get("code")
    return _through(current, _since(current)) if current else ((),) * len(_eras())


def _since(code: str) -> date:
    """Return the first day on which a present code may have been written: since the reform."""
    begun = [unit.valid_from for unit in catalogue().meanings(code) if unit.valid_from]
    return min((day for day in begun if day >= REFORM), default=REFORM)


def _eras() -> tuple[Days, ...]:
    """Return the eras between the changes of units so far; in each a code has one meaning."""
    return _eras_by(catalogue().version)


@lru_cache(maxsize=16)
def _eras_by(places: str) -> tuple[Days, ...]:
    del places
    known = catalogue()
    turns = {relation.day for relation in known.relations if relation.day <= known.day}
    return tuple(pairwise([date.min, *sorted(turns), date.max]))


def _through(code: str, day: date) -> tuple[tuple[str, ...], ...]:
    return _through_by(catalogue().version, code, day)


@lru_cache(maxsize=20_000)
def _through_by(places: str, code: str, day: date) -> tuple[tuple[str, ...], ...]:
    del places  # what was answered under other facts is another answer
    eras = _eras()
    at = next(i for i, (first, last) in enumerate(eras) if first <= day < last)
    told: list[tuple[str, ...]] = [()] * len(eras)
    told[at] = (code,)
    for later in range(at + 1, len(eras)):
        told[later] = _step(told[later - 1], eras[later][0], forward=True)
    for earlier in range(at - 1, -1, -1):
        told[earlier] = _step(told[earlier + 1], eras[earlier][1], forward=False)
    return tuple(told)


def _step(codes: Iterable[str], day: date, *, forward: bool) -> tuple[str, ...]:
    """Return what ``codes`` are on the other side of ``day``; empty where one is not known."""
    found: set[str] = set()
    for code in codes:
        units = [catalogue().unit(code, day - _DAY), catalogue().unit(code, day)]
        related = _relations(catalogue().version, day, forward)[code]
        if not related and units[0] is not None and units[0] == units[1]:
            related = [code]
        if not related:
            return ()
        found.update(related)
    return tuple(sorted(found))


@lru_cache
def _relations(places: str, day: date, forward: bool) -> Mapping[str, list[str]]:
    del places
    found: dict[str, list[str]] = defaultdict(list)
    for relation in catalogue().relations:
        if relation.day == day:
            one, other = (relation.old, relation.new) if forward else (relation.new, relation.old)
            found[one].append(other)
    return found
