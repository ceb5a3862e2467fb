"""How a register keeps its records: one current row each, and all of history beside it.

Every register has the same two tables: a current row with the columns that queries need and the
document that is served, and append-only versions. `Ledger` writes both together, in the caller's
transaction, so that no register can change one without the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column

from registry.kernel.bulk import insert_rows
from registry.kernel.clock import now, today
from registry.kernel.db import JsonText, UtcDateTime, new_id
from registry.kernel.errors import Conflict, NotFound, Text
from registry.kernel.fields import Document
from registry.kernel.history import Amendment, Segment, amend, answer

# Rows are joined by a small integer, which both databases find fastest; it never leaves here.
RowId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_BATCH = 1000
_FUTURE = Text("Ngày hiệu lực ở tương lai.", "A change begins or ends in the future.")


class RecordColumns:
    """Columns of every register's current rows: the opaque id, the version and the document."""

    row: Mapped[int] = mapped_column(RowId, primary_key=True)
    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), unique=True)
    version: Mapped[int] = mapped_column(sa.Integer)
    document: Mapped[dict[str, Any]] = mapped_column(JsonText)


class VersionColumns:
    """Columns of every register's versions; ``record`` is the row in the table ``of``."""

    of: str

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    valid_from: Mapped[date] = mapped_column(sa.Date)
    valid_to: Mapped[date | None] = mapped_column(sa.Date)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    document: Mapped[dict[str, Any]] = mapped_column(JsonText)
    source: Mapped[str] = mapped_column(sa.Text)
    load: Mapped[str | None] = mapped_column(sa.Text)
    wrong: Mapped[bool] = mapped_column(sa.Boolean)

    @declared_attr
    def record(cls) -> Mapped[int]:  # noqa: N805 - a class-level declaration
        """Name the row of the record that this is a version of."""
        return mapped_column(RowId, sa.ForeignKey(f"{cls.of}.row"), index=True)


@dataclass(frozen=True, slots=True)
class Moment:
    """The two times of a question: what was true ``as_of``, as the register knew ``known_at``."""

    as_of: date | None = None
    known_at: datetime | None = None

    @property
    def on(self) -> date:
        """The day asked about."""
        return self.as_of or today()

    @property
    def present(self) -> bool:
        """True where the current row answers."""
        return self.as_of is None and self.known_at is None


@dataclass(frozen=True, slots=True)
class Change:
    """The whole state of one record from ``valid_from`` on, found by the register's key."""

    document: Document
    valid_from: date


@dataclass(frozen=True, slots=True)
class Counts:
    """What a load did, in records."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """The writer of one register.

    ``key`` reads a document's key and ``find`` the rows that have such keys; ``project`` makes
    the columns of the current row; ``link`` lets the look-up tables lead to (row, document)s.
    """

    records: type[Any]
    versions: type[Any]
    key: Callable[[Document], str]
    find: Callable[[Session, Sequence[str]], Mapping[str, int]]
    project: Callable[[Document], dict[str, Any]]
    link: Callable[[Session, Sequence[tuple[int, Document]]], None]

    def apply(
        self, session: Session, changes: Iterable[Change], *, source: str, load: str | None
    ) -> Counts:
        """Write ``changes`` in batches; the same change twice does nothing the second time.

        Raises Conflict for a change that would begin in the future, since the current row is
        the one of today.
        """
        counts = Counts()
        stream = iter(changes)
        while batch := list(islice(stream, _BATCH)):
            if any(change.valid_from > today() for change in batch):
                raise Conflict(_FUTURE)
            counts += self._apply(session, batch, source, load)
        return counts

    def _apply(
        self, session: Session, batch: Sequence[Change], source: str, load: str | None
    ) -> Counts:
        known = self.find(session, [self.key(change.document) for change in batch])
        fresh: dict[str, Change] = {}
        later: list[Change] = []
        for change in batch:
            key = self.key(change.document)
            if key in known or key in fresh:
                # Also the second state of somebody new: the first must stand before it.
                later.append(change)
            else:
                fresh[key] = change
        self._insert(session, list(fresh.values()), source, load)
        changed = self._replace_all(session, later, source, load) if later else 0
        return Counts(len(fresh), changed, len(later) - changed)

    def _insert(
        self, session: Session, changes: Sequence[Change], source: str, load: str | None
    ) -> None:
        if not changes:
            return
        moment = now()
        columns = [self.project(change.document) for change in changes]
        ids = [new_id() for _ in changes]
        before = session.scalar(sa.select(sa.func.max(self.records.row))) or 0
        insert_rows(
            session,
            self.records,
            ("id", "version", "document", *columns[0]),
            (
                (key, 1, change.document, *projected.values())
                for key, change, projected in zip(ids, changes, columns, strict=True)
            ),
        )
        # Asking for the rows once costs a tenth of having each insert return its own. Others may
        # insert at the same time, so theirs may be among the answers; ours are found by id.
        found = session.execute(
            sa.select(self.records.id, self.records.row).where(self.records.row > before)
        )
        rows = {row[0]: row[1] for row in found}
        written = [(rows[key], change) for key, change in zip(ids, changes, strict=True)]
        insert_rows(
            session,
            self.versions,
            _SEGMENT,
            (
                _values(row, Segment(c.valid_from, None, moment, c.document, source, load))
                for row, c in written
            ),
        )
        self.link(session, [(row, c.document) for row, c in written])

    def _replace_all(
        self, session: Session, changes: Sequence[Change], source: str, load: str | None
    ) -> int:
        """Write those of ``changes`` that say something new; return how many did."""
        known = self.find(session, [self.key(change.document) for change in changes])
        histories = self.histories(session, set(known.values()))
        written: set[int] = set()
        count = 0
        for change in changes:
            row = known[self.key(change.document)]
            history = self.segments(session, row) if row in written else histories[row]
            if _says_already(history.values(), change):
                continue
            when = Segment(change.valid_from, None, now(), {}, source, load)
            self._amend(session, row, history, _constant(change.document), when)
            written.add(row)
            count += 1
        return count

    def amend(
        self, session: Session, row: int, patch: Callable[[Document], Document], when: Segment
    ) -> None:
        """Record an event or correct the past for the interval and origin that ``when`` names.

        Nothing is overwritten: what was known before stays answerable by ``known_at``. Raises
        Conflict for an interval that begins or ends in the future, since the current row is the
        one of today and nothing would change it on that day.
        """
        if when.valid_from > today() or (when.valid_to or today()) > today():
            raise Conflict(_FUTURE)
        self._amend(session, row, self.segments(session, row), patch, when)

    def _amend(
        self,
        session: Session,
        row: int,
        history: Mapping[int, Segment],
        patch: Callable[[Document], Document],
        when: Segment,
    ) -> None:
        plan = amend(
            history.values(),
            patch,
            valid_from=when.valid_from,
            valid_to=when.valid_to,
            recorded_at=when.recorded_at,
            source=when.source,
            load=when.load,
        )
        self._write(session, row, history, plan)

    def _write(
        self, session: Session, row: int, history: Mapping[int, Segment], plan: Amendment
    ) -> None:
        ended = [key for key, segment in history.items() if segment in plan.ended]
        if ended:
            session.execute(
                sa.update(self.versions)
                .where(self.versions.id.in_(ended))
                .values(superseded_at=plan.added[0].recorded_at)
                .execution_options(synchronize_session=False)
            )
        insert_rows(session, self.versions, _SEGMENT, (_values(row, s) for s in plan.added))
        self._refresh(session, row, plan.apply(history.values()))

    def mark_wrong(self, session: Session, row: int, as_of: date) -> None:
        """Mark the version believed of ``as_of`` as wrong; raises NotFound where there is none.

        It answers nothing any more, and stays for audit.
        """
        history = self.segments(session, row)
        wrong = answer(history.values(), as_of)
        if wrong is None:
            raise NotFound
        key = next(key for key, segment in history.items() if segment is wrong)
        session.execute(
            sa.update(self.versions)
            .where(self.versions.id == key)
            .values(wrong=True)
            .execution_options(synchronize_session=False)
        )
        self._refresh(
            session, row, [replace(s, wrong=s.wrong or s is wrong) for s in history.values()]
        )

    def _refresh(self, session: Session, row: int, history: Iterable[Segment]) -> None:
        """Set the current row to what is believed of today."""
        true_now = answer(history, today())
        document: Document = true_now.document if true_now else {}
        self.touch(session, row, document=document, **self.project(document))
        self.link(session, [(row, document)])

    def touch(self, session: Session, row: int, **values: Any) -> None:
        """Set columns of the current row, as its next version."""
        session.execute(
            sa.update(self.records)
            .where(self.records.row == row)
            .values(version=self.records.version + 1, **values)
            .execution_options(synchronize_session=False)
        )
        session.expire_all()

    def segments(self, session: Session, row: int) -> dict[int, Segment]:
        """Return the history of one record by version key, oldest belief first."""
        return self.histories(session, [row])[row]

    def histories(self, session: Session, rows: Collection[int]) -> dict[int, dict[int, Segment]]:
        """Return by row the history of several records, each as `segments` has it."""
        table = self.versions
        found = session.execute(
            sa.select(
                table.record,
                table.id,
                table.valid_from,
                table.valid_to,
                table.recorded_at,
                table.document,
                table.source,
                table.load,
                table.superseded_at,
                table.wrong,
            )
            .where(table.record.in_(rows))
            .order_by(table.recorded_at, table.valid_from)
        )
        histories: dict[int, dict[int, Segment]] = {row: {} for row in rows}
        for row, key, *columns in found:
            histories[row][key] = Segment(*columns)
        return histories

    def documents(
        self, session: Session, records: Iterable[Any], moment: Moment
    ) -> Mapping[int, Document]:
        """Return by row what ``records`` were at ``moment``; absent where nothing is known."""
        records = list(records)
        if moment.present:
            return {record.row: record.document for record in records}
        table = self.versions
        asked = [
            table.record.in_({record.row for record in records}),
            table.wrong.is_(False),
            table.valid_from <= moment.on,
            sa.or_(table.valid_to.is_(None), table.valid_to > moment.on),
        ]
        if moment.known_at is None:
            asked.append(table.superseded_at.is_(None))
        else:
            asked.append(table.recorded_at <= moment.known_at)
            ended = table.superseded_at
            asked.append(sa.or_(ended.is_(None), ended > moment.known_at))
        found = session.execute(sa.select(table.record, table.document).where(*asked))
        return {row[0]: row[1] for row in found}


_SEGMENT = (
    "record",
    "valid_from",
    "valid_to",
    "recorded_at",
    "superseded_at",
    "document",
    "source",
    "load",
    "wrong",
)


def _values(row: int, segment: Segment) -> tuple[Any, ...]:
    """Return the values of the columns `_SEGMENT`."""
    return (
        row,
        segment.valid_from,
        segment.valid_to,
        segment.recorded_at,
        segment.superseded_at,
        segment.document,
        segment.source,
        segment.load,
        segment.wrong,
    )


def _says_already(history: Iterable[Segment], change: Change) -> bool:
    """Say whether the register believes just this of every day from the change on."""
    held = [
        segment
        for segment in history
        if segment.believed and (segment.valid_to or date.max) > change.valid_from
    ]
    same = [segment.document for segment in held] == [change.document]
    return same and held[0].covers(change.valid_from)


def _constant(document: Document) -> Callable[[Document], Document]:
    return lambda _: document
