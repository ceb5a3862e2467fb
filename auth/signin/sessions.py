"""Sessions of signed-in browsers: idle 15 minutes, 8 hours at most, a new one at each sign-in.

The cookie holds 256 random bits and the table their digest, so that nobody who reads the table
can be anybody. A form's token is derived from the cookie, which no other site can read.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.signin.models import StaffMember, WebSession
from auth.signin.people import Person
from auth.signin.relying_party import Identity
from registry.kernel.clock import now

IDLE = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in at a browser; ``roles`` are the scopes of a member of staff."""

    person: Person
    roles: frozenset[str]
    acr: str
    amr: tuple[str, ...]
    auth_time: datetime
    form_token: str = field(repr=False)


def open_session(session: Session, person: Person, identity: Identity, before: str = "") -> str:
    """Begin a session and return the value of its cookie; the one of ``before`` ends.

    Whatever cookie a browser came with, it leaves with another: nobody can have chosen it.
    """
    token, moment = secrets.token_urlsafe(32), now()
    session.execute(
        sa.delete(WebSession).where(
            sa.or_(WebSession.sha256 == _digest(before), WebSession.expires_at < moment)
        )
    )
    session.add(
        WebSession(
            sha256=_digest(token),
            person_id=person.id,
            staff=person.staff,
            name=person.name,
            auth_time=identity.auth_time,
            acr=identity.acr,
            amr=list(identity.amr),
            created_at=moment,
            seen_at=moment,
            expires_at=moment + ABSOLUTE,
        )
    )
    return token


def find_session(session: Session, token: str) -> SignedIn | None:
    """Return who is signed in by the cookie's value, and count this as being there; else None.

    Disabled staff are not signed in, whatever their sessions say.
    """
    moment = now()
    row = session.scalars(
        sa.update(WebSession)
        .where(
            WebSession.sha256 == _digest(token),
            WebSession.seen_at > moment - IDLE,
            WebSession.expires_at > moment,
        )
        .values(seen_at=moment)
        .returning(WebSession)
    ).one_or_none()
    if row is None:
        return None
    roles: frozenset[str] = frozenset()
    if row.staff:
        member = session.get(StaffMember, row.person_id)
        if member is None or member.disabled_at is not None:
            return None
        roles = frozenset(member.roles)
    person = Person(row.person_id, row.staff, row.name)
    return SignedIn(person, roles, row.acr, tuple(row.amr), row.auth_time, form_token(token))


def close_session(session: Session, token: str) -> None:
    """End the session of the cookie's value, if there is one."""
    session.execute(sa.delete(WebSession).where(WebSession.sha256 == _digest(token)))


def form_token(token: str) -> str:
    """Return what every form of this session carries."""
    return hmac.new(token.encode(), b"sogoc form", hashlib.sha256).hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
