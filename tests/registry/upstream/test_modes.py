"""A mode is set only with what it needs, only where it can be kept, and is soon known to all."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

import migrations
from datasets.specs import SPECS
from datasets.submissions import Uploads, submit
from registry.citizens.changes import apply_changes
from registry.cli import main
from registry.kernel.db import Database
from registry.kernel.errors import Conflict, Invalid, NotInMode
from registry.upstream import modes
from registry.upstream.modes import SOURCED, Mode, ModeWatch
from tests.datasets.rows import CITIZEN, write
from tests.people import change

URL = "https://dancu.example.vn/037"
CACHE = Mode("citizens", "cache", URL, 60)
POINTER = Mode("citizens", "pointer", URL)


@pytest.fixture
def migrated(database: Database) -> Database:
    migrations.upgrade(database)
    return database


def _set(database: Database, mode: Mode) -> None:
    with database.transaction() as session:
        modes.set_mode(session, mode, "steward")


@pytest.mark.parametrize(
    "mode",
    [
        Mode("citizens", "cache", None, 60),
        Mode("citizens", "cache", URL),
        Mode("citizens", "cache", URL, -1),
        Mode("citizens", "cache", URL, 400 * 86_400),
        Mode("citizens", "cache", URL, 60, -1),
        Mode("citizens", "cache", "http://dancu.example.vn", 60),
        Mode("citizens", "cache", URL, 60, 0, "../keys"),
        Mode("citizens", "pointer"),
        Mode("citizens", "pointer", URL, 60),
        Mode("citizens", "pointer", URL, 0, 60),
        Mode("citizens", "mirror", URL),
        Mode("citizens", "mirror", credentials="dancu"),
    ],
    ids=str,
)
def test_a_mode_needs_its_parts_and_no_others(migrated: Database, mode: Mode) -> None:
    with pytest.raises(Invalid):
        _set(migrated, mode)


@pytest.mark.parametrize("dataset", sorted({*SPECS, "places"} - SOURCED.keys()))
def test_a_dataset_without_an_adapter_stays_a_mirror(migrated: Database, dataset: str) -> None:
    with pytest.raises(Invalid, match="can only be a mirror"):
        _set(migrated, Mode(dataset, "cache", URL, 60))
    _set(migrated, Mode(dataset))
    with migrated.reading() as session:
        assert modes.read_mode(session, dataset) == Mode(dataset)


def test_pointers_do_not_stand_beside_copies(migrated: Database) -> None:
    with migrated.transaction() as session:
        apply_changes(session, [change()], source="test", load=None)
    with pytest.raises(Conflict):
        _set(migrated, POINTER)
    _set(migrated, CACHE)


def test_no_load_makes_copies_beside_pointers(migrated: Database) -> None:
    _set(migrated, POINTER)
    with pytest.raises(NotInMode), migrated.transaction() as session:
        apply_changes(session, [change()], source="test", load=None)


def test_the_database_refuses_half_a_mode(migrated: Database) -> None:
    half = sa.text(
        "INSERT INTO dataset_mode (dataset, mode, ttl_seconds, stale_seconds, changed_by,"
        " changed_at) VALUES ('citizens', :mode, 60, 0, 'x', '2026-01-01')"
    )
    for mode in ("cache", "pointer", "mirror", "other"):
        with pytest.raises(sa.exc.IntegrityError), migrated.transaction() as session:
            session.execute(half, {"mode": mode})


def test_who_set_it_and_when_is_known(migrated: Database) -> None:
    _set(migrated, CACHE)
    _set(migrated, Mode("citizens", "cache", URL, 30, 90, "dancu"))
    with migrated.reading() as session:
        [row] = modes.list_modes(session)
        assert modes.read_mode(session, "citizens") == Mode(
            "citizens", "cache", URL, 30, 90, "dancu"
        )
    assert (row.changed_by, row.ttl_seconds) == ("steward", 30)


def test_a_change_is_felt_within_a_second(migrated: Database) -> None:
    watch = ModeWatch(migrated)
    assert watch.current("citizens") is None
    _set(migrated, CACHE)
    end = time.monotonic() + 1
    while watch.current("citizens") != CACHE:
        assert time.monotonic() < end
        time.sleep(0.02)
    _set(migrated, Mode("citizens"))
    time.sleep(0.6)
    assert watch.current("citizens") == Mode("citizens")


def test_a_mirror_costs_no_query(migrated: Database) -> None:
    watch = ModeWatch(migrated)
    watch.current("citizens")
    statements: list[str] = []
    sa.event.listen(
        migrated.engine, "before_cursor_execute", lambda *told: statements.append(told[2])
    )
    for _ in range(1000):
        assert watch.current("citizens") is None
    assert len(statements) <= 1


def _run(database: Database, *words: str, code: int = 0) -> Result:
    address = database.engine.url.render_as_string(hide_password=False)
    done = CliRunner(env={"SOGOC_DATABASE_URL": address}).invoke(main, ["dataset", *words])
    assert done.exit_code == code, done.output
    return done


def test_the_command_sets_and_shows(migrated: Database) -> None:
    assert _run(migrated, "mode", "citizens").stdout == "dataset=citizens  mode=mirror\n"
    told = ("--source", URL, "--ttl", "60", "--stale", "5", "--credentials", "dancu")
    _run(migrated, "mode", "citizens", "cache", *told)
    shown = json.loads(_run(migrated, "mode", "citizens", "--json").stdout)
    assert shown.pop("changed_at") and shown.pop("changed_by")
    assert shown == {
        "dataset": "citizens",
        "mode": "cache",
        "source_url": URL,
        "ttl_seconds": 60,
        "stale_seconds": 5,
        "credentials": "dancu",
    }


def test_the_command_says_what_is_missing(migrated: Database) -> None:
    assert "--source" in _run(migrated, "mode", "citizens", "pointer", code=1).stderr
    assert "citizens" in _run(migrated, "mode", "parcels", "cache", code=1).stderr
    assert "cache or pointer" in _run(migrated, "mode", "citizens", "--ttl", "5", code=2).stderr


def test_no_file_is_kept_beside_pointers(migrated: Database, tmp_path: Path) -> None:
    _set(migrated, POINTER)
    path = write(tmp_path / "citizens.csv", [CITIZEN])
    with pytest.raises(NotInMode), migrated.transaction() as session:
        submit(session, Uploads(tmp_path / "uploads"), "citizens", path, "steward")
    assert not (tmp_path / "uploads").exists()
