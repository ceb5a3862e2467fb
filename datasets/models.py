"""Tables of submissions and what was found in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.db import Base, JsonText, UtcDateTime


class Submission(Base):
    """One file on its way to a release; the raw bytes stay in the upload folder by digest."""

    __tablename__ = "submission"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    dataset: Mapped[str] = mapped_column(sa.Text)
    file_name: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.Text)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    submitted_by: Mapped[str] = mapped_column(sa.Text)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(sa.Text)
    options: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    """How the steward had the file read (`datasets.formats.Options`), of the last check."""
    rows_read: Mapped[int | None] = mapped_column(sa.Integer)
    rows_valid: Mapped[int | None] = mapped_column(sa.Integer)
    rows_rejected: Mapped[int | None] = mapped_column(sa.Integer)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[dict[str, Any] | None] = mapped_column(JsonText)

    __table_args__ = (
        sa.UniqueConstraint("dataset", "sha256"),
        sa.CheckConstraint("state IN ('submitted', 'checked', 'published')", name="state"),
        # Nothing may be lost on the way: every row that was read is accounted for.
        sa.CheckConstraint("rows_read = rows_valid + rows_rejected", name="reconciliation"),
        sa.CheckConstraint("state = 'submitted' OR rows_read IS NOT NULL", name="checked"),
    )


class SubmissionFinding(Base):
    """One broken rule at one place of the file."""

    __tablename__ = "submission_finding"

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True
    )
    submission: Mapped[str] = mapped_column(
        sa.Uuid(as_uuid=False), sa.ForeignKey("submission.id"), index=True
    )
    rule: Mapped[str] = mapped_column(sa.Text)
    line: Mapped[int] = mapped_column(sa.Integer)
    column: Mapped[str] = mapped_column("column_name", sa.Text)


class StagedChange(Base):
    """One valid entry of a checked submission, as it will be written; gone once it is published."""

    __tablename__ = "submission_change"

    submission: Mapped[str] = mapped_column(
        sa.Uuid(as_uuid=False), sa.ForeignKey("submission.id"), primary_key=True
    )
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    rows: Mapped[int] = mapped_column(sa.Integer)
    valid_from: Mapped[date] = mapped_column(sa.Date)
    document: Mapped[dict[str, Any]] = mapped_column(JsonText)
