"""Running the application under granian."""

from __future__ import annotations

import os

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from registry.kernel.settings import PREFIX, Settings

TARGET = "registry.wsgi:load"
_WORKERS_POSTGRESQL = 2
_THREADS_POSTGRESQL = 8
# The demo's server is also the provider that it asks while it answers a sign-in.
_THREADS_PERSONAS = 4
# A worker that does not stop by then is ended: every answer's access row is durable already.
_STOP_SECONDS = 10


def environ(settings: Settings) -> dict[str, str]:
    """Return ``settings`` as the variables that a worker process reads them from."""
    return {
        f"{PREFIX}{name.upper()}": str(getattr(settings, name))
        for name in settings.__dataclass_fields__
    }


def serve(settings: Settings, host: str, port: int, target: str = TARGET) -> None:
    """Serve ``target`` until interrupted.

    On SQLite one worker with one thread writes the access log, with a few more where the server
    has to answer itself.
    """
    for variable in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[variable]
    os.environ.update(environ(settings))
    Granian(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1 if settings.sqlite else _WORKERS_POSTGRESQL,
        blocking_threads=_threads(settings),
        log_level=LogLevels.warning,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_SECONDS,
    ).serve()


def _threads(settings: Settings) -> int:
    if not settings.sqlite:
        return _THREADS_POSTGRESQL
    return _THREADS_PERSONAS if settings.persona_provider == "on" else 1
