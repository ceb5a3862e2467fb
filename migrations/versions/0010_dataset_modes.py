"""The mode of each dataset, and what is kept of citizens beside or instead of records.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_AT = sa.DateTime(timezone=True)
_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables; every dataset stays a mirror."""
    op.create_table(
        "dataset_mode",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("credentials", sa.Text(), nullable=True),
        sa.Column("ttl_seconds", sa.Integer(), nullable=False),
        sa.Column("stale_seconds", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", _AT, nullable=False),
        sa.CheckConstraint(
            "mode IN ('mirror', 'cache', 'pointer')", name=op.f("ck_dataset_mode_mode")
        ),
        sa.CheckConstraint(
            "(mode = 'mirror') = (source_url IS NULL)", name=op.f("ck_dataset_mode_source")
        ),
        sa.CheckConstraint(
            "(mode = 'cache') = (ttl_seconds > 0)", name=op.f("ck_dataset_mode_ttl")
        ),
        sa.CheckConstraint("stale_seconds >= 0", name=op.f("ck_dataset_mode_stale")),
        sa.PrimaryKeyConstraint("dataset", name=op.f("pk_dataset_mode")),
    )
    op.create_table(
        "citizen_verification",
        sa.Column("citizen", _ROW, autoincrement=False, nullable=False),
        sa.Column("verified_at", _AT, nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["citizen"], ["citizen.row"], name=op.f("fk_citizen_verification_citizen")
        ),
        sa.PrimaryKeyConstraint("citizen", name=op.f("pk_citizen_verification")),
    )
    op.create_table(
        "citizen_pointer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_citizen_pointer")),
        sa.UniqueConstraint("sealed", name=op.f("uq_citizen_pointer_sealed")),
    )
