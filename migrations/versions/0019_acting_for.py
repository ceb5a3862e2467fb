"""The access log says for whom somebody acted.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the column; whoever is in the log by now acted for nobody else."""
    op.add_column("access_context", sa.Column("acting_for", sa.Text(), nullable=True))
