"""Cells that only the file of parcels has: areas, shares, outlines, land uses, certificates."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from typing import Any

import orjson
import shapely

from datasets.specs.base import Reading, present
from registry.kernel.codes import load as load_codes
from registry.kernel.dates import PartialDate
from registry.parcels.geometry import ShapeError, wkb_from_geojson

_POINT = re.compile(r"[0-9]+\.[0-9]+")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:[ .][0-9]{3})+(?:,[0-9]+)?")
_COMMA = re.compile(r"[0-9]+(?:,[0-9]+)?")
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
_SERIAL = re.compile(r"[A-ZĐ]{1,2} ?[0-9]{6,8}")
_LONG_TERM = "lâu dài"
# The first day of each form of the certificate; the limits are to verify.
_ERAS = (
    (date(2025, 1, 1), "2025"),
    (date(2014, 7, 1), "2014"),
    (date(2009, 12, 1), "2009"),
    (date(2004, 7, 1), "2004"),
    (date.min, "before_2004"),
)


def read_number(reading: Reading, column: str) -> float | None:
    """Return a positive number as people write it, None where it is empty or wrong.

    A comma begins the decimals, as in Vietnamese; a dot does so where it can't part thousands.
    """
    value = reading.text(column)
    if value is None:
        return None
    if _AMBIGUOUS.fullmatch(value):
        reading.note("number_ambiguous", column)
        return None
    if _THOUSANDS.fullmatch(value):
        value = value.replace(".", "").replace(" ", "")
    elif not (_COMMA.fullmatch(value) or _POINT.fullmatch(value)):
        reading.note("number_malformed", column)
        return None
    number = float(value.replace(",", "."))
    if number <= 0:
        reading.note("number_malformed", column)
        return None
    return number


def read_share(reading: Reading, column: str) -> Fraction | None:
    """Return a share such as 1/3 or 50%, None where it is empty or wrong."""
    value = reading.text(column)
    if value is None:
        return None
    percent = value.endswith("%")
    try:
        share = Fraction(value.removesuffix("%").strip().replace(",", "."))
    except (ValueError, ZeroDivisionError):
        share = Fraction(0)
    share = share / 100 if percent else share
    if not 0 < share <= 1:
        reading.note("share_malformed", column)
        return None
    return share


def read_outline(reading: Reading) -> tuple[bytes | None, int | None]:
    """Return the outline as WKB and the EPSG code of its system; None where either is absent.

    The cell is WKT, WKB in hexadecimal or the geometry of a GeoJSON feature.
    """
    srid = _srid(reading)
    raw = reading.row.cells.get("geometry", "").strip()
    if not raw:
        return None, srid
    try:
        return _wkb(raw), srid
    except ShapeError as error:
        reading.note(error.code, "geometry")
        return None, srid


def _srid(reading: Reading) -> int | None:
    value = reading.text("srid")
    if value is None:
        return None
    digits = value.upper().removeprefix("EPSG:")
    if not digits.isdecimal():
        reading.note("crs_unknown", "srid")
        return None
    return int(digits)


def _wkb(raw: str) -> bytes:
    if raw.startswith("{"):
        try:
            content = orjson.loads(raw)
        except ValueError:
            raise ShapeError("invalid_geometry") from None
        return wkb_from_geojson(content)
    try:
        hexadecimal = re.fullmatch("[0-9A-Fa-f]+", raw)
        shape = shapely.from_wkb(raw) if hexadecimal else shapely.from_wkt(raw)
    except shapely.GEOSException as error:
        unclosed = "closed linestring" in str(error)
        raise ShapeError("unclosed_ring" if unclosed else "invalid_geometry") from None
    made: bytes = shapely.to_wkb(shape, byte_order=1, include_srid=False)
    return made


def read_purpose(reading: Reading, number: int) -> dict[str, Any]:
    """Return one land use with its area, form, term and origin; empty where none is told."""
    name = f"purpose_{number}"
    return present(
        {
            "purpose": _listed(reading, name, "land_purpose", "free_text_purpose"),
            "area": read_number(reading, f"{name}_area"),
            "use": reading.code(f"{name}_use", "land_use_form"),
            "term": _term(reading, f"{name}_term"),
            "origin": _listed(reading, f"{name}_origin", "land_origin", "free_text_origin"),
        }
    )


def _listed(reading: Reading, column: str, codes: str, rule: str) -> dict[str, str] | None:
    """Return a code and label, or the words of an old paper that no code stands for."""
    value = reading.text(column)
    if value is None:
        return None
    known = load_codes(codes)
    if value in known:
        return known.leaf(value)
    found = known.find_by_label(value)
    if found is None:
        reading.note(rule, column)
        return {"as_recorded": value}
    return {**known.leaf(found.code), **({} if value == found.vi else {"as_recorded": value})}


def _term(reading: Reading, column: str) -> dict[str, Any] | None:
    value = reading.text(column)
    if value is None:
        return None
    if value.casefold() == _LONG_TERM:
        return {"kind": "long_term"}
    until = reading.date(column, ahead=True)
    return {"kind": "until", "date": until.to_json()} if until else None


def read_certificate(reading: Reading) -> dict[str, Any]:
    """Return the certificate of the row with the form of its day; empty where none is told."""
    serial = reading.text("certificate")
    if serial is not None and _SERIAL.fullmatch(serial) is None:
        reading.note("serial_shape", "certificate")
    issued = reading.date("certificate_on")
    return present(
        {
            "serial": serial,
            "register_number": reading.text("certificate_register_number"),
            "issued_on": issued and issued.to_json(),
            "issuer": reading.text("certificate_issuer"),
            "era": issued and _era(issued),
        }
    )


def _era(issued: PartialDate) -> dict[str, str] | None:
    """Return the form that was in force on every day that ``issued`` may mean."""
    first, last = (
        next(era for since, era in _ERAS if day >= since) for day in (issued.first, issued.last)
    )
    return load_codes("certificate_era").leaf(first) if first == last else None
