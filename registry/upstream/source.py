"""What a register asks of a source, and what keeps a failing source from hurting: a breaker, one
call at a time for one number, and a short memory for numbers that lead to nobody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

from registry.kernel.fields import Document

Found = TypeVar("Found")
_REMEMBERED = 10_000


class SourceDown(Exception):
    """The source does not answer, or not as agreed; the message holds no personal value."""


class Source(Protocol):
    """One source of one dataset, behind its adapter."""

    @property
    def name(self) -> str:
        """The name that record versions carry as their source."""

    def fetch(self, identifiers: Sequence[str]) -> Mapping[str, Document | None]:
        """Return the document of each identifier, None for one that leads to nobody.

        One that is missing could not be answered. Raises SourceDown where none could.
        """

    def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a source is waited for and read; ``total_seconds`` is for all batches."""

    batch: int = 100
    connect_seconds: float = 2.0
    read_seconds: float = 5.0
    total_seconds: float = 10.0
    most_bytes: int = 4_000_000
    failures: int = 5
    open_seconds: float = 30.0


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
