"""The button's window: how its browser is known, and which pages let the page behind it wait.

Every page of ours stands alone in its browsing context group, so that nobody who opened it has a
handle on it. The window of the button is the one exception: it was opened by the page whose form
it fills, and hands the answer to that page. So the pages that one passes through there keep their
opener, for as long as a visit may last, and no other page ever does.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

import flask

START, DONE = "/button/start", "/button/done"
_OWN = frozenset({START, DONE})
# What one passes through between the two, to sign in and to agree.
_BETWEEN = frozenset(
    {"/oauth/authorize", "/signin", "/signin/callback", "/demo/provider/authorize"}
)
_LIFE = timedelta(minutes=30)
_VALUE = re.compile(r"[0-9A-Za-z_-]{43}")


def known_browser(issuer: str) -> str:
    """Return the value by which a visit knows the browser of this request, "" without one."""
    value = flask.request.cookies.get(_name(issuer), "")
    return value if _VALUE.fullmatch(value) else ""


def browser(issuer: str) -> str:
    """Return the browser's value, a new one where it has none."""
    return known_browser(issuer) or secrets.token_urlsafe(32)


def remember(issuer: str, response: flask.Response, value: str) -> flask.Response:
    """Let the browser keep its value for as long as a visit lasts."""
    name = _name(issuer)
    response.set_cookie(
        name,
        value,
        max_age=int(_LIFE.total_seconds()),
        secure=name.startswith("__Host-"),
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def keeps_opener(issuer: str) -> bool:
    """Say whether the page of this request may be held on to by the page that opened it."""
    path = flask.request.path
    return path in _OWN or (path in _BETWEEN and known_browser(issuer) != "")


def _name(issuer: str) -> str:
    secure = issuer.startswith("https://")
    return "__Host-sogoc-button" if secure else "sogoc-button"
