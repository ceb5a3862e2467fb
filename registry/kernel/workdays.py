"""The Vietnamese working calendar: which days count when the law gives working days (pure).

Saturdays and Sundays are off, and so are the holidays of article 112 of the Labour Code
(45/2019/QH14) with their substitute days; a weekend day that is worked instead of another counts.
``holidays.json`` holds the years that are known, each with its source; a file in the same form
adds years or replaces them. Days are those of Asia/Ho_Chi_Minh, as `registry.kernel.clock.today`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

_DAY = timedelta(days=1)
_SATURDAY = 5
# Nobody is promised anything in so many working days; a slip would walk for ever.
_MOST_DAYS = 3_660


class BadCalendar(Exception):
    """A calendar file can't be used; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Year:
    """One year of the table: days off by date with their names, and weekend days that are worked.

    ``announced`` is False while the year is computed and its announcement still to come.
    """

    off: Mapping[date, str]
    worked: frozenset[date]
    source: str
    announced: bool


class Calendar:
    """Which days are worked; of a year outside the table the weekends alone are known."""

    def __init__(self, years: Mapping[int, Year]) -> None:
        self.years = dict(years)

    def is_workday(self, day: date) -> bool:
        """Say whether ``day`` is worked.

        >>> calendar = load()
        >>> calendar.is_workday(date(2026, 2, 17)), calendar.is_workday(date(2026, 8, 22))
        (False, True)
        """
        year = self.years.get(day.year)
        if year is not None and day in year.worked:
            return True
        return day.weekday() < _SATURDAY and (year is None or day not in year.off)

    def add_workdays(self, day: date, count: int) -> date:
        """Return the ``count``-th working day after ``day``, which itself doesn't count.

        (Civil Code 91/2015/QH13, article 147.) For 0 it is ``day``, or the next day that is
        worked. Raises ValueError for a negative count or one of more than ten years.

        >>> load().add_workdays(date(2026, 2, 12), 2)  # Thursday before Tết
        datetime.date(2026, 2, 23)
        >>> load().add_workdays(date(2026, 4, 24), 1)  # Giỗ Tổ falls on the Sunday after
        datetime.date(2026, 4, 28)
        """
        if not 0 <= count <= _MOST_DAYS:
            raise ValueError(f"{count} working days can't be counted")
        while count:
            day += _DAY
            count -= self.is_workday(day)
        while not self.is_workday(day):
            day += _DAY
        return day

    def knows(self, first: date, last: date) -> bool:
        """Say whether the holidays of every year from ``first`` to ``last`` are in the table.

        >>> load().knows(date(2026, 12, 30), date(2027, 1, 5))
        True
        >>> load().knows(date(2027, 12, 30), date(2028, 1, 5))
        False
        """
        return all(year in self.years for year in range(first.year, last.year + 1))


def is_workday(day: date) -> bool:
    """Say whether ``day`` is worked by the packaged calendar."""
    return load().is_workday(day)


def add_workdays(day: date, count: int) -> date:
    """Return the ``count``-th working day after ``day`` by the packaged calendar.

    Raises ValueError, as `Calendar.add_workdays`.
    """
    return load().add_workdays(day, count)


@lru_cache
def load(path: str = "") -> Calendar:
    """Return the packaged calendar, with the years of the file at ``path`` in place of its own.

    Raises BadCalendar for a file that is missing or in another form.
    """
    packaged = files("registry.kernel").joinpath("holidays.json").read_text("utf-8")
    years = _read(packaged)
    if path:
        try:
            years |= _read(Path(path).read_text("utf-8"))
        except OSError as error:
            raise BadCalendar(f"{path}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadCalendar(f"{path}: not the form of holidays.json ({error})") from error
    return Calendar(years)


def _read(text: str) -> dict[int, Year]:
    return {
        int(number): _year(int(number), told) for number, told in json.loads(text)["years"].items()
    }


def _year(number: int, told: Mapping[str, Any]) -> Year:
    off = {date.fromisoformat(day): str(name) for day, name in told["off"].items()}
    worked = frozenset(date.fromisoformat(day) for day in told.get("worked", ()))
    stray = [day for day in (*off, *worked) if day.year != number]
    if stray or not worked.isdisjoint(off):
        raise ValueError(f"{number} has days of another year, or days both off and worked")
    return Year(off, worked, str(told["source"]), bool(told.get("announced", True)))
