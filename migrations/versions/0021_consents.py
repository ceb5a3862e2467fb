"""What people were asked and decided, and whom they have chosen for which case.

Revision ID: 0021
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0019"

_AT = sa.DateTime(timezone=True)
_STATES = "'REQUESTED', 'APPROVED', 'DECLINED', 'EXPIRED', 'REVOKED', 'INAPPLICABLE'"


def upgrade() -> None:
    """Make the tables; grants given by now chose nobody and served no case that is known."""
    op.add_column("oauth_grant", sa.Column("people", sa.Text(), nullable=True))
    op.add_column("oauth_grant", sa.Column("case_number", sa.Text(), nullable=True))
    _records()
    _events()
    _invitations()
    # The row of `auth_generation` that numbers the events of consents.
    op.execute("INSERT INTO auth_generation (id, number) VALUES (3, 0)")


def _records() -> None:
    op.create_table(
        "consent_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.Column("agreement_id", sa.Text(), nullable=True),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("notice_version", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("requested_at", _AT, nullable=False),
        sa.Column("decided_at", _AT, nullable=True),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("withdrawn_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_consent_record_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["oauth_grant.id"], name=op.f("fk_consent_record_grant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_record")),
        sa.UniqueConstraint("origin", "person_id", name=op.f("uq_consent_record_origin_person_id")),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_consent_record_state")),
        sa.CheckConstraint(
            "via IN ('browser', 'invitation', 'counter', 'legal_task')",
            name=op.f("ck_consent_record_via"),
        ),
        sa.CheckConstraint(
            "state <> 'APPROVED' OR grant_id IS NOT NULL", name=op.f("ck_consent_record_approved")
        ),
        sa.CheckConstraint(
            "(state = 'REVOKED') = (withdrawn_at IS NOT NULL)",
            name=op.f("ck_consent_record_revoked"),
        ),
    )
    for column in ("client_id", "grant_id", "person_id"):
        op.create_index(op.f(f"ix_consent_record_{column}"), "consent_record", [column])


def _events() -> None:
    op.create_table(
        "consent_event",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consent_record.id"], name=op.f("fk_consent_event_consent_id")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_consent_event")),
    )
    op.create_index("ix_consent_event_client_id_number", "consent_event", ["client_id", "number"])
    op.create_index(op.f("ix_consent_event_consent_id"), "consent_event", ["consent_id"])


def _invitations() -> None:
    op.create_table(
        "consent_invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_key", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("inviting_grant_id", sa.Uuid(), nullable=True),
        sa.Column("invited_by", sa.Text(), nullable=False),
        sa.Column("expected_person_id", sa.Text(), nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("decided_at", _AT, nullable=True),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_consent_invitation_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["inviting_grant_id"],
            ["oauth_grant.id"],
            name=op.f("fk_consent_invitation_inviting_grant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["oauth_grant.id"], name=op.f("fk_consent_invitation_grant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_invitation")),
        sa.UniqueConstraint("code_key", name=op.f("uq_consent_invitation_code_key")),
        sa.CheckConstraint(
            "via IN ('invitation', 'counter')", name=op.f("ck_consent_invitation_via")
        ),
        sa.CheckConstraint(
            "(via = 'invitation') = (inviting_grant_id IS NOT NULL)",
            name=op.f("ck_consent_invitation_inviting"),
        ),
        sa.CheckConstraint(
            "(person_id IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_consent_invitation_decided"),
        ),
        sa.CheckConstraint(
            "grant_id IS NULL OR person_id IS NOT NULL",
            name=op.f("ck_consent_invitation_granted"),
        ),
    )
    for column in ("expires_at", "inviting_grant_id"):
        op.create_index(op.f(f"ix_consent_invitation_{column}"), "consent_invitation", [column])
