"""What people grant to clients, and what is issued on it.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    _grants()
    _issued()


def _grants() -> None:
    op.create_table(
        "oauth_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("auth_time", _AT, nullable=False),
        sa.Column("acr", sa.Text(), nullable=False),
        sa.Column("amr", sa.Text(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("revoked_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_oauth_grant_client_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_grant")),
    )
    op.create_index("ix_oauth_grant_client_id", "oauth_grant", ["client_id"])
    op.create_index(op.f("ix_oauth_grant_person_id"), "oauth_grant", ["person_id"])
    op.create_table(
        "pushed_request",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("jkt", sa.Text(), nullable=True),
        sa.Column("browser", sa.Text(), nullable=True),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("consumed_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_pushed_request_client_id")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_pushed_request")),
    )
    op.create_index(op.f("ix_pushed_request_expires_at"), "pushed_request", ["expires_at"])
    op.create_table(
        "pairwise_subject",
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sector", "person_id", name=op.f("pk_pairwise_subject")),
        sa.UniqueConstraint("subject", name=op.f("uq_pairwise_subject_subject")),
    )


def _issued() -> None:
    op.create_table(
        "authorization_code",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("code_challenge", sa.Text(), nullable=False),
        sa.Column("jkt", sa.Text(), nullable=True),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("consumed_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["oauth_grant.id"], name=op.f("fk_authorization_code_grant_id")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_authorization_code")),
    )
    op.create_index(op.f("ix_authorization_code_expires_at"), "authorization_code", ["expires_at"])
    op.create_table(
        "refresh_token",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("binding", sa.Text(), nullable=True),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("consumed_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["oauth_grant.id"], name=op.f("fk_refresh_token_grant_id")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_refresh_token")),
    )
    op.create_index(op.f("ix_refresh_token_expires_at"), "refresh_token", ["expires_at"])
    op.create_index(op.f("ix_refresh_token_grant_id"), "refresh_token", ["grant_id"])
