"""An agreement has versions, and nobody approves what they proposed.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from registry.kernel.clock import now
from registry.kernel.db import UtcDateTime

revision = "0018"
down_revision = "0017"

_AT = sa.DateTime(timezone=True)
_KEPT = "id, client_id, procedure, attributes, search, legal_basis, valid_from, valid_to"
_APPROVED = (
    "(state = 'approved') = (approved_by IS NOT NULL AND approved_at IS NOT NULL"
    " AND approved_by <> proposed_by)"
)
_REJECTED = (
    "(state = 'rejected')"
    " = (rejected_by IS NOT NULL AND rejected_at IS NOT NULL AND note IS NOT NULL)"
)


def upgrade() -> None:
    """Make the table anew; what was agreed before is the first, approved version of itself."""
    op.execute("CREATE TEMPORARY TABLE agreement_before AS SELECT * FROM agreement")
    op.drop_table("agreement")
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
        sa.Column("series", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", _AT, nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", _AT, nullable=True),
        sa.Column("rejected_by", sa.Text(), nullable=True),
        sa.Column("rejected_at", _AT, nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'approved', 'rejected')", name=op.f("ck_agreement_state")
        ),
        sa.CheckConstraint(_APPROVED, name=op.f("ck_agreement_approved")),
        sa.CheckConstraint(_REJECTED, name=op.f("ck_agreement_rejected")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_agreement_client_id")),
        sa.UniqueConstraint("series", "version", name=op.f("uq_agreement_series_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
    )
    op.create_index("ix_agreement_client_id_procedure", "agreement", ["client_id", "procedure"])
    moved = sa.text(
        f"INSERT INTO agreement ({_KEPT}, series, version, state,"  # noqa: S608 - no input in it
        " proposed_by, proposed_at, approved_by, approved_at)"
        f" SELECT {_KEPT}, id, 1, 'approved', 'migration', :at, 'migrated', :at"
        " FROM agreement_before"
    )
    # Nobody kept when they were agreed: the moment is that of the move.
    at = sa.bindparam("at", now(), type_=UtcDateTime())
    op.get_bind().execute(moved.bindparams(at))
    op.execute("DROP TABLE agreement_before")
