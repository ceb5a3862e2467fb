"""Tables of correction cases: the case, who reported it, and every step that was taken.

What a rule of the house must never depend on a view is a constraint here: whoever reported a
value or took the case up does not decide on it, and a live report exists once.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.corrections.rules import ACTIONS, LIVE, REASONS, SOURCES, STATES, Due
from registry.kernel.access_log import LONGEST_CASE
from registry.kernel.columns import RowId
from registry.kernel.db import Base, JsonText, UtcDateTime

_LIVE = sa.text(f"state IN {LIVE}")


class CorrectionCase(Base):
    """One reported value; ``registered`` and ``declared`` are personal data."""

    __tablename__ = "correction_case"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    identity: Mapped[str] = mapped_column(sa.Text)
    """What the same report has in common (`rules.identity`)."""
    register: Mapped[str] = mapped_column(sa.Text)
    record_id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), index=True)
    path: Mapped[str] = mapped_column(sa.Text)
    subject_id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), index=True)
    """Whose record it is, or the record itself where it is nobody's alone."""
    register_version: Mapped[str | None] = mapped_column(sa.Text)
    registered: Mapped[Any | None] = mapped_column(JsonText)
    declared: Mapped[Any] = mapped_column(JsonText)
    reason: Mapped[str] = mapped_column(sa.Text)
    note: Mapped[str | None] = mapped_column(sa.Text)
    source: Mapped[str] = mapped_column(sa.Text)
    prefill_id: Mapped[str | None] = mapped_column(sa.Uuid(as_uuid=False))
    opened_by: Mapped[str] = mapped_column(sa.Text)
    """The person who sat there, or the client that asked for itself."""
    client_id: Mapped[str] = mapped_column(sa.Text)
    procedure: Mapped[str] = mapped_column(sa.Text)
    case_number: Mapped[str] = mapped_column(sa.String(LONGEST_CASE))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reply_due: Mapped[date] = mapped_column(sa.Date)
    due_on: Mapped[date] = mapped_column(sa.Date)
    calendar_known: Mapped[bool] = mapped_column(sa.Boolean)
    extended: Mapped[bool] = mapped_column(sa.Boolean)
    state: Mapped[str] = mapped_column(sa.Text)
    assigned: Mapped[str | None] = mapped_column(sa.Text)
    """The steward who replied, and so took it up."""
    decided_by: Mapped[str | None] = mapped_column(sa.Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str | None] = mapped_column(sa.Text)
    """The last words to whoever reported."""

    __table_args__ = (
        sa.Index(
            "uq_correction_case_live",
            "identity",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        sa.Index(None, "state", "due_on"),
        sa.CheckConstraint(f"state IN {tuple(STATES)}", name="state"),
        sa.CheckConstraint(f"reason IN {tuple(REASONS)}", name="reason"),
        sa.CheckConstraint(f"source IN {tuple(SOURCES)}", name="source"),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided_at"),
        sa.CheckConstraint("(state IN ('open', 'replied')) = (decided_by IS NULL)", name="decided"),
        sa.CheckConstraint(
            "decided_by IS NULL OR (decided_by <> opened_by"
            " AND (assigned IS NULL OR decided_by <> assigned))",
            name="four_eyes",
        ),
    )

    @property
    def due(self) -> Due:
        """When it is due, as the rules have it."""
        return Due(self.reply_due, self.due_on, self.calendar_known)


class CorrectionReporter(Base):
    """Somebody who reported a case, the first one too, and so may see how it goes."""

    __tablename__ = "correction_reporter"

    case_id: Mapped[str] = mapped_column(
        sa.Uuid(as_uuid=False), sa.ForeignKey("correction_case.id"), primary_key=True
    )
    client_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    reported_by: Mapped[str] = mapped_column(sa.Text, primary_key=True, index=True)


class CorrectionStep(Base):
    """One step of a case; rows are added and never changed."""

    __tablename__ = "correction_step"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    case_id: Mapped[str] = mapped_column(
        sa.Uuid(as_uuid=False), sa.ForeignKey("correction_case.id"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_by: Mapped[str] = mapped_column(sa.Text)
    client_id: Mapped[str] = mapped_column(sa.Text)
    action: Mapped[str] = mapped_column(sa.Text)
    text: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (sa.CheckConstraint(f"action IN {tuple(ACTIONS)}", name="action"),)
