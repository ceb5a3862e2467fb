"""The short way answers what Flask answers, byte for byte, or leaves it to Flask."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from auth.agreements import end_agreement, list_agreements
from registry.citizens import changes
from registry.citizens.records import find_record_ids
from registry.fastpath import FastPath
from registry.kernel.clock import VIET_NAM, fixed, now
from tests.conftest import PURPOSE, Service
from tests.people import BAY, LAN, change

FIELDS = ["name", "birth_date", "residence", "age", "effective_residence", "sex"]
MERGED, TWICE, HOLDER = "900190000009", "900190000006", "900190000007"

QUESTIONS: list[dict[str, Any]] = [
    {"identifiers": [LAN], "fields": FIELDS},
    {"identifiers": [LAN, "900190000099", LAN, BAY, MERGED], "fields": ["name.full"]},
    {"identifiers": [LAN, BAY], "fields": ["residence.permanent.address"]},
    {"identifiers": [MERGED], "fields": ["name.full"]},
    {"identifiers": [BAY], "fields": ["residence.permanent.address"]},
    {"identifiers": [BAY], "fields": ["name", "marital_status"]},
    {"identifiers": [TWICE], "fields": FIELDS},
    {"identifiers": ["900190000099"], "fields": ["name"]},
    {"identifiers": ["012345678"], "fields": ["name"]},
    {"identifiers": [LAN], "fields": ["religion"]},
    {"identifiers": [LAN], "fields": ["shoe_size"]},
    {"identifiers": [LAN + " "], "fields": ["name"]},
    {"identifiers": [LAN], "fields": ["name"], "as_of": "2020-01-01"},
    {"identifiers": [LAN], "fields": ["name"], "colour": "red"},
    {"identifiers": [], "fields": ["name"]},
    {"identifiers": LAN, "fields": ["name"]},
]


@pytest.fixture
def registry(service: Service) -> Service:
    nine = {"type": "nine_digit_id", "value": "012345678", "status": "expired"}
    # Cancelled on one record and in force on another: the number leads to both.
    old = {"type": "cancelled_id", "value": TWICE, "status": "cancelled"}
    with service.database.transaction() as session:
        people = [
            change(LAN, identifiers=[nine]),
            change(BAY),
            change(MERGED),
            change(TWICE),
            change(HOLDER, identifiers=[old]),
        ]
        changes.apply_changes(session, people, source="test", load=None)
        ids = find_record_ids(session, [LAN, BAY, MERGED])
        changes.set_secrecy(session, ids[BAY], "address")
        changes.merge(session, ids[MERGED], ids[LAN])
    return service


@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
def test_both_ways_answer_alike(registry: Service, question: dict[str, Any]) -> None:
    trace = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    moment = now()
    headers = {**PURPOSE, **trace, "Authorization": f"Bearer {registry.token()}"}
    short = registry.app.wsgi_app
    assert isinstance(short, FastPath)
    answers = []
    standings = []
    for way in (short, short._wsgi):
        registry.app.wsgi_app = way  # type: ignore[assignment,method-assign]
        # In one minute, or the second call could be the first of the next.
        with fixed(moment):
            answer = registry.app.test_client().post(
                "/v1/citizens/lookup", json=question, headers=headers
            )
        sent = sorted((k, v) for k, v in answer.headers.items() if k not in {"Date", "RateLimit"})
        standings.append(int(answer.headers["RateLimit"].split(";")[1].removeprefix("r=")))
        answers.append((answer.status_code, answer.data, sent))
    assert answers[0] == answers[1]
    assert "RateLimit-Policy" in dict(answers[0][2])
    # Each way counts the call, and no call is counted by both.
    assert standings == [5999, 5998]
    logged = [
        (r.outcome, r.reason, r.subject_id, r.attributes, r.trace_id) for r in registry.rows()
    ]
    half = len(logged) // 2
    assert half
    assert logged[:half] == logged[half:]


def test_the_short_way_really_answers(registry: Service) -> None:
    behind: list[str] = []
    short = registry.app.wsgi_app
    assert isinstance(short, FastPath)
    flask = short._wsgi

    def counting(environ: Any, start_response: Any) -> Any:
        behind.append(environ["PATH_INFO"])
        return flask(environ, start_response)

    short._wsgi = counting
    answer = registry.call("POST", "/v1/citizens/lookup", json=QUESTIONS[0])
    assert answer.status_code == 200
    assert behind == ["/oauth/token"]


def _ask(registry: Service, token: str) -> int:
    headers = {**PURPOSE, "Authorization": f"Bearer {token}"}
    question = {"identifiers": [LAN], "fields": ["name.full"]}
    client = registry.app.test_client()
    return client.post("/v1/citizens/lookup", json=question, headers=headers).status_code


def test_what_is_remembered_of_a_client_ends_with_the_token(registry: Service) -> None:
    token = registry.token()
    assert _ask(registry, token) == 200
    with fixed(now() + timedelta(seconds=301)):
        assert _ask(registry, token) == 401
    assert _ask(registry, token) == 200


def test_what_is_remembered_of_a_client_ends_with_the_day(registry: Service) -> None:
    last = datetime(2026, 6, 1, 23, 59, 50, tzinfo=VIET_NAM)
    with registry.database.transaction() as session:
        [held] = list_agreements(session)
        end_agreement(session, held.id, date(2026, 6, 2))
    with fixed(last):
        token = registry.token()
        assert _ask(registry, token) == 200
    with fixed(last + timedelta(seconds=20)):
        assert _ask(registry, token) == 403
    with fixed(last):
        assert _ask(registry, token) == 200


def test_a_number_that_leads_to_two_records_is_logged_once(registry: Service) -> None:
    question = {"identifiers": [TWICE], "fields": ["name.full"]}
    answer = registry.call("POST", "/v1/citizens/lookup", json=question)
    [result] = answer.get_json()["results"]
    [row] = registry.rows()
    assert (row.outcome, row.subject_id) == ("delivered", result["record"]["id"])
