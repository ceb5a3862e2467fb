"""Tables of jobs, and of the pulse that running ones give."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.db import Base, JsonText, UtcDateTime

STATES = ("queued", "running", "done", "failed", "cancelled")
LIVE = ("queued", "running")
_LIVE = sa.text("state IN ('queued', 'running')")


class Job(Base):
    """One piece of work. Neither payload, result nor error holds personal data."""

    __tablename__ = "job"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    key: Mapped[str] = mapped_column(sa.Text)
    """What makes it the same work as another: there is one live job of a kind and key."""
    slot: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The turn of recurring work that this job is; a turn is taken once, for ever."""
    payload: Mapped[dict[str, Any]] = mapped_column(JsonText)
    state: Mapped[str] = mapped_column(sa.Text)
    requested_by: Mapped[str] = mapped_column(sa.Text)
    run_after: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(sa.Integer)
    max_attempts: Mapped[int] = mapped_column(sa.Integer)
    worker: Mapped[str | None] = mapped_column(sa.Text)
    """Who runs it, or did so last; a name belongs to one process."""
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The end of the lease as it was taken; since then the pulse carries it on."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    error: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    """A problem's code, and in words of both languages what was wrong."""

    __table_args__ = (
        sa.Index(
            "uq_job_live", "kind", "key", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
        ),
        sa.UniqueConstraint("kind", "slot"),
        sa.Index(None, "state", "run_after"),
        sa.CheckConstraint(f"state IN {STATES}", name="state"),
        sa.CheckConstraint(
            "(state IN ('queued', 'running')) = (finished_at IS NULL)", name="finished"
        ),
        sa.CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name="error"),
        sa.CheckConstraint(
            "state <> 'running' OR (worker IS NOT NULL AND lease_until IS NOT NULL)", name="lease"
        ),
        sa.CheckConstraint("attempts BETWEEN 0 AND max_attempts", name="attempts"),
    )


class JobPulse(Base):
    """How far a job is and when that was told; on SQLite in a file of its own (`jobs.pulse`)."""

    __tablename__ = "job_pulse"

    job: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    worker: Mapped[str | None] = mapped_column(sa.Text)
    done: Mapped[int] = mapped_column(sa.BigInteger)
    total: Mapped[int | None] = mapped_column(sa.BigInteger)
    phase: Mapped[str | None] = mapped_column(sa.Text)
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_requested_by: Mapped[str | None] = mapped_column(sa.Text)


class JobWorker(Base):
    """A process that runs jobs, and when it last said that it lives; kept beside the pulse."""

    __tablename__ = "job_worker"

    name: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)
