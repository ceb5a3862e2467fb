"""When a part fails, nothing is answered unlogged, and nothing is told but how to go on."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask
import psycopg
import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from registry.app import create_app
from registry.citizens.changes import apply_changes
from registry.citizens.records import find_record_ids
from registry.kernel.db import Database
from tests.conftest import PURPOSE, Service
from tests.people import LAN, change

QUESTION = {"identifiers": [LAN], "fields": ["name.full"]}
NAME = "Nguyễn Thị Lan"


@pytest.fixture
def registry(service: Service) -> Iterator[Service]:
    """Give a service with one person that waits for locks only briefly."""
    with service.database.transaction() as session:
        apply_changes(session, [change()], source="test", load=None)
    address = service.database.engine.url.render_as_string(hide_password=False)
    hasty = Database(address, lock_seconds=0.2)
    app = create_app(service.app.extensions["sogoc"].settings, hasty)
    yield replace(service, app=app)
    app.extensions["sogoc"].hot_lookup.close()
    hasty.close()


def _ask(service: Service, token: str, **more: str) -> TestResponse:
    headers = {**PURPOSE, "Authorization": f"Bearer {token}", **more}
    return service.app.test_client().post("/v1/citizens/lookup", json=QUESTION, headers=headers)


def _unavailable(answer: TestResponse) -> None:
    found = answer.get_json()
    assert (answer.status_code, found["code"]) == (503, "unavailable")
    assert found.keys() == {"type", "title", "status", "detail", "code", "trace_id"}
    assert int(answer.headers["Retry-After"]) <= 5


@contextmanager
def _locked(database: Database) -> Iterator[None]:
    """Hold a lock against which no access row can be written."""
    if database.dialect == "sqlite":
        holder = sqlite3.connect(str(database.engine.url.database), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
    else:
        address = database.engine.url.set(drivername="postgresql")
        other = psycopg.connect(address.render_as_string(hide_password=False))
        other.execute("LOCK TABLE access_event IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        (holder if database.dialect == "sqlite" else other).close()


def test_a_locked_log_answers_no_data_and_recovers(registry: Service) -> None:
    token = registry.token()
    with registry.database.reading() as session:
        record = find_record_ids(session, [LAN])[LAN]
    headers = {**PURPOSE, "Authorization": f"Bearer {token}"}
    with _locked(registry.database):
        _unavailable(_ask(registry, token))
        read = registry.app.test_client().get(f"/v1/citizens/{record}?fields=name", headers=headers)
        _unavailable(read)
        # A refusal that can't be logged is no refusal yet.
        _unavailable(_ask(registry, token, **{"Sogoc-Case": ""}))
        _unavailable(_ask(registry, "none"))
    assert registry.rows() == []
    assert _ask(registry, token).status_code == 200
    assert [row.outcome for row in registry.rows()] == ["delivered"]


def test_no_token_is_issued_for_an_assertion_that_can_not_be_kept(registry: Service) -> None:
    from tests.auth.signing import ask, assertion, register  # noqa: PLC0415 - makes keys

    register(registry)
    with registry.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE used_once")
    answer = ask(registry, assertion())
    assert answer.status_code in {500, 503}
    assert answer.get_json().keys() == {"error"}
    assert answer.mimetype == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_log_that_is_gone_refuses_everything_personal(registry: Service) -> None:
    token = registry.token()
    with registry.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE access_event")
    _unavailable(_ask(registry, token))
    _unavailable(_ask(registry, token, **{"Sogoc-Procedure": "9.9"}))
    _unavailable(_ask(registry, "none"))
    assert registry.app.test_client().get("/v1/places/27007").status_code == 200


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_database_that_goes_away_comes_back(registry: Service, postgresql: str) -> None:
    token = registry.token()
    assert _ask(registry, token).status_code == 200
    name = registry.database.engine.url.database
    with psycopg.connect(postgresql, autocommit=True) as other:
        other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        for _ in range(3):
            _unavailable(_ask(registry, token))
        assert registry.app.test_client().get("/readyz").status_code == 503
        other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
    assert _ask(registry, token).status_code == 200
    assert [row.outcome for row in registry.rows()] == ["delivered", "delivered"]


@pytest.fixture(params=["sqlite", "postgresql"])
def stranded(
    request: pytest.FixtureRequest, service: Service, tmp_path: Path
) -> Iterator[flask.Flask]:
    """Give an application whose database was never there."""
    address = {
        "sqlite": f"sqlite:///{tmp_path / 'no' / 'folder.db'}",
        "postgresql": "postgresql+psycopg://nobody@127.0.0.1:1/none",
    }[request.param]
    settings = replace(service.app.extensions["sogoc"].settings, database_url=address)
    app = create_app(settings)
    yield app
    app.extensions["sogoc"].hot_lookup.close()
    app.extensions["sogoc"].database.close()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_a_database_only_what_needs_none_answers(
    service: Service, stranded: flask.Flask
) -> None:
    client = stranded.test_client()
    for path in ("/healthz", "/openapi.json", "/oauth/jwks", "/docs"):
        assert client.get(path).status_code == 200, path
    _unavailable(client.get("/readyz"))
    lost = Service(stranded, service.database, service.secret)
    _unavailable(_ask(lost, service.token()))
    _unavailable(
        client.get("/v1/me/agreement", headers={"Authorization": f"Bearer {service.token()}"})
    )
    asked = client.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=("ward-office", service.secret),
    )
    assert asked.status_code == 503
    assert asked.get_json() == {"error": "temporarily_unavailable"}
    assert int(asked.headers["Retry-After"]) <= 5


@pytest.mark.parametrize("way", ["now", "on a day", "by id"])
def test_an_unexpected_error_tells_its_trace_alone(
    registry: Service, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    with registry.database.reading() as session:
        record = find_record_ids(session, [LAN])[LAN]
    broken = sa.text("UPDATE citizen SET document = :it")
    versions = sa.text("UPDATE citizen_version SET document = :it")
    with registry.database.engine.begin() as connection:
        for statement in (broken, versions):
            # A name where the parts of one should be: something that can't happen.
            connection.execute(statement, {"it": f'{{"name": "{NAME}"}}'})
    asked: dict[str, Any] = {
        "now": ("POST", "/v1/citizens/lookup", {"json": QUESTION}),
        "on a day": ("POST", "/v1/citizens/lookup", {"json": QUESTION | {"as_of": "2020-01-01"}}),
        "by id": ("GET", f"/v1/citizens/{record}?fields=name.full", {}),
    }
    method, path, more = asked[way]
    caplog.set_level(logging.DEBUG)
    answer = registry.call(method, path, **more)
    found = answer.get_json()
    assert (answer.status_code, found["code"]) == (500, "internal")
    assert found["detail"] == found["title"]
    assert [(row.outcome, row.reason, row.trace_id) for row in registry.rows()] == [
        ("refused", "internal", found["trace_id"])
    ]
    assert found["trace_id"] in caplog.text
    assert ("ValidationError" if way == "now" else "AttributeError") in caplog.text
    for told in (answer.text, caplog.text):
        assert NAME not in told
        assert LAN not in told


def test_readiness_asks_for_the_newest_schema(registry: Service) -> None:
    client = registry.app.test_client()
    assert client.get("/readyz").get_json() == {"status": "ok"}
    with registry.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    _unavailable(client.get("/readyz"))
    with registry.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    _unavailable(client.get("/readyz"))
    assert client.get("/healthz").get_json() == {"status": "ok"}


def test_an_error_of_the_database_shows_no_values(registry: Service) -> None:
    with (
        pytest.raises(sa.exc.DBAPIError) as shown,
        registry.app.extensions["sogoc"].database.reading() as session,
    ):
        session.execute(sa.text("SELECT :it FROM nowhere"), {"it": NAME})
    assert NAME not in str(shown.value)
