"""How the pages know a browser, and a form that they gave to it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

import flask

from auth.grants.grants import Grantor


def state() -> Any:
    """Return what the views share (`registry.app.State`)."""
    return flask.current_app.extensions["sogoc"]


def _cookie() -> str:
    """Return the name of the cookie that knows a browser; over TLS no other site can set it."""
    secure = state().settings.issuer.startswith("https://")
    return "__Host-sogoc-flow" if secure else "sogoc-flow"


def known_browser() -> str:
    """Return the value that the browser of this request came with, empty without one."""
    return flask.request.cookies.get(_cookie(), "")


def browser() -> str:
    """Return the value by which to know the browser of this request, new if it has none."""
    return known_browser() or secrets.token_urlsafe(32)


def remember(response: flask.Response, value: str) -> flask.Response:
    """Let the browser keep its value."""
    name = _cookie()
    response.set_cookie(
        name, value, secure=name.startswith("__Host-"), httponly=True, samesite="Lax", path="/"
    )
    return response


def digest(value: str) -> str:
    """Return what is kept of a browser's value."""
    return hashlib.sha256(value.encode()).hexdigest()


def form_token(value: str, subject: str, person: Grantor) -> str:
    """Return what makes a form that browser's, on that subject, shown to that person alone."""
    shown = f"{person.person_id} {subject}"
    return hmac.new(value.encode(), shown.encode(), "sha256").hexdigest()


def is_ours(value: str, subject: str, person: Grantor) -> bool:
    """Say whether the form of this request carries the token that the browser was given."""
    expected, given = form_token(value, subject, person), flask.request.form.get("csrf", "")
    return bool(value) and hmac.compare_digest(expected.encode(), given.encode())


def see_other(address: str) -> flask.Response:
    """RFC 9700 section 4.12: never 307, which would post again what a person typed."""
    return flask.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})
