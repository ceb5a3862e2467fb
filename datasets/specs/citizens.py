"""The file of citizens: one row a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, cast

from datasets.formats import Row
from datasets.specs.base import Entry, Reading, Spec, present
from datasets.specs.citizen_columns import COLUMNS
from datasets.specs.citizen_papers import identifiers, read_nine_digit_id, read_personal_id
from registry.citizens.changes import apply_changes
from registry.kernel.dates import PartialDate
from registry.kernel.identifiers import Sex, personal_id_warnings
from registry.kernel.ledger import Change

_SEX = {"1": "male", "2": "female"}
_PLACES = ("birth_place", "birth_registration_place", "hometown")


def read(rows: Iterable[Row]) -> Iterator[Entry]:
    """Yield one entry a row; the second row of a person is rejected."""
    seen: set[tuple[str, str]] = set()
    for row in rows:
        reading = Reading(row)
        document = _document(reading)
        _check_numbers(reading, document, seen)
        since = _valid_from(reading, document)
        change = None if reading.rejected else Change(document, since)
        yield Entry(1, change, tuple(reading.findings))


def _check_numbers(reading: Reading, document: dict[str, Any], seen: set[tuple[str, str]]) -> None:
    """Report a number that an earlier row has: one number can't lead to two people."""
    for entry in document.get("identifiers", ()):
        kind, value = entry["type"], entry["value"]
        if (kind, value) in seen:
            repeated = "repeated_record" if kind == "personal_id" else "repeated_identifier"
            reading.note(repeated, kind)
        seen.add((kind, value))


def _document(reading: Reading) -> dict[str, Any]:
    birth = reading.date("birth_date")
    sex = reading.code("sex", "sex")
    personal_id = read_personal_id(reading, "personal_id", required=True)
    if personal_id:
        known = cast("Sex | None", _SEX.get(sex["code"])) if sex else None
        for rule in personal_id_warnings(personal_id, known, birth):
            reading.note(rule, "personal_id")
    return present(
        {
            "identifiers": identifiers(reading, personal_id),
            "name": _name(reading),
            "birth_date": birth and birth.to_json(),
            "sex": sex,
            "ethnicity": _ethnicity(reading),
            "religion": reading.code("religion", "religion"),
            "nationality": reading.code("nationality", "nationality"),
            "other_nationalities": reading.codes("other_nationalities", "nationality"),
            "blood_type": reading.code("blood_type", "blood_type"),
            **{place: reading.address(place) for place in _PLACES},
            "residence": _residence(reading),
            "temporary_absence": _absence(reading),
            "residence_file": reading.text("residence_file"),
            "marital_status": _marital_status(reading),
            **{kin: _person(reading, kin) for kin in ("father", "mother", "spouse")},
            "representative": _representative(reading),
            "life_status": _life_status(reading, birth),
            "phone": reading.text("phone"),
            "email": reading.text("email"),
        }
    ) | {"personal_id": personal_id or ""}


def _ethnicity(reading: Reading) -> dict[str, str] | None:
    """Return the people by code, and as registered where that is another name for it."""
    found = reading.code("ethnicity", "ethnicity")
    recorded = reading.text("ethnicity")
    if found and recorded and recorded not in {found["code"], found["label"]}:
        return {**found, "as_recorded": recorded}
    return found


def _name(reading: Reading) -> dict[str, Any]:
    return present(
        {
            "full": reading.text("full_name", required=True),
            # Split only where the source splits it: highland names don't follow the order.
            "family": reading.text("family_name"),
            "middle": reading.text("middle_name"),
            "given": reading.text("given_name"),
            "other": reading.listed("other_name"),
        }
    )


def _residence(reading: Reading) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in ("permanent", "temporary", "current"):
        address = reading.address(f"{kind}_address")
        began = reading.date(f"{kind}_from")
        until = reading.date("temporary_until", ahead=True) if kind == "temporary" else None
        reading.order(began, until, "temporary_until")
        if address is None:
            continue
        found[kind] = present(
            {
                "address": address,
                "valid_from": began and began.to_json(),
                "term_end": until and until.last.isoformat(),
            }
        )
    return found


def _absence(reading: Reading) -> dict[str, Any]:
    """Return the declared absence (Law on Residence 68/2020/QH14, article 31)."""
    began = reading.date("absence_from")
    until = reading.date("absence_until", ahead=True)
    reading.order(began, until, "absence_until")
    return present(
        {
            "address": reading.address("absence_address"),
            "valid_from": began and began.to_json(),
            "until": until and until.to_json(),
        }
    )


def _marital_status(reading: Reading) -> dict[str, Any]:
    """Three-valued: without complete books, "no marriage known" is unknown, never single."""
    told = reading.text("marital_books_complete")
    if told not in {None, "0", "1"}:
        reading.note("unknown_code", "marital_books_complete")
    complete = told == "1"
    given = reading.code("marital_status", "marital_status")
    if given is None or (given["code"] == "single" and not complete):
        given = {"code": "unknown", "label": "Chưa có thông tin"}
    state = "unknown" if given["code"] == "unknown" else "known"
    coverage = {"complete": complete, **present({"books": reading.text("marital_books")})}
    return {**given, "state": state, "coverage": coverage}


def _person(reading: Reading, name: str) -> dict[str, Any]:
    return present(
        {
            "name": reading.text(f"{name}_name"),
            "personal_id": read_personal_id(reading, f"{name}_id"),
            "nine_digit_id": read_nine_digit_id(reading, f"{name}_nine_digit_id"),
            "nationality": reading.code(f"{name}_nationality", "nationality"),
        }
    )


def _representative(reading: Reading) -> dict[str, Any]:
    kind = reading.code("representative_kind", "representative_kind")
    return present({**_person(reading, "representative"), "kind": kind})


def _life_status(reading: Reading, birth: PartialDate | None) -> dict[str, Any]:
    """Return alive, deceased or missing with its day; nothing where the source is silent."""
    status = reading.code("life_status", "life_status")
    code = status["code"] if status else None
    since: PartialDate | None = None
    for column, of in (("death_date", "deceased"), ("missing_since", "missing")):
        day = reading.date(column)
        reading.order(birth, day, column)
        if day is not None and code != of:
            reading.note("life_status_date", column)
        since = since or day
    return {**status, **({"date": since.to_json()} if since else {})} if status else {}


def _valid_from(reading: Reading, document: dict[str, Any]) -> date:
    """Return since when the row's state holds: as told, else since birth."""
    told = reading.date("valid_from")
    birth = document.get("birth_date")
    since = told or (PartialDate.parse(birth["value"]) if birth else None)
    return since.first if since else date(1900, 1, 1)


CITIZENS = Spec("citizens", "Công dân", COLUMNS, read, apply_changes)
