"""Reading tables of TOML strictly: what nobody asked for is an error that names its place."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from registry.kernel.errors import Text

_MISSING: Any = object()


class ProfileError(ValueError):
    """A profile can't be read: the message names the file and the key."""

    def __init__(self, file: str, key: str, wrong: str) -> None:
        super().__init__(f"{file}: {key}: {wrong}")
        self.file = file
        self.key = key


class Table:
    """One table of a file; ``key`` is where it stands, for messages.

    Every member is taken once by `take`; `close` refuses what is left over.
    """

    def __init__(self, file: str, key: str, content: Any) -> None:
        self.file = file
        self.key = key
        if not isinstance(content, Mapping):
            raise ProfileError(file, key or "-", "must be a table")
        self._left = dict(content)

    def wrong(self, member: str, what: str) -> ProfileError:
        """Return the error about one member."""
        return ProfileError(self.file, f"{self.key}.{member}".strip("."), what)

    def take(self, member: str, kind: type, default: Any = _MISSING) -> Any:
        """Return a member of one type; ``default`` where it is absent. Raises ProfileError."""
        value = self._left.pop(member, default)
        if value is _MISSING:
            raise self.wrong(member, "is missing")
        if value is default:
            return value
        # A boolean is an int, and a moment a day, to Python alone.
        stray = (kind is int and isinstance(value, bool)) or isinstance(value, datetime)
        if stray or not isinstance(value, kind):
            raise self.wrong(member, f"must be {_NAMES.get(kind, 'a plain value')}")
        return value

    def one_of(self, member: str, known: Collection[str], default: Any = _MISSING) -> Any:
        """Return a text that must be among ``known``."""
        value = self.take(member, str, default)
        if value is not default and value not in known:
            raise self.wrong(member, f"unknown: {value}")
        return value

    def text(self, member: str, default: Any = _MISSING) -> Any:
        """Return a message in both languages."""
        value = self.take(member, dict, default)
        if value is default:
            return value
        below = Table(self.file, f"{self.key}.{member}".strip("."), value)
        found = Text(below.take("vi", str), below.take("en", str))
        below.close()
        if not found.vi.strip() or not found.en.strip():
            raise self.wrong(member, "must not be empty")
        return found

    def texts(self, member: str) -> tuple[str, ...]:
        """Return a list of texts, none of them twice; empty where it is absent."""
        values = self.take(member, list, [])
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(member, "must be a list of texts")
        if len(set(values)) != len(values):
            raise self.wrong(member, "names something twice")
        return tuple(values)

    def days(self) -> tuple[date, date | None]:
        """Return ``valid_from`` and ``valid_to``, which must come later."""
        start, end = self.take("valid_from", date), self.take("valid_to", date, None)
        if end is not None and end <= start:
            raise self.wrong("valid_to", "must be later than valid_from")
        return start, end

    def tables(self, member: str) -> Iterator[Table]:
        """Yield the tables of a list, each with its place."""
        for index, content in enumerate(self.take(member, list, [])):
            yield Table(self.file, f"{self.key}.{member}[{index}]".strip("."), content)

    def has(self, member: str) -> bool:
        """Say whether a member is there and not yet taken."""
        return member in self._left

    def close(self) -> None:
        """Refuse every member that was not taken."""
        for member in sorted(self._left):
            raise self.wrong(member, "unknown member")


_NAMES = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    list: "a list",
    dict: "a table",
    date: "a day, such as 2026-01-01",
}


def parse(file: str, content: str) -> Table:
    """Return the table of a whole file. Raises ProfileError, also for a key that stands twice."""
    try:
        return Table(file, "", tomllib.loads(content))
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(file, "-", f"is not TOML: {error}") from None
