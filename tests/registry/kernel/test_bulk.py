"""Many rows at once are the rows that one insert each would have written, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.bulk import insert_rows
from registry.kernel.db import Database, JsonText, UtcDateTime, new_id
from registry.kernel.ledger import RowId


class _Base(sa.orm.DeclarativeBase):
    """Tables of this test alone, so that no migration misses them."""


class Thing(_Base):
    __tablename__ = "order"  # a word of SQL, which has to be quoted

    row: Mapped[int] = mapped_column(RowId, primary_key=True)
    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), unique=True)
    day: Mapped[date | None] = mapped_column(sa.Date)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    document: Mapped[dict[str, str] | None] = mapped_column(JsonText)
    flag: Mapped[bool | None] = mapped_column(sa.Boolean)
    state: Mapped[str] = mapped_column(sa.Text, insert_default="active")


NAMES = ("id", "day", "at", "document", "flag")
ODD = 'quote " back \\ tab \t line \n NULL \\N comma , Đ'


@pytest.fixture
def things(database: Database) -> Database:
    """Give a database that has the table."""
    _Base.metadata.create_all(database.engine)
    return database


def test_what_is_written_together_reads_as_if_written_alone(things: Database) -> None:
    at = datetime(2026, 11, 24, 12, 30, 1, 5, tzinfo=UTC)
    rows = [
        (new_id(), date(1850, 1, 1), at, {"text": ODD}, True),
        (new_id(), None, None, None, None),
    ]
    with things.transaction() as session:
        insert_rows(session, Thing, NAMES, rows)
        for row in rows:
            session.add(Thing(**dict(zip(NAMES, (new_id(), *row[1:]), strict=True))))
    with things.reading() as session:
        found = session.scalars(sa.select(Thing).order_by(Thing.row)).all()
    told = [(t.day, t.at, t.document, t.flag, t.state) for t in found]
    assert told[:2] == told[2:] == [(*row[1:], "active") for row in rows]
    assert [thing.id for thing in found[:2]] == [row[0] for row in rows]


def test_no_rows_are_no_statement(things: Database) -> None:
    with things.transaction() as session:
        insert_rows(session, Thing, NAMES, [])
        assert session.scalar(sa.select(sa.func.count()).select_from(Thing)) == 0


def test_one_bad_row_keeps_all_of_them_out(things: Database) -> None:
    twice = new_id()
    with pytest.raises(sa.exc.IntegrityError), things.transaction() as session:
        insert_rows(session, Thing, ("id",), [(new_id(),), (twice,), (twice,)])
    with things.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Thing)) == 0
