"""The product's own server as a process on this machine, with a family that signs in."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from datasets import publishing
from datasets.submissions import Uploads
from datasets.synthetic import files
from registry.citizens.changes import apply_changes
from registry.kernel.db import Database
from registry.kernel.ledger import Change
from registry.kernel.settings import PERSONA_PATH, Settings
from registry.server import environ
from tests import people
from tests.interop.installed import free_port

ROOT = Path(__file__).parents[2]
# The grandfather among the personas, whose record holds what an attacker would write there.
BAY = "900045000100"
PAYLOAD = (
    """<script>document.title="taken"</script>"><img src=x onerror="document.title='taken'">"""
)
_READY_SECONDS = 30
_SERVE = (
    "import os, sys; from registry.kernel.settings import Settings;"
    "from registry.server import serve;"
    "serve(Settings.from_environ(os.environ), '127.0.0.1', int(sys.argv[1]), 'tests.web.wsgi:load')"
)


@contextmanager
def serving(database: Database, folder: Path) -> Iterator[str]:
    """Fill the database, serve it, and give the address of the pages."""
    port = free_port()
    settings = Settings(
        environment="demo",
        database_url=database.engine.url.render_as_string(hide_password=False),
        issuer=f"http://127.0.0.1:{port}",
        key_file=str(folder / "keys.json"),
        upload_dir=str(folder / "uploads"),
        persona_provider="on",
        signin_issuer=f"http://127.0.0.1:{port}{PERSONA_PATH}",
        signin_client_id="sogoc",
    )
    _fill(database, Uploads.of(settings))
    server = subprocess.Popen(  # noqa: S603 - our own arguments
        [sys.executable, "-c", _SERVE, str(port)],
        cwd=ROOT,
        env={**os.environ, **environ(settings)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"{settings.issuer}/healthz", server)
        yield settings.issuer
    finally:
        server.terminate()
        server.wait(_READY_SECONDS)


def _fill(database: Database, kept: Uploads) -> None:
    """Load the family of the demo the way data comes in, and one record that means harm."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        files.generate("all", 10, 1, folder)
        for name in files.DATASETS:
            path = folder / f"{name}.csv"
            publishing.load_file(database, kept, name, path, ("a-steward", "an-approver"))
    harm = people.document(
        BAY,
        name={"full": "Nguyễn Văn Bảy", "other": PAYLOAD},
        hometown={"as_recorded": PAYLOAD, "method": "none"},
    )
    with database.transaction() as session:
        apply_changes(session, [Change(harm, date(2026, 1, 1))], source="test", load=None)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers; raises RuntimeError."""
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urlopen(address, timeout=1).close()  # noqa: S310 - our own address
        except URLError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")
