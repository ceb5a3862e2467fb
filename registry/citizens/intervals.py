"""The history of a record as one client may see it (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from registry.citizens.rules import true_on, turning_days
from registry.kernel.fields import Selection
from registry.kernel.history import Segment


@dataclass(frozen=True, slots=True)
class Interval:
    """What is believed from ``start`` until before ``end``, and the segment that brought it."""

    start: date
    end: date | None
    record: dict[str, Any]
    origin: Segment


def intervals(history: Sequence[Segment], selection: Selection) -> list[Interval]:
    """Return what ``selection`` lets see of ``history``, oldest first.

    Neighbours in which the selected values are the same are one interval, and its origin is
    where those values came from first: neither a bound nor a moment nor a source may tell that
    something else in the record changed. What passes with the day alone is left out.
    """
    lasting = selection.lasting()
    told: list[Interval] = []
    believed = (segment for segment in history if segment.believed)
    for segment in sorted(believed, key=lambda s: s.valid_from):
        for start, end in _steps(segment):
            record = lasting.cut(true_on(segment.document, start), start)
            if told and told[-1].end == start and told[-1].record == record:
                told[-1] = replace(told[-1], end=end)
            else:
                origin = _origin(history, segment, start, lasting)
                told.append(Interval(start, end, record, origin))
    return told


def _steps(segment: Segment) -> Iterator[tuple[date, date | None]]:
    """Yield the parts of a segment in which its document says the same."""
    start = segment.valid_from
    for day in sorted(turning_days(segment.document)):
        if start < day < (segment.valid_to or date.max):
            yield start, day
            start = day
    yield start, segment.valid_to


def _origin(
    history: Sequence[Segment], segment: Segment, day: date, selection: Selection
) -> Segment:
    """Return the first of the unbroken beliefs that say the same of ``day`` as ``segment``."""
    record = selection.cut(true_on(segment.document, day), day)
    # What was replaced at the moment it was recorded was never believed.
    lived = [s for s in history if s.covers(day) and s.superseded_at != s.recorded_at]
    for earlier in sorted(lived, key=lambda s: s.recorded_at, reverse=True):
        same = selection.cut(true_on(earlier.document, day), day) == record
        if same and not earlier.wrong and earlier.superseded_at == segment.recorded_at:
            segment = earlier
    return segment
