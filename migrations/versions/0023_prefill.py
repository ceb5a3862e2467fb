"""Prefills: what was given to a form, what came back, and what has changed since.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_AT = sa.DateTime(timezone=True)
_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    """Make the tables."""
    _prefills()
    _verifications()
    _events()


def _prefills() -> None:
    op.create_table(
        "prefill",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.Text(), nullable=True),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("profile_version", sa.Text(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("closed_at", _AT, nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("verifications", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_prefill_client_id")),
        sa.ForeignKeyConstraint(["grant_id"], ["oauth_grant.id"], name=op.f("fk_prefill_grant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prefill")),
    )
    for column in ("client_id", "person_id", "grant_id"):
        op.create_index(op.f(f"ix_prefill_{column}"), "prefill", [column])
    op.create_index(
        "ix_prefill_open", "prefill", ["id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def _of_prefill(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["prefill_id"], ["prefill.id"], name=op.f(f"fk_{table}_prefill_id")
    )


def _verifications() -> None:
    op.create_table(
        "prefill_verification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("prefill_id", sa.Uuid(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        _of_prefill("prefill_verification"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prefill_verification")),
    )
    op.create_index(
        op.f("ix_prefill_verification_prefill_id"), "prefill_verification", ["prefill_id"]
    )
    op.create_table(
        "prefill_correction",
        sa.Column("prefill_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("correction_id", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        _of_prefill("prefill_correction"),
        sa.PrimaryKeyConstraint(
            "prefill_id", "field", "digest", name=op.f("pk_prefill_correction")
        ),
    )


def _events() -> None:
    op.create_table(
        "prefill_event",
        sa.Column("id", _ID, nullable=False),
        sa.Column("prefill_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("signed", sa.Text(), nullable=False),
        sa.Column("delivered_at", _AT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _of_prefill("prefill_event"),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_prefill_event_client_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prefill_event")),
    )
    op.create_index(op.f("ix_prefill_event_prefill_id"), "prefill_event", ["prefill_id"])
    op.create_index("ix_prefill_event_client_id", "prefill_event", ["client_id", "id"])
