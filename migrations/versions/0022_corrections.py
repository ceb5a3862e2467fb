"""Cases of wrong values that were reported, who reported them, and their steps.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_AT = sa.DateTime(timezone=True)
_LIVE = sa.text("state IN ('open', 'replied', 'accepted')")
_STATES = "state IN ('open', 'replied', 'accepted', 'rejected', 'done')"
_REASONS = "reason IN ('moved', 'misspelt', 'foreign_event', 'other')"
_ACTIONS = "action IN ('opened', 'reported', 'extended', 'replied', 'accepted', 'rejected', 'done')"


def upgrade() -> None:
    """Make the tables."""
    _case()
    op.create_table(
        "correction_reporter",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["correction_case.id"], name=op.f("fk_correction_reporter_case_id")
        ),
        sa.PrimaryKeyConstraint(
            "case_id", "client_id", "reported_by", name=op.f("pk_correction_reporter")
        ),
    )
    op.create_index(
        op.f("ix_correction_reporter_reported_by"), "correction_reporter", ["reported_by"]
    )
    op.create_table(
        "correction_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.CheckConstraint(_ACTIONS, name=op.f("ck_correction_step_action")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["correction_case.id"], name=op.f("fk_correction_step_case_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_step")),
    )
    op.create_index(op.f("ix_correction_step_case_id"), "correction_step", ["case_id"])


def _case() -> None:
    op.create_table(
        "correction_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("register_version", sa.Text(), nullable=True),
        sa.Column("registered", sa.Text(), nullable=True),
        sa.Column("declared", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("prefill_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("opened_at", _AT, nullable=False),
        sa.Column("reply_due", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("calendar_known", sa.Boolean(), nullable=False),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("assigned", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", _AT, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.CheckConstraint(_STATES, name=op.f("ck_correction_case_state")),
        sa.CheckConstraint(_REASONS, name=op.f("ck_correction_case_reason")),
        sa.CheckConstraint(
            "source IN ('prefill', 'citizen', 'agency')", name=op.f("ck_correction_case_source")
        ),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_correction_case_decided_at"),
        ),
        sa.CheckConstraint(
            "(state IN ('open', 'replied')) = (decided_by IS NULL)",
            name=op.f("ck_correction_case_decided"),
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR (decided_by <> opened_by"
            " AND (assigned IS NULL OR decided_by <> assigned))",
            name=op.f("ck_correction_case_four_eyes"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_case")),
    )
    op.create_index(
        "uq_correction_case_live",
        "correction_case",
        ["identity"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
    for columns in (["record_id"], ["subject_id"], ["state", "due_on"]):
        op.create_index(op.f(f"ix_correction_case_{'_'.join(columns)}"), "correction_case", columns)
