"""How a register keeps its records: one current row each, and all of history beside it.

Every register has the same two tables: a current row with the columns that queries need and the
document that is served, and append-only versions. `Ledger` writes both together, in the caller's
transaction, so that no register can change one without the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import chain, islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.kernel.bulk import among, insert_rows, reserve_rows
from registry.kernel.clock import now, today
from registry.kernel.columns import SEGMENT, RecordColumns, RowId, VersionColumns, values_of
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, NotFound, Text
from registry.kernel.fields import Document
from registry.kernel.history import Amendment, Edit, Segment, amend, answer, rewrite, says_already
from registry.kernel.rendered import Rendered

__all__ = ["Change", "Counts", "Ledger", "Moment", "RecordColumns", "RowId", "VersionColumns"]

_BATCH = 2000
_FUTURE = Text("Ngày hiệu lực ở tương lai.", "A change begins or ends in the future.")


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
class Life:
    """A record as it stands: its version number, and what is believed of each interval."""

    version: int
    segments: tuple[Segment, ...]

    def today(self) -> Segment | None:
        """Return what is believed of today."""
        return answer(self.segments, today())

    def since(self, value: Callable[[Document], Any]) -> date | None:
        """Return the first day since when ``value`` of the document has been what it is today."""
        standing = self.today()
        if standing is None:
            return None
        first, told = standing.valid_from, value(standing.document)
        for segment in sorted(self.segments, key=lambda s: s.valid_from, reverse=True):
            if segment.valid_to == first and value(segment.document) == told:
                first = segment.valid_from
        return first


Plan = tuple[Mapping[int, Segment], Amendment]
"""The history of one record by version key, and what to write to it."""


def _as_it_comes(before: Document, comes: Document) -> Document:
    del before
    return comes


@dataclass(frozen=True, slots=True)
class Ledger:
    """The writer of one register.

    ``key`` reads a document's key and ``find`` the rows that have such keys; ``project`` makes
    the columns of the current row without asking the database, which is busy taking rows then;
    ``link`` lets the look-up tables lead to (row, document)s.
    ``carry`` makes of the state that was and the state that comes the one to write, for registers
    in which not everything comes with the state.
    """

    records: type[Any]
    versions: type[Any]
    key: Callable[[Document], str]
    find: Callable[[Session, Sequence[str]], Mapping[str, int]]
    project: Callable[[Document], dict[str, Any]]
    link: Callable[[Session, Sequence[tuple[int, Document]]], None]
    carry: Callable[[Document, Document], Document] = _as_it_comes

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
        documents = [Rendered.of(change.document) for change in changes]
        rows = reserve_rows(session, self.records, len(changes))
        # Whatever is written is made only as the database takes it, so that both work at once.
        columns = map(self.project, documents)
        first = next(columns)
        insert_rows(
            session,
            self.records,
            ("row", "id", "version", "document", *first),
            (
                (row, new_id(), 1, document, *projected.values())
                for row, document, projected in zip(
                    rows, documents, chain([first], columns), strict=True
                )
            ),
        )
        insert_rows(
            session,
            self.versions,
            SEGMENT,
            (
                (row, change.valid_from, None, moment, None, document, source, load, False)
                for row, change, document in zip(rows, changes, documents, strict=True)
            ),
        )
        self.link(session, list(zip(rows, documents, strict=True)))

    def _replace_all(
        self, session: Session, changes: Sequence[Change], source: str, load: str | None
    ) -> int:
        """Write those of ``changes`` that say something new; return how many did."""
        known = self.find(session, [self.key(change.document) for change in changes])
        waiting = [(known[self.key(change.document)], change) for change in changes]
        count = 0
        while waiting:
            histories = self.histories(session, {row for row, _ in waiting})
            plans: dict[int, Plan] = {}
            later: list[tuple[int, Change]] = []
            moment = now()
            for row, change in waiting:
                patch = partial(self._carried, change.document)
                if row in plans:
                    # The second new state of one record: the first must be written before it.
                    later.append((row, change))
                elif not says_already(histories[row].values(), change.valid_from, patch):
                    when = Segment(change.valid_from, None, moment, {}, source, load)
                    plans[row] = _plan(histories[row], patch, when)
            self._write(session, plans, moment)
            count += len(plans)
            waiting = later
        return count

    def _carried(self, comes: Document, before: Document) -> Document:
        return self.carry(before, comes)

    def rewrite(
        self,
        session: Session,
        edits: Mapping[int, Sequence[Edit]],
        *,
        source: str,
        load: str | None,
    ) -> int:
        """Write the edits of many records, by row, in batches; return how many records changed.

        Histories are read together and versions written together, and a record in which nothing
        changes is not touched (`registry.kernel.history.rewrite`).
        """
        changed = 0
        rows = iter(sorted(edits))
        while batch := list(islice(rows, _BATCH)):
            moment = now()
            plans: dict[int, Plan] = {}
            for row, history in self.histories(session, batch).items():
                plan = rewrite(
                    history.values(), edits[row], recorded_at=moment, source=source, load=load
                )
                if plan:
                    plans[row] = history, plan
            self._write(session, plans, moment)
            changed += len(plans)
        return changed

    def _write(self, session: Session, plans: Mapping[int, Plan], moment: datetime) -> None:
        """End the beliefs that ``plans`` end, write what they add, and set the current rows."""
        ended = [key for history, plan in plans.values() for key in _keys(history, plan.ended)]
        for part in (ended[i : i + _BATCH] for i in range(0, len(ended), _BATCH)):
            session.execute(
                sa.update(self.versions)
                .where(among(session, self.versions.id, part))
                .values(superseded_at=moment)
                .execution_options(synchronize_session=False)
            )
        added = (values_of(row, s) for row, (_, plan) in plans.items() for s in plan.added)
        insert_rows(session, self.versions, SEGMENT, added)
        true_now: dict[int, Document] = {}
        for row, (history, plan) in plans.items():
            found = answer(plan.apply(history.values(), moment), today())
            true_now[row] = found.document if found else {}
        self._set_current(session, true_now)

    def _set_current(self, session: Session, documents: Mapping[int, Document]) -> None:
        """Set the current rows to ``documents``, one statement for all with the same columns."""
        table = self.records.__table__
        grouped: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for row, document in documents.items():
            columns = {"document": document, **self.project(document)}
            told = {f"new_{name}": value for name, value in columns.items()}
            grouped[tuple(columns)].append({"of_row": row, **told})
        for names, rows in grouped.items():
            values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in names}
            session.execute(
                sa.update(table)
                .where(table.c.row == sa.bindparam("of_row"))
                .values(version=table.c.version + 1, **values),
                rows,
            )
        if documents:
            self.link(session, list(documents.items()))
            session.expire_all()

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
        plan = _plan(self.segments(session, row), patch, when)
        self._write(session, {row: plan}, when.recorded_at)

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
        left = (replace(s, wrong=s.wrong or s is wrong) for s in history.values())
        true_now = answer(left, today())
        self._set_current(session, {row: true_now.document if true_now else {}})

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
        """Return the histories of many records by row and version key, in one query."""
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
            .where(among(session, table.record, rows))
            .order_by(table.recorded_at, table.valid_from)
        )
        histories: dict[int, dict[int, Segment]] = {row: {} for row in rows}
        for row, key, *columns in found:
            histories[row][key] = Segment(*columns)
        return histories

    def lives(self, session: Session, record_ids: Collection[str]) -> dict[str, Life]:
        """Return by opaque id how records stand, in two queries; the caller logs what it tells."""
        table = self.records
        found = session.execute(
            sa.select(table.row, table.id, table.version).where(
                among(session, table.id, record_ids)
            )
        ).all()
        told = self.histories(session, [row for row, _, _ in found])
        return {
            key: Life(version, tuple(s for s in told[row].values() if s.believed))
            for row, key, version in found
        }

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


def _plan(
    history: Mapping[int, Segment], patch: Callable[[Document], Document], when: Segment
) -> Plan:
    plan = amend(
        history.values(),
        patch,
        valid_from=when.valid_from,
        valid_to=when.valid_to,
        recorded_at=when.recorded_at,
        source=when.source,
        load=when.load,
    )
    return history, plan


def _keys(history: Mapping[int, Segment], segments: Iterable[Segment]) -> list[int]:
    wanted = {id(segment) for segment in segments}
    return [key for key, segment in history.items() if id(segment) in wanted]
