"""Submissions of files, and what was found in them.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "submission",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("submitted_by", sa.Text(), nullable=False),
        sa.Column("submitted_at", _AT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=True),
        sa.Column("rows_valid", sa.Integer(), nullable=True),
        sa.Column("rows_rejected", sa.Integer(), nullable=True),
        sa.Column("published_at", _AT, nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('submitted', 'checked', 'published')", name=op.f("ck_submission_state")
        ),
        sa.CheckConstraint(
            "rows_read = rows_valid + rows_rejected", name=op.f("ck_submission_reconciliation")
        ),
        sa.CheckConstraint(
            "state = 'submitted' OR rows_read IS NOT NULL", name=op.f("ck_submission_checked")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("dataset", "sha256", name=op.f("uq_submission_dataset_sha256")),
    )
    op.create_table(
        "submission_finding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("submission", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission"], ["submission.id"], name=op.f("fk_submission_finding_submission")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_finding")),
    )
    op.create_index(op.f("ix_submission_finding_submission"), "submission_finding", ["submission"])
    op.create_table(
        "submission_change",
        sa.Column("submission", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission"], ["submission.id"], name=op.f("fk_submission_change_submission")
        ),
        sa.PrimaryKeyConstraint("submission", "number", name=op.f("pk_submission_change")),
    )
