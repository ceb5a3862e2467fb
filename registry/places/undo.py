"""Take a load of facts about units back: what was believed before it is believed again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.kernel.clock import now, today
from registry.kernel.errors import Conflict, Text
from registry.kernel.undo import Effect, Undone, UndoPreview
from registry.places.catalogue import compose, laid
from registry.places.models import PlaceFact, PlaceGeneration
from registry.places.stored import believed_facts

_REGISTER = "places"
_LATER = Text(
    "Đơn vị đã được nạp lại sau đó: hãy khôi phục bản công bố sau trước.",
    "Later loads tell of the same units: roll those releases back first.",
)
_NEEDED = Text(
    "Đơn vị nạp sau cần các đơn vị này: hãy khôi phục bản công bố sau trước.",
    "Units loaded later need these: roll those releases back first.",
)


class _Turn(NamedTuple):
    """One fact that a load wrote or took away: what is believed now, and what was before it."""

    code: str
    began: date | None
    believed: PlaceFact | None
    before: PlaceFact | None


def preview_undo(session: Session, load: str) -> UndoPreview:
    """Say what taking ``load`` back would do; nothing is written."""
    turns = _turns(session, load)
    later = tuple(turn.code for turn in turns if _is_later(turn, load))
    back = sum(turn.before is not None for turn in turns)
    effect = Effect(_REGISTER, len(turns) - back, back, len(turns), in_the_way=later)
    return UndoPreview((effect,))


def undo_load(
    session: Session,
    load: str,
    *,
    source: str,
    by_load: str,
    progress: Callable[[int], None] | None = None,
) -> Undone:
    """Take ``load`` back as the load ``by_load``, in the session's transaction.

    Raises Conflict where later loads tell of the same units or need them.
    """
    session.scalars(sa.select(PlaceGeneration.number).with_for_update()).one()
    found = preview_undo(session, load)
    if found.in_the_way:
        raise Conflict(_LATER)
    moment = now()
    turns = _turns(session, load)
    for turn in turns:
        if turn.believed is not None:
            turn.believed.superseded_at, turn.believed.superseded_by = moment, by_load
    session.flush()
    session.add_all(
        PlaceFact(
            code=turn.code,
            valid_from=turn.began,
            document=turn.before.document,
            source=source,
            load=by_load,
            recorded_at=moment,
        )
        for turn in turns
        if turn.before is not None
    )
    session.execute(sa.update(PlaceGeneration).values(number=PlaceGeneration.number + 1))
    session.flush()
    facts = believed_facts(session)
    if laid(facts).errors:
        raise Conflict(_NEEDED)
    session.info["places"] = compose(facts, today())
    if progress:
        progress(len(turns))
    return Undone(found.effects)


def _turns(session: Session, load: str) -> list[_Turn]:
    table = PlaceFact
    touched = session.scalars(
        sa.select(table)
        .where(sa.or_(table.load == load, table.superseded_by == load))
        .order_by(table.id)
    )
    before: dict[tuple[str, date | None], PlaceFact | None] = {}
    for row in touched:
        key = row.code, row.valid_from
        before.setdefault(key, None)
        if row.superseded_by == load and row.load != load:
            before[key] = row
    held = {(row.code, row.valid_from): row for row in _believed(session, list(before))}
    return [_Turn(*key, held.get(key), row) for key, row in before.items()]


def _believed(session: Session, keys: Sequence[tuple[str, date | None]]) -> list[PlaceFact]:
    table = PlaceFact
    found = session.scalars(
        sa.select(table).where(
            table.superseded_at.is_(None), table.code.in_({code for code, _ in keys})
        )
    )
    return list(found)


def _is_later(turn: _Turn, load: str) -> bool:
    """Say whether somebody else wrote what is believed now."""
    return turn.believed is not None and turn.believed.load != load
