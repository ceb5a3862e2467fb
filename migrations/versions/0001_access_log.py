"""The access log.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the table of access events."""
    op.create_table(
        "access_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('delivered', 'not_found', 'moved', 'withheld', 'refused')",
            name=op.f("ck_access_event_outcome"),
        ),
        sa.CheckConstraint(
            "(outcome = 'refused') = (reason IS NOT NULL)", name=op.f("ck_access_event_reason")
        ),
        sa.CheckConstraint(
            "outcome <> 'delivered' OR subject_id IS NOT NULL",
            name=op.f("ck_access_event_subject"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_event")),
        sqlite_with_rowid=False,
    )
