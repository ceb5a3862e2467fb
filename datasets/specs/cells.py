"""What one cell says: its value and the rules that it breaks (pure).

A load meets most dates, codes and words many times, so what was read once is remembered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache, partial
from typing import Any, NamedTuple

from orjson import Fragment

from registry.kernel.codes import load as load_codes
from registry.kernel.dates import DateError, PartialDate
from registry.kernel.identifiers import kind_of
from registry.kernel.rendered import render
from registry.kernel.text import clean, is_clean, suggest_spacing

Wrong = tuple[str, ...]
Cell = tuple[Any, Wrong]
"""The value, None where the cell is empty or wrong, and the rules that it breaks."""
Read = Callable[[str], Cell]

_FINE: Wrong = ()
_HIDDEN: Wrong = ("hidden_character",)
# Passports of other countries have shapes of their own; what none of them has is refused.
_PASSPORT = re.compile(r"[A-Z0-9]{5,20}")


class Dated(NamedTuple):
    """A partial date, its first day and its wire form."""

    day: PartialDate
    first: date
    told: Fragment


class Leaf(NamedTuple):
    """One entry of a list of codes and its wire form."""

    code: str
    label: str
    told: Fragment


def shown(raw: str) -> tuple[str, bool]:
    """Return the display form, and whether an invisible character hides something in it."""
    return (raw, False) if is_clean(raw) else _cleaned(raw)


@lru_cache(maxsize=50_000)
def _cleaned(raw: str) -> tuple[str, bool]:
    hidden = not raw.isprintable() and (
        suggest_spacing(raw) is not None or any(map(_is_control, raw))
    )
    return clean(raw), hidden


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and not character.isspace()


def text(raw: str) -> Cell:
    """Read words."""
    if is_clean(raw):
        return raw or None, _FINE
    value, hidden = _cleaned(raw)
    return value or None, _HIDDEN if hidden and value else _FINE


# A family's names and addresses come again soon, those of issuers always; numbers don't.
words = lru_cache(maxsize=50_000)(text)


def listed(raw: str) -> Cell:
    """Read values that are separated by semicolons."""
    value, wrong = text(raw)
    return [part.strip() for part in (value or "").split(";") if part.strip()], wrong


@lru_cache(maxsize=100_000)
def dated(raw: str) -> Cell:
    """Read a date, as `Dated`, whenever it is."""
    value, wrong = text(raw)
    if value is None:
        return None, wrong
    try:
        day = PartialDate.from_text(value)
    except DateError as error:
        return None, (*wrong, f"date_{error.code}")
    return Dated(day, day.first, Fragment(render(day.to_json()))), wrong


@lru_cache(maxsize=2)
def past(today: date) -> Read:
    """Return the reading of a date, as `Dated`, that must have begun ``today``."""

    @lru_cache(maxsize=100_000)
    def read(raw: str) -> Cell:
        value, wrong = dated(raw)
        return value, (*wrong, "date_future") if value and value.first > today else wrong

    return read


@lru_cache(maxsize=20_000)
def coded(codes: str, raw: str) -> Cell:
    """Read a code or a label of the list ``codes``, as code and label."""
    value, wrong = text(raw)
    if value is None:
        return None, wrong
    found = _leaf(codes, value)
    return found, wrong if found else (*wrong, "unknown_code")


@lru_cache(maxsize=20_000)
def leaf(codes: str, raw: str) -> Cell:
    """Read a code or a label of the list ``codes`` as `Leaf`."""
    found, wrong = coded(codes, raw)
    return found and Leaf(found["code"], found["label"], Fragment(render(found))), wrong


def _leaf(codes: str, value: str) -> Mapping[str, str] | None:
    known = load_codes(codes)
    if value in known:
        return known.leaf(value)
    found = known.find_by_label(value)
    return known.leaf(found.code) if found else None


def coded_list(codes: str, raw: str) -> Cell:
    """Read codes or labels separated by semicolons."""
    values, wrong = listed(raw)
    found = [each for value in values if (each := _leaf(codes, value))]
    return found, wrong if len(found) == len(values) else (*wrong, "unknown_code")


def personal_id(raw: str) -> Cell:
    """Read exactly twelve digits."""
    if len(raw) == 12 and raw.isascii() and raw.isdigit():  # noqa: PLR2004 - most cells
        return raw, _FINE
    return _number(raw, "personal_id", "personal_id_shape")


def nine_digit_id(raw: str) -> Cell:
    """Read exactly nine digits."""
    return _number(raw, "nine_digit_id", "identifier_shape")


def _number(raw: str, kind: str, shape: str) -> Cell:
    value, wrong = text(raw)
    if value is None or kind_of(value) == kind:
        return value, wrong
    return None, (*wrong, shape)


def passport(raw: str) -> Cell:
    """Read a passport number of any country."""
    value, wrong = text(raw)
    if value is None or _PASSPORT.fullmatch(value):
        return value, wrong
    return None, (*wrong, "identifier_shape")


_KINDS: Mapping[str, Read] = {
    "text": text,
    "words": words,
    "digits": text,
    "list": listed,
    "date_ahead": dated,
    "personal_id": personal_id,
    "nine_digit_id": nine_digit_id,
    "passport": passport,
}


DIGITS = frozenset({"digits", "personal_id", "nine_digit_id"})
"""Kinds of numbers that are names: kept as an amount, they may have lost zeros in front."""


def reader(kind: str, today: date) -> Read:
    """Return how cells of a column of this kind are read on the day of the check.

    Besides those listed here there are "date", and "code:" and "codes:" with the name of a list.
    """
    if kind == "date":
        return past(today)
    name, _, codes = kind.partition(":")
    if codes:
        return partial(leaf if name == "code" else coded_list, codes)
    return _KINDS[kind]
