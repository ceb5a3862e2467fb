"""The one clock: UTC inside, Asia/Ho_Chi_Minh on screens and for "today" in law.

Everything that asks the time asks here, so that a test can fix it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta, timezone

# Viet Nam has had one offset and no daylight saving since 1975; a fixed offset
# spares the product a time-zone database at run time.
_AHEAD = timedelta(hours=7)
VIET_NAM = timezone(_AHEAD, "Asia/Ho_Chi_Minh")

_fixed: list[datetime] = []


def now() -> datetime:
    """Return the present moment as an aware UTC datetime."""
    return _fixed[-1] if _fixed else datetime.now(UTC)


def local_day(moment: datetime) -> date:
    """Return the calendar day in Viet Nam of a moment."""
    return moment.astimezone(VIET_NAM).date()


def today() -> date:
    """Return the calendar day in Viet Nam, which is the day the law means."""
    # One addition says what a conversion between zones says, at half the price.
    return (now() + _AHEAD).date()


def tomorrow() -> float:
    """Return when the next day begins in Viet Nam, in seconds since 1970."""
    return datetime.combine(today() + timedelta(days=1), time.min, VIET_NAM).timestamp()


@contextmanager
def fixed(moment: datetime) -> Iterator[None]:
    """Hold the clock at ``moment`` (aware) for the block; for tests and for generated data."""
    if moment.tzinfo is None:
        raise ValueError("the clock needs an aware datetime")
    _fixed.append(moment.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.pop()
