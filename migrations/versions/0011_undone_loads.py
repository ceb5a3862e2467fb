"""Loads that were taken back, and what was said of books before.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_AT = sa.DateTime(timezone=True)
_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables; what is said of books so far becomes their first version."""
    op.create_table(
        "load_undone",
        sa.Column("by_load", sa.Text(), nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("load", sa.Text(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("by_load", "register", name=op.f("pk_load_undone")),
    )
    op.create_table(
        "citizen_number_undone",
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("citizen", _BIG, nullable=False),
        sa.Column("since", _AT, nullable=False),
        sa.Column("until", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["citizen"], ["citizen.row"], name=op.f("fk_citizen_number_undone_citizen")
        ),
        sa.PrimaryKeyConstraint(
            "value", "type", "citizen", "until", name=op.f("pk_citizen_number_undone")
        ),
    )
    op.create_index(op.f("ix_citizen_number_undone_citizen"), "citizen_number_undone", ["citizen"])
    op.create_table(
        "civil_book_version",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year_from", sa.Integer(), nullable=False),
        sa.Column("year_to", sa.Integer(), nullable=True),
        sa.Column("office_name", sa.Text(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("load", sa.Text(), nullable=True),
        sa.Column("recorded_at", _AT, nullable=False),
        sa.Column("superseded_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_civil_book_version")),
    )
    op.create_index(
        "ix_civil_book_version_book", "civil_book_version", ["office", "kind", "year_from"]
    )
    told = "office, as_of, kind, year_from, year_to, office_name, complete, source, load"
    op.execute(
        f"INSERT INTO civil_book_version ({told}, recorded_at)"  # noqa: S608 - constants
        f" SELECT {told}, CURRENT_TIMESTAMP FROM civil_book"
    )
