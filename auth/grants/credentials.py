"""Authorization codes and refresh tokens: random, kept by their digest alone."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.clients import digest
from auth.grants.models import AuthorizationCode, Grant, PushedRequest, RefreshToken
from registry.kernel.clock import now

_CODE_SECONDS = 60
RETRY_WINDOW = timedelta(seconds=60)
# When a token counts as used that may not even be tried again.
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def issue_code(session: Session, grant: Grant, pushed: PushedRequest) -> str:
    """Return a code for the grant: 60 seconds, one use, and what ``pushed`` was bound to.

    That is its redirect URI, its PKCE challenge and, if named, the client's key.
    """
    code = secrets.token_urlsafe(32)
    session.execute(sa.delete(AuthorizationCode).where(_long_over()))
    session.add(
        AuthorizationCode(
            sha256=digest(code),
            grant_id=grant.id,
            redirect_uri=pushed.parameters["redirect_uri"],
            code_challenge=pushed.parameters["code_challenge"],
            jkt=pushed.jkt,
            nonce=pushed.parameters.get("nonce"),
            expires_at=now() + timedelta(seconds=_CODE_SECONDS),
        )
    )
    return code


def _long_over() -> sa.ColumnElement[bool]:
    # A used code is kept a day, so that its second use is known for what it is.
    return AuthorizationCode.expires_at < now() - timedelta(days=1)


def find_code(session: Session, code: str, client_id: str) -> AuthorizationCode | None:
    """Return the client's code, used ones too; it says nothing of whether it may be used."""
    return session.scalar(
        sa.select(AuthorizationCode)
        .join(Grant, Grant.id == AuthorizationCode.grant_id)
        .where(AuthorizationCode.sha256 == digest(code), Grant.client_id == client_id)
    )


def redeem_code(session: Session, code: str) -> bool:
    """Use a code up; of any number at once, one is told True (RFC 6749 section 4.1.2)."""
    statement = (
        sa.update(AuthorizationCode)
        .where(
            AuthorizationCode.sha256 == digest(code),
            AuthorizationCode.consumed_at.is_(None),
            AuthorizationCode.expires_at > now(),
        )
        .values(consumed_at=now())
        .returning(AuthorizationCode.sha256)
    )
    return session.scalar(statement) is not None


def issue_refresh_token(session: Session, grant: Grant, binding: str | None) -> str:
    """Return a refresh token that lives as long as the grant, bound to ``binding``."""
    token = secrets.token_urlsafe(32)
    session.execute(sa.delete(RefreshToken).where(RefreshToken.expires_at < now()))
    session.add(
        RefreshToken(
            sha256=digest(token),
            grant_id=grant.id,
            binding=binding,
            expires_at=grant.expires_at,
        )
    )
    return token


def find_refresh_token(session: Session, token: str, client_id: str) -> RefreshToken | None:
    """Return the client's refresh token if its time is not over, used ones too."""
    return session.scalar(
        sa.select(RefreshToken)
        .join(Grant, Grant.id == RefreshToken.grant_id)
        .where(
            RefreshToken.sha256 == digest(token),
            RefreshToken.expires_at > now(),
            Grant.client_id == client_id,
        )
    )


def grant_of_refresh_token(session: Session, token: str) -> Grant | None:
    """Return the grant behind a refresh token of any client, whether or not they still hold."""
    return session.scalar(
        sa.select(Grant)
        .join(RefreshToken, RefreshToken.grant_id == Grant.id)
        .where(RefreshToken.sha256 == digest(token))
    )


def rotate_refresh_token(session: Session, token: str) -> bool:
    """Use a refresh token up, where a client still rotates; False if it was used before."""
    statement = (
        sa.update(RefreshToken)
        .where(RefreshToken.sha256 == digest(token), RefreshToken.consumed_at.is_(None))
        .values(consumed_at=now())
        .returning(RefreshToken.sha256)
    )
    return session.scalar(statement) is not None


def retry_refresh_token(session: Session, token: str) -> bool:
    """Let a token that was used up within a minute be used once more; False if it may not be.

    FAPI 2.0 section 5.3.2.1 note 1: a client that lost the answer is not to lose its access. What
    the first use issued is spent with it, so of two that use one token, one is found out.
    """
    used = (
        sa.update(RefreshToken)
        .where(
            RefreshToken.sha256 == digest(token),
            RefreshToken.consumed_at > now() - RETRY_WINDOW,
        )
        .values(consumed_at=_LONG_AGO)
        .returning(RefreshToken.grant_id)
    )
    grant_id = session.scalar(used)
    if grant_id is None:
        return False
    session.execute(
        sa.update(RefreshToken)
        .where(RefreshToken.grant_id == grant_id)
        .values(consumed_at=_LONG_AGO)
    )
    return True
