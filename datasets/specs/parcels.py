"""The file of parcels: one row a parcel, right and holder, the rows of a parcel by its code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction
from typing import Any

from datasets.formats import Row
from datasets.specs.addresses import located
from datasets.specs.base import Entry, Finding, Reading, Spec, blank, present
from datasets.specs.citizen_papers import read_personal_id
from datasets.specs.parcel_cells import (
    read_certificate,
    read_number,
    read_outline,
    read_purpose,
    read_share,
)
from datasets.specs.parcel_columns import COLUMNS, OF_PARCEL, PURPOSES
from datasets.specs.parcel_review import ParcelEntry, check_against
from registry.kernel.codes import load as load_codes
from registry.kernel.dates import PartialDate
from registry.kernel.ledger import Change
from registry.parcels.changes import apply_changes
from registry.parcels.geometry import Shape, examine
from registry.places.catalogue import catalogue

PURPOSE_TOLERANCE_M2 = 0.5
"""Square metres by which the areas of the land uses may miss that of the parcel."""

_UNKNOWN_START = date(1900, 1, 1)


def read(rows: Iterable[Row]) -> Iterator[Entry]:
    """Yield one entry a parcel; one wrong row holds the whole parcel back.

    The rows of a parcel need not stand together, so the file is read to its end first.
    """
    parcels: dict[str, list[Reading]] = {}
    for row in rows:
        if not row.cells:
            yield blank(row)
            continue
        reading = Reading(row)
        code = reading.text("code", required=True)
        if code is None:
            yield Entry(1, None, tuple(reading.findings), row.line, reading.part)
        else:
            parcels.setdefault(code, []).append(reading)
    seen: set[str] = set()
    for code in list(parcels):
        yield _parcel(code, parcels.pop(code), seen)


def _parcel(code: str, readings: list[Reading], seen: set[str]) -> Entry:
    first = readings[0]
    _check_alike(readings)
    document, shape = _document(code, readings)
    parcel_id = document.get("parcel_id")
    if parcel_id in seen:
        first.note("repeated_parcel_id", "parcel_id")
    if parcel_id:
        seen.add(parcel_id)
    since = _since(first, document)
    findings = [finding for reading in readings for finding in reading.findings]
    held = any(reading.rejected for reading in readings)
    if held:
        good = (r for r in readings if not r.rejected)
        findings += [Finding("parcel_held", r.row.line, "code", r.part) for r in good]
    return ParcelEntry(
        len(readings),
        None if held else Change(document, since),
        tuple(findings),
        first.row.line,
        first.part,
        _ward(document),
        lines=tuple(reading.row.line for reading in readings),
        shape=shape,
    )


def _ward(document: dict[str, Any]) -> str:
    """Return the commune that the parcel lies in by its present reference."""
    return str(document.get("reference", {}).get("commune", {}).get("code", ""))


def _check_alike(readings: list[Reading]) -> None:
    """Report what a later row says of the whole parcel and the first row doesn't."""
    first = readings[0].row.cells
    for reading in readings[1:]:
        for column in OF_PARCEL:
            said = reading.row.cells.get(column.name)
            if said is not None and said != first.get(column.name):
                reading.note("parcel_rows_differ", column.name)


def _document(code: str, readings: list[Reading]) -> tuple[dict[str, Any], Shape | None]:
    first = readings[0]
    area = read_number(first, "legal_area")
    place = _place(first)
    shape, geometry = _outline(first, area)
    document = present(
        {
            "parcel_id": first.text("parcel_id"),
            **_references(place, readings),
            "address": _address(first, place),
            "area": present({"legal": area}),
            "purposes": _purposes(first, area),
            "geometry": geometry,
            "rights": _once(_right(reading) for reading in readings),
            "holders": _holders(readings),
            "certificates": _once(read_certificate(reading) for reading in readings),
            "restrictions": _once(_restriction(reading) for reading in readings),
            "assets": _once(_asset(reading) for reading in readings),
            "lineage": _lineage(first, code),
        }
    )
    return {"code": code, **document}, shape


def _once(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the rows tell, each thing once; a row may tell nothing of it."""
    found: list[dict[str, Any]] = []
    for entry in entries:
        if entry and entry not in found:
            found.append(entry)
    return found


def _outline(reading: Reading, area: float | None) -> tuple[Shape | None, dict[str, Any]]:
    before = len(reading.findings)
    wkb, srid = read_outline(reading)
    if len(reading.findings) > before:
        return None, {}
    if wkb is None:
        reading.note("no_geometry", "geometry")
        return None, {}
    shape, wrong = examine(wkb, srid, legal_area=area)
    for rule in wrong:
        reading.note(rule, "srid" if rule.startswith("crs_") else "geometry")
    return shape, {"srid": srid, "wkb": wkb.hex()}


def _place(reading: Reading) -> dict[str, Any]:
    """Return the commune of the row as an address has it, by the meaning of its code that day."""
    commune = reading.text("commune", digits=True)
    if commune is None:
        return {}
    on = reading.date("commune_on")
    rule, found = located(commune, on.first if on else None)
    if rule:
        reading.note(rule, "commune")
    return {"on": on, "commune": commune, "coded": found}


def _references(place: dict[str, Any], readings: list[Reading]) -> dict[str, Any]:
    """Return the present reference, and those of earlier generations.

    A merger numbers the sheets of a commune anew, so a sheet of an old commune is no present one.
    """
    first = readings[0]
    sheet, number = first.text("sheet"), first.text("number")
    old = [_old_reference(reading) for reading in readings]
    if not (place and sheet and number):
        first.note("reference_incomplete", "number")
        return {"references": _once(old)}
    current = place["coded"].get("current", {}).get("commune")
    if current and "legacy" not in place["coded"]:
        reference = {"commune": current, "sheet": sheet, "number": number}
        return {"reference": reference, "references": _once(old)}
    first.note("reference_old", "commune")
    written = _reference(place["commune"], place["on"], sheet, number)
    return {"references": _once([written, *old])}


def _reference(code: str, on: PartialDate | None, sheet: str, number: str) -> dict[str, Any]:
    unit = catalogue().unit(code, on.first) if on else None
    return present(
        {
            "commune": {"code": code, **({"label": unit.name} if unit else {})},
            "commune_as_of": on and on.first.isoformat(),
            "sheet": sheet,
            "number": number,
        }
    )


def _old_reference(reading: Reading) -> dict[str, Any]:
    cells = [reading.text(f"old_{name}") for name in ("commune", "sheet", "number")]
    on = reading.date("old_commune_on")
    if not any(cells):
        return {}
    commune, sheet, number = cells
    if not (commune and sheet and number):
        reading.note("reference_incomplete", "old_number")
        return {}
    if on and catalogue().unit(commune, on.first) is None:
        reading.note("unknown_commune", "old_commune")
    more = {"series": reading.text("old_series"), "scale": reading.text("old_scale")}
    return {**_reference(commune, on, sheet, number), **present(more)}


def _address(reading: Reading, place: dict[str, Any]) -> dict[str, Any]:
    text = reading.text("address")
    return {"as_recorded": text, **place.get("coded", {})} if text else {}


def _purposes(reading: Reading, area: float | None) -> list[dict[str, Any]]:
    found = [purpose for n in PURPOSES if (purpose := read_purpose(reading, n))]
    if not found:
        reading.note("no_purpose", "purpose_1")
    areas = [purpose.get("area") for purpose in found]
    if area is not None and areas and None not in areas:
        missed = abs(sum(value for value in areas if value) - area)
        # A hair more, so that 82.5 against 82 is no question of binary fractions.
        if missed > PURPOSE_TOLERANCE_M2 + 1e-6:
            reading.note("purpose_sum", "purpose_1_area")
    return found


def _right(reading: Reading) -> dict[str, Any]:
    given = present(
        {
            "type": reading.code("right", "land_right"),
            "baunit": reading.text("right_unit"),
            "certificate": reading.text("certificate"),
        }
    )
    if not given and not reading.text("holder_name"):
        return {}
    # Nearly every row of a land file tells of the right to use, and doesn't say so.
    return {"type": load_codes("land_right").leaf("use"), **given}


def _holders(readings: list[Reading]) -> list[dict[str, Any]]:
    """Return who holds; the shares of each right are told of all its holders, or of none."""
    found: list[dict[str, Any]] = []
    shares: dict[tuple[str | None, ...], list[Fraction | None]] = {}
    for reading in readings:
        share = read_share(reading, "holder_share")
        holder = present(
            {
                "kind": reading.code("holder_kind", "party_kind"),
                "role": reading.code("holder_role", "holder_role"),
                "share": share and str(share),
                "name": reading.text("holder_name"),
                "personal_id": read_personal_id(reading, "holder_id"),
                "organisation_id": reading.text("holder_organisation_id"),
            }
        )
        if not holder:
            continue
        if "name" not in holder:
            reading.note("required", "holder_name")
        if holder not in found:
            found.append(holder)
        of = tuple(reading.text(column) for column in ("right", "right_unit", "certificate"))
        shares.setdefault(of, []).append(share)
    for parts in shares.values():
        told = [part for part in parts if part is not None]
        if told and (len(told) < len(parts) or sum(told) != 1):
            readings[0].note("share_sum", "holder_share")
    return found


def _restriction(reading: Reading) -> dict[str, Any]:
    began = reading.date("restriction_on")
    until = reading.date("restriction_until", ahead=True)
    reading.order(began, until, "restriction_until")
    found = present(
        {
            "type": reading.code("restriction", "land_restriction"),
            "from": began and began.to_json(),
            "to": until and until.to_json(),
            "number": reading.text("restriction_number"),
            "party": reading.text("restriction_party"),
        }
    )
    if found and reading.text("restriction") is None:
        reading.note("required", "restriction")
    return found


def _asset(reading: Reading) -> dict[str, Any]:
    return present(
        {
            "kind": reading.text("asset"),
            "name": reading.text("asset_name"),
            "built_area": read_number(reading, "asset_built_area"),
            "floor_area": read_number(reading, "asset_floor_area"),
            "storeys": read_number(reading, "asset_storeys"),
        }
    )


def _lineage(reading: Reading, code: str) -> dict[str, Any]:
    event = reading.code("lineage_event", "parcel_event")
    parents = reading.listed("lineage_from")
    on = reading.date("lineage_on")
    if not (event or parents or on):
        return {}
    if not (event and parents and on) or code in parents:
        reading.note("lineage_incomplete", "lineage_from")
        return {}
    if on.day is None:
        reading.note("date_day_needed", "lineage_on")
        return {}
    return {"from": [{"code": parent, "event": event, "on": on.value} for parent in parents]}


def _since(reading: Reading, document: dict[str, Any]) -> date:
    """Return since when the state holds: as told, else since the event or the certificate."""
    told = reading.date("valid_from")
    if told is not None:
        return told.first
    for entry in document.get("lineage", {}).get("from", ()):
        return date.fromisoformat(entry["on"])
    issued = [
        PartialDate.parse(certificate["issued_on"]["value"]).first
        for certificate in document.get("certificates", ())
        if "issued_on" in certificate
    ]
    return min(issued, default=_UNKNOWN_START)


PARCELS = Spec("parcels", "Thửa đất", COLUMNS, read, apply_changes, check_against)
