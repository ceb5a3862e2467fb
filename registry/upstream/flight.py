"""Asking once what many want to know: one call at a time for one number, and a short memory for
numbers that lead to nobody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from threading import Lock
from typing import Any, Generic, TypeVar

from registry.upstream.source import SourceDown

Found = TypeVar("Found")
_REMEMBERED = 10_000


class SingleFlight(Generic[Found]):
    """Lets threads that want the same keys at the same time share one piece of work."""

    def __init__(self, wait_seconds: float) -> None:
        self._wait_seconds = wait_seconds
        self._lock = Lock()
        self._flying: dict[str, Future[Mapping[str, Found]]] = {}

    def run(
        self, keys: Iterable[str], work: Callable[[list[str]], Mapping[str, Found]]
    ) -> dict[str, Found]:
        """Return what ``work`` finds for ``keys``; what another thread is at is waited for.

        Raises what the work raised, in whichever thread, and SourceDown after too long a wait.
        """
        mine: list[str] = []
        theirs: dict[str, Future[Mapping[str, Found]]] = {}
        flight: Future[Mapping[str, Found]] = Future()
        with self._lock:
            for key in dict.fromkeys(keys):
                if key in self._flying:
                    theirs[key] = self._flying[key]
                else:
                    self._flying[key] = flight
                    mine.append(key)
        # Own work first: two threads that waited for each other would wait for ever.
        found = dict(self._fly(flight, mine, work)) if mine else {}
        for key, other in theirs.items():
            try:
                landed = other.result(self._wait_seconds)
            except TimeoutError:
                raise SourceDown("another request waits for the same number") from None
            if key in landed:
                found[key] = landed[key]
        return found

    def _fly(
        self,
        flight: Future[Mapping[str, Found]],
        keys: list[str],
        work: Callable[[list[str]], Mapping[str, Found]],
    ) -> Mapping[str, Found]:
        try:
            found = work(keys)
        except BaseException as error:
            flight.set_exception(error)
            raise
        else:
            flight.set_result(found)
            return found
        finally:
            with self._lock:
                for key in keys:
                    del self._flying[key]


class Absences:
    """Remembers for ``seconds``, in this process alone, which keys led to nobody."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[str, float] = {}

    def add(self, keys: Iterable[str]) -> None:
        """Remember ``keys``."""
        if len(self._until) >= _REMEMBERED:
            self._until = {}
        self._until |= dict.fromkeys(keys, time.monotonic() + self._seconds)

    def __contains__(self, key: Any) -> bool:
        return time.monotonic() < self._until.get(key, float("-inf"))
