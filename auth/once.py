"""What may happen once: the key of a table is the check, on every worker and both databases."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa

from auth.models import UsedOnce
from registry.kernel.clock import now
from registry.kernel.db import Database

Kind = Literal["assertion", "dpop"]


def use_once(database: Database, kind: Kind, holder: str, value: str, until: float) -> bool:
    """Say whether ``value`` of ``holder`` is used for the first time, and keep that it was.

    Durable on return. ``until`` (seconds since 1970) is when it would be refused for its age
    anyway. There is no reading first: of any number at once, one inserts the row.
    """
    try:
        with database.transaction() as session:
            session.execute(sa.delete(UsedOnce).where(UsedOnce.expires_at < now()))
            session.execute(
                sa.insert(UsedOnce).values(
                    kind=kind,
                    holder=holder,
                    value=hashlib.sha256(value.encode()).hexdigest(),
                    expires_at=datetime.fromtimestamp(until, UTC),
                )
            )
    except sa.exc.IntegrityError:
        return False
    return True
