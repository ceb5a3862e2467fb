"""The land register.

Revision ID: 0006
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from registry.parcels import spatial

revision = "0006"
down_revision = "0004"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables, and the spatial index in the way of each database."""
    _parcels()
    _geometry()
    for name, *keys in (
        ("reference", "commune", "sheet", "number"),
        ("certificate", "serial"),
        ("holder", "personal_id"),
    ):
        _leads(f"parcel_{name}", keys)
    op.create_table(
        "parcel_lineage",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("source", "target", name=op.f("pk_parcel_lineage")),
    )
    op.create_index(op.f("ix_parcel_lineage_target"), "parcel_lineage", ["target"])
    spatial.create(op.get_bind())


def _parcels() -> None:
    op.create_table(
        "parcel",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parcel_id", sa.Text(), nullable=True),
        sa.Column("commune", sa.Text(), nullable=True),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("legal_area", sa.Double(), nullable=True),
        sa.Column("computed_area", sa.Double(), nullable=True),
        sa.Column("srid", sa.Integer(), nullable=True),
        sa.Column("min_x", sa.Double(), nullable=True),
        sa.Column("min_y", sa.Double(), nullable=True),
        sa.Column("max_x", sa.Double(), nullable=True),
        sa.Column("max_y", sa.Double(), nullable=True),
        sa.Column("row", _ROW, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        # The wide columns stand last: SQLite reads a row from its start.
        sa.Column("outline", sa.Text(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("geometry", sa.LargeBinary(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'retired')", name=op.f("ck_parcel_state")),
        sa.CheckConstraint("(geometry IS NULL) = (srid IS NULL)", name=op.f("ck_parcel_srid")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_parcel")),
        sa.UniqueConstraint("code", name=op.f("uq_parcel_code")),
        sa.UniqueConstraint("id", name=op.f("uq_parcel_id")),
        sa.UniqueConstraint("parcel_id", name=op.f("uq_parcel_parcel_id")),
    )
    op.create_table(
        "parcel_version",
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
        sa.ForeignKeyConstraint(["record"], ["parcel.row"], name=op.f("fk_parcel_version_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcel_version")),
    )
    op.create_index(op.f("ix_parcel_version_record"), "parcel_version", ["record"])


def _geometry() -> None:
    op.create_table(
        "parcel_geometry",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("srid", sa.Integer(), nullable=False),
        sa.Column("wkb", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_parcel_geometry")),
    )


def _leads(name: str, keys: list[str]) -> None:
    """Create a table that leads from keys to parcels."""
    op.create_table(
        name,
        *(sa.Column(key, sa.Text(), nullable=False) for key in keys),
        sa.Column("parcel", _ROW, nullable=False),
        sa.ForeignKeyConstraint(["parcel"], ["parcel.row"], name=op.f(f"fk_{name}_parcel")),
        sa.PrimaryKeyConstraint(*keys, "parcel", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_parcel"), name, ["parcel"])
