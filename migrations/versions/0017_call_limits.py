"""How often clients call, which of them are slowed, and what was suspicious of them.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "call_count",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("ends_at", _AT, nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "subject", "ends_at", name=op.f("pk_call_count")),
    )
    op.create_index(op.f("ix_call_count_ends_at"), "call_count", ["ends_at"])
    op.create_table(
        "slowed_client",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("until", _AT, nullable=False),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_slowed_client")),
    )
    op.create_table(
        "client_alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_alert")),
    )
