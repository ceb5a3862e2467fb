"""The same requests to ours and to a certified server: the same answers, or a written reason."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from werkzeug.serving import make_server

from auth.clients import create_client
from auth.models import Client
from registry.app import create_app
from registry.kernel.clock import fixed, now
from registry.kernel.db import Database
from registry.kernel.settings import Settings
from tests.auth.grants import PERSON, Someone
from tests.auth.signing import EC, ED, RSA, public
from tests.interop import (
    probes_assertion,
    probes_proof,
    probes_pushed,
    probes_token,
    probes_tokens,
)
from tests.interop.differences import DIFFERENT, rendered
from tests.interop.installed import free_port, running
from tests.interop.target import CALLBACK, CLIENT, OTHER, OTHERS, SCOPES, Target, request

PROBES = (
    probes_assertion.PROBES
    | probes_pushed.PROBES
    | probes_token.PROBES
    | probes_proof.PROBES
    | probes_tokens.PROBES
)
GRANTS = {
    CLIENT: ["client_credentials", "authorization_code", "refresh_token"],
    OTHER: ["authorization_code", "refresh_token"],
}
JWKS = {CLIENT: public(EC, ED, RSA), OTHER: public(OTHERS)}
PAGE = Path(__file__).parents[2] / "docs" / "security" / "differences.md"


@contextmanager
def _our_clock(seconds: int) -> Iterator[None]:
    with fixed(now() + timedelta(seconds=seconds)):
        yield


def _register(database: Database) -> None:
    with database.transaction() as session:
        for client, grants in GRANTS.items():
            create_client(session, client, client, SCOPES.split(), JWKS[client])
            columns = {"grant_types": grants, "redirect_uris": [CALLBACK]}
            session.execute(sa.update(Client).where(Client.id == client).values(**columns))


@pytest.fixture(scope="module")
def ours(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Give our server on a port, with somebody signed in in every browser."""
    folder = tmp_path_factory.mktemp("ours")
    shutil.copyfile(migrated_file, folder / "registry.db")
    database = Database(f"sqlite:///{folder / 'registry.db'}")
    _register(database)
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    settings = Settings(
        environment="demo",
        issuer=issuer,
        key_file=str(folder / "keys.json"),
        upload_dir=str(folder / "uploads"),
    )
    app = create_app(settings, database, Someone())
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Target(
        issuer,
        token=f"{issuer}/oauth/token",
        par=f"{issuer}/oauth/par",
        authorize=f"{issuer}/oauth/authorize",
        revoke=f"{issuer}/oauth/revoke",
        introspect=f"{issuer}/oauth/introspect",
        later=_our_clock,
    )
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["sogoc"].hot_lookup.close()
    app.extensions["sogoc"].pulse.close()
    database.close()


@pytest.fixture(scope="module")
def theirs() -> Iterator[Target]:
    """Give the reference, which runs with the same clients."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    clients = [
        {
            "client_id": client,
            "grant_types": grants,
            "redirect_uris": [CALLBACK],
            "jwks": JWKS[client],
        }
        for client, grants in GRANTS.items()
    ]

    @contextmanager
    def clock(seconds: int) -> Iterator[None]:
        request("POST", f"{issuer}/clock?ahead={seconds}")
        try:
            with _our_clock(seconds):
                yield
        finally:
            request("POST", f"{issuer}/clock?ahead=0")

    configuration = {"clients": clients, "scopes": SCOPES.split(), "account": PERSON}
    with running(port, "fapi-provider.mjs", **configuration):
        yield Target(
            issuer,
            token=f"{issuer}/token",
            par=f"{issuer}/request",
            authorize=f"{issuer}/auth",
            revoke=f"{issuer}/token/revocation",
            introspect=f"{issuer}/token/introspection",
            later=clock,
        )


@pytest.mark.parametrize("name", sorted(PROBES.keys() - DIFFERENT.keys()))
def test_both_servers_answer_alike(ours: Target, theirs: Target, name: str) -> None:
    assert PROBES[name](ours) == PROBES[name](theirs)


@pytest.mark.parametrize("name", sorted(DIFFERENT))
def test_a_difference_is_still_what_is_written(ours: Target, theirs: Target, name: str) -> None:
    difference = DIFFERENT[name]
    assert difference.ours != difference.theirs
    assert PROBES[name](ours) == difference.ours
    assert PROBES[name](theirs) == difference.theirs


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text("utf-8") == rendered(len(PROBES))
