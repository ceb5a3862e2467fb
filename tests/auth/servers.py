"""Servers as they run in production, several processes on one database, and many asking at once."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar
from urllib.parse import urlencode

import sqlalchemy as sa
import urllib3

from auth.agreements import create_agreement
from auth.clients import create_client
from auth.models import Client
from auth.principals import Agreement
from auth.scopes import SCOPES
from registry.app import create_app
from registry.kernel.clock import today
from registry.kernel.db import Database
from registry.kernel.settings import Settings
from tests.auth.grants import CALLBACK
from tests.auth.signing import AGENCY, register
from tests.benchmarks.stage import serving
from tests.conftest import ISSUER, Service

# Each is two workers on PostgreSQL; on SQLite the one worker is all that writes.
_SERVERS = {"postgresql": 2, "sqlite": 1}
_SECONDS = 20.0
AT_ONCE = 50
Got = TypeVar("Got")


@dataclass
class Fleet:
    """Servers on one database, and the application in this process on the same one."""

    service: Service
    ports: list[int]
    pool: urllib3.PoolManager

    @property
    def basic(self) -> dict[str, str]:
        """The sandbox client's own header."""
        pair = f"ward-office:{self.service.secret}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def ask(
        self, number: int, method: str, path: str, headers: Mapping[str, str], body: str | bytes
    ) -> urllib3.BaseHTTPResponse:
        """Ask the server whose turn it is by ``number``."""
        port = self.ports[number % len(self.ports)]
        return self.pool.request(
            method,
            f"http://127.0.0.1:{port}{path}",
            headers=dict(headers),
            body=body,
            redirect=False,
            retries=False,
            timeout=_SECONDS,
        )

    def post_form(
        self, number: int, path: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> urllib3.BaseHTTPResponse:
        """Post a form to the server whose turn it is."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask(number, "POST", path, {**kind, **headers}, urlencode(form))


def at_once(do: Callable[..., Got], count: int = AT_ONCE) -> list[Got]:
    """Return what ``do`` gives for each number, all begun at one moment."""
    together = Barrier(count)

    def one(number: int) -> Got:
        together.wait()
        return do(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@contextmanager
def fleet(database: Database, folder: Path, **more: Any) -> Iterator[Fleet]:
    """Register a form that asks people and an agency with a key; serve them from all servers."""
    settings = Settings(
        environment="demo",
        issuer=ISSUER,
        database_url=database.engine.url.render_as_string(hide_password=False),
        key_file=str(folder / "keys.json"),
        upload_dir=str(folder / "uploads"),
        # Whoever keeps asking here asks more than anybody should elsewhere.
        client_calls_per_minute=0,
        subject_calls_per_hour=0,
        **more,
    )
    with database.transaction() as session:
        made = create_client(session, "ward-office", "UBND phường", sorted(SCOPES))
    app = create_app(settings, database)
    service = Service(app, database, made.secret or "")
    register(service)
    with database.transaction() as session:
        for client in ("ward-office", AGENCY):
            create_agreement(session, replace(_AGREEMENT, client_id=client))
        session.execute(
            sa.update(Client).values(
                grant_types=["client_credentials", "authorization_code", "refresh_token"],
                redirect_uris=[CALLBACK],
            )
        )
    with ExitStack() as running, urllib3.PoolManager(maxsize=AT_ONCE) as pool:
        count = _SERVERS[database.dialect]
        ports = [running.enter_context(serving(settings)) for _ in range(count)]
        yield Fleet(service, ports, pool)
    app.extensions["sogoc"].hot_lookup.close()
    app.extensions["sogoc"].pulse.close()


_AGREEMENT = Agreement(
    "",
    "",
    "1.004222",
    {"citizens": frozenset({"name", "sex"})},
    {"citizens": frozenset({"personal_id"})},
    "Luật Cư trú 68/2020/QH14",
    today(),
)
