"""What no longer counts though its time is not over: tokens and grants (RFC 7009)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from auth.models import Generation, Revocation
from registry.kernel.clock import now
from registry.kernel.settings import LONGEST_TOKEN_SECONDS

Kind = Literal["token", "grant"]
Revoked = frozenset[tuple[str, str]]
# The row of `auth_generation` that counts revocations.
_COUNTED = 2
_ON_ITS_WAY_SECONDS = 60


def revoke_token(session: Session, jti: str, expires_at: float) -> None:
    """Let the access token ``jti``, which ends at ``expires_at`` (seconds since 1970), end now."""
    _revoke(session, "token", jti, datetime.fromtimestamp(expires_at, UTC))


def revoke_tokens_of_grant(session: Session, grant_id: str) -> None:
    """Let every access token of a grant end now.

    The row is needed only as long as the youngest of them could live, which may be on its way
    while the grant ends.
    """
    seconds = LONGEST_TOKEN_SECONDS + _ON_ITS_WAY_SECONDS
    _revoke(session, "grant", grant_id, now() + timedelta(seconds=seconds))


def list_revoked(session: Session) -> Revoked:
    """Return the kind and value of all that is revoked and would not be over by itself."""
    query = sa.select(Revocation.kind, Revocation.value).where(Revocation.expires_at > now())
    return frozenset((kind, value) for kind, value in session.execute(query))


def revocations_so_far(session: Session) -> int:
    """Return how many there have been; what was read under another number is stale."""
    counted = sa.select(Generation.number).where(Generation.id == _COUNTED)
    return session.scalar(counted) or 0


def _revoke(session: Session, kind: Kind, value: str, until: datetime) -> None:
    session.execute(sa.delete(Revocation).where(Revocation.expires_at < now()))
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"kind": kind, "value": value, "expires_at": until}
    session.execute(insert(Revocation).values(row).on_conflict_do_nothing())
    session.execute(
        sa.update(Generation).where(Generation.id == _COUNTED).values(number=Generation.number + 1)
    )
