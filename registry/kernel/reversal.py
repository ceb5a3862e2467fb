"""What taking a load back does to the history of one record (pure).

A load is known by the moments at which it wrote. What was believed just before the first of them
is believed again, as new segments that keep their own source and load; nothing is overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from registry.kernel.fields import Document
from registry.kernel.history import Segment


@dataclass(frozen=True, slots=True)
class Trace:
    """How the writes of ``load`` are told from others.

    ``undos`` are the moments of all undos in the register: what was written then names the loads
    that it comes from, which did not write it. ``at`` is the one of ``load``, if it was an undo.
    """

    load: str
    at: datetime | None = None
    undos: frozenset[datetime] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Reversal:
    """What to write to one record: ``ended`` are version keys, ``again`` is believed again.

    ``said`` is what the load said, ``kept`` what was said apart from it and never taken back, and
    ``left`` what is believed afterwards. The load wrote ``since`` a moment, and ``latest`` is the
    last of the history. It is ``blocked`` where something was written after the load.
    """

    ended: tuple[int, ...]
    again: tuple[Segment, ...]
    said: tuple[Document, ...]
    kept: tuple[Document, ...]
    left: tuple[Segment, ...]
    since: datetime
    latest: datetime
    vanishes: bool
    blocked: bool


def reverse(history: Mapping[int, Segment], trace: Trace) -> Reversal | None:
    """Plan to take a load back from one history; None where it wrote nothing to it.

    Of the documents nothing matters but which are equal.
    """
    segments = list(history.values())
    own = {s.recorded_at for s in segments if _wrote(s, segments, trace)}
    moments = {s.recorded_at for s in segments}
    moments.update(s.superseded_at for s in segments if s.superseded_at is not None)
    if trace.at in moments:
        own.add(trace.at)
    if not own:
        return None
    first, last = min(own), max(own)
    before = {key: s for key, s in history.items() if _stood(s, first)}
    after = [s for s in segments if s.recorded_at <= last and not _ended(s, last)]
    now = {key: s for key, s in history.items() if s.superseded_at is None}
    kept = [s for s in segments if s.recorded_at < first and s.superseded_at not in trace.undos]
    return Reversal(
        ended=tuple(now.keys() - before.keys()),
        again=tuple(s for key, s in before.items() if key not in now),
        said=tuple(s.document for s in segments if s.recorded_at in own),
        kept=tuple(s.document for s in kept),
        left=tuple(s for s in before.values() if not s.wrong),
        since=first,
        latest=max(moments),
        vanishes=not before,
        blocked=(
            # Later writes that were themselves taken back leave all as it was.
            (last < max(moments) and _content(after) != _content(now.values()))
            or any(first < moment < last and moment not in own for moment in moments)
            or any(_foreign(s, segments, own, trace) for s in segments)
        ),
    )


def _stood(segment: Segment, moment: datetime) -> bool:
    """Say whether a segment was believed just before ``moment``."""
    ended = segment.superseded_at
    return segment.recorded_at < moment and (ended is None or ended >= moment)


def _ended(segment: Segment, moment: datetime) -> bool:
    return segment.superseded_at is not None and segment.superseded_at <= moment


def _wrote(segment: Segment, segments: Iterable[Segment], trace: Trace) -> bool:
    """Say whether the load itself wrote ``segment``, and not an act that cut what it had said."""
    named = segment.load == trace.load and segment.recorded_at not in trace.undos
    return named and not _copied(segment, segments)


def _foreign(
    segment: Segment, segments: Iterable[Segment], own: set[datetime], trace: Trace
) -> bool:
    """Say whether somebody else wrote in a moment of the load, or marked wrong what it wrote."""
    if segment.recorded_at not in own:
        return False
    if segment.wrong:
        return True
    by_load = segment.load == trace.load or segment.recorded_at == trace.at
    return not by_load and not _copied(segment, segments)


def _copied(segment: Segment, segments: Iterable[Segment]) -> bool:
    """Say whether a segment is what was left of another that ended when it was recorded."""
    return any(
        other.superseded_at == segment.recorded_at
        and other.recorded_at < segment.recorded_at
        and (other.source, other.load) == (segment.source, segment.load)
        and other.valid_from <= segment.valid_from
        and (segment.valid_to or date.max) <= (other.valid_to or date.max)
        and other.document == segment.document
        for other in segments
    )


def _content(segments: Iterable[Segment]) -> list[tuple[Any, ...]]:
    ordered = sorted(segments, key=lambda s: (s.valid_from, s.recorded_at))
    return [(s.valid_from, s.valid_to, s.document, s.source, s.load, s.wrong) for s in ordered]
