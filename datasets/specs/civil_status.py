"""The file of acts of civil status: one row an act, read into the register's document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from datasets.formats import Row
from datasets.specs.base import Entry, Reading, Spec, by_row, present
from datasets.specs.citizen_papers import read_personal_id
from datasets.specs.civil_checks import against
from datasets.specs.civil_columns import COLUMNS, MOST_CHANGES, ROLES
from registry.civil_status.acts import PROSPECTIVE, RETROACTIVE, effective_date
from registry.civil_status.changes import record_acts
from registry.civil_status.checks import check_act
from registry.civil_status.quality import source_quality
from registry.kernel.codes import load
from registry.kernel.dates import PartialDate
from registry.kernel.ledger import Change
from registry.places.catalogue import catalogue

_AMENDMENTS = PROSPECTIVE | RETROACTIVE
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:h]([0-5][0-9])")
_YEAR = re.compile(r"(?:18|19|20|21)[0-9]{2}")
_RELATIONS = {"father": "father", "cha": "father", "mother": "mother", "mẹ": "mother"}
# How the new value of a change is read, by the last word of what it changes.
_DATES = frozenset({"birth_date", "registered_on", "date", "established_on", "from", "to"})
_CODED = {"sex": "sex", "ethnicity": "ethnicity", "nationality": "nationality"}
_TEXTS = frozenset({"full", "number", "book", "year", "personal_id", "cause", "note"})
_SECTIONS = frozenset({"death", "marriage", "guardianship", "persons", "name"}) | ROLES.keys()
# Where a steward looks for what a rule of the register found.
_AT = {
    "undated": "registered_on",
    "registered_before_event": "registered_on",
    "death_before_birth": "death_date",
    "child_older_than_parent": "child_birth_date",
    "parent_too_young": "child_birth_date",
    "under_age": "marriage_on",
}


def row(row: Row) -> Entry:
    """Read one act; the second row with a code is rejected."""
    reading = Reading(row)
    document = _document(reading)
    _check(reading, document)
    change = None
    if not reading.rejected:
        when = effective_date(document)
        change = Change(document, when.first if when else date.max)
    code = document["code"]
    keys = (("repeated_record", "code", code),) if code else ()
    ward = document.get("office", {}).get("code", "")
    return Entry(1, change, tuple(reading.findings), row.line, reading.part, ward, keys=keys)


def _document(reading: Reading) -> dict[str, Any]:
    kind = reading.code("type", "civil_act_type")
    if kind is None:
        reading.text("type", required=True)
    document = present(
        {
            "type": kind,
            "of": _event(reading),
            "number": reading.text("number"),
            "book": reading.text("book"),
            "registered_on": _date(reading, "registered_on"),
            "year": _year(reading),
            "office": _office(reading),
            "signer": _cells(reading, "signer", "name", "title"),
            "handled_by": reading.text("handled_by"),
            "registration_kind": reading.code("registration_kind", "civil_registration_kind"),
            "digitisation": reading.code("digitisation", "civil_digitisation"),
            "scan_id": reading.text("scan_id"),
            "source_quality": reading.code("source_quality", "civil_source_quality"),
            **_parts(reading),
            "amends": reading.text("amends"),
            "note": reading.text("note"),
        }
    )
    told = _told(reading)
    persons = present({role: _person(reading, role) for role in ROLES if role in told})
    code = reading.text("code", required=True) or ""
    return {**document, "code": code, "persons": persons}


def _told(reading: Reading) -> set[str]:
    """Return the first words of the columns that are filled: most of so wide a row is empty."""
    return {column.partition("_")[0] for column in reading.row.cells}


def _parts(reading: Reading) -> dict[str, Any]:
    """Return what the act says of its event."""
    told = _told(reading)
    return {name: read_part(reading) for name, read_part in _PARTS.items() if name in told} | {
        "amendment": _amendment(reading)
    }


def _birth(reading: Reading) -> dict[str, Any]:
    places = {name: reading.address(f"birth_{name}") for name in ("place", "hometown")}
    return present(places)


def _marriage(reading: Reading) -> dict[str, Any]:
    return present({"established_on": _date(reading, "marriage_on")})


def _parentage(reading: Reading) -> dict[str, Any]:
    return present({"relation": _relation(reading)})


def _decision(reading: Reading) -> dict[str, Any]:
    return present(
        {
            "kind": reading.code("decision_kind", "civil_decision_kind"),
            **_cells(reading, "decision", "number", "court"),
            "effective_on": _date(reading, "decision_effective_on"),
        }
    )


def _date(reading: Reading, column: str) -> dict[str, str] | None:
    found = reading.date(column)
    return found.to_json() if found else None


def _cells(reading: Reading, prefix: str, *names: str) -> dict[str, Any]:
    return present({name: reading.text(f"{prefix}_{name}") for name in names})


def _event(reading: Reading) -> dict[str, str] | None:
    """Return the event that a note of abroad is about: an act of its own, or a decision."""
    value = reading.text("of")
    for name in ("civil_act_type", "civil_decision_kind") if value else ():
        codes = load(name)
        found = value if value in codes else getattr(codes.find_by_label(value or ""), "code", None)
        if found:
            return codes.leaf(found)
    if value:
        reading.note("unknown_code", "of")
    return None


def _year(reading: Reading) -> str | None:
    year = reading.text("year")
    if year is not None and _YEAR.fullmatch(year) is None:
        reading.note("date_out_of_range", "year")
        return None
    return year


def _office(reading: Reading) -> dict[str, Any]:
    """Return where it was registered: by name, and by the code that was valid then."""
    name = reading.text("office_name", required=True)
    code = reading.text("office_code", digits=True)
    told = reading.date("office_on")
    when = told or reading.date("registered_on")
    year = reading.text("year")
    if when is None and year and _YEAR.fullmatch(year):
        when = PartialDate(int(year))
    if code is None or when is None:
        return present({"name": name, "code": code})
    # A day known only by its year may lie on either side of a reform.
    days = [day for day in (when.first, when.last) if catalogue().unit(code, day)]
    if not days:
        reading.note("office_not_then", "office_code")
        return present({"name": name})
    return present({"name": name, "code": code, "as_of": days[0].isoformat()})


def _person(reading: Reading, role: str) -> dict[str, Any]:
    return present(
        {
            "name": _full(reading.text(f"{role}_name")),
            "birth_date": _date(reading, f"{role}_birth_date"),
            "sex": reading.code(f"{role}_sex", "sex"),
            "ethnicity": reading.code(f"{role}_ethnicity", "ethnicity"),
            "nationality": reading.code(f"{role}_nationality", "nationality"),
            "residence": reading.address(f"{role}_residence"),
            "personal_id": read_personal_id(reading, f"{role}_id"),
            "paper": reading.text(f"{role}_paper"),
        }
    )


def _full(name: str | None) -> dict[str, str] | None:
    return {"full": name} if name else None


def _death(reading: Reading) -> dict[str, Any]:
    notice = _cells(reading, "death_notice", "number", "issuer")
    return present(
        {
            "date": _date(reading, "death_date"),
            "time": _time(reading),
            "place": reading.address("death_place"),
            "cause": reading.text("death_cause"),
            "notice": present({**notice, "date": _date(reading, "death_notice_date")}),
        }
    )


def _time(reading: Reading) -> str | None:
    value = reading.text("death_time")
    if value is None:
        return None
    found = _TIME.fullmatch(value)
    if found is None:
        reading.note("time_malformed", "death_time")
        return None
    return f"{int(found[1]):02d}:{found[2]}"


def _guardianship(reading: Reading) -> dict[str, Any]:
    begun, over = reading.date("guardianship_from"), reading.date("guardianship_to", ahead=True)
    reading.order(begun, over, "guardianship_to")
    return present(
        {
            **_cells(reading, "guardianship", "kind", "reason", "scope"),
            "from": begun and begun.to_json(),
            "to": over and over.to_json(),
        }
    )


def _relation(reading: Reading) -> str | None:
    value = reading.text("parentage_relation")
    if value is None:
        return None
    found = _RELATIONS.get(value.lower())
    if found is None:
        reading.note("unknown_code", "parentage_relation")
    return found


def _amendment(reading: Reading) -> dict[str, Any]:
    changes = [_change(reading, f"change{n}") for n in range(1, MOST_CHANGES + 1)]
    return present(
        {
            "changes": [change for change in changes if change],
            **_cells(reading, "amendment", "reason", "basis"),
        }
    )


def _change(reading: Reading, prefix: str) -> dict[str, Any]:
    field = reading.text(f"{prefix}_field")
    if field is None:
        for side in ("from", "to"):
            if reading.text(f"{prefix}_{side}"):
                reading.note("required", f"{prefix}_field")
        return {}
    *above, last = field.split(".")
    if not _may_change(above, last):
        reading.note("change_field", f"{prefix}_field")
        return {}
    old, new = (_value(reading, f"{prefix}_{side}", last) for side in ("from", "to"))
    return {"field": field, **present({"from": old, "to": new})}


def _may_change(above: list[str], last: str) -> bool:
    if (last == "full") != (above[-1:] == ["name"]):
        return False
    return last in _DATES | _CODED.keys() | _TEXTS and _SECTIONS.issuperset(above)


def _value(reading: Reading, column: str, last: str) -> Any:
    if last in _DATES:
        return _date(reading, column)
    return reading.code(column, _CODED[last]) if last in _CODED else reading.text(column)


_PARTS = {
    "birth": _birth,
    "marriage": _marriage,
    "death": _death,
    "guardianship": _guardianship,
    "parentage": _parentage,
    "decision": _decision,
}


def _check(reading: Reading, document: Mapping[str, Any]) -> None:
    """Report what the act can't be, and what it lacks."""
    kind = document.get("type", {}).get("code")
    needed = {"court_note": "decision_kind", "foreign_note": "of"}.get(kind)
    if kind in _AMENDMENTS:
        needed = "change1_field"
        if "amends" not in document and not document["persons"]:
            reading.note("required", "amends")
    if needed:
        reading.text(needed, required=True)
    if reading.rejected or kind is None:
        return
    for rule in check_act(document, reading.day):
        if rule in _AT:
            reading.note(rule, _AT[rule])
    quality = source_quality(document)
    if quality["code"] == "incomplete":
        reading.note("act_incomplete", _column(quality["missing"][0]))


def _column(part: str) -> str:
    """Return the column of an absent part of the envelope."""
    first, _, rest = part.partition(".")
    if first == "persons":
        return f"{rest}_name"
    return {"office": "office_code", "signer": "signer_name"}.get(first, first)


CIVIL_STATUS = Spec("civil_status", "Hộ tịch", COLUMNS, by_row(row), record_acts, against, row)
