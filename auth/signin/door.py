"""The door of the pages that only a signed-in person may open."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

import flask
from werkzeug import Response

from auth.signin import cookies
from auth.signin.refusals import ENDED, FORM, SignInRefused
from auth.signin.service import SignIn
from auth.signin.sessions import SignedIn

View = TypeVar("View", bound=Callable[..., Any])
_SAFE = {"GET", "HEAD"}


def require_session(view: View) -> View:
    """Let a view answer who is signed in, and forms only that this very session was given.

    Whoever is not signed in is sent to sign in and back; a form is refused, and one without the
    token of its session too.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        here = sign_in()
        found = here.who(cookies.read(here.settings, cookies.SESSION))
        if found is None:
            return _sent_to_sign_in()
        if flask.request.method not in _SAFE:
            given = flask.request.form.get("form_token", "")
            if not hmac.compare_digest(found.form_token.encode(), given.encode()):
                raise SignInRefused(FORM)
        flask.g.signed_in = found
        return view(*args, **kwargs)

    guarded.required_scope = None  # type: ignore[attr-defined]
    guarded.session = True  # type: ignore[attr-defined]
    return cast("View", guarded)


def signed_in() -> SignedIn:
    """Return who is signed in; only a guarded view may call it."""
    return cast("SignedIn", flask.g.signed_in)


def sign_in() -> SignIn:
    """Return the service of the application that answers this request."""
    return cast("SignIn", flask.current_app.extensions["sogoc-signin"])


def _sent_to_sign_in() -> Response:
    if flask.request.method not in _SAFE:
        # A browser would not follow a form's answer to the provider: our pages forbid it to.
        raise SignInRefused(ENDED)
    where = urlencode({"return_to": flask.request.full_path.rstrip("?")})
    return flask.redirect(f"/signin?{where}", 303)
