"""The town of the personas, loaded once for all modules and copied for each that asks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import migrations
from registry.kernel.db import Database
from tests.conftest import _created
from tests.town import Town, fill_town, town_on


@pytest.fixture(scope="session")
def town_file(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> tuple[Path, str]:
    """Give a SQLite file with the personas, to be copied, and the secret of the form's client."""
    folder = tmp_path_factory.mktemp("town")
    path = folder / "registry.db"
    shutil.copyfile(migrated_file, path)
    made = Database(f"sqlite:///{path}")
    secret = fill_town(made, folder)
    made.close()
    return path, secret


@pytest.fixture(scope="session")
def town_template(
    tmp_path_factory: pytest.TempPathFactory, postgresql: str, migrated_template: str
) -> tuple[str, str]:
    """Give the name of a PostgreSQL database with the personas, and the client's secret."""
    with _created(postgresql, migrated_template) as made:
        migrations.upgrade(made)
        secret = fill_town(made, tmp_path_factory.mktemp("town"))
        return str(made.engine.url.database), secret


@contextmanager
def _town(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[Town]:
    if kind == "sqlite":
        file, secret = request.getfixturevalue("town_file")
        shutil.copyfile(file, folder / "registry.db")
        database = Database(f"sqlite:///{folder / 'registry.db'}")
        with town_on(database, secret, folder) as made:
            yield made
        database.close()
    else:
        template, secret = request.getfixturevalue("town_template")
        server = request.getfixturevalue("postgresql")
        with _created(server, template) as database, town_on(database, secret, folder) as made:
            yield made


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """Give the town on a database of each kind, for all tests of one module."""
    with _town(request, request.param, tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def own_town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """Give a town on a database of each kind to a test that changes what others would see."""
    with _town(request, request.param, tmp_path) as made:
        yield made
