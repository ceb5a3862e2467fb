"""Tables of what stewards loaded about administrative units: append-only, private here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.columns import RowId
from registry.kernel.db import Base, JsonText, UtcDateTime

_BELIEVED = "superseded_at IS NULL"
_UNDATED = "superseded_at IS NULL AND valid_from IS NULL"


class PlaceFact(Base):
    """One fact as loaded (`registry.places.loaded.Fact`); one with the same key supersedes it."""

    __tablename__ = "place_fact"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    code: Mapped[str] = mapped_column(sa.Text)
    valid_from: Mapped[date | None] = mapped_column(sa.Date)
    document: Mapped[dict[str, Any]] = mapped_column(JsonText)
    source: Mapped[str] = mapped_column(sa.Text)
    load: Mapped[str | None] = mapped_column(sa.Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    superseded_by: Mapped[str | None] = mapped_column(sa.Text)
    """The load that took its place."""

    __table_args__ = (
        # One belief a key; a unit whose first day isn't known needs an index of its own.
        sa.Index(
            "ix_place_fact_believed",
            "code",
            "valid_from",
            unique=True,
            sqlite_where=sa.text(_BELIEVED),
            postgresql_where=sa.text(_BELIEVED),
        ),
        sa.Index(
            "ix_place_fact_undated",
            "code",
            unique=True,
            sqlite_where=sa.text(_UNDATED),
            postgresql_where=sa.text(_UNDATED),
        ),
    )


class PlaceGeneration(Base):
    """One row that counts the loads which changed something, for servers to compare."""

    __tablename__ = "place_generation"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(sa.Integer)

    __table_args__ = (sa.CheckConstraint("id = 1", name="one"),)
