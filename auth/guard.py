"""The door of every route: who asks, with which scope, and for personal data, for what."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

import flask

from auth.principals import Principal, Purpose
from auth.scopes import SCOPES
from auth.tokens import TokenVerifier
from registry.kernel.access_log import LONGEST_CASE
from registry.kernel.errors import (
    FieldError,
    Malformed,
    NoAgreement,
    PurposeMissing,
    ScopeMissing,
    Text,
    Unauthenticated,
)


class Headers(Protocol):
    """Request headers of any framework, or a plain dictionary."""

    def get(self, key: str, default: str, /) -> str:
        """Return the header, or ``default``."""


View = TypeVar("View", bound=Callable[..., Any])

_PROCEDURE = re.compile(r"[0-9A-Za-z.:-]{1,50}")
_CASE = re.compile(rf"[!-~]{{1,{LONGEST_CASE}}}")
_TRACE_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_HEADERS = (
    ("Sogoc-Procedure", _PROCEDURE, Text("Thiếu hoặc sai mã thủ tục.", "Procedure code needed.")),
    ("Sogoc-Case", _CASE, Text("Thiếu hoặc sai số hồ sơ.", "Case number needed, 1 to 50 signs.")),
)


def require_scope(scope: str) -> Callable[[View], View]:
    """Let a view of personal data answer only who holds ``scope``, for a stated purpose.

    The scope is stamped on the view, where a test finds it for every route.
    """
    if scope not in SCOPES:
        raise ValueError(f"{scope} is not a scope")
    return _guarding(scope, personal=True)


def authenticated(view: View) -> View:
    """Let a view about the client itself answer any client with a token."""
    return _guarding("", personal=False)(view)


def _guarding(scope: str, *, personal: bool) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            request = flask.request
            if "access_token" in request.args:
                # RFC 6750 section 5.3: a token in a URL ends up in logs.
                raise Malformed
            verifier = flask.current_app.extensions["sogoc"].verifier
            flask.g.principal = authorize(
                verifier, request.headers, scope, trace_id(), personal=personal
            )
            return view(*args, **kwargs)

        guarded.required_scope = scope  # type: ignore[attr-defined]
        guarded.personal = personal  # type: ignore[attr-defined]
        return cast("View", guarded)

    return decorate


def public(view: View) -> View:
    """Say that a route needs no token."""
    view.required_scope = None  # type: ignore[attr-defined]
    return view


def authorize(
    verifier: TokenVerifier,
    headers: Headers,
    scope: str,
    trace: str,
    *,
    personal: bool,
) -> Principal:
    """Return who asks, an empty ``scope`` being any client's.

    Raises Unauthenticated, ScopeMissing, PurposeMissing or NoAgreement.

    Knows no web framework, so that every way into the product can use the one check.
    """
    kind, _, text = headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text:
        raise Unauthenticated
    token = verifier.verify(text)
    if scope and scope not in token.scopes:
        raise ScopeMissing(error="insufficient_scope", scope=scope, client=token.client_id)
    if not personal:
        return Principal(token.client_id, token.scopes, trace)
    purpose = _purpose(headers, token.client_id)
    agreement = verifier.agreement(token.client_id, purpose.procedure)
    if agreement is None:
        raise NoAgreement(client=token.client_id)
    return Principal(token.client_id, token.scopes, trace, purpose, agreement)


def _purpose(headers: Headers, client_id: str) -> Purpose:
    errors = [
        FieldError(f"/headers/{name}", "purpose", text)
        for name, pattern, text in _HEADERS
        if pattern.fullmatch(headers.get(name, "")) is None
    ]
    if errors:
        raise PurposeMissing(errors=errors, client=client_id)
    procedure, case = (headers.get(name, "") for name, _, _ in _HEADERS)
    return Purpose(procedure, case)


def current_principal() -> Principal:
    """Return who asks in this request; only a guarded view may call it."""
    return cast("Principal", flask.g.principal)


def trace_id() -> str:
    """Return the trace id of this request: the caller's (W3C trace context) or a new one."""
    if "trace_id" not in flask.g:
        flask.g.trace_id = new_trace_id(flask.request.headers.get("traceparent", ""))
    return cast("str", flask.g.trace_id)


def new_trace_id(trace_parent: str) -> str:
    """Return the trace id in a ``traceparent`` header, or a new one where it has none."""
    given = _TRACE_PARENT.fullmatch(trace_parent)
    return given[1] if given else secrets.token_hex(16)


def view_of(app: flask.Flask, endpoint: str | None, method: str) -> Callable[..., Any] | None:
    """Return the function that answers, through the class where a view is one."""
    view = app.view_functions.get(endpoint or "")
    klass = getattr(view, "view_class", None)
    # A class answers HEAD by its GET unless it has a HEAD of its own, and so does its guard.
    names = ("head", "get") if method == "HEAD" else (method.lower(),)
    return next((getattr(klass, n) for n in names if hasattr(klass, n)), None) if klass else view
