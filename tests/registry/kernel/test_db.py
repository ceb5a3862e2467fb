"""Sessions keep all or nothing, and both databases give back what was stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from registry.kernel.db import Database, JsonText, UtcDateTime, new_id

TABLE = sa.Table(
    "note",
    sa.MetaData(),
    sa.Column("id", sa.Uuid(as_uuid=False), primary_key=True),
    sa.Column("at", UtcDateTime),
    sa.Column("content", JsonText),
)


@pytest.fixture
def notes(database: Database) -> Iterator[Database]:
    TABLE.create(database.engine)
    yield database
    TABLE.drop(database.engine)


def _count(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(TABLE)) or 0


def test_an_error_keeps_nothing(notes: Database) -> None:
    def fail_half_way() -> None:
        with notes.transaction() as session:
            session.execute(TABLE.insert().values(id=new_id()))
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        fail_half_way()
    assert _count(notes) == 0


def test_what_a_reading_session_writes_is_never_kept(notes: Database) -> None:
    with notes.reading() as session:
        try:
            session.execute(TABLE.insert().values(id=new_id()))
        except sa.exc.InternalError:
            assert notes.dialect == "postgresql"
    assert _count(notes) == 0


def test_a_reader_sees_one_snapshot(notes: Database) -> None:
    count = sa.select(sa.func.count()).select_from(TABLE)
    with notes.reading() as session:
        before = session.scalar(count)
        with notes.transaction() as other:
            other.execute(TABLE.insert().values(id=new_id()))
        assert session.scalar(count) == before
    assert _count(notes) == 1


def test_values_come_back_as_they_went_in(notes: Database) -> None:
    moment = datetime(2025, 7, 1, 0, 30, tzinfo=timezone(timedelta(hours=7)))
    content = {"b": ["Đa Kao", None, 1], "a": {"value": "1989"}}
    key = new_id()
    with notes.transaction() as session:
        session.execute(TABLE.insert().values(id=key, at=moment, content=content))
    with notes.reading() as session:
        row = session.execute(sa.select(TABLE)).one()
        text = session.scalar(sa.select(sa.type_coerce(TABLE.c.content, sa.Text)))
    assert (row.id, row.at, row.content) == (key, moment, content)
    assert row.at.tzinfo is UTC
    assert text == '{"a":{"value":"1989"},"b":["Đa Kao",null,1]}'


def test_a_naive_moment_is_never_stored(notes: Database) -> None:
    naive = datetime(2025, 7, 1, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(sa.exc.StatementError, match="aware"), notes.transaction() as session:
        session.execute(TABLE.insert().values(id=new_id(), at=naive))


def test_later_ids_sort_later() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(set(ids))
