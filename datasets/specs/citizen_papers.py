"""The numbers that lead to a citizen: each with its paper, its issuer and its time."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from datasets.specs.base import Reading, present
from registry.kernel.clock import today
from registry.kernel.dates import PartialDate
from registry.kernel.identifiers import IdentifierError, kind_of, require_personal_id

# Passports of other countries have shapes of their own; what none of them has is refused.
_PASSPORT = re.compile(r"[A-Z0-9]{5,20}")
# Law on Identification 26/2023/QH15, article 46: nine-digit ids ended with 31 December 2024.
_NINE_DIGITS_END = PartialDate(2025, 1, 1)


def read_personal_id(reading: Reading, column: str, *, required: bool = False) -> str | None:
    """Return a cell of just twelve digits, None where it is empty or wrong."""
    value = reading.text(column, required=required)
    if value is None:
        return None
    try:
        return require_personal_id(value)
    except IdentifierError:
        reading.note("personal_id_shape", column)
        return None


def read_nine_digit_id(reading: Reading, column: str) -> str | None:
    """Return a cell of just nine digits, None where it is empty or wrong."""
    value = reading.text(column)
    if value is not None and kind_of(value) != "nine_digit_id":
        reading.note("identifier_shape", column)
        return None
    return value


def identifiers(reading: Reading, personal_id: str | None) -> list[dict[str, Any]]:
    """Return every number of the row, the one in force first.

    ``valid_from`` and ``valid_to`` bound the number itself, ``valid_to`` being the first day on
    which it no longer was one; ``expires_on`` is the last day that its paper names.
    """
    found = [
        # The number outlives its card, so the card's days are not the number's.
        _entry("personal_id", personal_id, **_paper(reading, "personal_id")),
        _nine_digit_id(reading),
        _cancelled_id(reading),
        _dated(reading, "passport", _passport(reading)),
        _dated(reading, "origin_certificate", read_personal_id(reading, "origin_certificate")),
    ]
    return [entry for entry in found if entry]


def _entry(kind: str, value: str | None, *, status: str = "valid", **more: Any) -> dict[str, Any]:
    return {"type": kind, "value": value, "status": status, **present(more)} if value else {}


def _paper(reading: Reading, kind: str) -> dict[str, Any]:
    issued, expires = (
        reading.date(f"{kind}_issued_on"),
        reading.date(f"{kind}_expires_on", ahead=True),
    )
    reading.order(issued, expires, f"{kind}_expires_on")
    return {
        "issued_on": issued and issued.to_json(),
        "issuer": reading.text(f"{kind}_issuer"),
        "expires_on": expires and expires.to_json(),
    }


def _nine_digit_id(reading: Reading) -> dict[str, Any]:
    paper = _paper(reading, "nine_digit_id")
    return _entry(
        "nine_digit_id",
        read_nine_digit_id(reading, "nine_digit_id"),
        status="expired",
        **paper,
        valid_from=paper["issued_on"],
        valid_to=_NINE_DIGITS_END.to_json(),
    )


def _cancelled_id(reading: Reading) -> dict[str, Any]:
    ended = reading.date("cancelled_id_on")
    return _entry(
        "cancelled_id",
        read_personal_id(reading, "cancelled_id"),
        status="cancelled",
        valid_to=ended and ended.to_json(),
    )


def _passport(reading: Reading) -> str | None:
    value = reading.text("passport")
    if value is not None and _PASSPORT.fullmatch(value) is None:
        reading.note("identifier_shape", "passport")
        return None
    return value


def _dated(reading: Reading, kind: str, value: str | None) -> dict[str, Any]:
    """Return a number that is as good as its paper."""
    paper = _paper(reading, kind)
    expires = paper["expires_on"]
    last = PartialDate.parse(expires["value"]).last if expires else date.max
    ends = _day(last + timedelta(days=1)).to_json() if expires else None
    return _entry(
        kind,
        value,
        status="expired" if last < today() else "valid",
        **paper,
        valid_from=paper["issued_on"],
        valid_to=ends,
    )


def _day(day: date) -> PartialDate:
    return PartialDate(day.year, day.month, day.day)
