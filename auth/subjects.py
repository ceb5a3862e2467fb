"""How often one client asks for the same person, counted by the hour.

Nearly everybody is asked for once, so a worker counts in its own memory first. From a fortieth of
the limit on, it counts in the database, where every worker sees it: four workers answer at most a
twentieth more than the limit. A person asked for by record id and by number is counted as two:
who stands behind a number is not known before it is read.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from threading import Lock

from auth.counters import lend
from auth.once import shared_secret
from registry.kernel.db import Database

_SHARED_FROM = 40
_REMEMBERED = 50_000
_REFUSED = -1


class Subjects:
    """Counts who is asked for by whom; at most ``quota`` times in a window, any if 0."""

    def __init__(self, database: Database, quota: int) -> None:
        self._database = database
        self._quota = quota
        self._shared_from = max(1, quota // _SHARED_FROM)
        self._lock = Lock()
        self._ends_at = 0.0
        self._counts: dict[tuple[str, str], int] = {}
        self._secret: bytes | None = None

    def ask(self, client_id: str, subjects: Iterable[str], ends_at: float) -> bool:
        """Count each of ``subjects`` once; False if one has been asked for too often.

        ``ends_at`` says which window it is. Nobody is counted where one is known to be refused.
        """
        with self._lock:
            counts = self._counts
            if ends_at != self._ends_at or len(counts) >= _REMEMBERED:
                # What others see of a window stays, so little is forgotten with the memory.
                counts.clear()
                self._ends_at = ends_at
            keys = {(client_id, subject) for subject in subjects}
            if any(counts.get(key) == _REFUSED for key in keys):
                return False
            shared = []
            for key in keys:
                count = counts.get(key, 0) + 1
                counts[key] = count
                if count >= self._shared_from:
                    shared.append((key, count))
        # All of them are counted, also behind one that is refused: the others were asked for.
        allowed = [self._share(key, count, ends_at) for key, count in shared]
        return all(allowed)

    def _share(self, key: tuple[str, str], count: int, ends_at: float) -> bool:
        calls = count if count == self._shared_from else 1
        client_id, subject = key
        told = self._told(client_id, subject)
        for some in dict.fromkeys((calls, 1)):
            used = lend(self._database, client_id, told, ends_at, calls=some, quota=self._quota)
            if used is not None:
                return True
        with self._lock:
            if self._ends_at == ends_at:
                self._counts[key] = _REFUSED
        return False

    def _told(self, client_id: str, subject: str) -> str:
        """Return what stands for a person in the database: numbers are few enough to try all."""
        if self._secret is None:
            self._secret = shared_secret(self._database, "subject_counts")
        text = f"{client_id} {subject}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()
