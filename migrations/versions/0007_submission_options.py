"""How a steward had a file read.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the options of the last check; older checks had none."""
    op.add_column("submission", sa.Column("options", sa.Text(), nullable=True))
