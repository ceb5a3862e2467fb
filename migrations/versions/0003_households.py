"""The register of households.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "household",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("row", _ROW, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_household")),
        sa.UniqueConstraint("code", name=op.f("uq_household_code")),
        sa.UniqueConstraint("id", name=op.f("uq_household_id")),
    )
    op.create_table(
        "household_member",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("household", _ROW, nullable=False),
        sa.ForeignKeyConstraint(
            ["citizen_id"], ["citizen.id"], name=op.f("fk_household_member_citizen_id")
        ),
        sa.ForeignKeyConstraint(
            ["household"], ["household.row"], name=op.f("fk_household_member_household")
        ),
        sa.PrimaryKeyConstraint("citizen_id", "household", name=op.f("pk_household_member")),
    )
    op.create_index(op.f("ix_household_member_household"), "household_member", ["household"])
    op.create_table(
        "household_version",
        sa.Column("id", _ROW, nullable=False),
        sa.Column("record", _ROW, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_at", _AT, nullable=False),
        sa.Column("superseded_at", _AT, nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("load", sa.Text(), nullable=True),
        sa.Column("wrong", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"], ["household.row"], name=op.f("fk_household_version_record")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_version")),
    )
    op.create_index(op.f("ix_household_version_record"), "household_version", ["record"])
