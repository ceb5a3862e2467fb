"""Clients, agreements and the register of citizens.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ROW = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _auth()
    _citizens()


def _auth() -> None:
    op.create_table(
        "client",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("auth_method", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=True),
        sa.Column("jwks", sa.Text(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("disabled_at", _AT, nullable=True),
        sa.CheckConstraint(
            "(auth_method = 'client_secret_basic' AND secret_sha256 IS NOT NULL)"
            " OR (auth_method = 'private_key_jwt' AND jwks IS NOT NULL)",
            name=op.f("ck_client_auth_method"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
    )
    op.create_table(
        "agreement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_agreement_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
    )
    op.create_index("ix_agreement_client_id_procedure", "agreement", ["client_id", "procedure"])
    op.create_table(
        "used_assertion",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "jti", name=op.f("pk_used_assertion")),
    )
    op.create_index(op.f("ix_used_assertion_expires_at"), "used_assertion", ["expires_at"])
    op.create_table(
        "auth_generation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_generation")),
    )


def _citizens() -> None:
    op.create_table(
        "citizen",
        sa.Column("row", _ROW, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("secrecy", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("name_match", sa.Text(), nullable=False),
        sa.Column("name_fold", sa.Text(), nullable=False),
        sa.Column("name_sort", sa.Text(), nullable=False),
        sa.Column("birth_first", sa.Date(), nullable=True),
        sa.Column("birth_last", sa.Date(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column("commune", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "secrecy IN ('none', 'address', 'full')", name=op.f("ck_citizen_secrecy")
        ),
        sa.CheckConstraint("state IN ('active', 'erased')", name=op.f("ck_citizen_state")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_citizen")),
        sa.UniqueConstraint("id", name=op.f("uq_citizen_id")),
    )
    op.create_index("ix_citizen_search", "citizen", ["name_fold", "birth_first"])
    op.create_index(
        "ix_citizen_merged_into",
        "citizen",
        ["merged_into"],
        sqlite_where=sa.text("merged_into IS NOT NULL"),
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_table(
        "citizen_identifier",
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("citizen", _ROW, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["citizen"], ["citizen.row"], name=op.f("fk_citizen_identifier_citizen")
        ),
        sa.PrimaryKeyConstraint("value", "type", name=op.f("pk_citizen_identifier")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_citizen_identifier_citizen"), "citizen_identifier", ["citizen"])
    op.create_table(
        "citizen_version",
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
            ["record"], ["citizen.row"], name=op.f("fk_citizen_version_record")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_citizen_version")),
    )
    op.create_index(op.f("ix_citizen_version_record"), "citizen_version", ["record"])
