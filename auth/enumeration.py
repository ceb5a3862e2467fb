"""Finding out a client that tries numbers: most of them lead to nobody, or they are in sequence.

Personal ids have six random digits, so whoever knows the rest of the number could find everybody
of a province and year by trying. Such a client is slowed for ten minutes and reported. Each worker
watches what it answers itself; what it concludes counts on all of them.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import pairwise
from threading import Lock
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.clients import count_change
from auth.models import ClientAlert
from registry.kernel.clock import now
from registry.kernel.db import Database, UtcDateTime, new_id
from registry.kernel.errors import places_of

Kind = Literal["misses", "sequence"]

SLOWED_FOR = timedelta(minutes=10)
# How many look-ups are judged together, and how many of them may lead to nobody.
WATCHED, MOST_MISSES = 100, 30
# A sequence has so many numbers, each so little above the one before.
SEQUENCE, LARGEST_STEP = 20, 100
logger = logging.getLogger("sogoc")

# One row of any number at once begins the time, and that one reports it.
_SLOW = sa.text(
    "INSERT INTO slowed_client (client_id, until) VALUES (:client_id, :until)"
    " ON CONFLICT (client_id) DO UPDATE SET until = :until WHERE slowed_client.until <= :at"
    " RETURNING client_id"
).bindparams(
    sa.bindparam("until", type_=UtcDateTime),
    sa.bindparam("at", type_=UtcDateTime),
)


class _Recent:
    """The last look-ups of one client: the numbers, whether each led to nobody, how many did."""

    __slots__ = ("looked", "misses", "numbers")

    def __init__(self) -> None:
        self.looked = 0
        self.misses = 0
        self.numbers: deque[tuple[int, bool]] = deque()

    def add(self, number: int, *, missed: bool) -> str | None:
        """Add a look-up; return in words what is suspicious by now, the kind first."""
        numbers = self.numbers
        if len(numbers) == WATCHED:
            self.misses -= numbers.popleft()[1]
        numbers.append((number, missed))
        self.misses += missed
        self.looked += 1
        if self.misses > MOST_MISSES and len(numbers) == WATCHED:
            return f"misses: {self.misses} of the last {WATCHED} look-ups led to nobody"
        # Sorting costs more than all the rest, and a sequence that goes on is found the next time.
        if self.looked % SEQUENCE == 0:
            length = longest_sequence(sorted({number for number, _ in numbers}))
            if length >= SEQUENCE:
                return f"sequence: {length} numbers of the last {len(numbers)} look-ups"
        return None


def longest_sequence(numbers: Sequence[int]) -> int:
    """Return how many of the sorted, distinct ``numbers`` follow at one small step.

    >>> longest_sequence([3, 10, 12, 14, 16, 90]), longest_sequence([1, 1001, 2001])
    (4, 1)
    """
    longest, length, before = min(len(numbers), 1), 1, 0
    for lower, higher in pairwise(numbers):
        step = higher - lower
        length = 1 if step > LARGEST_STEP else length + 1 if step == before else 2
        before = step
        longest = max(longest, length)
    return longest


class Watch:
    """Watches the look-ups by number of every client that this worker answers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._recent: dict[str, _Recent] = {}

    def looked_up(self, client_id: str, looked: Iterable[tuple[str, bool]]) -> None:
        """Take note of numbers (digits) that a client asked for, and whether each led to nobody.

        An alarm that can't be kept is logged and tried again by what follows: by now the answer
        is made and its access rows are written.
        """
        with self._lock:
            recent = self._recent.get(client_id) or self._recent.setdefault(client_id, _Recent())
            found = None
            for number, missed in looked:
                found = recent.add(int(number), missed=missed) or found
        if found:
            self._alarm(client_id, found)

    def _alarm(self, client_id: str, found: str) -> None:
        kind, _, detail = found.partition(": ")
        try:
            first = slow_down(self._database, client_id, kind, detail)
        except sa.exc.SQLAlchemyError as error:
            logger.error("client %s not slowed %s", client_id, places_of(error))  # noqa: TRY400 - the message may hold personal values
            return
        with self._lock:
            # Judged once: after its time, a client is judged by what it does then.
            self._recent.pop(client_id, None)
        if first:
            logger.warning("client %s slowed, %s: %s", client_id, kind, detail)


def slow_down(database: Database, client_id: str, kind: str, detail: str) -> bool:
    """Slow a client on every worker and keep an alert; False if it is slowed already.

    ``detail`` says what was seen, without any number that was asked for.
    """
    at = now()
    with database.transaction() as session:
        slowed = {"client_id": client_id, "until": at + SLOWED_FOR, "at": at}
        if session.scalar(_SLOW, slowed) is None:
            return False
        session.add(ClientAlert(id=new_id(), client_id=client_id, kind=kind, at=at, detail=detail))
        count_change(session)
    return True


def list_alerts(session: Session) -> Sequence[ClientAlert]:
    """Return every alert, the newest first."""
    return session.scalars(sa.select(ClientAlert).order_by(ClientAlert.id.desc())).all()
