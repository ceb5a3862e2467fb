"""Leaving a failing source alone: whoever asks hears so at once, and the source can recover."""

from __future__ import annotations

import time
from threading import Lock

from registry.upstream.source import SourceDown


class Breaker:
    """Stops asking after ``failures`` in a row; one try after ``open_seconds`` decides again."""

    def __init__(self, failures: int, open_seconds: float) -> None:
        self._failures = failures
        self._open_seconds = open_seconds
        self._lock = Lock()
        self._count = 0
        self._shut_until = float("-inf")

    def admit(self) -> None:
        """Let a call through, or raise SourceDown."""
        with self._lock:
            if self._count < self._failures:
                return
            if time.monotonic() < self._shut_until:
                raise SourceDown("not asked: it failed too often just now")
            # This one call tries; the others wait for what becomes of it.
            self._shut_until = time.monotonic() + self._open_seconds

    def succeeded(self) -> None:
        """Forget the failures."""
        with self._lock:
            self._count = 0

    def failed(self) -> None:
        """Count a failure."""
        with self._lock:
            self._count += 1
            self._shut_until = time.monotonic() + self._open_seconds
