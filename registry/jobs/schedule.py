"""Recurring work: its turns begin at the same moments for every worker (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from registry.kernel.clock import VIET_NAM

_BEGIN = datetime(1970, 1, 1, tzinfo=VIET_NAM)


@dataclass(frozen=True, slots=True)
class Recurring:
    """A kind of job that is due once in every ``every``, counted from midnight in Viet Nam."""

    kind: str
    every: timedelta

    def turn(self, moment: datetime) -> datetime:
        """Return when the turn began that ``moment`` (aware) lies in, in UTC.

        >>> daily = Recurring("refresh", timedelta(days=1))
        >>> str(daily.turn(datetime(2026, 11, 2, 18, 30, tzinfo=UTC)))
        '2026-11-02 17:00:00+00:00'
        """
        return (_BEGIN + (moment - _BEGIN) // self.every * self.every).astimezone(UTC)
