"""Bitemporal history: what was true when, and what the register knew when (pure).

A record's history is a set of segments. Each says that a document held from ``valid_from`` to
``valid_to`` and that the register believed so from ``recorded_at`` to ``superseded_at``; both
intervals are closed at the start and open at the end. Nothing is overwritten: an amendment ends
the belief in what it touches and adds what is believed from then on. A segment marked wrong
(it was never about this person, say) answers no question on either axis, yet stays for audit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
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

    def apply(self, segments: Iterable[Segment], moment: datetime | None = None) -> list[Segment]:
        """Return the history after this amendment, oldest belief first.

        ``moment`` is when it is recorded; it is needed only where nothing is added.
        """
        moment = moment or self.added[0].recorded_at
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


def says_already(
    segments: Iterable[Segment], since: date, change: Callable[[Document], Document]
) -> bool:
    """Say whether ``change`` would leave every day from ``since`` on as it is believed to be."""
    reached = since
    for segment in sorted((s for s in segments if s.believed), key=lambda s: s.valid_from):
        if (segment.valid_to or date.max) <= since:
            continue
        if segment.valid_from > reached or change(segment.document) != segment.document:
            return False
        reached = segment.valid_to or date.max
    return reached == date.max


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


@dataclass(frozen=True, slots=True)
class Edit:
    """One interval of days, and how the document of each of its days changes.

    ``valid_to`` None: for good.
    """

    valid_from: date
    valid_to: date | None
    change: Callable[[Document], Document]


def rewrite(
    segments: Iterable[Segment],
    edits: Iterable[Edit],
    *,
    recorded_at: datetime,
    source: str,
    load: str | None = None,
) -> Amendment | None:
    """Plan all ``edits``, which don't overlap, as one amendment; None where nothing changes.

    As `amend`, but a segment that no edit changes stays as it is, and days without any document
    get one only where an edit makes one of nothing. Raises ValueError for a moment before the
    latest one recorded.
    """
    history = list(segments)
    if any(segment.recorded_at > recorded_at for segment in history):
        raise ValueError("history is recorded forwards only")
    ordered = sorted(edits, key=lambda edit: edit.valid_from)
    believed = sorted((s for s in history if s.believed), key=lambda s: s.valid_from)
    ended: list[Segment] = []
    added: list[Segment] = []
    for segment in believed:
        pieces = list(_pieces(segment, ordered))
        if all(document == segment.document for _, _, document in pieces):
            continue
        ended.append(segment)
        for start, end, document in pieces:
            kept = segment if document == segment.document else None
            origin = (kept.source, kept.load) if kept else (source, load)
            added.append(Segment(start, end, recorded_at, document, *origin))
    for edit in ordered:
        made = edit.change({})
        holes = _holes(believed, edit) if made else ()
        added += [Segment(a, b, recorded_at, made, source, load) for a, b in holes]
    if not ended and not added:
        return None
    return Amendment(tuple(ended), tuple(added))


def _pieces(
    segment: Segment, edits: Iterable[Edit]
) -> Iterator[tuple[date, date | None, Document]]:
    """Yield what becomes of a segment, neighbours with the same document joined."""
    held: tuple[date, date | None, Document] | None = None
    for start, end, document in _changed(segment, edits):
        if held is not None and held[2] == document:
            held = held[0], end, document
            continue
        if held is not None:
            yield held
        held = start, end, document
    if held is not None:
        yield held


def _changed(
    segment: Segment, edits: Iterable[Edit]
) -> Iterator[tuple[date, date | None, Document]]:
    reached, last = segment.valid_from, segment.valid_to or date.max
    for edit in edits:
        start, end = max(edit.valid_from, reached), min(edit.valid_to or date.max, last)
        if start >= end:
            continue
        if reached < start:
            yield reached, start, segment.document
        yield start, None if end == date.max else end, edit.change(segment.document)
        reached = end
    if reached < last:
        yield reached, segment.valid_to, segment.document


def _holes(believed: Iterable[Segment], edit: Edit) -> Iterator[tuple[date, date | None]]:
    """Yield the days of an edit that no segment covers."""
    reached, last = edit.valid_from, edit.valid_to or date.max
    for segment in believed:
        if reached < min(segment.valid_from, last):
            yield reached, min(segment.valid_from, last)
        reached = max(reached, segment.valid_to or date.max)
    if reached < last:
        yield reached, edit.valid_to


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
