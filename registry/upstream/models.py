"""The table of modes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.db import Base, UtcDateTime


class DatasetMode(Base):
    """The mode of one dataset; one without a row is a mirror.

    ``credentials`` names a file beside the server, never a secret.
    """

    __tablename__ = "dataset_mode"

    dataset: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    mode: Mapped[str] = mapped_column(sa.Text)
    source_url: Mapped[str | None] = mapped_column(sa.Text)
    credentials: Mapped[str | None] = mapped_column(sa.Text)
    ttl_seconds: Mapped[int] = mapped_column(sa.Integer)
    stale_seconds: Mapped[int] = mapped_column(sa.Integer)
    changed_by: Mapped[str] = mapped_column(sa.Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        sa.CheckConstraint("mode IN ('mirror', 'cache', 'pointer')", name="mode"),
        sa.CheckConstraint("(mode = 'mirror') = (source_url IS NULL)", name="source"),
        sa.CheckConstraint("(mode = 'cache') = (ttl_seconds > 0)", name="ttl"),
        sa.CheckConstraint("stale_seconds >= 0", name="stale"),
    )
