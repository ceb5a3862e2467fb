"""What may happen once: the key of a table is the check, on every worker and both databases."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa

from auth.models import SharedSecret, UsedOnce
from registry.kernel.clock import now
from registry.kernel.db import Database

Kind = Literal["assertion", "dpop"]
_SECRET_BYTES = 32


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


def shared_secret(database: Database, name: str) -> bytes:
    """Return the secret of that name, 256 random bits that the first worker to ask has made."""
    found = _secret(database, name)
    if found is not None:
        return found
    try:
        with database.transaction() as session:
            session.add(SharedSecret(name=name, value=secrets.token_bytes(_SECRET_BYTES)))
    except sa.exc.IntegrityError:
        # Another was first, and its secret is the one.
        pass
    made = _secret(database, name)
    if made is None:
        raise LookupError(f"the secret {name} is gone again")
    return made


def _secret(database: Database, name: str) -> bytes | None:
    with database.reading() as session:
        return session.scalar(sa.select(SharedSecret.value).where(SharedSecret.name == name))
