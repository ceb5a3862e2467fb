"""The personas are loaded outside production only, once, and by two persons."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from datasets.publishing import list_releases
from datasets.submissions import Uploads
from datasets.synthetic.personas import DATASETS, load
from registry.citizens.models import Citizen
from registry.cli import main
from registry.kernel.db import Database
from registry.kernel.errors import Refused
from registry.kernel.settings import Settings
from registry.sandbox.loading import load_personas


def _run(database: Database, folder: Path, environment: str) -> Result:
    environ = {
        "SOGOC_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "SOGOC_UPLOAD_DIR": str(folder / "uploads"),
        "SOGOC_ENVIRONMENT": environment,
    }
    return CliRunner(env=environ).invoke(main, ["sandbox", "load"], prog_name="sogoc")


def _people(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Citizen)) or 0


def test_production_gets_no_personas(database: Database, tmp_path: Path) -> None:
    done = _run(database, tmp_path, "production")
    assert done.exit_code == 2
    assert "production has no personas" in done.stderr
    assert _people(database) == 0


def test_they_come_in_as_real_data_does_and_once(database: Database, tmp_path: Path) -> None:
    done = _run(database, tmp_path, "demo")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"version": "2026-11", "personas": len(load().personas)}
    loaded = _people(database)
    with database.reading() as session:
        releases = list_releases(session)
    assert [release.dataset for release in releases] == list(DATASETS)
    again = _run(database, tmp_path, "demo")
    assert again.exit_code == 1
    assert "Traceback" not in again.output
    assert _people(database) == loaded


def test_nobody_approves_the_personas_alone(database: Database, tmp_path: Path) -> None:
    uploads = Uploads.of(Settings(environment="demo", upload_dir=str(tmp_path / "uploads")))
    with pytest.raises(Refused):
        load_personas(database, uploads, ("one", "one"))
    assert _people(database) == 0
