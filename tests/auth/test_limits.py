"""Who calls too often is refused until the window ends, however many workers it calls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from auth.clients import count_change
from auth.limits import Limiter
from auth.models import CallCount, Client, SharedSecret
from auth.subjects import Subjects
from auth.tokens import TokenVerifier
from registry.app import create_app
from registry.citizens import changes
from registry.citizens.records import find_record_ids
from registry.kernel.clock import fixed
from registry.kernel.db import Database
from registry.kernel.settings import Settings, SettingsError
from tests.conftest import PURPOSE, Service
from tests.people import BAY, LAN, change

START = datetime(2026, 6, 1, 3, 0, 0, tzinfo=UTC)
LOOKUP = {"identifiers": [LAN], "fields": ["name.full"]}


@pytest.fixture
def registry(service: Service) -> Service:
    """Give the service with two people."""
    with service.database.transaction() as session:
        changes.apply_changes(session, [change(LAN), change(BAY)], source="test", load=None)
    return service


def _limit(service: Service, calls: int | None) -> None:
    with service.database.transaction() as session:
        session.execute(sa.update(Client).values(calls_per_minute=calls))
        count_change(session)
    service.app.extensions["sogoc"].verifier._asked = float("-inf")


def _limiter(service: Service, subject: int = 0) -> Limiter:
    """Return the limiter of another worker on the same database."""
    state = service.app.extensions["sogoc"]
    verifier = TokenVerifier(state.keys, state.settings.issuer, service.database)
    verifier.look()
    return Limiter(
        service.database, verifier, calls_per_minute=6000, subject_calls_per_hour=subject
    )


def _lookup(service: Service, token: str) -> TestResponse:
    headers = {**PURPOSE, "Authorization": f"Bearer {token}"}
    return service.app.test_client().post("/v1/citizens/lookup", json=LOOKUP, headers=headers)


def _me(service: Service, token: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"}
    return service.app.test_client().get("/v1/me/agreement", headers=headers)


def test_a_client_over_its_own_limit_is_refused_and_that_is_logged(registry: Service) -> None:
    _limit(registry, 2)
    with fixed(START + timedelta(seconds=48)):
        token = registry.token()
        assert [_lookup(registry, token).status_code for _ in range(2)] == [200, 200]
        refused = _lookup(registry, token)
    assert refused.status_code == 429
    assert refused.mimetype == "application/problem+json"
    assert refused.get_json()["code"] == "too-many-requests"
    assert refused.headers["Retry-After"] == "12"
    assert refused.headers["RateLimit-Policy"] == '"client";q=2;w=60'
    assert refused.headers["RateLimit"] == '"client";r=0;t=12'
    assert [(r.outcome, r.reason, r.context.client_id) for r in registry.rows()] == [
        ("delivered", None, "ward-office"),
        ("delivered", None, "ward-office"),
        ("refused", "too-many-requests", "ward-office"),
    ]


def test_a_refused_request_is_a_call_too(registry: Service) -> None:
    _limit(registry, 2)
    with fixed(START):
        bearer = {"Authorization": f"Bearer {registry.token()}"}
        client = registry.app.test_client()
        answers = [
            client.post("/v1/citizens/lookup", json=LOOKUP, headers=bearer).status_code
            for _ in range(3)
        ]
    assert answers == [400, 400, 429]


def test_a_window_ends_on_the_full_minute(registry: Service) -> None:
    _limit(registry, 1)
    last = START + timedelta(seconds=59, microseconds=999_999)
    with fixed(START):
        token = registry.token()
        assert _me(registry, token).status_code == 200
    with fixed(last):
        refused = _me(registry, token)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    with fixed(START + timedelta(minutes=1)):
        assert _me(registry, token).status_code == 200
        assert _me(registry, token).headers["Retry-After"] == "60"


@pytest.mark.parametrize("ask", [_lookup, _me], ids=["short way", "Flask"])
def test_an_answer_says_how_many_calls_are_left(registry: Service, ask: type) -> None:
    with fixed(START + timedelta(seconds=17)):
        token = registry.token()
        ask(registry, token)
        answer = ask(registry, token)
    assert answer.status_code == 200
    assert answer.headers.getlist("RateLimit-Policy") == ['"client";q=6000;w=60']
    assert answer.headers.getlist("RateLimit") == ['"client";r=5998;t=43']


def test_without_a_limit_nothing_is_counted(registry: Service) -> None:
    _limit(registry, 0)
    with fixed(START):
        token = registry.token()
        for ask in (_lookup, _me):
            answer = ask(registry, token)
            assert answer.status_code == 200
            assert "RateLimit" not in answer.headers
    with registry.database.reading() as session:
        assert session.scalars(sa.select(CallCount)).all() == []


def test_a_setting_below_zero_stops_the_start() -> None:
    for name in ("CLIENT_CALLS_PER_MINUTE", "SUBJECT_CALLS_PER_HOUR"):
        with pytest.raises(SettingsError, match=name):
            Settings.from_environ({f"SOGOC_{name}": "-1"})


def test_a_worker_asks_the_database_once_for_a_batch_of_the_calls(service: Service) -> None:
    limiter, batch = _limiter(service), {"sqlite": 600, "postgresql": 60}[service.database.dialect]
    with fixed(START):
        rates = [limiter.call("ward-office") for _ in range(batch + 1)]
        with service.database.reading() as session:
            assert session.scalar(sa.select(CallCount.used)) == 2 * batch
    assert [rate.left for rate in rates if rate] == list(range(5999, 5998 - batch, -1))


def test_a_smaller_limit_holds_for_what_was_borrowed_before(service: Service) -> None:
    limiter = _limiter(service)
    with fixed(START):
        first = limiter.call("ward-office")
        assert first
        assert first.allowed
        _limit(service, 5)
        limiter._verifier._asked = float("-inf")
        limiter._verifier.look()
        second = limiter.call("ward-office")
    assert second
    assert not second.allowed


def test_windows_that_are_over_are_removed(service: Service) -> None:
    limiter = _limiter(service)
    for minutes in (0, 1, 5):
        with fixed(START + timedelta(minutes=minutes)):
            limiter.call("ward-office")
    with service.database.reading() as session:
        assert session.scalars(sa.select(CallCount.ends_at)).all() == [START + timedelta(minutes=6)]


@pytest.mark.parametrize("limit", [1, 7, 400])
def test_four_workers_together_hold_the_limit(service: Service, limit: int) -> None:
    _limit(service, limit)
    start = Barrier(4)

    def work(limiter: Limiter) -> int:
        start.wait()
        rates = [limiter.call("ward-office") for _ in range(limit)]
        return sum(rate.allowed for rate in rates if rate)

    with fixed(START), ThreadPoolExecutor(4) as workers:
        answered = sum(workers.map(work, [_limiter(service) for _ in range(4)]))
    assert limit * 0.95 <= answered <= limit


def test_threads_of_one_worker_spend_no_call_twice(service: Service) -> None:
    _limit(service, 300)
    limiter = _limiter(service)

    def work(_: int) -> int:
        rates = [limiter.call("ward-office") for _ in range(150)]
        return sum(rate.allowed for rate in rates if rate)

    with fixed(START), ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(work, range(4))) == 300


def _strict(service: Service, quota: int) -> Service:
    """Return the service with another limit for one person."""
    settings = replace(service.app.extensions["sogoc"].settings, subject_calls_per_hour=quota)
    return Service(create_app(settings, service.database), service.database, service.secret)


def test_a_person_asked_for_too_often_is_refused_on_the_short_way(registry: Service) -> None:
    strict = _strict(registry, 2)
    with fixed(START + timedelta(minutes=50)):
        token = strict.token()
        answers = [_lookup(strict, token) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["Retry-After"] == "600"
    assert answers[2].headers["RateLimit-Policy"] == '"subject";q=2;w=3600'
    assert answers[2].headers["RateLimit"] == '"subject";r=0;t=600'
    assert LAN not in answers[2].text
    assert [(r.outcome, r.reason) for r in registry.rows()][2:] == [
        ("refused", "too-many-requests")
    ]
    with fixed(START + timedelta(minutes=60)):
        assert _lookup(strict, strict.token()).status_code == 200
    strict.app.extensions["sogoc"].hot_lookup.close()


def test_a_record_asked_for_too_often_is_refused_by_its_id(registry: Service) -> None:
    strict = _strict(registry, 1)
    with registry.database.reading() as session:
        ids = find_record_ids(session, [LAN, BAY])
    with fixed(START):
        first, again, other = (
            strict.call("GET", f"/v1/citizens/{record_id}?fields=name.full")
            for record_id in (ids[LAN], ids[LAN], ids[BAY])
        )
    assert [first.status_code, again.status_code, other.status_code] == [200, 429, 200]
    strict.app.extensions["sogoc"].hot_lookup.close()


def test_a_person_verified_too_often_is_refused(registry: Service) -> None:
    strict = _strict(registry, 1)
    question = {"identifier": LAN, "claims": {"name.full": "X"}}
    with fixed(START):
        answers = [
            strict.call("POST", "/v1/citizens/verify", json=question).status_code for _ in "ab"
        ]
    assert answers == [200, 429]
    strict.app.extensions["sogoc"].hot_lookup.close()


def test_four_workers_together_hold_the_limit_of_a_person(service: Service) -> None:
    workers = [_limiter(service, 120) for _ in range(4)]
    with fixed(START):
        answered = sum(
            workers[call % 4].ask("ward-office", [LAN]) is None for call in range(4 * 120)
        )
        assert workers[0].ask("ward-office", [BAY]) is None
        assert workers[0].ask("other", [LAN]) is None
    assert 114 <= answered <= 126


def test_no_number_can_be_read_or_tried_out_in_the_counters(database: Database) -> None:
    def kept() -> list[str]:
        with fixed(START):
            assert Subjects(database, 1).ask("ward-office", [LAN], START.timestamp() + 3600)
        with database.transaction() as session:
            found = list(session.scalars(sa.select(CallCount.subject)))
            session.execute(sa.delete(CallCount))
        return found

    before, again = kept(), kept()
    assert LAN not in before[0]
    assert before == again
    # Keyed: with another secret, the same person is another text.
    with database.transaction() as session:
        session.execute(sa.delete(SharedSecret))
    assert kept() != before


def test_memory_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth.subjects._REMEMBERED", 10)
    subjects = Subjects(database, 120)
    for number in range(100):
        assert subjects.ask("ward-office", [str(number)], START.timestamp())
        assert len(subjects._counts) <= 10
