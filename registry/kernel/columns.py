"""The columns that every register's tables have, and how history is written in them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column

from registry.kernel.bulk import among
from registry.kernel.db import JsonText, UtcDateTime
from registry.kernel.errors import NotFound
from registry.kernel.history import Segment

# Rows are joined by a small integer, which both databases find fastest; it never leaves here.
RowId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class RecordColumns:
    """Columns of every register's current rows: the opaque id, the version and the document."""

    row: Mapped[int] = mapped_column(RowId, primary_key=True)
    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), unique=True)
    version: Mapped[int] = mapped_column(sa.Integer)
    document: Mapped[dict[str, Any]] = mapped_column(JsonText)


Record = TypeVar("Record", bound=RecordColumns)


def require_record(
    session: Session, records: type[Record], record_id: str, asked: Sequence[str] = ()
) -> Record:
    """Return a current row by its opaque id; raises NotFound, saying what was ``asked``."""
    try:
        key = str(uuid.UUID(record_id))
    except ValueError:
        raise NotFound(asked=asked) from None
    found = session.scalar(sa.select(records).where(records.id == key))
    if found is None:
        raise NotFound(asked=asked)
    return found


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


SEGMENT = (
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


def values_of(row: int, segment: Segment) -> tuple[Any, ...]:
    """Return the values of a version row, in the order of `SEGMENT`."""
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


def versions_of(
    session: Session, records: type[RecordColumns], record_ids: Collection[str]
) -> dict[str, int]:
    """Return by record id how often its current row was written, in one statement.

    What is not there is absent. The number tells that something changed, not what.
    """
    found = session.execute(
        sa.select(records.id, records.version).where(among(session, records.id, record_ids))
    )
    return {row[0]: row[1] for row in found}
