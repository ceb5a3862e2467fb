"""Numbers as people write them in Viet Nam, as programs write them, and as one text (pure)."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

# Beyond this a number is a slip or an attack: "1e999999999" would be a gigabyte of zeros.
_LONGEST = 40
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:([ .,'])[0-9]{3})(?:\1[0-9]{3})*")
_WHOLE = re.compile(r"[0-9]+")


def amount(value: object) -> str:
    """Return a number as a plain decimal without idle zeros; raises ValueError for anything else.

    A number of a program is taken as it is. In a text the last of two kinds of separators is the
    decimal one; a single comma is the decimal comma; a single point with one to three digits
    before and just three behind it groups thousands, as Viet Nam writes them, and is a decimal
    point otherwise; several of one kind group thousands, and so do spaces.

    >>> amount("1.234,50"), amount("1 234,5"), amount("1234.5"), amount(1234.5)
    ('1234.5', '1234.5', '1234.5', '1234.5')
    >>> amount("1.234"), amount(1.234), amount("0.234"), amount("1,234")
    ('1234', '1.234', '0.234', '1.234')
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError("not a number")  # noqa: TRY004 - one error for whatever is none
    text = _plain(value) if isinstance(value, str) else str(value)
    if len(text) > _LONGEST:
        raise ValueError("the number is too long")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not number.is_finite() or (number and abs(number.adjusted()) > _LONGEST):
        raise ValueError("not a number that a form can hold")
    shown = f"{number:f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return "0" if number == 0 else shown


def _plain(text: str) -> str:
    """Return a written number with a decimal point alone."""
    sign = "-" if text[:1] == "-" else ""
    digits = text.removeprefix("-").removeprefix("+" if not sign else "").strip()
    mark = _decimal_mark(digits)
    whole, _, part = digits.rpartition(mark) if mark else (digits, "", "")
    if _GROUPED.fullmatch(whole):
        whole = re.sub(r"[ .,']", "", whole)
    if not _WHOLE.fullmatch(whole) or (mark and not _WHOLE.fullmatch(part)):
        raise ValueError("not a number")
    return f"{sign}{whole}.{part}" if mark else sign + whole


def _decimal_mark(digits: str) -> str:
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        return max(".,", key=digits.rfind)
    if commas == 1:
        return ","
    return "." if points == 1 and not _GROUPED.fullmatch(digits) else ""
