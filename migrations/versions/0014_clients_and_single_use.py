"""Clients with all that OAuth knows of them, what may happen once, and revocations.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_AT = sa.DateTime(timezone=True)
_KEPT_OF_CLIENT = "id, name, auth_method, secret_sha256, jwks, scopes, created_at, disabled_at"
_WAYS = (
    "(auth_method = 'client_secret_basic' AND secret_sha256 IS NOT NULL)"
    " OR (auth_method = 'private_key_jwt' AND (jwks IS NULL) <> (jwks_uri IS NULL))"
    " OR (auth_method = 'tls_client_auth' AND (tls_subject_dn IS NULL) <> (tls_san_dns IS NULL))"
    " OR (auth_method = 'self_signed_tls_client_auth' AND jwks IS NOT NULL)"
)


def upgrade() -> None:
    """Make the tables; clients and agreements keep what they have."""
    _clients()
    _used_once()
    _revocations()


def _clients() -> None:
    # A table that others refer to can't be changed in place everywhere, so both are made anew.
    op.execute("CREATE TEMPORARY TABLE agreement_before AS SELECT * FROM agreement")
    op.execute("CREATE TEMPORARY TABLE client_before AS SELECT * FROM client")
    op.drop_table("agreement")
    op.drop_table("client")
    op.create_table(
        "client",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("auth_method", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=True),
        sa.Column("jwks", sa.Text(), nullable=True),
        sa.Column("jwks_uri", sa.Text(), nullable=True),
        sa.Column("tls_subject_dn", sa.Text(), nullable=True),
        sa.Column("tls_san_dns", sa.Text(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("grant_types", sa.Text(), nullable=False),
        sa.Column("redirect_uris", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=True),
        sa.Column("id_token_alg", sa.Text(), nullable=False),
        sa.Column("userinfo_alg", sa.Text(), nullable=True),
        sa.Column("userinfo_encryption", sa.Text(), nullable=True),
        sa.Column("rotates_refresh", sa.Boolean(), nullable=False),
        sa.Column("calls_per_minute", sa.Integer(), nullable=True),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("disabled_at", _AT, nullable=True),
        sa.CheckConstraint(_WAYS, name=op.f("ck_client_auth_method")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
    )
    op.execute(
        f"INSERT INTO client ({_KEPT_OF_CLIENT},"  # noqa: S608 - no input in it
        " grant_types, redirect_uris, id_token_alg, rotates_refresh)"
        f" SELECT {_KEPT_OF_CLIENT}, '[\"client_credentials\"]', '[]', 'ES256', false"
        " FROM client_before"
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
    op.execute("INSERT INTO agreement SELECT * FROM agreement_before")
    op.execute("DROP TABLE agreement_before")
    op.execute("DROP TABLE client_before")


def _used_once() -> None:
    op.drop_table("used_assertion")
    op.create_table(
        "used_once",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "holder", "value", name=op.f("pk_used_once")),
    )
    op.create_index(op.f("ix_used_once_expires_at"), "used_once", ["expires_at"])
    op.create_table(
        "auth_secret",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_auth_secret")),
    )


def _revocations() -> None:
    op.create_table(
        "revocation",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name=op.f("pk_revocation")),
    )
    op.create_index(op.f("ix_revocation_expires_at"), "revocation", ["expires_at"])
    # The row that counts revocations, so that no worker has to make it.
    op.execute("INSERT INTO auth_generation (id, number) VALUES (2, 0)")
