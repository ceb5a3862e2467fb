"""Tables of the register of citizens; imported by nothing outside this folder but migrations."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.db import Base, UtcDateTime
from registry.kernel.ledger import RecordColumns, RowId, VersionColumns


class Citizen(RecordColumns, Base):
    """The current state of one person's record."""

    __tablename__ = "citizen"

    secrecy: Mapped[str] = mapped_column(sa.Text, insert_default="none")
    state: Mapped[str] = mapped_column(sa.Text, insert_default="active")
    merged_into: Mapped[str | None] = mapped_column(sa.Uuid(as_uuid=False))
    name_match: Mapped[str] = mapped_column(sa.Text)
    name_fold: Mapped[str] = mapped_column(sa.Text)
    name_sort: Mapped[str] = mapped_column(sa.Text)
    birth_first: Mapped[date | None] = mapped_column(sa.Date)
    birth_last: Mapped[date | None] = mapped_column(sa.Date)
    sex: Mapped[str | None] = mapped_column(sa.Text)
    commune: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.CheckConstraint("secrecy IN ('none', 'address', 'full')", name="secrecy"),
        sa.CheckConstraint("state IN ('active', 'erased')", name="state"),
        sa.Index("ix_citizen_search", "name_fold", "birth_first"),
        # Few records are merged; this finds those merged into one.
        sa.Index(
            "ix_citizen_merged_into",
            "merged_into",
            sqlite_where=sa.text("merged_into IS NOT NULL"),
            postgresql_where=sa.text("merged_into IS NOT NULL"),
        ),
    )


class CitizenIdentifier(Base):
    """A number that leads to a record, whatever became of the number since.

    ``valid_from`` and ``valid_to`` (the first day after) say when it was one; None: not known,
    or until further notice.
    """

    __tablename__ = "citizen_identifier"

    value: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    type: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    citizen: Mapped[int] = mapped_column(RowId, sa.ForeignKey("citizen.row"), index=True)
    valid_from: Mapped[date | None] = mapped_column(sa.Date)
    valid_to: Mapped[date | None] = mapped_column(sa.Date)

    # A number leads to its record in one search of one tree.
    __table_args__ = ({"sqlite_with_rowid": False},)


class CitizenNumberUndone(Base):
    """A number that led to a record ``since`` a load said so ``until`` that was taken back.

    It answers only questions of what was known between the two.
    """

    __tablename__ = "citizen_number_undone"

    value: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    type: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    citizen: Mapped[int] = mapped_column(
        RowId, sa.ForeignKey("citizen.row"), primary_key=True, index=True
    )
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)


class CitizenVersion(VersionColumns, Base):
    """One segment of a person's history; never deleted."""

    __tablename__ = "citizen_version"
    of = "citizen"


class CitizenVerification(Base):
    """When the source last said of a held record whether it exists; no version, just the date."""

    __tablename__ = "citizen_verification"

    citizen: Mapped[int] = mapped_column(
        RowId, sa.ForeignKey("citizen.row"), primary_key=True, autoincrement=False
    )
    verified_at: Mapped[datetime] = mapped_column(UtcDateTime)
    found: Mapped[bool] = mapped_column(sa.Boolean)


class CitizenPointer(Base):
    """A person of whom nothing is held: the record id, and the number sealed with another's key."""

    __tablename__ = "citizen_pointer"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    sealed: Mapped[str] = mapped_column(sa.Text, unique=True)
