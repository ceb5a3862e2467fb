"""The package that the tests sign in at, installed from its lock once, and running."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_FILES = ("package.json", "package-lock.json")
_CACHE = HERE.parents[1] / ".pytest_cache"


def installed() -> Path:
    """Return a folder with the locked packages, made by ``npm ci`` the first time."""
    wanted = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in _FILES))
    folder = _CACHE / f"interop-{wanted.hexdigest()[:16]}"
    if not folder.exists():
        _CACHE.mkdir(exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=_CACHE))
        for name in _FILES:
            shutil.copy(HERE / name, part)
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],  # noqa: S607 - whichever is installed
            cwd=part,
            check=True,
            capture_output=True,
            timeout=300,
        )
        with suppress(OSError):  # another run of the tests was first
            part.rename(folder)
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(port: int, source: str = "provider.mjs", **configuration: Any) -> Iterator[None]:
    """Run a provider, ``source`` in this folder, on ``port``; its keys are new each time."""
    folder = installed()
    script = folder / f"{os.getpid()}-{source}"
    shutil.copy(HERE / source, script)
    process = subprocess.Popen(  # noqa: S603 - our own script
        ["node", str(script), json.dumps({"port": port, **configuration})],  # noqa: S607
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout
        assert any(line == "ready\n" for line in process.stdout), "the provider did not start"
        yield
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout:
            process.stdout.close()
        script.unlink()
