"""How often a client may call, and ask for one person: counted over all workers, spent here.

Windows are whole minutes and hours of the shared clock. Each of several workers borrows a
hundredth of a client's calls at a time from the shared counter (`auth.counters`) and spends them
in memory, so that hardly any call waits for the database. Never more than the limit is answered;
what other workers have borrowed and not spent when the window ends is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import NamedTuple

import sqlalchemy as sa

from auth.counters import lend
from auth.subjects import Subjects
from auth.tokens import TokenVerifier
from registry.kernel.clock import now
from registry.kernel.db import Database

MINUTE, HOUR = 60, 3600
# Which part of its calls is left to a client that was found enumerating people.
SLOWED = 10
# Into how many batches a quota is cut. On SQLite one worker serves, and a batch waits for the disk.
_BATCHES = {"sqlite": 10, "postgresql": 100}


class Rate(NamedTuple):
    """Where one who asks stands against a quota of calls in a window; times are in seconds."""

    policy: str
    quota: int
    window: int
    left: int
    reset: int
    allowed: bool

    def headers(self) -> list[tuple[str, str]]:
        """Return the two fields of draft-ietf-httpapi-ratelimit-headers."""
        return [
            ("RateLimit-Policy", f'"{self.policy}";q={self.quota};w={self.window}'),
            ("RateLimit", f'"{self.policy}";r={self.left};t={self.reset}'),
        ]


class _Held:
    """What this worker has borrowed for one client: ``left`` of it, ``used`` by all workers."""

    __slots__ = ("left", "lock", "quota", "used", "window")

    def __init__(self) -> None:
        self.lock = Lock()
        self.window = self.quota = -1
        self.left = self.used = 0

    def begin(self, window: int, quota: int) -> None:
        """Start anew: what was borrowed of another window or by another quota doesn't count."""
        self.window, self.quota = window, quota
        self.left = self.used = 0


class Limiter:
    """Counts the calls of clients; one for each worker, all on one database."""

    def __init__(
        self,
        database: Database,
        verifier: TokenVerifier,
        *,
        calls_per_minute: int,
        subject_calls_per_hour: int,
    ) -> None:
        self._database = database
        self._batches = _BATCHES[database.dialect]
        self._verifier = verifier
        self._calls_per_minute = calls_per_minute
        self._subject_quota = subject_calls_per_hour
        self._subjects = Subjects(database, subject_calls_per_hour)
        self._held: dict[str, _Held] = {}

    def call(self, client_id: str) -> Rate | None:
        """Spend one call of a client; None where it has no limit. A refused call costs nothing.

        Raises sqlalchemy.exc.SQLAlchemyError if the shared counter does not answer. The calls
        that follow then have a batch that nobody counts: they need not wait for it too.
        """
        moment = now().timestamp()
        quota = self._quota(client_id, moment)
        if not quota:
            return None
        window, second = divmod(int(moment), MINUTE)
        held = self._held.get(client_id) or self._held.setdefault(client_id, _Held())
        with held.lock:
            if held.window != window or held.quota != quota:
                held.begin(window, quota)
            if not held.left and held.used < quota:
                self._borrow(held, client_id)
            allowed = held.left > 0
            held.left -= allowed
            left = quota - held.used + held.left if allowed else 0
        return Rate("client", quota, MINUTE, left, MINUTE - second, allowed)

    def ask(self, client_id: str, subjects: Iterable[str]) -> Rate | None:
        """Count that a client asks for people, by record id or by number; None if it may.

        Raises sqlalchemy.exc.SQLAlchemyError if the shared counter does not answer.
        """
        if not self._subject_quota:
            return None
        window, second = divmod(int(now().timestamp()), HOUR)
        if self._subjects.ask(client_id, subjects, (window + 1) * HOUR):
            return None
        return Rate("subject", self._subject_quota, HOUR, 0, HOUR - second, allowed=False)

    def _quota(self, client_id: str, moment: float) -> int:
        pace = self._verifier.pace(client_id)
        own = pace.calls_per_minute
        quota = self._calls_per_minute if own is None else own
        if quota and moment < pace.slowed_until:
            return max(1, quota // SLOWED)
        return quota

    def _borrow(self, held: _Held, client_id: str) -> None:
        """Borrow a batch; towards the end, where no batch is left, one call at a time."""
        ends_at = (held.window + 1) * MINUTE
        for calls in dict.fromkeys((max(1, held.quota // self._batches), 1)):
            try:
                used = lend(self._database, client_id, "", ends_at, calls=calls, quota=held.quota)
            except sa.exc.SQLAlchemyError:
                held.left = calls
                raise
            if used is not None:
                held.left, held.used = calls, used
                return
        held.used = held.quota
