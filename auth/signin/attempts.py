"""Sign-ins under way: each bound to the browser that began it, used once, for ten minutes.

What comes back as ``state`` is kept by its digest, so that nobody who reads the table can finish
another's sign-in.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.signin.models import SignInAttempt
from auth.signin.refusals import RETURN_TO, STATE, SignInRefused
from registry.kernel.clock import now

LIFE = timedelta(minutes=10)
# A path of ours in printable ASCII: no second slash and no backslash, which browsers take for
# one, in what comes before the question mark, as they are or percent-encoded.
_OWN = re.compile(r"/(?:(?!//|%2f|%5c)[!-\[\]-~])*", re.IGNORECASE)
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in: the values that go to the provider, and where the person wants to get."""

    state: str
    nonce: str
    verifier: str
    return_to: str


def require_own_path(text: str) -> str:
    """Return ``text`` if it is a path of ours to return to; raises SignInRefused.

    >>> require_own_path("/docs?a=1")
    '/docs?a=1'
    """
    path = text.partition("?")[0]
    if len(text) > _LONGEST or "#" in text or "\\" in text or "//" in path or ":" in path:
        raise SignInRefused(RETURN_TO)
    if _OWN.fullmatch(path) is None or not (text.isascii() and text.isprintable()) or " " in text:
        raise SignInRefused(RETURN_TO)
    return text


def begin(session: Session, browser: str, return_to: str) -> Attempt:
    """Keep a new sign-in of the browser with the value ``browser``; raises SignInRefused."""
    attempt = Attempt(
        secrets.token_urlsafe(32),
        secrets.token_urlsafe(32),
        secrets.token_urlsafe(48),
        require_own_path(return_to),
    )
    session.execute(sa.delete(SignInAttempt).where(SignInAttempt.expires_at < now()))
    session.add(
        SignInAttempt(
            state_sha256=_digest(attempt.state),
            browser=_digest(browser),
            nonce=attempt.nonce,
            verifier=attempt.verifier,
            return_to=attempt.return_to,
            expires_at=now() + LIFE,
        )
    )
    return attempt


def finish(session: Session, browser: str, state: str) -> Attempt:
    """Take the sign-in that ``state`` names, the first time and by the same browser alone.

    Raises SignInRefused. Another browser's try leaves it to whom it belongs.
    """
    taken = session.execute(
        sa.delete(SignInAttempt)
        .where(
            SignInAttempt.state_sha256 == _digest(state),
            SignInAttempt.browser == _digest(browser),
            SignInAttempt.expires_at > now(),
        )
        .returning(SignInAttempt.nonce, SignInAttempt.verifier, SignInAttempt.return_to)
    ).one_or_none()
    if taken is None:
        raise SignInRefused(STATE)
    return Attempt(state, *taken)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
