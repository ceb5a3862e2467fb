"""The door of every route: who asks, with which scope, and for personal data, for what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import wraps
from typing import Any, NamedTuple, Protocol, TypeVar, cast
from uuid import UUID

import flask
import sqlalchemy as sa
import uuid_utils

from auth.limits import Limiter, Rate
from auth.oauth.senders import UNAVAILABLE, Senders, Sent
from auth.principals import Principal, Purpose
from auth.scopes import ASSIST, SCOPES
from auth.tokens import Token, TokenVerifier
from registry.kernel.access_log import LONGEST_CASE
from registry.kernel.clock import tomorrow
from registry.kernel.errors import (
    FieldError,
    Malformed,
    NoAgreement,
    NotFound,
    PurposeMissing,
    Refused,
    ScopeMissing,
    SogocError,
    Text,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)


class Headers(Protocol):
    """Request headers of any framework, or a plain dictionary."""

    def get(self, key: str, default: str, /) -> str:
        """Return the header, or ``default``."""


View = TypeVar("View", bound=Callable[..., Any])

# The `Rate` that a request has been counted with already, and that whom it asks for was counted.
COUNTED, SUBJECTS_COUNTED = "sogoc.counted", "sogoc.subjects_counted"


class Door(NamedTuple):
    """What every request has to pass: its token, and whose that is."""

    verifier: TokenVerifier
    senders: Senders


_SCHEMES = ("bearer", "dpop")
PROCEDURE_PATTERN = "[0-9A-Za-z.:-]{1,50}"
CASE_PATTERN = f"[!-~]{{1,{LONGEST_CASE}}}"
_PROCEDURE, CASE = re.compile(PROCEDURE_PATTERN), re.compile(CASE_PATTERN)
_TRACE_PARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
_OF_CITIZEN = "/v1/citizens/<record_id>"
_NO_DETAILS = Text(
    "Người dân không đồng ý chia sẻ dữ liệu cho thủ tục này.",
    "The person has not agreed to share data for this procedure.",
)
_HEADERS = (
    ("Sogoc-Procedure", _PROCEDURE, Text("Thiếu hoặc sai mã thủ tục.", "Procedure code needed.")),
    ("Sogoc-Case", CASE, Text("Thiếu hoặc sai số hồ sơ.", "Case number needed, 1 to 50 signs.")),
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


def require_steward(*scopes: str) -> Callable[[View], View]:
    """Let a view of the stewards' desk answer who holds any of ``scopes``.

    Their purpose is fixed and needs no agreement; a refusal is logged, for personal data may
    have been asked for.
    """
    one_of = require_one_of(*scopes)

    def decorate(view: View) -> View:
        guarded = one_of(view)
        guarded.steward = True  # type: ignore[attr-defined]
        return guarded

    return decorate


def require_one_of(*scopes: str) -> Callable[[View], View]:
    """Let a view that tells nothing personal answer who holds any of ``scopes``."""
    if not SCOPES.keys() >= set(scopes):
        raise ValueError(f"{scopes}: not all are scopes")

    def decorate(view: View) -> View:
        @wraps(view)
        def holding(*args: Any, **kwargs: Any) -> Any:
            principal = current_principal()
            if principal.scopes.isdisjoint(scopes):
                raise ScopeMissing(
                    error="insufficient_scope", scope=scopes[0], client=principal.client_id
                )
            return view(*args, **kwargs)

        guarded = _guarding("", personal=False)(holding)
        guarded.required_scope = scopes  # type: ignore[attr-defined]
        return cast("View", guarded)

    return decorate


def _guarding(scope: str, *, personal: bool) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            request = flask.request
            _refuse_stray_token(request)
            door = flask.current_app.extensions["sogoc"].door
            try:
                flask.g.principal = authorize(
                    door, Sent(request.environ), scope, trace_id(), personal=personal
                )
            except SogocError as error:
                # Being refused is a call too, where it is known whose.
                if "client" in error.members:
                    _count(error.members["client"], personal=personal)
                raise
            if request.environ.get(UNAVAILABLE):
                # The short way has already waited in vain; waiting again would double the wait.
                raise Unavailable
            _count(flask.g.principal.client_id, personal=personal)
            if personal and "record_id" in kwargs:
                count_subjects([kwargs["record_id"]])
                _require_own(flask.g.principal, kwargs["record_id"])
            return view(*args, **kwargs)

        guarded.required_scope = scope  # type: ignore[attr-defined]
        guarded.personal = personal  # type: ignore[attr-defined]
        return cast("View", guarded)

    return decorate


def _require_own(principal: Principal, record_id: str) -> None:
    """Raise NotFound for what hangs on a citizen of whom the principal may not be told."""
    rule = flask.request.url_rule
    if rule and rule.rule.startswith(_OF_CITIZEN) and not principal.may_know(record_id):
        raise NotFound(subject=_record_id(record_id))


def _record_id(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None


def _count(client_id: str, *, personal: bool) -> None:
    """Spend a call of the client; raises TooManyRequests.

    Where nothing personal is told, a counter that does not answer is in nobody's way: who looks
    after a long job may do so while the job holds the database.
    """
    environ = flask.request.environ
    rate: Rate | None
    if COUNTED in environ:
        rate = environ[COUNTED]
    else:
        try:
            rate = _limiter().call(client_id)
        except sa.exc.SQLAlchemyError:
            if personal:
                raise
            return
    if rate is None:
        return
    flask.g.rate = rate
    if not rate.allowed:
        raise TooManyRequests(rate.reset, client=client_id)


def ask_as(principal: Principal) -> None:
    """Let this request ask in the name of a principal that its view has found out for itself.

    Spends a call of the client; raises TooManyRequests. What is refused from here on is logged
    as the principal's.
    """
    flask.g.principal = principal
    _count(principal.client_id, personal=True)


def count_subjects(subjects: Iterable[str]) -> None:
    """Count that the client of this request asks for people, by record id or number.

    Raises TooManyRequests where it has asked for one of them too often.
    """
    if flask.request.environ.get(SUBJECTS_COUNTED):
        return
    rate = _limiter().ask(current_principal().client_id, subjects)
    if rate:
        flask.g.rate = rate
        raise TooManyRequests(rate.reset)


def rate_headers() -> list[tuple[str, str]]:
    """Return the fields that say where the client of this request stands, if it was counted."""
    rate: Rate | None = flask.g.get("rate")
    return rate.headers() if rate else []


def _limiter() -> Limiter:
    found: Limiter = flask.current_app.extensions["sogoc"].limiter
    return found


def _refuse_stray_token(request: flask.Request) -> None:
    """RFC 6750 section 2: only in the header. In a URL or a form it ends up in logs."""
    form = request.mimetype == "application/x-www-form-urlencoded"
    if "access_token" in request.args or (form and "access_token" in request.form):
        raise Malformed(
            Text(
                "Mã truy cập chỉ được gửi trong tiêu đề Authorization.",
                "The access token belongs in the Authorization header alone.",
            )
        )


def public(view: View) -> View:
    """Say that a route needs no token."""
    view.required_scope = None  # type: ignore[attr-defined]
    return view


def public_of_people(view: View) -> View:
    """Say that a route needs no token, and tells of people: what it refuses is logged."""
    view.personal = True  # type: ignore[attr-defined]
    return public(view)


def authorize(
    door: Door,
    sent: Sent,
    scope: str,
    trace: str,
    *,
    personal: bool,
) -> Principal:
    """Return who asks, an empty ``scope`` being any client's.

    Raises Unauthenticated, Malformed, ScopeMissing, PurposeMissing, NoAgreement or Refused.

    Knows no web framework, so that every way into the product can use the one check.
    """
    token = _token(door, sent)
    if scope and scope not in token.scopes:
        raise ScopeMissing(error="insufficient_scope", scope=scope, client=token.client_id)
    principal = Principal(
        token.client_id,
        token.scopes,
        trace,
        person_id=token.person_id,
        until=min(token.expires_at, tomorrow()),
        binding=token.binding,
        authentication=token.authentication,
        actor=token.actor,
        grant_id=token.grant_id,
    )
    if not personal:
        return principal
    purpose = _purpose(sent, token.client_id)
    agreement = door.verifier.agreement(token.client_id, purpose.procedure)
    if agreement is None:
        raise NoAgreement(client=token.client_id)
    principal = replace(principal, purpose=purpose, agreement=agreement)
    return principal if token.grant_id is None else _of_person(principal, token)


def _of_person(principal: Principal, token: Token) -> Principal:
    """Return the principal as far as the person's authorization details reach (RFC 9396 section 9).

    Nothing personal is told on a token without any, or for a procedure that is not among them;
    and of nobody but the person, unless an officer at the counter has to find whom to act for.
    """
    procedure = principal.purpose.procedure if principal.purpose else ""
    entries = [
        entry
        for detail in token.details
        if detail["procedure"] == procedure
        for entry in detail["attributes"]
    ]
    if not entries:
        raise Refused(_NO_DETAILS, client=token.client_id)
    granted: dict[str, set[str]] = {}
    for entry in entries:
        register, _, path = entry.partition(":")
        granted.setdefault(register, set()).add(path)
    return replace(
        principal,
        granted={register: frozenset(paths) for register, paths in granted.items()},
        whose=None if ASSIST in token.scopes else token.person_id,
    )


def _token(door: Door, sent: Sent) -> Token:
    """Return the token of a request whose sender it belongs to."""
    scheme, text = credentials(sent)
    if scheme not in _SCHEMES or not text:
        raise Unauthenticated
    if "," in text:
        # Servers join a header that is sent twice; a token itself never has a comma.
        raise Malformed(
            Text("Chỉ gửi một mã truy cập.", "Send one access token only."),
        )
    token = door.verifier.verify(text)
    try:
        door.senders.check(token.binding, scheme, text, sent)
    except Unauthenticated as refused:
        # Whose token it is that came from somebody else belongs in the log.
        refused.members["client"] = token.client_id
        raise
    return token


def credentials(headers: Headers) -> tuple[str, str]:
    """Return the scheme, in small letters, and the text of the Authorization header."""
    scheme, _, text = headers.get("Authorization", "").partition(" ")
    return scheme.lower(), text


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


def stated_purpose(headers: Headers) -> dict[str, str]:
    """Return the purpose headers by name as far as they are well-formed, for a refusal's row."""
    return {
        name: headers.get(name, "")
        for name, pattern, _ in _HEADERS
        if pattern.fullmatch(headers.get(name, ""))
    }


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
    given = _TRACE_PARENT.fullmatch(trace_parent) if trace_parent else None
    return given[1] if given else uuid_utils.uuid4().hex


def view_of(app: flask.Flask, endpoint: str | None, method: str) -> Callable[..., Any] | None:
    """Return the function that answers, through the class where a view is one."""
    view = app.view_functions.get(endpoint or "")
    klass = getattr(view, "view_class", None)
    # A class answers HEAD by its GET unless it has a HEAD of its own, and so does its guard.
    names = ("head", "get") if method == "HEAD" else (method.lower(),)
    return next((getattr(klass, n) for n in names if hasattr(klass, n)), None) if klass else view
