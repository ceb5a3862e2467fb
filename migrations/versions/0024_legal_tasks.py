"""An agreement may be for a task by law, and pages of known origins may carry the button.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Add them; what was agreed before needs consent, and no page has the button."""
    op.add_column(
        "agreement",
        sa.Column("legal_task", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "client", sa.Column("button_origins", sa.Text(), nullable=False, server_default="[]")
    )
    op.create_table(
        "button_visit",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("page_state", sa.Text(), nullable=False),
        sa.Column("return_path", sa.Text(), nullable=False),
        sa.Column("code_verifier", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_button_visit_client_id")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_button_visit")),
    )
    op.create_index("ix_button_visit_expires_at", "button_visit", ["expires_at"])
    if op.get_bind().dialect.name == "postgresql":
        # The models give the values; SQLite can't take a default away without a new table.
        op.alter_column("agreement", "legal_task", server_default=None)
        op.alter_column("client", "button_origins", server_default=None)


def downgrade() -> None:
    """Take all of it away."""
    op.drop_table("button_visit")
    op.drop_column("client", "button_origins")
    op.drop_column("agreement", "legal_task")
