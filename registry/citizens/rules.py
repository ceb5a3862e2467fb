"""Pure rules over citizen documents: search criteria, claims and predicates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from registry.kernel.dates import PartialDate, age_on
from registry.kernel.fields import Document
from registry.kernel.text import match_key

Verdict = Literal["match", "no_match", "unknown"]

# A search names one of these sets of criteria, whole; less would be browsing.
COMBINATIONS = (
    frozenset({"name", "birth_date"}),
    frozenset({"name", "birth_year", "commune"}),
)
PREDICATES: Mapping[str, tuple[str, ...]] = {
    "is_over": ("birth_date",),
    "resident_of": ("residence.permanent.address",),
}
_OLDEST = 150


def uncertain_paths(document: Document, on: date) -> list[str]:
    """Return the residences that may not have begun on ``on``, their start being partial.

    A start known by month or year is delivered for the whole of that month or year, marked.

    >>> flat = {"residence": {"permanent": {"valid_from": {"value": "2015"}}}}
    >>> uncertain_paths(flat, date(2015, 6, 1)), uncertain_paths(flat, date(2016, 1, 1))
    (['residence.permanent'], [])
    """
    return [
        f"residence.{kind}"
        for kind, entry in document.get("residence", {}).items()
        if "valid_from" in entry
        and PartialDate.parse(entry["valid_from"]["value"]).precision != "day"
        and on < PartialDate.parse(entry["valid_from"]["value"]).last
    ]


def check_claim(document: Document, path: str, claimed: Any) -> Verdict:
    """Compare one claimed value with the document; without a value of ours it is unknown.

    Text compares by its match key, coded values by code, dates by the interval they may mean:
    a year that contains the registered day is a match of what was claimed.
    """
    value: Any = document
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    if value is None:
        return "unknown"
    if isinstance(value, Mapping) and "precision" in value:
        return _same_date(PartialDate.parse(value["value"]), str(claimed))
    if isinstance(value, Mapping):
        if "code" not in value:
            return "unknown"
        return "match" if str(claimed) == value["code"] else "no_match"
    if not isinstance(value, str):
        return "unknown"
    return "match" if match_key(str(claimed)) == match_key(value) else "no_match"


def _same_date(registered: PartialDate, claimed: str) -> Verdict:
    given = PartialDate.parse(claimed)
    if given.first <= registered.first and registered.last <= given.last:
        return "match"
    apart = given.certainly_before(registered) or registered.certainly_before(given)
    return "no_match" if apart else "unknown"


def check_predicate(document: Document, name: str, argument: str, on: date) -> Verdict:
    """Answer a predicate such as ``is_over`` 18 on a day; unknown where data does not decide."""
    return _is_over(document, argument, on) if name == "is_over" else _resident(document, argument)


def valid_predicate(name: str, argument: str) -> bool:
    """Say whether a predicate exists and its argument makes sense."""
    if name == "is_over":
        return argument.isascii() and argument.isdigit() and int(argument[:4]) <= _OLDEST
    codes = {2, 5}  # a province or a commune of today
    return (
        name == "resident_of"
        and argument.isascii()
        and argument.isdigit()
        and (len(argument) in codes)
    )


def _is_over(document: Document, years: str, on: date) -> Verdict:
    if "birth_date" not in document:
        return "unknown"
    least, most = age_on(PartialDate.parse(document["birth_date"]["value"]), on)
    if least >= int(years):
        return "match"
    return "no_match" if most < int(years) else "unknown"


def _resident(document: Document, code: str) -> Verdict:
    address = document.get("residence", {}).get("permanent", {}).get("address", {})
    current = address.get("current", {})
    level = "province" if len(code) == len("79") else "commune"
    if level not in current:
        return "unknown"
    return "match" if current[level]["code"] == code else "no_match"
