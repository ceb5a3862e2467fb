"""Tables of the register of citizens; imported by nothing outside this folder but migrations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.db import Base, JsonText, UtcDateTime

# Rows are joined by a small integer, which both databases find fastest; it never leaves here.
RowId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Citizen(Base):
    """The current state of one record: what queries need as columns, and the document served."""

    __tablename__ = "citizen"

    row: Mapped[int] = mapped_column(RowId, primary_key=True)
    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), unique=True)
    version: Mapped[int] = mapped_column(sa.Integer)
    secrecy: Mapped[str] = mapped_column(sa.Text, insert_default="none")
    state: Mapped[str] = mapped_column(sa.Text, insert_default="active")
    merged_into: Mapped[str | None] = mapped_column(sa.Uuid(as_uuid=False))
    name_fold: Mapped[str] = mapped_column(sa.Text)
    name_sort: Mapped[str] = mapped_column(sa.Text)
    birth_first: Mapped[date | None] = mapped_column(sa.Date)
    birth_last: Mapped[date | None] = mapped_column(sa.Date)
    sex: Mapped[str | None] = mapped_column(sa.Text)
    commune: Mapped[str | None] = mapped_column(sa.Text)
    document: Mapped[dict[str, Any]] = mapped_column(JsonText)

    __table_args__ = (
        sa.CheckConstraint("secrecy IN ('none', 'address', 'full')", name="secrecy"),
        sa.CheckConstraint("state IN ('active', 'erased')", name="state"),
        sa.Index("ix_citizen_search", "name_fold", "birth_first"),
    )


class CitizenIdentifier(Base):
    """A number that leads to a record, whatever became of the number since."""

    __tablename__ = "citizen_identifier"

    value: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    type: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    citizen: Mapped[int] = mapped_column(RowId, sa.ForeignKey("citizen.row"), index=True)


class CitizenVersion(Base):
    """One segment of a record's history (`registry.kernel.history.Segment`); never deleted."""

    __tablename__ = "citizen_version"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    citizen: Mapped[int] = mapped_column(RowId, sa.ForeignKey("citizen.row"), index=True)
    valid_from: Mapped[date] = mapped_column(sa.Date)
    valid_to: Mapped[date | None] = mapped_column(sa.Date)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    document: Mapped[dict[str, Any]] = mapped_column(JsonText)
    source: Mapped[str] = mapped_column(sa.Text)
    load: Mapped[str | None] = mapped_column(sa.Text)
    wrong: Mapped[bool] = mapped_column(sa.Boolean)
