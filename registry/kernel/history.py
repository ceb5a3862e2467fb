"""Bitemporal history: what was true when, and what the register knew when (pure).

A record's history is a set of segments. Each says that a document held from ``valid_from`` to
``valid_to`` and that the register believed so from ``recorded_at`` to ``superseded_at``; both
intervals are closed at the start and open at the end. Nothing is overwritten: an amendment ends
the belief in what it touches and adds what is believed from then on. A segment marked wrong
(it was never about this person, say) answers no question on either axis, yet stays for audit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Segment:
    """One document over one interval of days, with the source and the load behind it.

    ``valid_to`` None: until further notice; ``superseded_at`` None: believed now.
    """

    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    document: Document
    source: str
    load: str | None = None
    superseded_at: datetime | None = None
    wrong: bool = False

    def __post_init__(self) -> None:
        """Refuse an interval that no day can lie in."""
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("a segment needs at least one day")

    @property
    def believed(self) -> bool:
        """True while nothing has taken its place."""
        return self.superseded_at is None and not self.wrong

    def covers(self, day: date) -> bool:
        """Say whether the document held on ``day``."""
        return self.valid_from <= day < (self.valid_to or date.max)

    def known(self, moment: datetime) -> bool:
        """Say whether the register believed this at ``moment``."""
        ended = self.superseded_at is not None and self.superseded_at <= moment
        return self.recorded_at <= moment and not ended


@dataclass(frozen=True, slots=True)
class Amendment:
    """What to write: ``ended`` are segments whose belief ends now, ``added`` are new ones."""

    ended: tuple[Segment, ...]
    added: tuple[Segment, ...]

    def apply(self, segments: Iterable[Segment]) -> list[Segment]:
        """Return the history after this amendment, oldest belief first."""
        moment = self.added[0].recorded_at
        kept = [
            replace(segment, superseded_at=moment) if segment in self.ended else segment
            for segment in segments
        ]
        return [*kept, *self.added]


def answer(
    segments: Iterable[Segment], as_of: date, known_at: datetime | None = None
) -> Segment | None:
    """Return the segment that tells what was true on ``as_of``, or None.

    ``known_at`` asks what the register believed at that moment; None means now.
    """
    for segment in segments:
        asked = segment.superseded_at is None if known_at is None else segment.known(known_at)
        if asked and not segment.wrong and segment.covers(as_of):
            return segment
    return None


def amend(  # noqa: PLR0913 - both intervals, the change and its origin belong to one act
    segments: Iterable[Segment],
    change: Callable[[Document], Document],
    *,
    valid_from: date,
    valid_to: date | None,
    recorded_at: datetime,
    source: str,
    load: str | None = None,
) -> Amendment:
    """Plan ``change`` for the days from ``valid_from`` to ``valid_to`` (None: for good).

    Serves events ("moved house on this day") and corrections of the past alike: what lies
    outside the interval keeps its document, its source and its load; inside, ``change`` makes
    the new document from the old one, or from an empty one for days without any. Raises
    ValueError for an empty interval or a moment before the latest one recorded.
    """
    history = list(segments)
    if any(segment.recorded_at > recorded_at for segment in history):
        raise ValueError("history is recorded forwards only")
    wanted = Segment(valid_from, valid_to, recorded_at, {}, source, load)
    touched = sorted(
        (s for s in history if s.believed and _overlap(s, wanted)), key=lambda s: s.valid_from
    )
    added: list[Segment] = []
    reached = valid_from
    for segment in touched:
        if reached < segment.valid_from:
            added.append(_piece(wanted, reached, segment.valid_from, change({})))
        start, end = max(segment.valid_from, valid_from), _earlier(segment.valid_to, valid_to)
        if segment.valid_from < start:
            added.append(_again(segment, recorded_at, segment.valid_from, start))
        added.append(_piece(wanted, start, end, change(segment.document)))
        if end is not None and end != segment.valid_to:
            added.append(_again(segment, recorded_at, end, segment.valid_to))
        reached = end or date.max
    if reached < (valid_to or date.max):
        added.append(_piece(wanted, reached, valid_to, change({})))
    return Amendment(tuple(touched), tuple(added))


def _overlap(one: Segment, other: Segment) -> bool:
    return one.valid_from < (other.valid_to or date.max) and other.valid_from < (
        one.valid_to or date.max
    )


def _earlier(one: date | None, other: date | None) -> date | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def _piece(wanted: Segment, start: date, end: date | None, document: Document) -> Segment:
    return replace(wanted, valid_from=start, valid_to=end, document=document)


def _again(segment: Segment, moment: datetime, start: date, end: date | None) -> Segment:
    return replace(segment, valid_from=start, valid_to=end, recorded_at=moment)
