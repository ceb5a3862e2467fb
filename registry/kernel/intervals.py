"""The history of a record as one client may see it (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from registry.kernel.fields import Document
from registry.kernel.history import Segment

Cut = Callable[[Document, date], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Interval:
    """What is believed from ``start`` until before ``end``, and the segment that brought it."""

    start: date
    end: date | None
    record: dict[str, Any]
    origin: Segment

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        origin = self.origin
        return {
            "valid_from": self.start.isoformat(),
            **({"valid_to": self.end.isoformat()} if self.end else {}),
            "recorded_at": origin.recorded_at.isoformat(),
            "source": origin.source,
            **({"load": origin.load} if origin.load else {}),
            "record": self.record,
        }


def intervals(
    history: Sequence[Segment],
    cut: Cut,
    turning: Callable[[Document], Iterable[date]] = lambda _: (),
) -> list[Interval]:
    """Return what ``cut`` lets see of ``history``, oldest first.

    Neighbours in which the seen values are the same are one interval, and its origin is where
    those values came from first: neither a bound nor a moment nor a source may tell that
    something else in the record changed. ``turning`` tells the days on which a document says
    something else by itself.
    """
    told: list[Interval] = []
    believed = (segment for segment in history if segment.believed)
    for segment in sorted(believed, key=lambda s: s.valid_from):
        for start, end in _steps(segment, turning):
            record = cut(segment.document, start)
            if told and told[-1].end == start and told[-1].record == record:
                told[-1] = replace(told[-1], end=end)
            else:
                told.append(Interval(start, end, record, _origin(history, segment, start, cut)))
    return told


def _steps(
    segment: Segment, turning: Callable[[Document], Iterable[date]]
) -> Iterator[tuple[date, date | None]]:
    """Yield the parts of a segment in which its document says the same."""
    start = segment.valid_from
    for day in sorted(turning(segment.document)):
        if start < day < (segment.valid_to or date.max):
            yield start, day
            start = day
    yield start, segment.valid_to


def _origin(history: Sequence[Segment], segment: Segment, day: date, cut: Cut) -> Segment:
    """Return the first of the unbroken beliefs that say the same of ``day`` as ``segment``."""
    record = cut(segment.document, day)
    # What was replaced at the moment it was recorded was never believed.
    lived = [s for s in history if s.covers(day) and s.superseded_at != s.recorded_at]
    for earlier in sorted(lived, key=lambda s: s.recorded_at, reverse=True):
        same = cut(earlier.document, day) == record
        if same and not earlier.wrong and earlier.superseded_at == segment.recorded_at:
            segment = earlier
    return segment
