"""The register of civil status: acts, their people, and which books are here.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "civil_act",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("book", sa.Text(), nullable=True),
        sa.Column("office", sa.Text(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("amends", sa.Text(), nullable=True),
        sa.Column("row", _ROW, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_civil_act")),
        sa.UniqueConstraint("code", name=op.f("uq_civil_act_code")),
        sa.UniqueConstraint("id", name=op.f("uq_civil_act_id")),
    )
    op.create_index(op.f("ix_civil_act_amends"), "civil_act", ["amends"])
    op.create_index("ix_civil_act_entry", "civil_act", ["office", "year", "type", "number"])
    op.create_table(
        "civil_act_person",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("act", _ROW, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["citizen_id"], ["citizen.id"], name=op.f("fk_civil_act_person_citizen_id")
        ),
        sa.ForeignKeyConstraint(["act"], ["civil_act.row"], name=op.f("fk_civil_act_person_act")),
        sa.PrimaryKeyConstraint("citizen_id", "act", "role", name=op.f("pk_civil_act_person")),
    )
    op.create_index(op.f("ix_civil_act_person_act"), "civil_act_person", ["act"])
    _versions()
    op.create_table(
        "civil_book",
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year_from", sa.Integer(), nullable=False),
        sa.Column("year_to", sa.Integer(), nullable=True),
        sa.Column("office_name", sa.Text(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("load", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "year_to IS NULL OR year_to >= year_from", name=op.f("ck_civil_book_years")
        ),
        sa.PrimaryKeyConstraint("office", "as_of", "kind", "year_from", name=op.f("pk_civil_book")),
    )


def _versions() -> None:
    op.create_table(
        "civil_act_version",
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
            ["record"], ["civil_act.row"], name=op.f("fk_civil_act_version_record")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_civil_act_version")),
    )
    op.create_index(op.f("ix_civil_act_version_record"), "civil_act_version", ["record"])
