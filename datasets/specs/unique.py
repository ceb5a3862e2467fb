"""Values met before, in memory that many millions of rows don't exhaust (pure)."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict

_BASE = 36
# With a 1 in front, so that zeros count, twelve such characters still fit in 64 bits.
_SHORT = re.compile(r"[0-9A-Z]{1,12}")
_FEWEST_SLOTS = 1 << 10
_SPREAD = 0x9E3779B97F4A7C15
_SPREAD_BITS = 20


class Seen:
    """The values of some columns; numbers of papers take 8 to 24 bytes each, not a hundred."""

    def __init__(self) -> None:
        self._short: dict[str, Numbers] = defaultdict(Numbers)
        self._long: set[tuple[str, str]] = set()

    def add(self, column: str, value: str | int) -> bool:
        """Say whether ``value``, which may be `short`, is new in ``column``, and remember it.

        >>> seen = Seen()
        >>> [seen.add("personal_id", value) for value in ("012345678901", "12345678901", "B-1")]
        [True, True, True]
        >>> seen.add("personal_id", "012345678901")
        False
        """
        value = short(value)
        if isinstance(value, int):
            return self._short[column].add(value)
        known = len(self._long)
        self._long.add((column, value))
        return len(self._long) > known


def short(value: str | int) -> str | int:
    """Return a value that fits as a whole number, else the value; no two give the same."""
    if isinstance(value, str) and _SHORT.fullmatch(value):
        return int("1" + value, _BASE)
    return value


class Numbers:
    """A set of whole numbers between 1 and 2^64 - 1, in an open table of bare 64-bit slots."""

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * _FEWEST_SLOTS))
        self._count = 0

    def add(self, number: int) -> bool:
        """Say whether ``number`` is new, and remember it."""
        slots = self._slots
        last = len(slots) - 1
        at = (number * _SPREAD >> _SPREAD_BITS) & last
        while held := slots[at]:
            if held == number:
                return False
            at = (at + 1) & last
        slots[at] = number
        self._count += 1
        if 3 * self._count > 2 * len(slots):
            self._grow()
        return True

    def _grow(self) -> None:
        before = self._slots
        self._slots = array("Q", bytes(2 * 8 * len(before)))
        self._count = 0
        for number in before:
            if number:
                self.add(number)
