"""Pushed authorization requests (RFC 9126): one client, one browser, one decision.

A request lives 90 seconds until a page opens it, and then ten minutes for the person to decide.
It is used up by the decision and not by the page, which a browser may load twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.clients import digest
from auth.grants.models import PushedRequest
from registry.kernel.clock import now

PREFIX = "urn:ietf:params:oauth:request_uri:"
PUSHED_SECONDS = 90
_DECIDE_SECONDS = 600


def push(session: Session, client_id: str, parameters: Mapping[str, str], jkt: str | None) -> str:
    """Keep a checked request; return its ``request_uri``, of which only the digest is kept."""
    uri = PREFIX + secrets.token_urlsafe(32)
    session.execute(sa.delete(PushedRequest).where(PushedRequest.expires_at < now()))
    session.add(
        PushedRequest(
            sha256=digest(uri),
            client_id=client_id,
            parameters=dict(parameters),
            jkt=jkt,
            expires_at=now() + timedelta(seconds=PUSHED_SECONDS),
        )
    )
    return uri


def open_request(session: Session, uri: str, client_id: str, browser: str) -> PushedRequest | None:
    """Return a request that waits for ``browser`` (a digest), which is the first to open it.

    None if it is unknown, another client's, another browser's, decided or too old.
    """
    session.execute(
        _waiting(uri, client_id)
        .where(PushedRequest.browser.is_(None))
        .values(browser=browser, expires_at=now() + timedelta(seconds=_DECIDE_SECONDS))
    )
    return session.scalar(
        sa.select(PushedRequest).where(
            PushedRequest.sha256 == digest(uri),
            PushedRequest.client_id == client_id,
            PushedRequest.browser == browser,
            PushedRequest.consumed_at.is_(None),
            PushedRequest.expires_at > now(),
        )
    )


def decide(session: Session, uri: str, client_id: str, browser: str) -> bool:
    """Use a request up; False if it was not waiting for ``browser``, or is decided already."""
    statement = (
        _waiting(uri, client_id)
        .where(PushedRequest.browser == browser)
        .values(consumed_at=now())
        .returning(PushedRequest.sha256)
    )
    return session.scalar(statement) is not None


def _waiting(uri: str, client_id: str) -> sa.Update:
    return sa.update(PushedRequest).where(
        PushedRequest.sha256 == digest(uri),
        PushedRequest.client_id == client_id,
        PushedRequest.consumed_at.is_(None),
        PushedRequest.expires_at > now(),
    )
