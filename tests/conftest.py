"""Fixtures: real databases, started here and gone afterwards.

`database` runs each test twice, on a SQLite file and on a PostgreSQL that the tests start
themselves from a locked package (a cluster of its own, reached by a socket in a temporary
folder). Nothing is skipped: where PostgreSQL can't start, its tests fail.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import flask
import psycopg
import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

import migrations
from auth.agreements import create_agreement
from auth.clients import create_client
from auth.principals import Agreement
from auth.scopes import SCOPES
from registry.app import create_app
from registry.citizens.attributes import CATALOGUE
from registry.civil_status.attributes import CATALOGUE as ACTS
from registry.kernel.access_log import AccessEvent
from registry.kernel.db import Database, new_id
from registry.kernel.settings import Settings
from tests.cluster import cluster


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Give the address of a running cluster, as the driver's own URL."""
    with cluster() as address:
        yield address


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a SQLite file with the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "registry.db"
    made = Database(f"sqlite:///{path}")
    migrations.upgrade(made)
    made.close()
    return path


@pytest.fixture(scope="session")
def migrated_template(postgresql: str) -> str:
    """Give the name of a PostgreSQL database with the newest schema, to be copied."""
    with _created(postgresql, "") as made:
        migrations.upgrade(made)
        return str(made.engine.url.database)


@contextmanager
def _created(server: str, template: str) -> Iterator[Database]:
    name = f"test_{new_id().replace('-', '')}"
    copied = f" TEMPLATE {template}" if template else ""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}{copied}".encode())
    address = server.replace("/postgres?", f"/{name}?")
    made = Database(address.replace("postgresql://", "postgresql+psycopg://"))
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give a database of each kind without any table."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path / 'registry.db'}")
        yield made
        made.close()
    else:
        with _created(request.getfixturevalue("postgresql"), "") as created:
            yield created


@contextmanager
def new_database(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[Database]:
    """Give a database with the newest schema and no data, copied from a template."""
    if kind == "sqlite":
        path = folder / "registry.db"
        shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        made = Database(f"sqlite:///{path}")
        yield made
        made.close()
    else:
        template = request.getfixturevalue("migrated_template")
        with _created(request.getfixturevalue("postgresql"), template) as created:
            yield created


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give a database of each kind, ready to be used."""
    with new_database(request, request.param, tmp_path) as made:
        yield made


ISSUER = "http://127.0.0.1:8000"
# How a challenge names the API's metadata (RFC 9728 section 5.1).
RESOURCE = f'resource_metadata="{ISSUER}/.well-known/oauth-protected-resource"'
PURPOSE = {"Sogoc-Procedure": "1.004222", "Sogoc-Case": "H29-0001"}


@dataclass
class Service:
    """A running application on one database, with one sandbox client and its agreement."""

    app: flask.Flask
    database: Database
    secret: str

    def token(self, scope: str | None = None) -> str:
        form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        answer = self.app.test_client().post(
            "/oauth/token", data=form, auth=("ward-office", self.secret)
        )
        return str(answer.get_json()["access_token"])

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] = PURPOSE, **more: Any
    ) -> TestResponse:
        bearer = {"Authorization": f"Bearer {self.token()}"}
        return self.app.test_client().open(
            path, method=method, headers={**bearer, **headers}, **more
        )

    def rows(self) -> list[AccessEvent]:
        with self.database.reading() as session:
            return list(session.scalars(sa.select(AccessEvent).order_by(AccessEvent.id)))


GRANTED = frozenset(
    path for path in (a.path for a in CATALOGUE.attributes) if path not in {"religion", "phone"}
)


GRANTED_ACTS = frozenset(a.path for a in ACTS.attributes) - {
    "death.cause",
    "persons.father.personal_id",
    "persons.mother.personal_id",
}


@pytest.fixture
def service(database: Database, tmp_path: Path) -> Iterator[Service]:
    """Give the application with a client that may read all but religion and phone."""
    migrations.upgrade(database)
    settings = Settings(
        environment="demo",
        issuer=ISSUER,
        key_file=str(tmp_path / "keys.json"),
        upload_dir=str(tmp_path / "uploads"),
    )
    with database.transaction() as session:
        made = create_client(session, "ward-office", "UBND phường", sorted(SCOPES))
        create_agreement(
            session,
            Agreement(
                "",
                "ward-office",
                "1.004222",
                {
                    "citizens": GRANTED,
                    "households": frozenset({"address", "head", "members"}),
                    "civil_status": GRANTED_ACTS,
                },
                {
                    "citizens": frozenset(
                        {"personal_id", "nine_digit_id", "name", "birth_date", "birth_year"}
                    )
                    | {"commune"},
                    "civil_status": frozenset({"type", "number", "book", "office", "year"}),
                },
                "Luật Cư trú 68/2020/QH14, Điều 20",
                date(2026, 1, 1),
            ),
        )
    app = create_app(settings, database)
    yield Service(app, database, made.secret or "")
    app.extensions["sogoc"].hot_lookup.close()
    app.extensions["sogoc"].pulse.close()
