"""Pure rules over citizen documents: search criteria, claims and predicates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal

from registry.kernel.dates import DateError, PartialDate, age_on
from registry.kernel.fields import Document, without
from registry.kernel.text import match_key

Verdict = Literal["match", "no_match", "unknown"]

# A search names one of these sets of criteria, whole; less would be browsing.
COMBINATIONS = (
    frozenset({"name", "birth_date"}),
    frozenset({"name", "birth_year", "commune"}),
)
_OLDEST = 150
_DIGITS = 3
_DAY = timedelta(days=1)
# Codes by which a register says that it does not know.
_UNDECIDED = {"blood_type": "00", "marital_status": "unknown", "sex": "0"}


# What is looked into besides what is asked for: by `true_on`, by `projection.without_books`, and
# by the residence in force, for which a residence of any kind may have a term.
DATED = (
    *(
        f"residence.{kind}.{bound}"
        for kind in ("permanent", "temporary", "current")
        for bound in ("valid_from", "until", "term_end")
    ),
    "temporary_absence.valid_from",
    "temporary_absence.until",
    "marital_status",
)


def true_on(document: Document, on: date) -> Document:
    """Return what ``document`` says of one day: no residence that had not begun, no past absence.

    A start or an end known only by month or year is told for the whole of that time, and named
    under ``uncertain`` while the day may lie on its other side.

    >>> flat = {"residence": {"permanent": {"valid_from": {"value": "2015"}}}}
    >>> true_on(flat, date(2014, 12, 31)), true_on(flat, date(2015, 12, 31)) == flat
    ({'residence': {}}, True)
    >>> true_on(flat, date(2015, 6, 1))["uncertain"]
    ['residence.permanent']
    """
    told, uncertain = document, []
    for path, entry in _periods(document):
        began, ended = _interval(entry, "valid_from"), _interval(entry, "until")
        if (began and on < began[0]) or (ended and ended[1] < on):
            told = without(told, path)
        elif (began and on < began[1]) or (ended and ended[0] < on):
            uncertain.append(".".join(path))
    return {**told, "uncertain": uncertain} if uncertain else told


def turning_days(document: Document) -> set[date]:
    """Return the days from which ``document``, itself unchanged, says something else."""
    days: set[date] = set()
    for _, entry in _periods(document):
        days.update(_interval(entry, "valid_from") or ())
        days.update(last + _DAY for last in _interval(entry, "until") or ())
        if "term_end" in entry:
            days.add(date.fromisoformat(entry["term_end"]) + _DAY)
    return days


def _periods(document: Document) -> Iterator[tuple[tuple[str, ...], Document]]:
    """Yield the parts of a document that have a time of their own."""
    for kind, entry in document.get("residence", {}).items():
        yield ("residence", kind), entry
    if "temporary_absence" in document:
        yield ("temporary_absence",), document["temporary_absence"]


def _interval(entry: Document, key: str) -> tuple[date, date] | None:
    leaf = entry.get(key)
    return _parse(leaf["value"]) if leaf else None


@lru_cache(maxsize=50_000)
def _parse(value: str) -> tuple[date, date]:
    parsed = PartialDate.parse(value)
    return parsed.first, parsed.last


def check_claim(document: Document, path: str, claimed: str) -> Verdict:
    """Compare one claimed value with the document; without a value of ours it is unknown.

    Text compares by its match key, coded values by code, dates by the interval they may mean:
    a year that contains the registered day is a match of what was claimed. Of several values
    one is enough. A code that says "not known" decides nothing.
    """
    value: Any = document
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    if isinstance(value, list):
        verdicts = {_compare(one, path, claimed) for one in value}
        # One that can't be compared leaves room for a match.
        undecided: Verdict = "unknown" if "unknown" in verdicts or not value else "no_match"
        return "match" if "match" in verdicts else undecided
    return _compare(value, path, claimed)


def _compare(value: Any, path: str, claimed: str) -> Verdict:
    if isinstance(value, str):
        return "match" if match_key(claimed) == match_key(value) else "no_match"
    if not isinstance(value, Mapping):
        return "unknown"
    if "precision" in value:
        return _same_date(PartialDate.parse(value["value"]), claimed)
    if "code" not in value or value["code"] == _UNDECIDED.get(path):
        return "unknown"
    return "match" if claimed == value["code"] else "no_match"


def _same_date(registered: PartialDate, claimed: str) -> Verdict:
    try:
        given = PartialDate.parse(claimed)
    except DateError:
        return "no_match"
    if given.first <= registered.first and registered.last <= given.last:
        return "match"
    apart = given.certainly_before(registered) or registered.certainly_before(given)
    return "no_match" if apart else "unknown"


def valid_age(argument: str) -> bool:
    """Say whether ``argument`` is a number of years that somebody may have lived."""
    return _digits(argument) and len(argument) <= _DIGITS and int(argument) <= _OLDEST


def valid_unit(argument: str) -> bool:
    """Say whether ``argument`` has the form of the code of a province or a commune of today."""
    return _digits(argument) and len(argument) in {2, 5}


def _digits(argument: str) -> bool:
    return argument.isascii() and argument.isdigit()


def is_over(document: Document, years: str, on: date) -> Verdict:
    """Say whether somebody has completed ``years`` on a day; unknown where that is not sure."""
    if "birth_date" not in document:
        return "unknown"
    least, most = age_on(PartialDate.parse(document["birth_date"]["value"]), on)
    if least >= int(years):
        return "match"
    return "no_match" if most < int(years) else "unknown"


def resident_of(document: Document, code: str) -> Verdict:
    """Say whether the permanent residence lies in the present unit of that code."""
    address = document.get("residence", {}).get("permanent", {}).get("address", {})
    current = address.get("current", {})
    level = "province" if len(code) == len("79") else "commune"
    if level not in current:
        return "unknown"
    return "match" if current[level]["code"] == code else "no_match"
