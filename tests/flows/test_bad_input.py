"""Bad requests: each has its own status and problem, tells nothing, and is logged if personal."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from registry.citizens.changes import apply_changes
from registry.citizens.records import find_record_ids
from registry.problems import MEDIA_TYPE
from tests.conftest import ISSUER, PURPOSE, Service
from tests.people import LAN, change

LOOKUP = "/v1/citizens/lookup"
SEARCH = "/v1/citizens/search"
VERIFY = "/v1/citizens/verify"
QUESTION = {"identifiers": [LAN], "fields": ["name"]}
NAME = "Nguyễn Thị Lan"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TELLING = (LAN, NAME, "Nguyễn", "1990-05-17")


@pytest.fixture
def registry(service: Service, caplog: pytest.LogCaptureFixture) -> Iterator[Service]:
    """Give the service with one person in it; afterwards no log may have told of her."""
    caplog.set_level(logging.DEBUG)
    with service.database.transaction() as session:
        apply_changes(session, [change()], source="test", load=None)
    yield service
    for record in caplog.get_records("call"):
        told = record.getMessage() + str(record.exc_text or "")
        assert not any(text in told for text in (*TELLING, service.secret, "eyJ"))


def _problem(
    service: Service, answer: TestResponse, status: int, code: str, *, rows: int = 1
) -> dict[str, Any]:
    """Check a problem document, that it is silent, and the row of the refusal."""
    found = answer.get_json()
    assert (answer.status_code, found.get("code")) == (status, code), found
    assert answer.content_type == MEDIA_TYPE
    assert answer.headers["Cache-Control"] == "no-store"
    assert found["type"] == f"{ISSUER}/problems/{code}"
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    assert len(found["trace_id"]) == 32
    assert not any(text in answer.text for text in (*TELLING, "Traceback", "eyJ"))
    logged = [(row.outcome, row.reason, row.trace_id) for row in service.rows()]
    assert logged == [("refused", code, found["trace_id"])] * rows
    return dict(found)


def _send(service: Service, body: bytes, path: str = LOOKUP, **headers: str) -> TestResponse:
    kind = {"Content-Type": "application/json"}
    return service.call("POST", path, data=body, headers={**PURPOSE, **kind, **headers})


BROKEN = {
    "empty": b"",
    "half": b'{"identifiers": ["900190000001"], "fields"',
    "text": b"identifiers=900190000001",
    "NaN": b'{"identifiers": NaN, "fields": ["name"]}',
    "infinity": b'{"identifiers": [-Infinity], "fields": ["name"]}',
    "utf-8": b'{"identifiers": ["900190000001"], "fields": ["\xff\xfe"]}',
    "utf-16": '{"identifiers": ["900190000001"], "fields": ["name"]}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"identifiers": ["900190000001"], "fields": ["name"]}',
    "lone surrogate": b'{"identifiers": ["900190000001"], "fields": ["\\ud800"]}',
    "raw control": b'{"identifiers": ["900190000001"], "fields": ["name\x00"]}',
    "deep list": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"fields":' * 50_000 + b"1" + b"}" * 50_000,
    "rather deep": b"[" * 1000 + b"]" * 1000,
    "two documents": b'{"identifiers": ["900190000001"], "fields": ["name"]} {}',
    "comment": b'{"identifiers": ["900190000001"], "fields": ["name"]} // x',
    "trailing comma": b'{"identifiers": ["900190000001",], "fields": ["name"]}',
    "name twice": b'{"identifiers": ["900190000001"], "fields": ["name"], "fields": ["sex"]}',
    "name twice, once escaped": b'{"identifiers": [], "fields": ["name"], '
    b'"\\u0069dentifiers": ["900190000001"]}',
    "name twice below": b'{"identifiers": ["900190000001"], "fields": ["name"],'
    b' "x": {"y": 1, "y": 2}}',
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_not_json_is_malformed(registry: Service, body: bytes) -> None:
    _problem(registry, _send(registry, body), 400, "malformed")


@pytest.mark.parametrize("body", [b"[]", b"null", b"7", b'"x"', b"true", b"[{}]"])
def test_json_that_is_no_object_is_malformed(registry: Service, body: bytes) -> None:
    found = _problem(registry, _send(registry, body), 400, "malformed")
    assert [(e["pointer"], e["code"]) for e in found["errors"]] == [("", "type")]


MALFORMED: dict[str, tuple[dict[str, Any], set[tuple[str, str]]]] = {
    "nothing": ({}, {("/identifiers", "required"), ("/fields", "required")}),
    "null": (
        {"identifiers": None, "fields": None},
        {("/identifiers", "type"), ("/fields", "type")},
    ),
    "text for a list": ({"identifiers": LAN, "fields": ["name"]}, {("/identifiers", "type")}),
    "number": (
        {"identifiers": [int(LAN)], "fields": ["name"]},
        {("/identifiers/0", "type")},
    ),
    "boolean": (
        {"identifiers": [True, LAN], "fields": [False]},
        {("/identifiers/0", "type"), ("/fields/0", "type")},
    ),
    "list in the list": (
        {"identifiers": [[LAN]], "fields": ["name"]},
        {("/identifiers/0", "type")},
    ),
    "none asked": (
        {"identifiers": [], "fields": []},
        {("/identifiers", "too_few"), ("/fields", "too_few")},
    ),
    "too many": ({"identifiers": [LAN] * 1001, "fields": ["name"]}, {("/identifiers", "too_many")}),
    "too many fields": (
        {"identifiers": [LAN], "fields": ["name"] * 131},
        {("/fields", "too_many")},
    ),
    "unknown parameters": (
        QUESTION | {"colour": 1, "as_off": "2020-01-01"},
        {("/colour", "unknown"), ("/as_off", "unknown")},
    ),
    "a person's number as a name": (QUESTION | {LAN: 1}, {("/*", "unknown")}),
    "a person's name as a name": (QUESTION | {NAME: 1}, {("/*", "unknown")}),
    "unknown fields": (
        {"identifiers": [LAN], "fields": ["name", "shoe_size", "nam"]},
        {("/fields/1", "unknown_field"), ("/fields/2", "unknown_field")},
    ),
    "a flag": ({"identifiers": [LAN], "fields": ["uncertain"]}, {("/fields/0", "automatic_field")}),
    "number for a day": (QUESTION | {"as_of": 20200101}, {("/as_of", "type")}),
    "boolean for a moment": (QUESTION | {"known_at": True}, {("/known_at", "type")}),
    "everything at once": (
        {"identifiers": ["x"], "fields": ["nam"], "as_of": "yesterday", "colour": 1},
        {
            ("/identifiers/0", "identifier"),
            ("/fields/0", "unknown_field"),
            ("/as_of", "date"),
            ("/colour", "unknown"),
        },
    ),
}


@pytest.mark.parametrize(("body", "errors"), MALFORMED.values(), ids=MALFORMED.keys())
def test_every_wrong_parameter_is_named_at_once(
    registry: Service, body: dict[str, Any], errors: set[tuple[str, str]]
) -> None:
    found = _problem(registry, _send(registry, json.dumps(body).encode()), 400, "malformed")
    assert {(e["pointer"], e["code"]) for e in found["errors"]} == errors


@pytest.mark.parametrize("value", [5, True, None, "x", [], [["name"]], [{}]])
@pytest.mark.parametrize(
    ("path", "name", "rest"),
    [
        (SEARCH, "criteria", {"fields": ["name"]}),
        (VERIFY, "claims", {"identifier": LAN, "predicates": ["is_over:18"]}),
    ],
)
def test_an_object_is_needed_where_one_is_meant(
    registry: Service, path: str, name: str, rest: dict[str, Any], value: Any
) -> None:
    body = json.dumps({**rest, name: value}).encode()
    found = _problem(registry, _send(registry, body, path), 400, "malformed")
    assert (f"/{name}", "type") in {(e["pointer"], e["code"]) for e in found["errors"]}


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        f" {LAN}",
        f"{LAN} ",
        f"{LAN}\n",
        "900 190 000 001",
        "900190000001\u0000",
        "\uff19\uff10\uff10\uff11\uff19\uff10\uff10\uff10\uff10\uff10\uff10\uff11",
        "\u0660" * 12,
        "90019000000",
        "9001900000011",
        "90019000000x",
        "-90019000001",
        "1e11",
        "'; DROP TABLE citizen; --",
        "x" * 10_000,
    ],
    ids=range(16),
)
def test_an_identifier_is_never_repaired(registry: Service, value: str) -> None:
    body = {"identifiers": [value], "fields": ["name"]}
    found = _problem(registry, _send(registry, json.dumps(body).encode()), 422, "invalid")
    assert [(e["pointer"], e["code"]) for e in found["errors"]] == [
        ("/identifiers/0", "identifier")
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("as_of", "2020-02-30"),
        ("as_of", "20200101"),
        ("as_of", "2020-W01-1"),
        ("as_of", "2020-01-01\n"),
        ("as_of", "\uff12\uff10\uff12\uff10-01-01"),
        ("as_of", "2020-01-01T00:00:00Z"),
        ("as_of", ""),
        ("known_at", "2020-01-01"),
        ("known_at", "2020-01-01T00:00:00"),
        ("known_at", "2020-01-01T25:00:00Z"),
        ("known_at", "0001-01-01T00:00:00+14:00"),
        ("known_at", "9999-12-31T23:59:59-14:00"),
    ],
)
def test_a_time_that_is_none_is_invalid(registry: Service, name: str, value: str) -> None:
    body = json.dumps(QUESTION | {name: value}).encode()
    found = _problem(registry, _send(registry, body), 422, "invalid")
    assert [(e["pointer"], e["code"]) for e in found["errors"]] == [(f"/{name}", "date")]


@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_days_too(registry: Service, value: str) -> None:
    asked = {"identifiers": [LAN], "fields": ["name", "age", "residence"], "as_of": value}
    assert _send(registry, json.dumps(asked).encode()).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SEARCH, {"criteria": {"name": "Lan\u0000", "birth_date": "1990"}, "fields": ["name"]}),
        (SEARCH, {"criteria": {"name": "Lan\u001b[2J", "birth_date": "1990"}, "fields": ["name"]}),
        (VERIFY, {"identifier": LAN, "predicates": ["is_over:18\u0000"]}),
    ],
)
def test_control_characters_are_refused(registry: Service, path: str, body: dict[str, Any]) -> None:
    found = _problem(registry, _send(registry, json.dumps(body).encode(), path), 422, "invalid")
    assert [e["code"] for e in found["errors"]] == ["control"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SEARCH, {"criteria": {"name": "Lan"}, "fields": ["name"]}),
        (SEARCH, {"criteria": {"name": "Lan", "birth_date": "05/17/1990"}, "fields": ["name"]}),
        (VERIFY, {"identifier": LAN, "predicates": ["is_over:" + "9" * 5000]}),
        (VERIFY, {"identifier": LAN, "predicates": ["is_rich"]}),
        (VERIFY, {"identifier": LAN, "predicates": ["is_over:\uff11\uff18"]}),
        (VERIFY, {"identifier": f"{LAN}\n", "predicates": ["is_over:18"]}),
    ],
    ids=range(6),
)
def test_values_that_break_a_rule_are_invalid(
    registry: Service, path: str, body: dict[str, Any]
) -> None:
    _problem(registry, _send(registry, json.dumps(body).encode(), path), 422, "invalid")


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/xml",
        "application/problem+json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "",
    ],
)
def test_a_body_of_another_kind_is_unsupported(registry: Service, kind: str) -> None:
    answer = _send(registry, json.dumps(QUESTION).encode(), **{"Content-Type": kind})
    _problem(registry, answer, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", 'application/json;charset="UTF-8"']
)
def test_utf_8_may_be_said(registry: Service, kind: str) -> None:
    answer = _send(registry, json.dumps(QUESTION).encode(), **{"Content-Type": kind})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml, image/*", "application/json;q=0"]
)
def test_who_accepts_no_json_gets_none(registry: Service, accept: str) -> None:
    answer = _send(registry, json.dumps(QUESTION).encode(), Accept=accept)
    _problem(registry, answer, 406, "not-acceptable")


def test_a_huge_body_is_too_large(registry: Service) -> None:
    body = json.dumps({"identifiers": [LAN] * 100_000, "fields": ["name"]}).encode()
    assert len(body) > 1_000_000
    _problem(registry, _send(registry, body), 413, "too-large")


@pytest.mark.parametrize(
    ("headers", "missing"),
    [
        ({}, {"Sogoc-Procedure", "Sogoc-Case"}),
        ({"Sogoc-Procedure": "1.004222"}, {"Sogoc-Case"}),
        ({"Sogoc-Case": "H29-0001"}, {"Sogoc-Procedure"}),
        ({"Sogoc-Procedure": "", "Sogoc-Case": ""}, {"Sogoc-Procedure", "Sogoc-Case"}),
        (PURPOSE | {"Sogoc-Case": "x" * 51}, {"Sogoc-Case"}),
        (PURPOSE | {"Sogoc-Case": "hồ sơ"}, {"Sogoc-Case"}),
        (PURPOSE | {"Sogoc-Case": "a\tb"}, {"Sogoc-Case"}),
        (PURPOSE | {"Sogoc-Case": "a b"}, {"Sogoc-Case"}),
        (PURPOSE | {"Sogoc-Case": "a\x7f"}, {"Sogoc-Case"}),
        (PURPOSE | {"Sogoc-Case": "a\x00b"}, {"Sogoc-Case"}),
        (PURPOSE | {"Sogoc-Procedure": "1.004222\x00"}, {"Sogoc-Procedure"}),
        (PURPOSE | {"Sogoc-Procedure": "1/004222"}, {"Sogoc-Procedure"}),
        (PURPOSE | {"Sogoc-Procedure": "\xb9.004222"}, {"Sogoc-Procedure"}),
    ],
    ids=range(13),
)
def test_without_a_purpose_nothing_is_answered(
    registry: Service, headers: dict[str, str], missing: set[str]
) -> None:
    answer = registry.app.test_client().post(
        LOOKUP,
        json=QUESTION,
        environ_overrides={
            "HTTP_AUTHORIZATION": f"Bearer {registry.token()}",
            # As a server hands them on: bytes as Latin-1.
            **{
                f"HTTP_{name.upper().replace('-', '_')}": value.encode().decode("latin-1")
                for name, value in headers.items()
            },
        },
    )
    found = _problem(registry, answer, 400, "purpose-missing")
    assert {e["pointer"] for e in found["errors"]} == {f"/headers/{name}" for name in missing}
    assert registry.rows()[0].client_id == "ward-office"


def test_a_case_of_fifty_signs_is_fine(registry: Service) -> None:
    answer = _send(registry, json.dumps(QUESTION).encode(), **{"Sogoc-Case": "x" * 50})
    assert answer.status_code == 200


def test_an_unknown_procedure_has_no_agreement(registry: Service) -> None:
    answer = _send(registry, json.dumps(QUESTION).encode(), **{"Sogoc-Procedure": "9.999999"})
    _problem(registry, answer, 403, "no-agreement")
    assert registry.rows()[0].procedure == "9.999999"


def test_an_attribute_outside_the_agreement_is_named(registry: Service) -> None:
    body = {"identifiers": [LAN], "fields": ["name", "religion"]}
    answer = _send(registry, json.dumps(body).encode())
    found = _problem(registry, answer, 403, "outside-agreement")
    assert found["attributes"] == ["religion"]
    assert "religion" in registry.rows()[0].attributes.split()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", LOOKUP, {"POST", "OPTIONS"}),
        ("PUT", LOOKUP, {"POST", "OPTIONS"}),
        ("GET", SEARCH, {"POST", "OPTIONS"}),
        ("GET", VERIFY, {"POST", "OPTIONS"}),
        ("DELETE", "/v1/citizens/01980000-0000-7000-8000-000000000001", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/v1/places", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_says_which_are_right(
    registry: Service, method: str, path: str, allowed: set[str]
) -> None:
    answer = registry.call(method, path, json=QUESTION)
    _problem(registry, answer, 405, "method-not-allowed", rows=0)
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/citizens", "/v1/citizen/x", "/x" * 500, "/docs/..%2f"]
)
def test_an_unknown_path_is_not_found(registry: Service, path: str) -> None:
    _problem(registry, registry.call("GET", path), 404, "not-found", rows=0)


@pytest.mark.parametrize(
    "record", ["x", "%00", "%FF", "x" * 300, "01980000-0000-7000-8000-00000000000x"]
)
def test_a_record_id_that_is_none_is_not_found_and_logged(registry: Service, record: str) -> None:
    answer = registry.call("GET", f"/v1/citizens/{record}?fields=name")
    _problem(registry, answer, 404, "not-found")


@pytest.mark.parametrize(
    ("query", "status", "errors"),
    [
        ("", 400, {("/fields", "required")}),
        ("fields=name&colour=red&as_of=x", 400, {("/colour", "unknown"), ("/as_of", "date")}),
        ("fields=name&as_of=2020-01-01&as_of=2021-01-01", 400, {("/as_of", "type")}),
        ("fields=name&as_of=2020-02-30", 422, {("/as_of", "date")}),
        ("fields=name%00", 400, {("/fields/0", "unknown_field")}),
        ("fields=", 400, {("/fields/0", "unknown_field")}),
        (f"fields=name&{LAN}=1", 400, {("/*", "unknown")}),
    ],
)
def test_a_wrong_query_is_told_by_parameter(
    registry: Service, query: str, status: int, errors: set[tuple[str, str]]
) -> None:
    with registry.database.reading() as session:
        record = find_record_ids(session, [LAN])[LAN]
    answer = registry.call("GET", f"/v1/citizens/{record}?{query}")
    found = _problem(registry, answer, status, {400: "malformed", 422: "invalid"}[status])
    assert {(e["pointer"], e["code"]) for e in found["errors"]} == errors


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("level=village", 422),
        ("parent=\uff17\uff19", 422),
        ("parent=79%0A", 422),
        ("q=%00", 422),
        ("limit=1e3", 400),
        ("limit=501", 422),
        ("limit=10&limit=20", 400),
        ("colour=red", 400),
    ],
)
def test_public_data_is_read_as_strictly(registry: Service, query: str, status: int) -> None:
    answer = registry.app.test_client().get(f"/v1/places?{query}")
    assert answer.status_code == status, answer.get_json()
    assert registry.rows() == []


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [
        (None, "vi", "Không tìm thấy"),
        ("vi", "vi", "Không tìm thấy"),
        ("en", "en", "Not found"),
        ("en-GB, vi;q=0.5", "en", "Not found"),
        ("vi-VN, en;q=0.5", "vi", "Không tìm thấy"),
        ("fr", "vi", "Không tìm thấy"),
        ("*", "vi", "Không tìm thấy"),
        ("en;q=0", "vi", "Không tìm thấy"),
        (";;;=\x7f", "vi", "Không tìm thấy"),
    ],
)
def test_a_problem_speaks_the_language_asked_for(
    registry: Service, accepted: str | None, language: str, title: str
) -> None:
    headers = {"Accept-Language": accepted} if accepted else {}
    answer = registry.app.test_client().get("/nowhere", headers=headers)
    assert answer.get_json()["title"] == title
    assert answer.headers["Content-Language"] == language


def test_both_languages_name_the_wrong_parameter(registry: Service) -> None:
    told = {}
    for language in ("vi", "en"):
        answer = _send(registry, b"{}", **{"Accept-Language": language})
        told[language] = answer.get_json()["errors"][0]["detail"]
    assert told == {
        "vi": "Thiếu tham số bắt buộc.",
        "en": "A required parameter is missing.",
    }


def test_the_callers_trace_comes_back(registry: Service) -> None:
    answer = _send(registry, b"{}", traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    assert answer.get_json()["trace_id"] == TRACE
    assert registry.rows()[0].trace_id == TRACE


@pytest.mark.parametrize(
    "sent",
    [
        f"00-{TRACE}-00f067aa0ba902b7",
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        LAN,
    ],
)
def test_a_trace_that_is_none_is_replaced(registry: Service, sent: str) -> None:
    answer = _send(registry, b"{}", traceparent=sent)
    assert answer.get_json()["trace_id"] not in {TRACE, "0" * 32}


def test_the_type_of_a_problem_leads_to_its_page(registry: Service) -> None:
    answer = _send(registry, b"{}")
    page = registry.app.test_client().get(answer.get_json()["type"].removeprefix(ISSUER))
    assert page.status_code == 200
    assert page.get_json()["code"] == "malformed"
    assert registry.app.test_client().get("/problems/none").status_code == 404
