"""Taking a load back: what a register believed before it is believed again, in one transaction.

History stays as it is. An undo is new knowledge: the belief in what the load said ends, and what
was believed before is written again, each value with its own source and load. A record that only
the load knew is left without any belief; it keeps its id, so that the same key finds it again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.kernel.bulk import insert_rows
from registry.kernel.clock import now, today
from registry.kernel.columns import SEGMENT, RecordColumns, values_of
from registry.kernel.db import Base, UtcDateTime
from registry.kernel.errors import Conflict, Text
from registry.kernel.fields import Document
from registry.kernel.history import Segment
from registry.kernel.ledger import Ledger
from registry.kernel.reversal import Reversal, Trace, reverse

_BATCH = 1000
# In the order of a segment's own fields.
_SEGMENT = tuple(field.name for field in fields(Segment))
_ALREADY = Text("Đợt này đã được hoàn tác.", "This load has been taken back already.")
_MEANWHILE = Text(
    "Có bản ghi vừa được sửa trong lúc hoàn tác: hãy xem trước rồi hoàn tác lại.",
    "A record was written to during the undo: preview it and try again.",
)


class LoadUndone(Base):
    """One undo in one register, which was written at the one moment ``at``."""

    __tablename__ = "load_undone"

    by_load: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    register: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    load: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    source: Mapped[str] = mapped_column(sa.Text)


@dataclass(frozen=True, slots=True)
class Turn:
    """One record that is turned back ``at`` a moment, and its document in the present then."""

    row: int
    reversal: Reversal
    document: Document
    at: datetime


Progress = Callable[[int], None]
"""Called after each batch with the number of records done."""
Held = Callable[[Session, Collection[int]], Collection[int]]


def _nothing(session: Session, turns: Sequence[Turn]) -> None:
    del session, turns


def _none_held(session: Session, rows: Collection[int]) -> Collection[int]:
    del session, rows
    return ()


@dataclass(frozen=True, slots=True)
class Register:
    """A register as an undo needs it.

    ``held`` returns those of some rows that can't vanish, since something else leads to them.
    ``prepare`` runs before a batch is written, and ``follow`` after it, in place of `Ledger.link`
    where more than the present document leads to a record.
    """

    ledger: Ledger
    held: Held = _none_held
    prepare: Callable[[Session, Sequence[Turn]], None] = _nothing
    follow: Callable[[Session, Sequence[Turn]], None] | None = None

    @property
    def name(self) -> str:
        """The name of the table of current rows."""
        return str(self.ledger.records.__tablename__)


@dataclass(frozen=True, slots=True)
class Effect:
    """What an undo does in one register, in records: how many vanish and how many go back.

    ``versions`` is the number of versions whose belief ends, ``anew`` of how many records the
    present is worked out anew, and ``in_the_way`` are the ids of records that forbid it.
    """

    register: str
    vanish: int = 0
    back: int = 0
    versions: int = 0
    anew: int = 0
    in_the_way: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did, by register."""

    effects: tuple[Effect, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the counts of each register by its name."""
        counts = {effect.register: asdict(effect) for effect in self.effects}
        return {
            register: {key: v for key, v in told.items() if key not in {"register", "in_the_way"}}
            for register, told in counts.items()
        }


@dataclass(frozen=True, slots=True)
class UndoPreview(Undone):
    """What an undo would do, by register; nothing was written."""

    @property
    def in_the_way(self) -> tuple[str, ...]:
        """The ids of the records that forbid it."""
        return tuple(key for effect in self.effects for key in effect.in_the_way)


@dataclass(frozen=True, slots=True)
class Survey:
    """The rows that an undo turns back, those that it can't, and the last moment of the former."""

    trace: Trace
    free: Sequence[int]
    blocked: Sequence[int]
    latest: datetime | None
    effect: Effect


def survey(session: Session, register: Register, load: str) -> Survey:
    """Find what ``load`` wrote, without writing; raises Conflict if it was taken back already."""
    loads, trace = trace_of(session, register.name, load)
    version = register.ledger.versions
    found = session.scalars(sa.select(version.record).where(version.load.in_(loads)).distinct())
    free: list[int] = []
    vanishing: list[int] = []
    blocked: list[int] = []
    versions = 0
    latest: datetime | None = None
    for batch in _batches(sorted(found)):
        for row, history in _histories(session, version, batch).items():
            reversal = reverse(history, trace)
            if reversal is None:
                continue
            if reversal.blocked:
                blocked.append(row)
                continue
            (vanishing if reversal.vanishes else free).append(row)
            versions += len(reversal.ended)
            latest = max(latest or reversal.latest, reversal.latest)
    held = {row for part in _batches(vanishing) for row in register.held(session, part)}
    blocked = sorted({*blocked, *held})
    back, vanish = len(free), len(vanishing) - len(held)
    told = Effect(register.name, vanish, back, versions, 0, _ids(session, register, blocked))
    return Survey(trace, sorted({*free, *vanishing} - held), blocked, latest, told)


def preview_undo(session: Session, register: Register, load: str) -> UndoPreview:
    """Say what taking ``load`` back would do in one register; raises Conflict as `survey`."""
    return UndoPreview((survey(session, register, load).effect,))


def undo_load(  # noqa: PLR0913 - what is taken back, by what, and in whose name
    session: Session,
    register: Register,
    load: str,
    *,
    source: str,
    by_load: str,
    progress: Progress | None = None,
) -> Undone:
    """Take ``load`` back in one register, as the load ``by_load``; which can be taken back too.

    Raises Conflict, and writes nothing, where anything was written to one of its records later,
    or another record leads to one that would vanish; and where it was taken back already.
    """
    found = survey(session, register, load)
    require_free(found.effect)
    turn_back(session, register, found, load, source=source, by_load=by_load, progress=progress)
    return Undone((found.effect,))


def require_free(*effects: Effect) -> None:
    """Raise Conflict, with the number, where records are in the way."""
    count = sum(len(effect.in_the_way) for effect in effects)
    if count:
        raise Conflict(
            Text(
                f"{count} bản ghi đã được ghi thêm sau đợt này, hoặc dữ liệu nạp sau còn dẫn đến:"
                " hãy hoàn tác đợt công bố sau trước.",
                f"{count} records were written to after this load, or data loaded later leads to"
                " them: roll back the later release first.",
            )
        )


def turn_back(  # noqa: PLR0913 - as `undo_load`, of what was found
    session: Session,
    register: Register,
    found: Survey,
    load: str,
    *,
    source: str,
    by_load: str,
    progress: Progress | None = None,
) -> None:
    """Turn the records of a survey back in batches, leaving those that are blocked alone.

    Raises Conflict where one was written to since the survey, and ValueError where the clock has
    not moved on since the last of them was written.
    """
    moment = now()
    if found.latest is not None and moment <= found.latest:
        raise ValueError("history is recorded forwards only")
    undone = LoadUndone(
        by_load=by_load, register=register.name, load=load, at=moment, source=source
    )
    session.add(undone)
    done = 0
    for batch in _batches(found.free):
        turns = _turns(session, register.ledger, batch, found.trace, moment)
        register.prepare(session, turns)
        _write(session, register.ledger, turns)
        if register.follow:
            register.follow(session, turns)
        else:
            register.ledger.link(session, [(turn.row, turn.document) for turn in turns])
        session.expire_all()
        done += len(turns)
        if progress:
            progress(done)


def _turns(
    session: Session, ledger: Ledger, rows: Sequence[int], trace: Trace, moment: datetime
) -> list[Turn]:
    records = ledger.records
    # Whoever is writing to them now finishes first, and whoever comes later waits.
    session.execute(sa.select(records.row).where(records.row.in_(rows)).with_for_update())
    documents: dict[Any, Document] = {}

    def read(text: Any) -> Document:
        # Most of what a record was told is told again and again.
        if text not in documents:
            documents[text] = orjson.loads(text)
        return documents[text]

    turns = []
    for row, history in _histories(session, ledger.versions, rows).items():
        found = reverse(history, trace)
        if found is None or found.blocked:
            raise Conflict(_MEANWHILE)
        reversal = replace(
            found,
            again=tuple(replace(s, document=read(s.document)) for s in found.again),
            said=tuple(map(read, found.said)),
            kept=tuple(map(read, found.kept)),
            left=tuple(replace(s, document=read(s.document)) for s in found.left),
        )
        present = (s.document for s in reversal.left if s.covers(today()))
        turns.append(Turn(row, reversal, next(present, {}), moment))
    return turns


def _histories(
    session: Session, versions: type[Any], rows: Sequence[int]
) -> dict[int, dict[int, Segment]]:
    """Return histories as `Ledger.histories` does, each document as the text that it is kept as.

    The same document has the same text, and to read them all costs more than all the rest.
    """
    of = versions.__table__.c
    columns = [sa.type_coerce(of.document, sa.Text) if n == "document" else of[n] for n in _SEGMENT]
    found = session.execute(
        sa.select(of.record, of.id, *columns)
        .where(of.record.in_(rows))
        .order_by(of.recorded_at, of.valid_from)
    )
    histories: dict[int, dict[int, Segment]] = {row: {} for row in rows}
    for row, key, *values in found:
        histories[row][key] = Segment(*values)
    return histories


def _write(session: Session, ledger: Ledger, turns: Sequence[Turn]) -> None:
    ended = [key for turn in turns for key in turn.reversal.ended]
    for part in _batches(ended):
        session.execute(
            sa.update(ledger.versions)
            .where(ledger.versions.id.in_(part))
            .values(superseded_at=turns[0].at)
            .execution_options(synchronize_session=False)
        )
    again = (
        values_of(turn.row, replace(segment, recorded_at=turn.at, superseded_at=None))
        for turn in turns
        for segment in turn.reversal.again
    )
    insert_rows(session, ledger.versions, SEGMENT, again)
    _set_current(session, ledger, turns)


def _set_current(session: Session, ledger: Ledger, turns: Sequence[Turn]) -> None:
    table = ledger.records.__table__
    empty = [turn.row for turn in turns if not turn.document]
    if empty:
        session.execute(
            sa.update(table)
            .where(table.c.row.in_(empty))
            .values(version=table.c.version + 1, document={}, **ledger.project({}))
        )
    grouped: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for turn in turns:
        if turn.document:
            columns = {"document": turn.document, **ledger.project(turn.document)}
            told = {f"new_{name}": value for name, value in columns.items()}
            grouped[tuple(columns)].append({"of_row": turn.row, **told})
    for names, rows in grouped.items():
        values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in names}
        session.execute(
            sa.update(table)
            .where(table.c.row == sa.bindparam("of_row"))
            .values(version=table.c.version + 1, **values),
            rows,
        )


def is_undone(
    session: Session, versions: type[Any], record: RecordColumns, known_at: datetime | None
) -> bool:
    """Say whether nothing is known of a record, at a moment if one is given, by reason of an undo.

    A version that was marked wrong is still known to be one.
    """
    if record.document:
        return False
    ended = versions.superseded_at
    asked = [versions.record == record.row, ended.is_(None)]
    if known_at is not None:
        asked[1:] = [versions.recorded_at <= known_at, sa.or_(ended.is_(None), ended > known_at)]
    return session.scalar(sa.select(versions.id).where(*asked).limit(1)) is None


def trace_of(session: Session, register: str, load: str) -> tuple[set[str], Trace]:
    """Return the loads that what ``load`` wrote in a register may name, and how to know it.

    Raises Conflict where an undo that stands took it back.
    """
    rows = session.scalars(sa.select(LoadUndone).where(LoadUndone.register == register)).all()
    undos = {row.by_load: row for row in rows}
    _require_standing({key: row.load for key, row in undos.items()}, load)
    loads, origin = {load}, load
    while origin in undos:
        origin = undos[origin].load
        loads.add(origin)
    at = undos[load].at if load in undos else None
    return loads, Trace(load, at, frozenset(row.at for row in rows))


def _require_standing(undos: Mapping[str, str], load: str) -> None:
    def stands(key: str) -> bool:
        return not any(undone == key and stands(by) for by, undone in undos.items())

    if not stands(load):
        raise Conflict(_ALREADY)


def _ids(session: Session, register: Register, rows: Sequence[int]) -> tuple[str, ...]:
    table = register.ledger.records
    return tuple(
        key
        for part in _batches(rows)
        for key in session.scalars(
            sa.select(table.id).where(table.row.in_(part)).order_by(table.row)
        )
    )


def _batches(rows: Sequence[int]) -> Iterator[Sequence[int]]:
    return (rows[i : i + _BATCH] for i in range(0, len(rows), _BATCH))
