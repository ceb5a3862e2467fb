"""The numbers that lead to a citizen: each with its paper, its issuer and its time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from orjson import Fragment

from datasets.specs.base import Reading
from datasets.specs.cells import Dated
from registry.kernel.dates import PartialDate
from registry.kernel.identifiers import IdentifierError, require_personal_id
from registry.kernel.rendered import render

# Law on Identification 26/2023/QH15, article 46: nine-digit ids ended with 31 December 2024.
_NINE_DIGITS_END = Fragment(render(PartialDate(2025, 1, 1).to_json()))


def read_personal_id(reading: Reading, column: str, *, required: bool = False) -> str | None:
    """Return a cell of just twelve digits, None where it is empty or wrong."""
    value = reading.text(column, required=required, digits=True)
    if value is None:
        return None
    try:
        return require_personal_id(value)
    except IdentifierError:
        reading.note("personal_id_shape", column)
        return None


def identifiers(reading: Reading, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every number of the row, the one in force first; ``values`` by column.

    ``valid_from`` and ``valid_to`` bound the number itself, ``valid_to`` being the first day on
    which it no longer was one; ``expires_on`` is the last day that its paper names.
    """
    found = []
    for kind, columns in _PAPERS.items():
        issued, issuer, expires = map(values.get, columns)
        if issued is not None and expires is not None:
            reading.order(issued.day, expires.day, columns[-1])
        value = values.get(kind)
        if value is None:
            continue
        entry = {"type": kind, "value": value, "status": "valid"}
        if issued is not None:
            entry["issued_on"] = issued.told
        if issuer is not None:
            entry["issuer"] = issuer
        if expires is not None:
            entry["expires_on"] = expires.told
        bound = _BOUNDS.get(kind)
        found.append({**entry, **bound(reading, values, issued, expires)} if bound else entry)
    return found


def _nine_digit_id(
    reading: Reading, values: Mapping[str, Any], issued: Dated | None, expires: Dated | None
) -> dict[str, Any]:
    del reading, values, expires
    began = {"valid_from": issued.told} if issued else {}
    return {"status": "expired", **began, "valid_to": _NINE_DIGITS_END}


def _cancelled_id(
    reading: Reading, values: Mapping[str, Any], issued: Dated | None, expires: Dated | None
) -> dict[str, Any]:
    del reading, issued, expires
    ended = values.get("cancelled_id_on")
    return {"status": "cancelled", **({"valid_to": ended.told} if ended else {})}


def _dated(
    reading: Reading, values: Mapping[str, Any], issued: Dated | None, expires: Dated | None
) -> dict[str, Any]:
    """Return the days of a number that is as good as its paper."""
    del values
    began = {"valid_from": issued.told} if issued else {}
    if expires is None:
        return began
    last = expires.day.last
    ends = last + timedelta(days=1)
    until = {"valid_to": PartialDate(ends.year, ends.month, ends.day).to_json()}
    return {**began, **until, "status": "expired" if last < reading.day else "valid"}


_KINDS = ("personal_id", "nine_digit_id", "cancelled_id", "passport", "origin_certificate")
_PAPERS = {
    kind: tuple(f"{kind}_{name}" for name in ("issued_on", "issuer", "expires_on"))
    for kind in _KINDS
}
# The number outlives its card, so the card's days are not the personal id's.
_BOUNDS = {
    "nine_digit_id": _nine_digit_id,
    "cancelled_id": _cancelled_id,
    "passport": _dated,
    "origin_certificate": _dated,
}
