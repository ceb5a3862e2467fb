"""Errors as RFC 9457 problem documents; the only file that knows HTTP statuses of errors."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import flask
import orjson
from werkzeug.exceptions import HTTPException

from auth.guard import trace_id, view_of
from auth.principals import Principal
from registry.kernel.access_log import LONGEST_CASE, Asker, record_refusal
from registry.kernel.errors import Moved, ScopeMissing, SogocError, Text, Unauthenticated

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
    "insufficient-scope": Problem(403, Text("Thiếu phạm vi", "Insufficient scope")),
    "outside-agreement": Problem(403, Text("Ngoài thỏa thuận", "Outside the agreement")),
    "no-agreement": Problem(403, Text("Không có thỏa thuận", "No agreement")),
    "withheld": Problem(403, Text("Thông tin được bảo vệ", "Protected information")),
    "not-found": Problem(404, Text("Không tìm thấy", "Not found")),
    "method-not-allowed": Problem(405, Text("Sai phương thức", "Method not allowed")),
    "not-acceptable": Problem(406, Text("Không có dạng yêu cầu", "Not acceptable")),
    "ambiguous": Problem(409, Text("Nhiều bản ghi cùng ứng", "Ambiguous")),
    "conflict": Problem(409, Text("Xung đột trạng thái", "Conflict")),
    "too-large": Problem(413, Text("Nội dung quá lớn", "Content too large")),
    "unsupported-media-type": Problem(415, Text("Sai kiểu nội dung", "Unsupported media type")),
    "invalid": Problem(422, Text("Giá trị không hợp lệ", "Invalid value")),
    "internal": Problem(500, Text("Lỗi hệ thống", "Internal error")),
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
_CLIENT_ERRORS = range(400, 500)


def register(app: flask.Flask) -> None:
    """Let every error of ``app`` become a problem document, and log refused personal reads."""
    app.register_error_handler(SogocError, _refuse)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _refuse(error: SogocError) -> flask.Response:
    if _personal():
        _log_refusal(error)
    if isinstance(error, Moved):
        path = flask.request.path.replace(
            str((flask.request.view_args or {}).get("record_id")), error.record_id
        )
        query = flask.request.query_string.decode()
        response = document(error)
        response.headers["Location"] = f"{path}?{query}" if query else path
        return response
    return document(error)


def _http(error: HTTPException) -> flask.Response:
    code = _BY_STATUS.get(error.code or 500)
    if code is None:
        code = "malformed" if error.code in _CLIENT_ERRORS else "internal"
    if _personal():
        _log_refusal(None, code)
    response = _render(code, PROBLEMS[code].title, {})
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> flask.Response:
    # The trace goes to the log without its values; the answer says nothing but its trace id.
    logger.error("unexpected %s trace_id=%s", type(error).__name__, trace_id(), exc_info=error)
    return _render("internal", PROBLEMS["internal"].title, {})


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
        response.headers["WWW-Authenticate"] = _challenge(error)
    return response


def _challenge(error: SogocError) -> str:
    """RFC 6750 section 3: no error code where no token was sent."""
    issuer = flask.current_app.extensions["sogoc"].settings.issuer
    parts = [f'realm="{issuer}"']
    parts += [f'{key}="{error.members[key]}"' for key in ("error", "scope") if key in error.members]
    return "Bearer " + ", ".join(parts)


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
    return flask.request.accept_languages.best_match(["vi", "en"]) or "vi"


def _personal() -> bool:
    request = flask.request
    view = view_of(flask.current_app, request.endpoint, request.method)
    return bool(getattr(view, "personal", False))


def _log_refusal(error: SogocError | None, code: str = "internal") -> None:
    """Write the row of a refusal; the attributes are those that were refused."""
    members = error.members if error else {}
    principal: Principal | None = flask.g.get("principal")
    record_refusal(
        flask.current_app.extensions["sogoc"].database,
        principal.asker if principal else _claimed(members.get("client", "unknown")),
        error.code if error else code,
        members.get("attributes", ()),
        members.get("subject"),
    )


def _claimed(client_id: str) -> Asker:
    """Return who asks as far as it is known when the door itself refuses."""
    headers = flask.request.headers
    case = headers.get("Sogoc-Case", "")
    return Asker(
        client_id=client_id,
        procedure=headers.get("Sogoc-Procedure", "")[:LONGEST_CASE],
        case=case if len(case) <= LONGEST_CASE else "",
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


def describe(spec: dict[str, Any]) -> dict[str, Any]:
    """Make the generated OpenAPI document say what really answers: problem documents."""
    schema = {
        "type": "object",
        "required": ["type", "title", "status", "detail", "code", "trace_id"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string", "enum": sorted(PROBLEMS)},
            "trace_id": {"type": "string"},
            "attributes": {"type": "array", "items": {"type": "string"}},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["pointer", "code", "detail"],
                    "properties": {
                        name: {"type": "string"} for name in ("pointer", "code", "detail")
                    },
                },
            },
        },
    }
    spec.setdefault("components", {}).setdefault("schemas", {})["Problem"] = schema
    reference = {"$ref": "#/components/schemas/Problem"}
    for path, operations in spec.get("paths", {}).items():
        if not path.startswith("/v1/"):
            continue
        for operation in operations.values():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            kept = {k: v for k, v in operation["responses"].items() if str(k).startswith("2")}
            operation["responses"] = kept | {
                str(status): {
                    "description": "; ".join(texts),
                    "content": {MEDIA_TYPE: {"schema": reference}},
                }
                for status, texts in sorted(_titles().items())
            }
    return spec


def _titles() -> dict[int, list[str]]:
    titles: dict[int, list[str]] = {}
    for problem in PROBLEMS.values():
        titles.setdefault(problem.status, []).append(problem.title.en)
    return titles
