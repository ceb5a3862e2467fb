"""Partial dates: the day, the month or only the year is known (pure).

Most old papers give a year of birth alone. A year stays a year: it is never turned into
1 January, and it compares by the interval of days it may mean.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from registry.kernel.errors import Text

Precision = Literal["day", "month", "year"]

# Nobody alive and no book in use reaches further back: 1017 is a slip of the pen for 2017.
EARLIEST_YEAR = 1850
_LATEST_YEAR = 9998

_ISO = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_WRITTEN = re.compile(r"(?:(?:([0-9]{1,2})[/.-])?([0-9]{1,2})[/.-])?([0-9]{4})")


class DateError(ValueError):
    """A text is no date; ``code`` is malformed, no_such_day, out_of_range or us_order."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(text.en)
        self.code = code
        self.text = text


_MALFORMED = Text("Ngày không đúng dạng ngày/tháng/năm.", "Not a date.")
_NO_SUCH_DAY = Text("Ngày này không có trong lịch.", "No such day in the calendar.")
_OUT_OF_RANGE = Text("Năm nằm ngoài khoảng hợp lệ.", "The year is out of range.")
_US_ORDER = Text(
    "Có vẻ tháng đứng trước ngày: hãy kiểm tra lại.", "The month seems to stand before the day."
)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as precise as its source: ``month`` and ``day`` may be unknown (None).

    Raises DateError for a day that the calendar lacks or a year out of range.
    """

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no calendar has."""
        if not EARLIEST_YEAR <= self.year <= _LATEST_YEAR:
            raise DateError("out_of_range", _OUT_OF_RANGE)
        if self.month is None and self.day is not None:
            raise DateError("malformed", _MALFORMED)
        try:
            date(self.year, self.month or 1, self.day or 1)
        except ValueError as error:
            raise DateError("no_such_day", _NO_SUCH_DAY) from error

    @property
    def precision(self) -> Precision:
        """What is known: "day", "month" or "year"."""
        if self.day:
            return "day"
        return "month" if self.month else "year"

    @property
    def value(self) -> str:
        """ISO 8601 of what is known: 1989, 1989-05 or 1989-05-01."""
        parts = [f"{self.year:04d}"]
        parts += [f"{part:02d}" for part in (self.month, self.day) if part]
        return "-".join(parts)

    @property
    def first(self) -> date:
        """The earliest day it may mean."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> date:
        """The latest day it may mean."""
        if self.day:
            return self.first
        month = self.month or 12
        return date(self.year, month, calendar.monthrange(self.year, month)[1])

    def certainly_before(self, other: PartialDate) -> bool:
        """Say whether every day this may mean is before every day of ``other``."""
        return self.last < other.first

    def to_json(self) -> dict[str, str]:
        """Return the wire form, for example ``{"value": "1989", "precision": "year"}``."""
        return {"value": self.value, "precision": self.precision}

    @classmethod
    @lru_cache(maxsize=50_000)
    def parse(cls, text: str) -> PartialDate:
        """Read ISO 8601 (year, year-month or full date); raises DateError.

        >>> PartialDate.parse("1989").to_json()
        {'value': '1989', 'precision': 'year'}
        """
        match = _ISO.fullmatch(text)
        if match is None:
            raise DateError("malformed", _MALFORMED)
        return cls(*(int(part) if part else None for part in match.groups()))  # type: ignore[arg-type]

    @classmethod
    def from_text(cls, text: str) -> PartialDate:
        """Read a date as people write it: dd/MM/yyyy, MM/yyyy, yyyy, or ISO; raises DateError.

        >>> PartialDate.from_text("2/9/1945").value
        '1945-09-02'
        """
        stripped = text.strip()
        if _ISO.fullmatch(stripped):
            return cls.parse(stripped)
        match = _WRITTEN.fullmatch(stripped)
        if match is None:
            raise DateError("malformed", _MALFORMED)
        day, month, year = (int(part) if part else None for part in match.groups())
        if day and month and month > 12 >= day:  # noqa: PLR2004 - months in a year
            raise DateError("us_order", _US_ORDER)
        if day == 0 or month == 0:
            raise DateError("no_such_day", _NO_SUCH_DAY)
        return cls(year or 0, month, day)


def age_on(birth: PartialDate, day: date) -> tuple[int, int]:
    """Return the least and the most completed years of age on ``day``.

    The two differ where the birth date is partial; a rule such as "is over 18" is certain
    only where both agree. A person born on 29 February completes a year on 1 March.

    >>> age_on(PartialDate(1989), date(2025, 6, 1))
    (35, 36)
    """
    return _completed_years(birth.last, day), _completed_years(birth.first, day)


def _completed_years(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
