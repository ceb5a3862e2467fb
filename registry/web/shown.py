"""What the page of a person's information shows, and how it is made of an answer (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from registry.kernel.errors import Text
from registry.kernel.fields import Catalogue
from registry.web.writing import Line, day, written

State = Literal["ok", "empty", "withheld", "unavailable"]


@dataclass(frozen=True, slots=True)
class Row:
    """One value: what it is, its lines, since when it holds; ``review`` while it is in doubt.

    ``item`` tells rows of one path apart. One that is ``derived`` from others is wrong where those
    are, and is reported there.
    """

    register: str
    record_id: str
    path: str
    label: Text
    lines: tuple[Line, ...]
    since: str = ""
    review: bool = False
    derived: bool = False
    item: str = ""

    @property
    def text(self) -> str:
        """The value as one Vietnamese text, as a report of an error quotes it."""
        return "; ".join(line.vi if isinstance(line, Text) else line for line in self.lines)


@dataclass(frozen=True, slots=True)
class Entry:
    """The rows of one record; ``title`` and ``about`` tell it from others of its section."""

    rows: tuple[Row, ...]
    title: Line = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One group: ``source`` is the register behind it, ``recorded`` and ``confirmed`` are days.

    The entries of one that is ``folded`` are opened one by one, for there may be many.
    """

    key: str
    title: Text
    source: Text
    state: State = "ok"
    entries: tuple[Entry, ...] = ()
    recorded: str = ""
    confirmed: str = ""
    notes: tuple[Text, ...] = ()
    folded: bool = False

    @property
    def rows(self) -> list[Row]:
        """Every row, whichever entry it is in."""
        return [row for entry in self.entries for row in entry.rows]

    def settled(self) -> Section:
        """Return the section, empty where it has nothing to show."""
        return replace(self, state="empty") if self.state == "ok" and not self.rows else self


@dataclass(frozen=True, slots=True)
class History:
    """What was believed of each interval (`registry.citizens.records.list_versions`)."""

    versions: Sequence[Mapping[str, Any]]

    def since(self, path: str, on: date) -> str:
        """Return since which day the value of ``on`` has held unbroken, "" where it isn't told."""
        told: Mapping[str, Any] | None = None
        for version in reversed(self._until(on)):
            same = told is None or dig(version["record"], path) == dig(told["record"], path)
            if not same or (told and version.get("valid_to") != told["valid_from"]):
                break
            told = version
        known = told is not None and dig(told["record"], path) is not None
        return day(told["valid_from"]) if told and known else ""

    def recorded(self, on: date) -> str:
        """Return on which day what holds ``on`` was recorded."""
        standing = self._until(on)
        return day(datetime.fromisoformat(standing[-1]["recorded_at"])) if standing else ""

    def _until(self, on: date) -> list[Mapping[str, Any]]:
        return [v for v in self.versions if v["valid_from"] <= on.isoformat()]


def dig(record: Mapping[str, Any], path: str) -> Any:
    """Return what a record has at a dotted path, None for nothing; a list gives all of it."""
    value: Any = record
    for step in path.split("."):
        if isinstance(value, list):
            value = [item[step] for item in value if step in item]
        elif isinstance(value, Mapping):
            value = value.get(step)
        else:
            return None
    return value or None if isinstance(value, list) else value


def rows(
    catalogue: Catalogue,
    record: Mapping[str, Any],
    paths: Iterable[str],
    labels: Mapping[str, Text] | None = None,
) -> list[Row]:
    """Return a row for each of ``paths`` that has a value, named as the catalogue names it."""
    named = {each.path: Text(each.vi, each.en) for each in catalogue.attributes}
    named |= labels or {}
    derived = {each.path for each in catalogue.attributes if each.derive}
    flagged = record.get("under_review", ())
    made = []
    for path in paths:
        lines = tuple(written(dig(record, path)))
        if lines:
            review = any(_touches(flag, path) for flag in flagged)
            row = Row(catalogue.register, str(record["id"]), path, named[path], lines)
            made.append(replace(row, review=review, derived=path in derived))
    return made


def _touches(flag: str, path: str) -> bool:
    return flag == path or flag.startswith(path + ".") or path.startswith(flag + ".")
