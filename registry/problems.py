"""Errors as RFC 9457 problem documents; the only file that knows HTTP statuses of errors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import flask
import orjson
import sqlalchemy as sa
from werkzeug.exceptions import HTTPException

from auth.api import OAUTH_PATHS, oauth_error
from auth.guard import credentials, stated_purpose, trace_id, view_of
from auth.oauth.dpop import ALGORITHMS
from auth.oauth.metadata import RESOURCE_METADATA_PATH
from auth.oauth.senders import UNAVAILABLE
from auth.principals import Principal
from datasets.steward import LEGAL_BASIS, PROCEDURE
from registry.kernel.access_log import Asker, record_refusal
from registry.kernel.errors import (
    Moved,
    ScopeMissing,
    SogocError,
    Text,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    places_of,
)
from registry.kernel.settings import Settings

MEDIA_TYPE = "application/problem+json"
logger = logging.getLogger("sogoc")


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem: its status and its title."""

    status: int
    title: Text


PROBLEMS: dict[str, Problem] = {
    "malformed": Problem(400, Text("Yêu cầu sai dạng", "Malformed request")),
    "purpose-missing": Problem(400, Text("Thiếu mục đích", "Purpose missing")),
    "unauthenticated": Problem(401, Text("Chưa xác thực", "Not authenticated")),
    "step-up-needed": Problem(401, Text("Cần đăng nhập mạnh hơn", "A stronger sign-in is needed")),
    "insufficient-scope": Problem(403, Text("Thiếu phạm vi", "Insufficient scope")),
    "outside-agreement": Problem(403, Text("Ngoài thỏa thuận", "Outside the agreement")),
    "no-agreement": Problem(403, Text("Không có thỏa thuận", "No agreement")),
    "consent-needed": Problem(403, Text("Cần có đồng ý", "Consent needed")),
    "withheld": Problem(403, Text("Thông tin được bảo vệ", "Protected information")),
    "not-found": Problem(404, Text("Không tìm thấy", "Not found")),
    "method-not-allowed": Problem(405, Text("Sai phương thức", "Method not allowed")),
    "not-acceptable": Problem(406, Text("Không có dạng yêu cầu", "Not acceptable")),
    "ambiguous": Problem(409, Text("Khớp với nhiều bản ghi", "Ambiguous")),
    "not-in-mode": Problem(409, Text("Không có trong chế độ này", "Not available in this mode")),
    "conflict": Problem(409, Text("Xung đột trạng thái", "Conflict")),
    "too-large": Problem(413, Text("Nội dung quá lớn", "Content too large")),
    "unsupported-media-type": Problem(415, Text("Sai kiểu nội dung", "Unsupported media type")),
    "invalid": Problem(422, Text("Giá trị không hợp lệ", "Invalid value")),
    "too-many-requests": Problem(429, Text("Quá nhiều yêu cầu", "Too many requests")),
    "internal": Problem(500, Text("Lỗi hệ thống", "Internal error")),
    "interrupted": Problem(500, Text("Việc bị ngắt", "Interrupted job")),
    "unavailable": Problem(503, Text("Tạm ngừng phục vụ", "Unavailable")),
    "moved": Problem(308, Text("Đã hợp nhất", "Moved")),
}
_BY_STATUS = {
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "too-large",
    415: "unsupported-media-type",
}
# What a challenge says of a refusal: RFC 6750 section 3, RFC 9470 section 3.
_TOLD = ("error", "scope", "acr_values", "max_age")
_LANGUAGES = ("vi", "en")
_CLIENT_ERRORS = range(400, 500)
_SERVER_ERRORS = 500
_RETRY_SECONDS = "5"
# What a driver raises when the database is gone, locked, full or out of connections.
_GONE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)


def register(app: flask.Flask) -> None:
    """Let every error of ``app`` become a problem document, and log refused personal reads."""
    app.register_error_handler(SogocError, _refuse)
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(Exception, _unexpected)


def _refuse(error: SogocError) -> flask.Response:
    if not _kept(error.code, error.members):
        return _finish(document(Unavailable()))
    response = document(error)
    if isinstance(error, Moved):
        path = flask.request.path.replace(
            str((flask.request.view_args or {}).get("record_id")), error.record_id
        )
        query = flask.request.query_string.decode("latin-1")
        response.headers["Location"] = f"{path}?{query}" if query else path
    return _finish(response)


def of_http(error: HTTPException) -> flask.Response:
    """Return the answer for an error of the framework's own, such as an unknown route."""
    code = _BY_STATUS.get(error.code or _SERVER_ERRORS)
    if code is None:
        code = "malformed" if error.code in _CLIENT_ERRORS else "internal"
    if not _kept(code):
        return _finish(document(Unavailable()))
    response = _finish(_render(code, PROBLEMS[code].title, {}))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> flask.Response:
    if isinstance(error, _GONE) or getattr(error, "connection_invalidated", False):
        logger.error("database %s trace_id=%s", type(error).__name__, trace_id())
        # Without a row: to wait for the log too would double the wait, and nothing was told.
        return _finish(document(Unavailable()))
    logger.error("unexpected %s trace_id=%s %s", type(error).__name__, trace_id(), places_of(error))
    if not _kept("internal"):
        return _finish(document(Unavailable()))
    return _finish(_render("internal", PROBLEMS["internal"].title, {}))


def _finish(response: flask.Response) -> flask.Response:
    """Give the endpoints of OAuth their own form of error (RFC 6749 section 5.2)."""
    if flask.request.path not in OAUTH_PATHS:
        return response
    answer = oauth_error(response.status_code)
    if "Retry-After" in response.headers:
        answer.headers["Retry-After"] = response.headers["Retry-After"]
    return answer


def document(error: SogocError) -> flask.Response:
    """Return the answer for an error, in the language that the client asked for."""
    members: dict[str, Any] = {
        key: value for key, value in error.members.items() if key in {"attributes", "candidates"}
    }
    if error.errors:
        language = _language()
        members["errors"] = [
            {"pointer": e.pointer, "code": e.code, "detail": e.text.pick(language)}
            for e in error.errors
        ]
    response = _render(error.code, error.detail, members)
    if isinstance(error, Unauthenticated | ScopeMissing):
        response.headers.setlist("WWW-Authenticate", _challenges(error))
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = _RETRY_SECONDS
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _challenges(error: SogocError) -> list[str]:
    """Return a challenge for each scheme that can work here, the one that was used first.

    RFC 6750 section 3, RFC 9449 section 7.1, RFC 9470 section 3 and RFC 9728 section 5.1: the
    error belongs to the scheme that was used, and where no token was sent there is none.
    """
    settings: Settings = flask.current_app.extensions["sogoc"].settings
    members = error.members
    told = [f'resource_metadata="{settings.issuer}{RESOURCE_METADATA_PATH}"']
    told += [f'{key}="{members[key]}"' for key in _TOLD if key in members]
    # Without TLS there is no certificate that a token under the other scheme could be bound to.
    bearer = not settings.production or bool(settings.trusted_proxies)
    offers = {"bearer": ("Bearer", f'realm="{settings.issuer}"')} if bearer else {}
    offers["dpop"] = ("DPoP", f'algs="{" ".join(ALGORITHMS)}"')
    used, _ = credentials(flask.request.headers)
    first = used if used in offers else next(iter(offers))
    name, about = offers.pop(first)
    # The realm comes before an error, the algorithms after it, as the standards' examples have it.
    parts = [about, *told] if name == "Bearer" else [*told, about]
    return [f"{name} {', '.join(parts)}", *(" ".join(offer) for offer in offers.values())]


def _render(code: str, detail: Text, members: dict[str, Any]) -> flask.Response:
    problem = PROBLEMS[code]
    language = _language()
    issuer = flask.current_app.extensions["sogoc"].settings.issuer
    body = {
        "type": f"{issuer}/problems/{code}",
        "title": problem.title.pick(language),
        "status": problem.status,
        "detail": detail.pick(language),
        "code": code,
        **members,
        "trace_id": trace_id(),
    }
    response = flask.Response(orjson.dumps(body), problem.status, content_type=MEDIA_TYPE)
    response.headers["Content-Language"] = language
    return response


def _language() -> str:
    """Return the language of ours that the client likes best, by its first subtag (RFC 4647)."""
    # The library's own choice would take a plain "vi;q=0.5" before an "en-GB".
    liked = (tag.partition("-")[0].lower() for tag, q in flask.request.accept_languages if q)
    return next((language for language in liked if language in _LANGUAGES), _LANGUAGES[0])


def _personal() -> bool:
    view = _view()
    return bool(getattr(view, "personal", False) or getattr(view, "steward", False))


def _view() -> Callable[..., Any] | None:
    request = flask.request
    return view_of(flask.current_app, request.endpoint, request.method)


def _kept(code: str, members: Mapping[str, Any] | None = None) -> bool:
    """Keep the row of a refused request for personal data; False if the log itself fails.

    The attributes of the row are those that were asked for, or else those that were refused.
    """
    if not _personal():
        return True
    if flask.request.environ.get(UNAVAILABLE):
        # The short way has already waited for the log in vain.
        return False
    members = members or {}
    principal: Principal | None = flask.g.get("principal")
    try:
        record_refusal(
            flask.current_app.extensions["sogoc"].database,
            _asker(principal, members.get("client", "unknown")),
            code,
            members.get("asked") or members.get("attributes", ()),
            members.get("subject"),
        )
    except sa.exc.SQLAlchemyError as error:
        logger.error("no access row %s trace_id=%s", type(error).__name__, trace_id())  # noqa: TRY400 - the message may hold personal values
        return False
    return True


def _asker(principal: Principal | None, client_id: str) -> Asker:
    asker = principal.asker if principal else _claimed(client_id)
    if not getattr(_view(), "steward", False):
        return asker
    return replace(asker, procedure=PROCEDURE, legal_basis=LEGAL_BASIS)


def _claimed(client_id: str) -> Asker:
    """Return who asks as far as it is known when the door itself refuses."""
    purpose = stated_purpose(flask.request.headers)
    return Asker(
        client_id=client_id,
        procedure=purpose.get("Sogoc-Procedure", ""),
        case=purpose.get("Sogoc-Case", ""),
        legal_basis="",
        trace_id=trace_id(),
    )


def explain(code: str) -> flask.Response:
    """Return the page behind a problem's type: what it is, in both languages."""
    if code not in PROBLEMS:
        flask.abort(404)
    problem = PROBLEMS[code]
    body = {"code": code, "status": problem.status, "vi": problem.title.vi, "en": problem.title.en}
    return flask.Response(orjson.dumps(body), mimetype="application/json")
