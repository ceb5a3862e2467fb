"""The demo's portal on this machine: the personas, the forms, and a page of another origin."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from datasets import publishing
from datasets.submissions import Uploads
from datasets.synthetic import files
from registry.demo_portal import let_portal_ask
from registry.kernel.db import Database
from registry.kernel.settings import PERSONA_PATH, Settings
from registry.sandbox.loading import load_personas
from registry.server import environ
from tests.interop.installed import free_port
from tests.web.server import ROOT, wait_for

_SERVE = (
    "import os, sys; from registry.kernel.settings import Settings;"
    "from registry.server import serve;"
    "serve(Settings.from_environ(os.environ), '127.0.0.1', int(sys.argv[1]))"
)
_SECONDS = 30


class Portal:
    """A server that can be stopped and started again, at one address."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        port = free_port()
        self.site = f"http://127.0.0.1:{port}"
        self._port = port
        self._settings = Settings(
            environment="demo",
            database_url=database.engine.url.render_as_string(hide_password=False),
            issuer=self.site,
            key_file=str(folder / "keys.json"),
            upload_dir=str(folder / "uploads"),
            persona_provider="on",
            signin_issuer=f"{self.site}{PERSONA_PATH}",
            signin_client_id="sogoc",
        )
        with tempfile.TemporaryDirectory() as scratch:
            # The family of the guide, whose parcel has an outline.
            files.generate("all", 10, 1, Path(scratch))
            for name in files.DATASETS:
                path = Path(scratch) / f"{name}.csv"
                kept = Uploads.of(self._settings)
                publishing.load_file(database, kept, name, path, ("a-steward", "an-approver"))
        load_personas(database, Uploads.of(self._settings), ("a-steward", "an-approver"))
        with database.transaction() as session:
            let_portal_ask(session, self.site)
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def other(self) -> int:
        """The port whose pages may carry the button too."""
        return self._port + 1

    def start(self) -> None:
        """Serve, and wait until it answers."""
        self._server = subprocess.Popen(  # noqa: S603 - our own arguments
            [sys.executable, "-c", _SERVE, str(self._port)],
            cwd=ROOT,
            env={**os.environ, **environ(self._settings)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(f"{self.site}/healthz", self._server)

    def stop(self) -> None:
        """End it, as an outage would."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait(_SECONDS)
            self._server = None


@contextmanager
def portal(database: Database, folder: Path) -> Iterator[Portal]:
    """Fill the database with the personas and serve the forms of the portal."""
    made = Portal(database, folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()


class _Strict(SimpleHTTPRequestHandler):
    """Serves a folder as an agency would that lets in nothing but the registry."""

    registry = ""

    def end_headers(self) -> None:
        self.send_header(
            "Content-Security-Policy",
            f"default-src 'none'; script-src {self.registry}; connect-src {self.registry};"
            " form-action 'self'; base-uri 'none'",
        )
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def another_origin(folder: Path, port: int, registry: str) -> Iterator[str]:
    """Serve a folder of static pages on another port; give its address."""
    handler = type("Handler", (_Strict,), {"registry": registry})
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()
