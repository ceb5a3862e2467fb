"""The file of citizens: one row a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, cast

from datasets.formats import Row
from datasets.specs.base import (
    Entry,
    Readers,
    Reading,
    Spec,
    by_row,
    present,
)
from datasets.specs.cells import Dated, Leaf
from datasets.specs.citizen_columns import COLUMNS
from datasets.specs.citizen_papers import identifiers
from registry.citizens.changes import apply_changes
from registry.kernel.dates import PartialDate
from registry.kernel.identifiers import Sex, personal_id_warnings
from registry.kernel.ledger import Change
from registry.kernel.rendered import Rendered, render

Values = Mapping[str, Any]
"""What the filled cells of a row say, by column; a `Dated` where it is a date."""

_SEX = {"1": "male", "2": "female"}
_REPEATED = {"personal_id": "repeated_record"} | dict.fromkeys(
    ("nine_digit_id", "cancelled_id", "passport", "origin_certificate"), "repeated_identifier"
)
_TOLD = (None, "0", "1")
_HOMES = tuple(
    (kind, f"{kind}_address", f"{kind}_from") for kind in ("permanent", "temporary", "current")
)
_OF_PERSON = {
    name: (
        ("name", f"{name}_name"),
        ("personal_id", f"{name}_id"),
        ("nine_digit_id", f"{name}_nine_digit_id"),
        ("nationality", f"{name}_nationality"),
    )
    for name in ("father", "mother", "spouse", "representative")
}
_CODED = ("religion", "nationality", "blood_type")
_PLACES = ("birth_place", "birth_registration_place", "hometown")
_KIN = ("father", "mother", "spouse")
_EARLIEST = date(1900, 1, 1)
_UNKNOWN = ("unknown", "Chưa có thông tin")


def row(row: Row) -> Entry:
    """Read one person; the second row of a person, or of a number of theirs, is rejected."""
    reading = Reading(row)
    values = reading.values(_readers(reading.day))
    numbers = identifiers(reading, values)
    home = reading.placed("permanent_address", values)
    document = _document(reading, values, numbers)
    change = None
    if not reading.rejected:
        since = values.get("valid_from") or values.get("birth_date")
        text = Rendered(render(document), {"personal_id": document["personal_id"]})
        change = Change(text, since.first if since else _EARLIEST)
    return Entry(
        1,
        change,
        tuple(reading.findings),
        row.line,
        reading.part,
        home[0] if home else "",
        # One number can't lead to two people.
        keys=tuple((_REPEATED[n["type"]], n["type"], n["value"]) for n in numbers),
    )


@lru_cache(maxsize=2)
def _readers(today: date) -> Readers:
    return Readers(COLUMNS, today)


def _document(reading: Reading, values: Values, numbers: list[dict[str, Any]]) -> dict[str, Any]:
    told = values.get
    birth, sex, personal_id = told("birth_date"), told("sex"), told("personal_id")
    if personal_id:
        for rule in _warnings(personal_id[:6], sex and sex.code, birth and birth.day.year):
            reading.note(rule, "personal_id")
    document = {
        "identifiers": numbers,
        "name": _name(values),
        "birth_date": birth and birth.told,
        "sex": sex and sex.told,
        "ethnicity": _ethnicity(reading, told("ethnicity")),
        "other_nationalities": told("other_nationalities"),
        "residence": _residence(reading, values),
        "temporary_absence": _absence(reading, values),
        "residence_file": told("residence_file"),
        "marital_status": _marital_status(reading, values),
        "representative": _representative(values),
        "life_status": _life_status(reading, values),
        "phone": told("phone"),
        "email": told("email"),
    }
    for name in _CODED:
        if leaf := told(name):
            document[name] = leaf.told
    for place in _PLACES:
        if placed := reading.placed(place, values):
            document[place] = placed[1]
    for kin in _KIN:
        if person := _person(values, kin):
            document[kin] = person
    return {**present(document), "personal_id": personal_id or ""}


@lru_cache(maxsize=100_000)
def _warnings(digits: str, sex: str | None, birth_year: int | None) -> tuple[str, ...]:
    """Return what the first six digits of a personal id say against the row, as rules."""
    known = cast("Sex | None", _SEX.get(sex or ""))
    born = PartialDate(birth_year) if birth_year else None
    return personal_id_warnings(f"{digits}000000", known, born)


def _ethnicity(reading: Reading, found: Leaf | None) -> Any:
    """Return the people by code, and as registered where that is another name for it."""
    if found is None:
        return None
    recorded = reading.text("ethnicity")
    if recorded in {found.code, found.label}:
        return found.told
    return {"code": found.code, "label": found.label, "as_recorded": recorded}


def _name(values: Values) -> dict[str, Any]:
    told = values.get
    return present(
        {
            "full": told("full_name"),
            # Split only where the source splits it: highland names don't follow the order.
            "family": told("family_name"),
            "middle": told("middle_name"),
            "given": told("given_name"),
            "other": told("other_name"),
        }
    )


def _residence(reading: Reading, values: Values) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind, prefix, since in _HOMES:
        began = values.get(since)
        until = values.get("temporary_until") if kind == "temporary" else None
        _order(reading, began, until, "temporary_until")
        address = reading.placed(prefix, values)
        if address is not None:
            found[kind] = present(
                {
                    "address": address[1],
                    "valid_from": began and began.told,
                    "term_end": until and until.day.last.isoformat(),
                }
            )
    return found


def _absence(reading: Reading, values: Values) -> dict[str, Any]:
    """Return the declared absence (Law on Residence 68/2020/QH14, article 31)."""
    began, until = values.get("absence_from"), values.get("absence_until")
    _order(reading, began, until, "absence_until")
    address = reading.placed("absence_address", values)
    return present(
        {
            "address": address and address[1],
            "valid_from": began and began.told,
            "until": until and until.told,
        }
    )


def _order(reading: Reading, first: Dated | None, last: Dated | None, column: str) -> None:
    if first is not None and last is not None:
        reading.order(first.day, last.day, column)


def _marital_status(reading: Reading, values: Values) -> dict[str, Any]:
    """Three-valued: without complete books, "no marriage known" is unknown, never single."""
    told = values.get("marital_books_complete")
    if told not in _TOLD:
        reading.note("unknown_code", "marital_books_complete")
    complete = told == "1"
    given = values.get("marital_status")
    code, label = (given.code, given.label) if given else _UNKNOWN
    if code == "single" and not complete:
        code, label = _UNKNOWN
    state = "unknown" if code == "unknown" else "known"
    books = values.get("marital_books")
    coverage = {"complete": complete, **({"books": books} if books else {})}
    return {"code": code, "label": label, "state": state, "coverage": coverage}


def _person(values: Values, name: str) -> dict[str, Any]:
    found = {}
    for path, column in _OF_PERSON[name]:
        if (value := values.get(column)) is not None:
            found[path] = value.told if path == "nationality" else value
    return found


def _representative(values: Values) -> dict[str, Any]:
    person, kind = _person(values, "representative"), values.get("representative_kind")
    return {**person, "kind": kind.told} if kind else person


def _life_status(reading: Reading, values: Values) -> dict[str, Any]:
    """Return alive, deceased or missing with its day; nothing where the source is silent."""
    status = values.get("life_status")
    code = status.code if status else None
    since: Dated | None = None
    for column, of in (("death_date", "deceased"), ("missing_since", "missing")):
        day = values.get(column)
        if day is None:
            continue
        _order(reading, values.get("birth_date"), day, column)
        if code != of:
            reading.note("life_status_date", column)
        since = since or day
    if status is None:
        return {}
    dated = {"date": since.told} if since else {}
    return {"code": status.code, "label": status.label, **dated}


CITIZENS = Spec("citizens", "Công dân", COLUMNS, by_row(row), apply_changes, row=row)
