"""Loaded facts about administrative units.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_AT = sa.DateTime(timezone=True)
_BELIEVED = sa.text("superseded_at IS NULL")
_UNDATED = sa.text("superseded_at IS NULL AND valid_from IS NULL")


def upgrade() -> None:
    """Create the tables, and count from nought."""
    op.create_table(
        "place_fact",
        sa.Column("id", _ROW, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("load", sa.Text(), nullable=True),
        sa.Column("recorded_at", _AT, nullable=False),
        sa.Column("superseded_at", _AT, nullable=True),
        sa.Column("superseded_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_fact")),
    )
    op.create_index(
        "ix_place_fact_believed",
        "place_fact",
        ["code", "valid_from"],
        unique=True,
        sqlite_where=_BELIEVED,
        postgresql_where=_BELIEVED,
    )
    op.create_index(
        "ix_place_fact_undated",
        "place_fact",
        ["code"],
        unique=True,
        sqlite_where=_UNDATED,
        postgresql_where=_UNDATED,
    )
    counted = op.create_table(
        "place_generation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_place_generation_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_generation")),
    )
    op.bulk_insert(counted, [{"id": 1, "number": 0}])
