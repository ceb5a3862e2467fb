"""The two cookies of signing in: the session's, and the one that binds a sign-in to a browser.

Both are of this host alone and over TLS alone (the ``__Host-`` prefix, which the browser itself
enforces); only a demo on this very machine does without TLS.
"""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlsplit

import flask

from auth.signin.attempts import LIFE
from registry.kernel.settings import Settings

SESSION, ATTEMPT = "sogoc", "sogoc-signin"
_VALUE = re.compile(r"[0-9A-Za-z_-]{43}")


def name_of(settings: Settings, cookie: str) -> str:
    """Return the name under which ``cookie`` is sent."""
    return f"__Host-{cookie}" if _over_tls(settings) else cookie


def read(settings: Settings, cookie: str) -> str:
    """Return the value that this request carries, "" for none or one that is not of ours."""
    value = flask.request.cookies.get(name_of(settings, cookie), "")
    return value if _VALUE.fullmatch(value) else ""


def browser(settings: Settings) -> str:
    """Return this browser's own value, a new one where it has none."""
    return read(settings, ATTEMPT) or secrets.token_urlsafe(32)


def write(settings: Settings, response: flask.Response, cookie: str, value: str) -> None:
    """Set a cookie of 43 signs; the session's lives as long as the browser does."""
    response.set_cookie(
        name_of(settings, cookie),
        value,
        max_age=int(LIFE.total_seconds()) if cookie == ATTEMPT else None,
        path="/",
        secure=_over_tls(settings),
        httponly=True,
        samesite="Lax",
    )


def remove(settings: Settings, response: flask.Response, cookie: str) -> None:
    """Let the browser forget a cookie."""
    response.delete_cookie(
        name_of(settings, cookie),
        path="/",
        secure=_over_tls(settings),
        httponly=True,
        samesite="Lax",
    )


def _over_tls(settings: Settings) -> bool:
    own = urlsplit(settings.issuer)
    local = own.scheme == "http" and own.hostname in {"127.0.0.1", "::1", "localhost"}
    return settings.production or not local
