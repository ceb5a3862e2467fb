"""Work in the background.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_AT = sa.DateTime(timezone=True)
_LIVE = sa.text("state IN ('queued', 'running')")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("slot", _AT, nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("run_after", _AT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("lease_until", _AT, nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("started_at", _AT, nullable=True),
        sa.Column("finished_at", _AT, nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')",
            name=op.f("ck_job_state"),
        ),
        sa.CheckConstraint(
            "(state IN ('queued', 'running')) = (finished_at IS NULL)",
            name=op.f("ck_job_finished"),
        ),
        sa.CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name=op.f("ck_job_error")),
        sa.CheckConstraint(
            "state <> 'running' OR (worker IS NOT NULL AND lease_until IS NOT NULL)",
            name=op.f("ck_job_lease"),
        ),
        sa.CheckConstraint("attempts BETWEEN 0 AND max_attempts", name=op.f("ck_job_attempts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("kind", "slot", name=op.f("uq_job_kind_slot")),
    )
    op.create_index(
        "uq_job_live",
        "job",
        ["kind", "key"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
    op.create_index(op.f("ix_job_state_run_after"), "job", ["state", "run_after"])
    op.create_table(
        "job_pulse",
        sa.Column("job", sa.Uuid(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("beat_at", _AT, nullable=True),
        sa.Column("cancel_requested_at", _AT, nullable=True),
        sa.Column("cancel_requested_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_pulse")),
    )
    op.create_table(
        "job_worker",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_at", _AT, nullable=False),
        sa.Column("beat_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_worker")),
    )
