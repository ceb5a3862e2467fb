"""A client that tries numbers is slowed on every worker, and reported without any number."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from auth.enumeration import Watch, list_alerts, longest_sequence, slow_down
from auth.limits import Limiter
from auth.models import SlowedClient
from auth.tokens import TokenVerifier
from registry.citizens import changes
from registry.cli import main
from registry.kernel.clock import fixed, now
from registry.kernel.db import Database
from tests.conftest import Service
from tests.people import LAN, change

# Far enough from each other to be no sequence.
FAR = [str(900190000000 + 7919 * n * n) for n in range(200)]


def _alerts(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(row.client_id, row.kind) for row in list_alerts(session)]


def _watched(database: Database, numbers: list[str], misses: int) -> list[tuple[str, str]]:
    """Return the alerts after one look-up of each number, of which the first lead to nobody."""
    watch = Watch(database)
    for place, number in enumerate(numbers):
        watch.looked_up("probe", [(number, place < misses)])
    return _alerts(database)


def test_more_misses_than_thirty_in_a_hundred_are_found_out(database: Database) -> None:
    assert _watched(database, FAR[:100], 31) == [("probe", "misses")]


@pytest.mark.parametrize(("looked", "misses"), [(100, 30), (99, 99), (200, 30)])
def test_fewer_misses_are_in_order(database: Database, looked: int, misses: int) -> None:
    assert _watched(database, FAR[:looked], misses) == []


@pytest.mark.parametrize("step", [1, 7, 100])
def test_twenty_numbers_in_sequence_are_found_out_though_all_exist(
    database: Database, step: int
) -> None:
    walk = [str(900190000000 + step * n) for n in range(20)]
    assert _watched(database, walk[::-1], 0) == [("probe", "sequence")]


def test_a_sequence_in_a_shuffled_request_is_found_out(database: Database) -> None:
    walk = [str(900190000000 + n) for n in (*range(0, 20, 2), *range(1, 20, 2))]
    Watch(database).looked_up("probe", [(number, False) for number in [*FAR[50:90], *walk]])
    assert _alerts(database) == [("probe", "sequence")]


@pytest.mark.parametrize("step", [0, 101])
def test_the_same_number_or_a_large_step_is_no_sequence(database: Database, step: int) -> None:
    assert _watched(database, [str(900190000000 + step * n) for n in range(60)], 0) == []


def test_nineteen_in_sequence_are_in_order() -> None:
    assert longest_sequence(range(19)) == 19
    assert longest_sequence([*range(19), 20, 22]) == 19
    assert longest_sequence([]) == 0


def test_two_clients_are_judged_apart(database: Database) -> None:
    watch = Watch(database)
    for place, number in enumerate(FAR[:100]):
        watch.looked_up("one" if place % 2 else "two", [(number, True)])
    assert _alerts(database) == []


def test_a_client_is_slowed_once_in_ten_minutes(database: Database) -> None:
    moment = now()
    with fixed(moment), ThreadPoolExecutor(4) as workers:
        made = workers.map(lambda _: slow_down(database, "probe", "misses", "x"), range(8))
        assert sorted(made) == [False] * 7 + [True]
    with fixed(moment + timedelta(minutes=9, seconds=59)):
        assert not slow_down(database, "probe", "misses", "x")
    with fixed(moment + timedelta(minutes=10)):
        assert slow_down(database, "probe", "sequence", "x")
    assert _alerts(database) == [("probe", "sequence"), ("probe", "misses")]


def test_another_worker_gives_a_slowed_client_a_tenth(service: Service) -> None:
    state = service.app.extensions["sogoc"]
    verifier = TokenVerifier(state.keys, state.settings.issuer, service.database)
    other = Limiter(service.database, verifier, calls_per_minute=6000, subject_calls_per_hour=0)
    moment = now()
    with fixed(moment):
        verifier.look()
        before = other.call("ward-office")
        slow_down(service.database, "ward-office", "misses", "x")
        # What the look of half a second later finds.
        verifier._asked = float("-inf")
        verifier.look()
        during = other.call("ward-office")
    with fixed(moment + timedelta(minutes=10)):
        after = other.call("ward-office")
    assert [rate.quota for rate in (before, during, after) if rate] == [6000, 600, 6000]


FOUND = {"identifiers": [LAN], "fields": ["name.full"]}


@pytest.mark.parametrize("more", [{}, {"as_of": "2026-01-02"}], ids=["present", "past"])
def test_look_ups_over_http_are_watched(
    service: Service, more: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with service.database.transaction() as session:
        changes.apply_changes(session, [change(LAN)], source="test", load=None)
    assert service.call("POST", "/v1/citizens/lookup", json={**FOUND, **more}).status_code == 200
    question = {"identifiers": FAR[1:100], "fields": ["name.full"], **more}
    with caplog.at_level(logging.WARNING, "sogoc"):
        assert service.call("POST", "/v1/citizens/lookup", json=question).status_code == 200
    assert _alerts(service.database) == [("ward-office", "misses")]
    assert "client ward-office slowed, misses: 99 of the last 100" in caplog.text
    assert not [number for number in FAR[1:100] if number in caplog.text]


def test_an_alarm_that_can_not_be_kept_spoils_no_answer(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with database.transaction() as session:
        session.execute(sa.text("ALTER TABLE slowed_client RENAME TO gone"))
    with caplog.at_level(logging.ERROR, "sogoc"):
        assert _watched(database, FAR[:100], 100) == []
    assert "client probe not slowed" in caplog.text
    with database.transaction() as session:
        session.execute(sa.text("ALTER TABLE gone RENAME TO slowed_client"))
        assert session.scalars(sa.select(SlowedClient)).all() == []


def test_alerts_are_listed(migrated_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    path.write_bytes(migrated_file.read_bytes())
    url = f"sqlite:///{path}"
    database = Database(url)
    slow_down(database, "probe", "misses", "99 of the last 100 look-ups led to nobody")
    database.close()
    run = CliRunner(env={"SOGOC_DATABASE_URL": url})
    [told] = orjson.loads(run.invoke(main, ["client", "alerts", "--json"]).stdout)
    assert (told["client_id"], told["kind"]) == ("probe", "misses")
    assert "kind=misses" in run.invoke(main, ["client", "alerts"]).stdout
