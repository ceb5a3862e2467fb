"""The OpenAPI document as it really answers: what the generator can't know is added here.

Which problems a route can give follows from how it is guarded and what it takes; nothing is kept
by hand beside the routes, so that the document can't fall behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import flask

from auth.api import OAUTH_PATHS
from auth.guard import CASE_PATTERN, PROCEDURE_PATTERN, view_of
from auth.scopes import SCOPES
from registry.example import Example
from registry.examples import EXAMPLES
from registry.problems import MEDIA_TYPE, PROBLEMS

_GENERATED = {"default", "422"}
_UNUSED = ("Error", "PaginationMetadata")
# Answers that carry an ETag, so that If-None-Match can be answered 304.
_TAGGED = (
    "/v1/citizens/{record_id}",
    "/v1/parcels/{record_id}",
    "/v1/places",
    "/v1/places/{code}",
    "/v1/places/convert",
    "/v1/changes/last",
    "/v1/procedures",
    "/v1/procedures/{code}",
    "/v1/procedures/{code}/manifest",
)
# The look-up that answers one record or none, as a path with an id does.
_ONE_PARCEL = "/v1/parcels/lookup"
# What may come too late.
_MAY_CONFLICT = ("/v1/jobs/{job_id}/cancel",)
# Who may not do a thing with what is their own.
_FOUR_EYES = (
    "/v1/corrections/{case_id}/decide",
    "/v1/datasets/submissions/{submission_id}/approve",
)
# What stewards change, which another may have changed before.
_OF_STEWARDS = ("/v1/corrections/", "/v1/datasets/")
# The file may turn out to be none that can be read or told.
_OF_THE_FILE = ("/v1/datasets/submissions/{submission_id}/inspection",)
_SUBMIT = "/v1/datasets/{name}/submissions"
# Another look-up by a reference that may fit several records.
_BY_ENTRY = "/v1/civil-status/lookup"
# A report on a record of any register, whose reads may fail as they do there.
_REPORT = "/v1/corrections"
_PREFILL = "/v1/prefill"
_PURPOSE = ("Procedure", "Case")
_ALWAYS = ("Language", "Trace")

View = Callable[..., Any] | None


def describe(app: flask.Flask, spec: dict[str, Any], issuer: str) -> dict[str, Any]:
    """Complete the generated ``spec``: servers, security, purpose headers, problems, examples."""
    spec["servers"] = [{"url": issuer}]
    spec["info"]["description"] = (
        "Sổ dữ liệu gốc dùng chung / shared reference-data registry. Synthetic data in a demo."
    )
    components = spec.setdefault("components", {})
    for name in _UNUSED:
        components["schemas"].pop(name, None)
    components["schemas"]["Problem"] = _problem_schema()
    components["parameters"] = _PARAMETERS
    components["securitySchemes"] = _security(issuer)
    components.pop("responses", None)
    spec["paths"] |= _service_paths()
    for path, method, endpoint in _routes(app):
        operation = spec["paths"].get(path, {}).get(method)
        if operation is not None:
            operation["operationId"] = f"{endpoint.replace('.', '_').lower()}_{method}"
            _complete(path, operation, view_of(app, endpoint, method.upper()), issuer)
    return spec


def _routes(app: flask.Flask) -> Iterator[tuple[str, str, str]]:
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<", "{").replace(">", "}")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield path, method.lower(), rule.endpoint


def _complete(path: str, operation: dict[str, Any], view: View, issuer: str) -> None:
    scope = getattr(view, "required_scope", None)
    example = EXAMPLES.get((operation["operationId"]), Example())
    codes = list(_codes(path, operation, view))
    responses = {k: v for k, v in operation["responses"].items() if str(k) not in _GENERATED}
    if path not in OAUTH_PATHS:
        operation["security"] = _alternatives(scope)
        responses |= _problems(codes, issuer)
        _add_parameters(path, operation, view, example)
    if path in _TAGGED:
        responses["200"]["headers"] = {"ETag": {"required": True, "schema": {"type": "string"}}}
        responses["304"] = {"description": "Chưa thay đổi / unchanged since that ETag."}
    if example.body is not None:
        for content in operation["requestBody"]["content"].values():
            content["example"] = example.body
    if example.answer is not None:
        done = next(status for status in responses if status.startswith("2"))
        for content in responses[done]["content"].values():
            content["example"] = example.answer
    operation["responses"] = dict(sorted(responses.items()))


def _alternatives(scope: str | tuple[str, ...] | None) -> list[dict[str, list[str]]]:
    """Return the security requirement of a route: none, or one entry for each scope that does."""
    if scope is None:
        return []
    scopes = (scope,) if isinstance(scope, str) else scope
    return [{"oauth2": [each] if each else []} for each in scopes]


def _codes(path: str, operation: dict[str, Any], view: View) -> Iterator[str]:
    """Yield the codes of the problems that an operation can give."""
    yield from _codes_of_request(path, operation, view)
    if getattr(view, "personal", False):
        yield from ("purpose-missing", "insufficient-scope", "no-agreement", "outside-agreement")
        if "{" in path:
            yield "withheld"
        if path.startswith("/v1/citizens/"):
            yield "not-in-mode"
        if path.startswith("/v1/citizens/{"):
            yield "moved"
        if path in {_ONE_PARCEL, _BY_ENTRY}:
            yield from ("ambiguous", "withheld")
        if path.startswith(_PREFILL):
            yield from ("consent-needed", "conflict", "not-found")
        if path == _REPORT:
            yield from ("ambiguous", "conflict", "not-found", "not-in-mode", "withheld")


def _codes_of_request(path: str, operation: dict[str, Any], view: View) -> Iterator[str]:
    """Yield those that follow from what an operation takes and who may call it."""
    scope = getattr(view, "required_scope", None)
    query = {p["name"] for p in operation.get("parameters", ()) if p.get("in") == "query"}
    body = "requestBody" in operation
    yield "internal"
    if query or body or scope is not None:
        yield "malformed"
    if query or body:
        yield "not-acceptable"
    if body or query - {"fields"} or path in _OF_THE_FILE:
        yield "invalid"
    if body:
        yield from ("too-large", "unsupported-media-type")
    if scope is not None:
        yield from ("unauthenticated", "too-many-requests")
    if isinstance(scope, tuple):
        yield "insufficient-scope"
        changes = operation["operationId"].endswith("_post")
        if path in _MAY_CONFLICT or (changes and path.startswith(_OF_STEWARDS)):
            yield "conflict"
        if path in _FOUR_EYES:
            yield from ("outside-agreement", "step-up-needed")
        if path == _SUBMIT:
            yield "not-in-mode"
    if scope is not None or path == "/readyz":
        yield "unavailable"
    if "{" in path or path in {_ONE_PARCEL, "/v1/changes/last"}:
        yield "not-found"


def _problems(codes: list[str], issuer: str) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    return {str(status): _response(status, found, issuer) for status, found in by_status.items()}


def _service_paths() -> dict[str, Any]:
    """Return the two routes of operation, which no blueprint describes."""
    ok = {
        "description": "OK",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["status"],
                    "properties": {"status": {"const": "ok"}},
                }
            }
        },
    }
    summaries = {
        "/healthz": "Tiến trình còn sống / the process lives.",
        "/readyz": "Sẵn sàng phục vụ / ready to serve.",
    }
    return {
        path: {"get": {"summary": text, "tags": ["service"], "responses": {"200": ok}}}
        for path, text in summaries.items()
    }


_HEADERS_OF = {308: "Location", 401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}


def _response(status: int, codes: list[str], issuer: str) -> dict[str, Any]:
    titles = [PROBLEMS[code].title for code in codes]
    first = PROBLEMS[codes[0]]
    response: dict[str, Any] = {
        "description": "; ".join(f"{title.vi} / {title.en}" for title in titles),
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "allOf": [{"$ref": "#/components/schemas/Problem"}],
                    "properties": {"code": {"enum": codes}, "status": {"const": status}},
                },
                "example": {
                    "type": f"{issuer}/problems/{codes[0]}",
                    "title": first.title.vi,
                    "status": status,
                    "detail": first.title.vi,
                    "code": codes[0],
                    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
                },
            }
        },
    }
    if status in _HEADERS_OF:
        response["headers"] = {
            _HEADERS_OF[status]: {"required": True, "schema": {"type": "string"}}
        }
    return response


def _add_parameters(path: str, operation: dict[str, Any], view: View, example: Example) -> None:
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        if parameter.get("name") in example.query:
            parameter["example"] = example.query[parameter["name"]]
    names = (*(_PURPOSE if getattr(view, "personal", False) else ()), *_ALWAYS)
    if getattr(view, "required_scope", None) is not None:
        names = (*names, "Proof")
    if path in _TAGGED:
        names = (*names, "IfNoneMatch")
    parameters.extend({"$ref": f"#/components/parameters/{name}"} for name in names)


def _header(name: str, about: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": about,
        "schema": {"type": "string", **schema},
    }


_PARAMETERS = {
    "Procedure": {
        **_header(
            "Sogoc-Procedure",
            "Mã thủ tục hành chính / code of the administrative procedure.",
            required=True,
            pattern=f"^{PROCEDURE_PATTERN}$",
        ),
        "example": "1.004222",
    },
    "Case": {
        **_header(
            "Sogoc-Case",
            "Số hồ sơ của cơ quan / the agency's case number.",
            required=True,
            pattern=f"^{CASE_PATTERN}$",
        ),
        "example": "H29-0001",
    },
    "Language": _header("Accept-Language", "Ngôn ngữ của lỗi / language of problems: vi, en."),
    "Trace": _header("traceparent", "W3C Trace Context; trở lại ở / comes back as trace_id."),
    "Proof": _header(
        "DPoP",
        "Bằng chứng giữ khóa, khi mã truy cập gắn với khóa / the proof that a token bound to a key"
        " needs (RFC 9449); then Authorization is `DPoP <token>`, and the answer has a DPoP-Nonce.",
    ),
    "IfNoneMatch": _header("If-None-Match", "ETag đã có / the ETag held."),
}


def _security(issuer: str) -> dict[str, Any]:
    return {
        "oauth2": {
            "type": "oauth2",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": f"{issuer}/oauth/token",
                    "scopes": {name: f"{text.vi} / {text.en}" for name, text in SCOPES.items()},
                }
            },
        },
        "client": {
            "type": "http",
            "scheme": "basic",
            "description": "client_secret_basic, chỉ cho dữ liệu thử / in the sandbox only.",
        },
    }


def _problem_schema() -> dict[str, Any]:
    texts = {"type": "array", "items": {"type": "string"}}
    return {
        "type": "object",
        "description": "RFC 9457.",
        "required": ["type", "title", "status", "detail", "code", "trace_id"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string", "enum": sorted(PROBLEMS)},
            "trace_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "attributes": texts,
            "candidates": {"type": "array", "items": {"type": "object"}},
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
