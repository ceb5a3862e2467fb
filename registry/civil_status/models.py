"""Tables of the civil-status register; imported by nothing outside this folder but migrations."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.db import Base, UtcDateTime
from registry.kernel.ledger import RecordColumns, RowId, VersionColumns


class CivilAct(RecordColumns, Base):
    """One entry of a book, with the columns by which people ask for it."""

    __tablename__ = "civil_act"

    code: Mapped[str] = mapped_column(sa.Text, unique=True)
    type: Mapped[str] = mapped_column(sa.Text)
    number: Mapped[str | None] = mapped_column(sa.Text)
    book: Mapped[str | None] = mapped_column(sa.Text)
    office: Mapped[str | None] = mapped_column(sa.Text)
    year: Mapped[int | None] = mapped_column(sa.Integer)
    amends: Mapped[str | None] = mapped_column(sa.Text, index=True)

    __table_args__ = (sa.Index("ix_civil_act_entry", "office", "year", "type", "number"),)


class CivilActVersion(VersionColumns, Base):
    """What an act was believed to say; never deleted."""

    __tablename__ = "civil_act_version"
    of = "civil_act"


class CivilActPerson(Base):
    """Leads from a person to every act that ever named them; the document says whether it does."""

    __tablename__ = "civil_act_person"

    citizen_id: Mapped[str] = mapped_column(
        sa.Uuid(as_uuid=False), sa.ForeignKey("citizen.id"), primary_key=True
    )
    act: Mapped[int] = mapped_column(
        RowId, sa.ForeignKey("civil_act.row"), primary_key=True, index=True
    )
    role: Mapped[str] = mapped_column(sa.Text, primary_key=True)


class CivilBook(Base):
    """Which years of an office's books are here; ``as_of`` says which unit its code means.

    ``year_to`` None: the book goes on.
    """

    __tablename__ = "civil_book"

    office: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    as_of: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    year_from: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    year_to: Mapped[int | None] = mapped_column(sa.Integer)
    office_name: Mapped[str] = mapped_column(sa.Text)
    complete: Mapped[bool] = mapped_column(sa.Boolean)
    source: Mapped[str] = mapped_column(sa.Text)
    load: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (sa.CheckConstraint("year_to IS NULL OR year_to >= year_from", name="years"),)


class CivilBookVersion(Base):
    """What was said of a book, and while it was believed; never deleted."""

    __tablename__ = "civil_book_version"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    office: Mapped[str] = mapped_column(sa.Text)
    as_of: Mapped[date] = mapped_column(sa.Date)
    kind: Mapped[str] = mapped_column(sa.Text)
    year_from: Mapped[int] = mapped_column(sa.Integer)
    year_to: Mapped[int | None] = mapped_column(sa.Integer)
    office_name: Mapped[str] = mapped_column(sa.Text)
    complete: Mapped[bool] = mapped_column(sa.Boolean)
    source: Mapped[str] = mapped_column(sa.Text)
    load: Mapped[str | None] = mapped_column(sa.Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (sa.Index("ix_civil_book_version_book", "office", "kind", "year_from"),)
