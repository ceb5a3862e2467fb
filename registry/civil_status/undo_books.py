"""Taking a load of books back: what was said of their coverage before is said again.

Nobody's marital status changes by it until their acts are next written or it is worked out anew,
as with a load.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.civil_status.models import CivilBook, CivilBookVersion
from registry.kernel.clock import now
from registry.kernel.history import Segment
from registry.kernel.reversal import Reversal, reverse
from registry.kernel.undo import (
    Effect,
    LoadUndone,
    Progress,
    Undone,
    UndoPreview,
    require_free,
    trace_of,
)

_REGISTER = str(CivilBook.__tablename__)
_BATCH = 1000
_TOLD = ("year_to", "office_name", "complete")


class Key(NamedTuple):
    """What a book is known by."""

    office: str
    as_of: date
    kind: str
    year_from: int

    def __str__(self) -> str:
        """Return the key as a preview names the book."""
        return f"{self.office}/{self.as_of}/{self.kind}/{self.year_from}"


def preview_undo(session: Session, load: str) -> UndoPreview:
    """Say what taking ``load`` back would do to books; raises Conflict if it was already."""
    return UndoPreview((_effect(dict(_reversals(session, load))),))


def undo_load(
    session: Session, load: str, *, source: str, by_load: str, progress: Progress | None = None
) -> Undone:
    """Take a load of books back; raises Conflict where one was written to later, and as preview."""
    reversals = dict(_reversals(session, load))
    effect = _effect(reversals)
    require_free(effect)
    moment = now()
    if any(moment <= reversal.latest for reversal in reversals.values()):
        raise ValueError("history is recorded forwards only")
    session.add(
        LoadUndone(by_load=by_load, register=_REGISTER, load=load, at=moment, source=source)
    )
    _end(session, [key for reversal in reversals.values() for key in reversal.ended], moment)
    # Read at once, so that each is at hand.
    books = {_key(book): book for book in session.scalars(sa.select(CivilBook))}
    for key, reversal in reversals.items():
        _say_again(session, key, books.get(key), reversal, moment)
    session.flush()
    if progress:
        progress(len(reversals))
    return Undone((effect,))


def _reversals(session: Session, load: str) -> Iterator[tuple[Key, Reversal]]:
    loads, trace = trace_of(session, _REGISTER, load)
    table = CivilBookVersion
    touched = {
        Key(*row)
        for row in session.execute(
            sa.select(table.office, table.as_of, table.kind, table.year_from).where(
                table.load.in_(loads)
            )
        )
    }
    histories: dict[Key, dict[int, Segment]] = defaultdict(dict)
    for office in sorted({key.office for key in touched}):
        for row in session.scalars(sa.select(table).where(table.office == office)):
            histories[_key(row)][row.id] = _segment(row)
    for key in sorted(touched):
        reversal = reverse(histories[key], trace)
        if reversal is not None:
            yield key, reversal


def _key(book: CivilBook | CivilBookVersion) -> Key:
    return Key(book.office, book.as_of, book.kind, book.year_from)


def _segment(row: CivilBookVersion) -> Segment:
    told = {name: getattr(row, name) for name in _TOLD}
    first = date(row.year_from, 1, 1)
    return Segment(first, None, row.recorded_at, told, row.source, row.load, row.superseded_at)


def _effect(reversals: Mapping[Key, Reversal]) -> Effect:
    free = [reversal for reversal in reversals.values() if not reversal.blocked]
    vanish = sum(reversal.vanishes for reversal in free)
    versions = sum(len(reversal.ended) for reversal in free)
    blocked = tuple(str(key) for key, reversal in reversals.items() if reversal.blocked)
    return Effect(_REGISTER, vanish, len(free) - vanish, versions, in_the_way=blocked)


def _end(session: Session, versions: Sequence[int], moment: datetime) -> None:
    table = CivilBookVersion
    for start in range(0, len(versions), _BATCH):
        session.execute(
            sa.update(table)
            .where(table.id.in_(versions[start : start + _BATCH]))
            .values(superseded_at=moment)
            .execution_options(synchronize_session=False)
        )


def _say_again(
    session: Session, key: Key, book: CivilBook | None, reversal: Reversal, moment: datetime
) -> None:
    if book is not None and not reversal.left:
        session.delete(book)
    for segment in reversal.left:
        if book is None:
            book = CivilBook(**key._asdict())
            session.add(book)
        told = {**segment.document, "source": segment.source, "load": segment.load}
        for name, value in told.items():
            setattr(book, name, value)
        session.add(CivilBookVersion(**key._asdict(), **told, recorded_at=moment))
