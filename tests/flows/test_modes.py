"""The look-up of citizens in each mode: what is asked at the source, what is kept, what is told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from registry.app import create_app
from registry.citizens import changes
from registry.citizens.records import find_record_ids
from registry.citizens.sourced import CitizenReader
from registry.citizens.verification import freshness
from registry.fastpath import FastPath
from registry.kernel import clock
from registry.kernel.db import Database
from registry.upstream import modes
from registry.upstream.modes import Mode
from tests.conftest import PURPOSE, Service
from tests.people import BAY, LAN, change
from tests.sources import CELLS, FakeNation, nation

START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
NOBODY = "900190000009"
OLD_NUMBER = "900000001"
TTL, STALE = 3600, 7200


@pytest.fixture
def upstream() -> Iterator[FakeNation]:
    with nation() as made:
        yield made


@pytest.fixture
def registry(service: Service, tmp_path: Path) -> Iterator[Service]:
    """Give the service with a folder of secrets of its own."""
    settings = replace(
        service.app.extensions["sogoc"].settings, source_dir=str(tmp_path / "sources")
    )
    app = create_app(settings, service.database)
    yield replace(service, app=app)
    app.extensions["sogoc"].hot_lookup.close()
    _reader(app).close()


def _reader(app: Any) -> CitizenReader:
    reader: CitizenReader = app.extensions["sogoc"].citizens
    return reader


def _switch(service: Service, mode: Mode) -> None:
    with service.database.transaction() as session:
        modes.set_mode(session, mode, "steward")
    # As half a second would.
    _reader(service.app)._modes._asked = float("-inf")


@pytest.fixture
def cache(registry: Service, upstream: FakeNation) -> Service:
    _switch(registry, Mode("citizens", "cache", upstream.url, TTL, STALE))
    return registry


@pytest.fixture
def pointer(registry: Service, upstream: FakeNation) -> Service:
    _switch(registry, Mode("citizens", "pointer", upstream.url))
    return registry


def _ask(service: Service, *identifiers: str, fields: Any = ("name.full",), **more: Any) -> Any:
    return service.call(
        "POST",
        "/v1/citizens/lookup",
        json={"identifiers": identifiers, "fields": list(fields), **more},
    )


def _results(answer: TestResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.get_json()
    results: list[dict[str, Any]] = answer.get_json()["results"]
    return results


def _name(answer: TestResponse) -> str:
    [result] = _results(answer)
    return str(result["record"]["name"]["full"])


def _refused(answer: TestResponse, status: int, code: str) -> None:
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def _logged(service: Service) -> list[tuple[str, str | None]]:
    return [(row.outcome, row.reason) for row in service.rows()]


@pytest.fixture(params=["cache", "pointer"])
def either(request: pytest.FixtureRequest, registry: Service, upstream: FakeNation) -> Service:
    cached = request.param == "cache"
    _switch(registry, Mode("citizens", request.param, upstream.url, TTL if cached else 0))
    return registry


def test_nobody_is_asked_about_who_may_not_be_asked_about_here(
    either: Service, upstream: FakeNation
) -> None:
    _refused(_ask(either, LAN, fields=["religion"]), 403, "outside-agreement")
    _refused(_ask(either, LAN, fields=["shoe_size"]), 400, "malformed")
    assert upstream.calls == []


def test_a_claim_that_may_not_be_made_is_not_asked_about(
    cache: Service, upstream: FakeNation
) -> None:
    verify = {"identifier": LAN, "claims": {"religion": "00"}}
    _refused(cache.call("POST", "/v1/citizens/verify", json=verify), 403, "outside-agreement")
    assert upstream.calls == []


def test_a_first_look_up_fetches_and_the_next_do_not(cache: Service, upstream: FakeNation) -> None:
    with clock.fixed(START):
        assert _name(_ask(cache, LAN)) == "Nguyễn Thị Lan"
        assert _name(_ask(cache, OLD_NUMBER)) == "Nguyễn Thị Lan"
        assert _name(_ask(cache, LAN)) == "Nguyễn Thị Lan"
    assert upstream.calls == [[LAN]]
    assert _logged(cache) == [("delivered", None)] * 3
    with cache.database.reading() as session:
        [source] = session.execute(sa.text("SELECT DISTINCT source FROM citizen_version")).all()
    assert source == ("127.0.0.1",)


def _versions(service: Service) -> int:
    with service.database.reading() as session:
        return session.scalar(sa.text("SELECT count(*) FROM citizen_version")) or 0


def test_what_is_too_old_is_asked_again_and_kept_only_where_it_changed(
    cache: Service, upstream: FakeNation
) -> None:
    with clock.fixed(START):
        _ask(cache, LAN)
    with clock.fixed(START + timedelta(seconds=TTL - 1)):
        _ask(cache, LAN)
    assert len(upstream.calls) == 1
    with clock.fixed(START + timedelta(seconds=TTL)):
        _ask(cache, LAN)
    assert (len(upstream.calls), _versions(cache)) == (2, 1)
    upstream.people[LAN] = CELLS | {"full_name": "Nguyễn Thị Lan Anh"}
    later = START + timedelta(days=2)
    with clock.fixed(later):
        assert _name(_ask(cache, LAN)) == "Nguyễn Thị Lan Anh"
        day_before = (later - timedelta(days=1)).date().isoformat()
        assert _name(_ask(cache, LAN, as_of=day_before)) == "Nguyễn Thị Lan"
    assert (len(upstream.calls), _versions(cache)) == (3, 3)


def test_the_time_of_confirmation_is_told_where_it_is_asked(
    cache: Service, upstream: FakeNation
) -> None:
    fields = ["sex", "last_verified_at"]
    with clock.fixed(START):
        [first] = _results(_ask(cache, LAN, fields=fields))
    assert first["record"]["last_verified_at"] == "2026-11-25T03:00:00+00:00"
    with clock.fixed(START + timedelta(seconds=60)):
        [second] = _results(_ask(cache, LAN, fields=fields))
        assert second == first
        search = {"criteria": {"name": "nguyen thi lan", "birth_date": "1990-05-17"}}
        found = cache.call("POST", "/v1/citizens/search", json=search | {"fields": fields})
        assert found.get_json()["record"] == first["record"]
        read = cache.call("GET", f"/v1/citizens/{first['record']['id']}?fields={','.join(fields)}")
        assert read.get_json() == first["record"]
        with cache.database.reading() as session:
            told = freshness(session)
    assert (told.records, told.verified, told.denied) == (1, 1, 0)
    assert told.oldest == told.newest == START
    assert len(upstream.calls) == 1


def test_a_silent_source_leaves_late_copies_for_a_stated_time_and_marked(
    cache: Service, upstream: FakeNation
) -> None:
    with clock.fixed(START):
        [fresh] = _results(_ask(cache, LAN))
    path = f"/v1/citizens/{fresh['record']['id']}?fields=name.full"
    upstream.breaks(b"", 500)
    with clock.fixed(START + timedelta(seconds=TTL + STALE - 1)):
        late = {**fresh["record"], "unverified": ["name.full"]}
        assert _results(_ask(cache, LAN)) == [{**fresh, "record": late}]
        assert cache.call("GET", path).get_json() == late
        _refused(_ask(cache, LAN, BAY), 503, "unavailable")
    with clock.fixed(START + timedelta(seconds=TTL + STALE)):
        answer = _ask(cache, LAN)
        _refused(answer, 503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert cache.call("GET", path).status_code == 503
    assert _logged(cache)[-1] == ("refused", "unavailable")


def test_nobody_is_remembered_only_for_a_moment(cache: Service, upstream: FakeNation) -> None:
    for _ in range(2):
        assert [r["status"] for r in _results(_ask(cache, NOBODY))] == ["not_found"]
    assert upstream.calls == [[NOBODY]]
    _reader(cache.app)._link._absent._until.clear()  # type: ignore[union-attr]
    _ask(cache, NOBODY)
    assert len(upstream.calls) == 2
    assert _logged(cache) == [("not_found", None)] * 3


def test_whom_the_source_no_longer_knows_is_not_answered_from_the_copy(
    cache: Service, upstream: FakeNation
) -> None:
    with clock.fixed(START):
        [held] = _results(_ask(cache, LAN))
    del upstream.people[LAN]
    later = START + timedelta(seconds=TTL)
    claim = {"identifier": LAN, "claims": {"name.full": "Nguyễn Thị Lan"}}
    with clock.fixed(later):
        assert cache.call("POST", "/v1/citizens/verify", json=claim).get_json()["claims"] == {
            "name.full": "unknown"
        }
        for _ in range(2):
            assert [r["status"] for r in _results(_ask(cache, LAN))] == ["not_found"]
        path = f"/v1/citizens/{held['record']['id']}?fields=name"
        _refused(cache.call("GET", path), 404, "not-found")
    assert len(upstream.calls) == 2
    # Nothing is deleted: history stays for audit, and for when the person is known again.
    assert _versions(cache) == 1
    with cache.database.reading() as session:
        assert freshness(session).denied == 1
    upstream.people[LAN] = CELLS
    with clock.fixed(later + timedelta(seconds=TTL)):
        assert _name(_ask(cache, LAN)) == "Nguyễn Thị Lan"


def test_verification_asks_for_whom_it_has_not_seen(cache: Service, upstream: FakeNation) -> None:
    claim = {"identifier": LAN, "claims": {"name.full": "Nguyễn Thị Lan"}}
    answer = cache.call("POST", "/v1/citizens/verify", json=claim).get_json()
    assert answer["claims"] == {"name.full": "match"}
    assert upstream.calls == [[LAN]]


def test_a_thousand_are_fetched_in_ten_calls(cache: Service, upstream: FakeNation) -> None:
    numbers = [f"900190{n:06}" for n in range(1000)]
    for number in numbers[:50]:
        upstream.person(number)
    results = _results(_ask(cache, *numbers))
    assert [result["identifier"] for result in results] == numbers
    assert sum(result["status"] == "found" for result in results) == 50
    assert [len(call) for call in upstream.calls] == [100] * 10
    assert {n for call in upstream.calls for n in call} == set(numbers)


def test_many_at_once_make_one_call(either: Service, upstream: FakeNation) -> None:
    upstream.seconds = 1
    bearer = {"Authorization": f"Bearer {either.token()}", **PURPOSE}

    def ask(_: int) -> int:
        body = {"identifiers": [LAN], "fields": ["name.full"]}
        client = either.app.test_client()
        return client.post("/v1/citizens/lookup", json=body, headers=bearer).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [200] * 4
    assert upstream.calls == [[LAN]]
    assert _logged(either) == [("delivered", None)] * 4


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_servers_that_hear_of_one_change_keep_it_once(
    cache: Service, upstream: FakeNation
) -> None:
    other = create_app(cache.app.extensions["sogoc"].settings, cache.database)
    bearer = {"Authorization": f"Bearer {cache.token()}", **PURPOSE}
    body = {"identifiers": [LAN], "fields": ["name.full"]}

    def ask(app: Any) -> str:
        answer = app.test_client().post("/v1/citizens/lookup", json=body, headers=bearer)
        return _name(answer)

    upstream.seconds = 0.3
    for name in ("Nguyễn Thị Lan", "Nguyễn Thị Lan Anh", "Nguyễn Lan"):
        upstream.people[LAN] = CELLS | {"full_name": name}
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(ask, (cache.app, other))) == [name] * 2
        with cache.database.transaction() as session:
            session.execute(sa.text("DELETE FROM citizen_verification"))
    assert len(upstream.calls) == 6
    with cache.database.reading() as session:
        believed = "SELECT count(*) FROM citizen_version WHERE superseded_at IS NULL"
        assert session.scalar(sa.text(believed)) == 1
    other.extensions["sogoc"].hot_lookup.close()
    _reader(other).close()


def test_an_answer_about_somebody_else_is_not_believed(
    cache: Service, upstream: FakeNation
) -> None:
    upstream.people[BAY] = CELLS
    _refused(_ask(cache, BAY), 503, "unavailable")
    assert _versions(cache) == 0


def test_a_number_that_is_somebody_else_s_here_stops_no_other(
    cache: Service, upstream: FakeNation
) -> None:
    with cache.database.transaction() as session:
        nine = {"type": "nine_digit_id", "value": OLD_NUMBER, "status": "expired"}
        changes.apply_changes(session, [change(BAY, identifiers=[nine])], source="file", load=None)
    upstream.person(NOBODY)
    _refused(_ask(cache, LAN, NOBODY), 503, "unavailable")
    # The other was kept all the same.
    with cache.database.reading() as session:
        assert find_record_ids(session, [LAN, NOBODY]).keys() == {NOBODY}


def test_a_fetch_ends_no_investigation(cache: Service, upstream: FakeNation) -> None:
    with clock.fixed(START):
        [found] = _results(_ask(cache, LAN))
        with cache.database.transaction() as session:
            changes.set_review(session, found["record"]["id"], "name", open_=True, source="steward")
    with clock.fixed(START + timedelta(seconds=TTL)):
        [again] = _results(_ask(cache, LAN))
    assert again["record"]["under_review"] == ["name"]
    assert len(upstream.calls) == 2


def test_a_merged_record_is_answered_without_the_source(
    cache: Service, upstream: FakeNation
) -> None:
    upstream.person(BAY)
    with clock.fixed(START):
        ids = {r["identifier"]: r["record"]["id"] for r in _results(_ask(cache, LAN, BAY))}
        with cache.database.transaction() as session:
            changes.merge(session, ids[LAN], ids[BAY])
    with clock.fixed(START + timedelta(seconds=TTL)):
        [result] = _results(_ask(cache, LAN))
        assert (result["status"], result["moved_to"]) == ("moved", ids[BAY])
        assert cache.call("GET", f"/v1/citizens/{ids[LAN]}?fields=name").status_code == 308
    assert len(upstream.calls) == 1


def _holding(database: Database, *values: str) -> list[str]:
    """Return the tables that hold any of ``values`` anywhere."""
    found = []
    with database.engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            rows = connection.execute(sa.text(f'SELECT * FROM "{table}"')).all()  # noqa: S608 - names of tables
            text = " ".join(str(cell) for row in rows for cell in row)
            found += [table for value in values if value in text]
    return found


def test_a_pointer_keeps_no_personal_value(pointer: Service, upstream: FakeNation) -> None:
    [first] = _results(_ask(pointer, LAN, fields=["name", "personal_id", "last_verified_at"]))
    [again] = _results(_ask(pointer, OLD_NUMBER, fields=["name"]))
    record = again["record"]["id"]
    assert first["record"]["id"] == record
    assert first["record"]["personal_id"] == LAN
    assert first["record"]["last_verified_at"].startswith("20")
    read = pointer.call("GET", f"/v1/citizens/{record}?fields=name.full")
    assert read.get_json() == {"id": record, "name": {"full": "Nguyễn Thị Lan"}}
    assert read.headers["ETag"]
    assert [r["status"] for r in _results(_ask(pointer, NOBODY))] == ["not_found"]
    # Every look-up asks the source, by the number alone where the id was given.
    assert upstream.calls == [[LAN], [OLD_NUMBER], [LAN], [NOBODY]]
    rows = pointer.rows()
    assert [row.outcome for row in rows] == [*["delivered"] * 3, "not_found"]
    assert {row.subject_id for row in rows} == {record, None}
    assert _holding(pointer.database, LAN, OLD_NUMBER, NOBODY, "Lan", "1990") == []


def test_what_needs_copies_says_that_there_are_none(pointer: Service, upstream: FakeNation) -> None:
    [found] = _results(_ask(pointer, LAN))
    asked = len(upstream.calls)
    record = f"/v1/citizens/{found['record']['id']}"
    criteria = {"name": "nguyen thi lan", "birth_date": "1990-05-17"}
    for answer in (
        _ask(pointer, LAN, as_of="2020-01-01"),
        _ask(pointer, LAN, known_at="2026-01-01T00:00:00Z"),
        pointer.call("GET", f"{record}?fields=name&as_of=2020-01-01"),
        pointer.call("GET", f"{record}/history?fields=name"),
        pointer.call("GET", f"{record}/household?fields=address"),
        pointer.call("GET", f"{record}/civil-status?fields=type"),
        pointer.call("GET", f"{record}/registers?citizen=name"),
        pointer.call(
            "POST", "/v1/citizens/search", json={"criteria": criteria, "fields": ["name"]}
        ),
        pointer.call(
            "POST", "/v1/citizens/verify", json={"identifier": LAN, "claims": {"sex": "2"}}
        ),
    ):
        _refused(answer, 409, "not-in-mode")
    assert len(upstream.calls) == asked
    assert set(_logged(pointer)[1:]) == {("refused", "not-in-mode")}


def test_a_pointer_that_leads_nowhere_is_not_found(pointer: Service, upstream: FakeNation) -> None:
    [found] = _results(_ask(pointer, LAN))
    path = f"/v1/citizens/{found['record']['id']}?fields=name"
    _refused(pointer.call("GET", "/v1/citizens/none?fields=name"), 404, "not-found")
    del upstream.people[LAN]
    _refused(pointer.call("GET", path), 404, "not-found")
    upstream.breaks(b"", 500)
    _refused(pointer.call("GET", path), 503, "unavailable")
    _refused(_ask(pointer, LAN), 503, "unavailable")


def test_a_lost_key_leads_nowhere_and_an_open_one_is_not_used(
    pointer: Service, upstream: FakeNation
) -> None:
    [found] = _results(_ask(pointer, LAN))
    path = f"/v1/citizens/{found['record']['id']}?fields=name"
    key = _reader(pointer.app)._key_file
    assert key.stat().st_mode & 0o077 == 0
    key.chmod(0o644)
    _refused(pointer.call("GET", path), 503, "unavailable")
    key.unlink()
    _refused(pointer.call("GET", path), 404, "not-found")
    [anew] = _results(_ask(pointer, LAN))
    assert anew["record"]["id"] != found["record"]["id"]
    assert len(upstream.calls) == 2


def test_running_servers_follow_within_a_second(registry: Service, upstream: FakeNation) -> None:
    assert [r["status"] for r in _results(_ask(registry, LAN))] == ["not_found"]
    with registry.database.transaction() as session:
        mode = Mode("citizens", "cache", upstream.url, TTL)
        modes.set_mode(session, mode, "steward")
    time.sleep(0.6)
    assert _name(_ask(registry, LAN)) == "Nguyễn Thị Lan"
    with registry.database.transaction() as session:
        modes.set_mode(session, Mode("citizens"), "steward")
    time.sleep(0.6)
    upstream.breaks(b"", 500)
    assert _name(_ask(registry, LAN)) == "Nguyễn Thị Lan"
    assert len(upstream.calls) == 1


@pytest.mark.parametrize(
    "question",
    [
        {"identifiers": [LAN, NOBODY, OLD_NUMBER], "fields": ["name", "last_verified_at"]},
        {"identifiers": [LAN], "fields": ["religion"]},
        {"identifiers": [BAY], "fields": ["name"]},
    ],
    ids=["good", "refused", "wrong answer"],
)
def test_both_ways_answer_alike(
    either: Service, upstream: FakeNation, question: dict[str, Any]
) -> None:
    upstream.people[BAY] = CELLS
    bearer = {"Authorization": f"Bearer {either.token()}", **PURPOSE}
    headers = bearer | {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    short = either.app.wsgi_app
    assert isinstance(short, FastPath)
    answers = []
    for way in (short, short._wsgi):
        either.app.wsgi_app = way  # type: ignore[assignment,method-assign]
        with clock.fixed(START):
            answer = either.app.test_client().post(
                "/v1/citizens/lookup", json=question, headers=headers
            )
        answers.append((answer.status_code, _without_detail(answer), answer.content_type))
    assert answers[0] == answers[1]
    logged = [(r.outcome, r.reason, r.subject_id, r.attributes) for r in either.rows()]
    half = len(logged) // 2
    assert half
    assert logged[:half] == logged[half:]


def _without_detail(answer: TestResponse) -> dict[str, Any]:
    # The short way hands on that something is unavailable, not what.
    return {key: v for key, v in json.loads(answer.data).items() if key != "detail"}
