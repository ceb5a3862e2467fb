"""The citizen message "037" of the population database: read as citizens, and written again.

Nested members have dotted names here, such as `HoVaTen.Ho`. A message tells the year of birth and
the day apart, the parts of a name apart, and addresses by code with a free text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from datasets.formats import Row
from datasets.specs.base import Column, Finding
from datasets.specs.profiles.base import Converted, Profile
from registry.kernel.clock import today
from registry.kernel.codes import load
from registry.kernel.dates import DateError, PartialDate
from registry.kernel.fields import Document
from registry.kernel.text import clean, match_key
from registry.places.catalogue import REFORM, WAVE, catalogue

_ID, _CARD, _OLD = "SoDinhDanh", "SoCCCD", "SoCMND"
_YEAR, _DAY, _MARITAL = "NamSinh", "NgayThangNam", "TinhTrangHonNhan"
_PARTS = ("Ho", "ChuDem", "Ten")
_NAME_PARTS = {"family_name": "Ho", "middle_name": "ChuDem", "given_name": "Ten"}
_PLAIN = {
    "sex": "GioiTinh",
    "ethnicity": "DanToc",
    "religion": "TonGiao",
    "blood_type": "NhomMau",
    "nationality": "QuocTich",
    "residence_file": "SoSoHoKhau",
}
_ADDRESSES = {
    "birth_registration_place": "NoiDangKyKhaiSinh",
    "hometown": "QueQuan",
    "permanent_address": "ThuongTru",
    "current_address": "NoiOHienTai",
}
_CODES = {"province": "MaTinhThanh", "district": "MaQuanHuyen", "commune": "MaPhuongXa"}
_KIN = {"father": "Cha", "mother": "Me", "spouse": "VoChong", "representative": "NguoiDaiDien"}
_OF_KIN = {
    "name": "HoVaTen",
    "id": _ID,
    "nine_digit_id": _OLD,
    "nationality": "QuocTich",
}
_MARITAL_CODES = {"0": "unknown", "1": "single", "2": "married"}
_DIVORCED_OR_WIDOWED = "3"
_COMPACT = re.compile("[0-9]{8}")
_TWELVE = 12
_HOME = "VN"


def _members() -> Iterator[str]:
    yield from (_ID, _OLD, _CARD, *(f"HoVaTen.{part}" for part in _PARTS))
    yield from ("GioiTinh", "DanToc", "TonGiao", _MARITAL, "NhomMau", _YEAR, _DAY)
    for address in _ADDRESSES.values():
        yield from (f"{address}.{part}" for part in (*_CODES.values(), "ChiTiet", "QuocGia"))
    yield "QuocTich"
    for kin in _KIN.values():
        yield from (f"{kin}.{part}" for part in _OF_KIN.values())
        yield from (f"{kin}.HoVaTen.{part}" for part in _PARTS)
    # Who heads the household belongs to the file of households.
    yield from (f"ChuHo.{part}" for part in ("QuanHe", _ID, _OLD, "HoVaTen"))
    yield from (f"ChuHo.HoVaTen.{part}" for part in _PARTS)
    yield "SoSoHoKhau"


COLUMNS = tuple(Column(name, name, required=name in {_ID, "HoVaTen.Ten"}) for name in _members())
_NAMES = {
    "personal_id": _ID,
    "nine_digit_id": _OLD,
    "full_name": "HoVaTen.Ten",
    **{ours: f"HoVaTen.{part}" for ours, part in _NAME_PARTS.items()},
    "birth_date": _DAY,
    "marital_status": _MARITAL,
    **_PLAIN,
    **{
        f"{ours}{end}": f"{theirs}.{part}"
        for ours, theirs in _ADDRESSES.items()
        for end, part in (("", "ChiTiet"), ("_commune", "MaPhuongXa"), ("_on", "MaPhuongXa"))
    },
    **{
        f"{ours}_{column}": f"{theirs}.{part}"
        for ours, theirs in _KIN.items()
        for column, part in _OF_KIN.items()
    },
}


def citizen_of_037(message: Mapping[str, Any]) -> Row:
    """Return one message as a row of citizens; what it lacks or says empty is absent."""
    return _convert(Row(1, dict(_flat(message)))).row


def _flat(members: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in members.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        elif value is not None and value != "":
            yield f"{above}{name}", str(value)


def _convert(row: Row) -> Converted:
    # Cells stay as written: what hides in them is for the specification to find.
    told = {name: raw.strip() for name, raw in row.cells.items() if clean(raw)}
    cells = {ours: told[theirs] for ours, theirs in _PLAIN.items() if theirs in told}
    cells |= _name(told) | _numbers(told)
    born, wrong = _born(told)
    if born:
        cells["birth_date"] = born
    marital = _MARITAL_CODES.get(told.get(_MARITAL, ""), told.get(_MARITAL))
    if marital and marital != _DIVORCED_OR_WIDOWED:
        cells["marital_status"] = marital
    for ours, theirs in _ADDRESSES.items():
        cells |= _address(told, ours, theirs)
    for ours, theirs in _KIN.items():
        cells |= _kin(told, ours, theirs)
    found = [(wrong, _DAY if _DAY in told else _YEAR)] if wrong else []
    if _CARD in told and told[_CARD] != told.get(_ID):
        found.append(("identifiers_differ", _CARD))
    if marital == _DIVORCED_OR_WIDOWED:
        found.append(("coarse_code", _MARITAL))
    findings = tuple(Finding(rule, row.line, at, row.part) for rule, at in found)
    return Converted(row._replace(cells=cells), findings)


def _name(told: Mapping[str, str]) -> dict[str, str]:
    """Return the name in whole and in parts; parts alone are told where there is more than one."""
    full = _joined(told, "HoVaTen")
    parts = {o: told[f"HoVaTen.{p}"] for o, p in _NAME_PARTS.items() if f"HoVaTen.{p}" in told}
    return {**({"full_name": full} if full else {}), **(parts if len(parts) > 1 else {})}


def _joined(told: Mapping[str, str], name: str) -> str:
    """Return a name that is told in one member, or in three."""
    parts = (told.get(f"{name}.{part}", "") for part in _PARTS)
    return told.get(name) or " ".join(filter(None, parts))


def _numbers(told: Mapping[str, str]) -> dict[str, str]:
    """Return the numbers; an old card of twelve digits has the personal id as its number."""
    number, old = told.get(_ID), told.get(_OLD)
    if old and len(old) == _TWELVE and old == number:
        old = None
    pairs = {"personal_id": number, "nine_digit_id": old}
    return {column: cell for column, cell in pairs.items() if cell}


def _born(told: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return the birth date to load, and what is wrong with it: then nothing is loaded."""
    year, day = told.get(_YEAR), told.get(_DAY)
    written = year if day is None else _spread(day, year)
    if written is None:
        return None, None
    try:
        known = PartialDate.from_text(written)
    except DateError as error:
        return None, f"date_{error.code}"
    if known.first > today():
        return None, "date_future"
    if year in {None, f"{known.year:04d}"}:
        return written, None
    return None, "birth_parts_differ"


def _spread(day: str, year: str | None) -> str:
    """Return eight digits as a date: the year stands where `NamSinh` says, else first."""
    if _COMPACT.fullmatch(day) is None:
        return day
    if year is not None and day.endswith(year) and not day.startswith(year):
        return f"{day[:2]}/{day[2:4]}/{day[4:]}"
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def _address(told: Mapping[str, str], ours: str, theirs: str) -> dict[str, str]:
    """Return an address; one of abroad keeps its country in its words."""
    text, country = told.get(f"{theirs}.ChiTiet", ""), told.get(f"{theirs}.QuocGia", _HOME)
    if country != _HOME:
        known = load("nationality")
        name = known.leaf(country)["label"] if country in known else country
        if match_key(name) not in match_key(text):
            text = ", ".join(filter(None, (text, name)))
    commune = told.get(f"{theirs}.MaPhuongXa", "")
    on = _written_on(commune, told.get(f"{theirs}.MaQuanHuyen")) if commune else ""
    cells = {ours: text, f"{ours}_commune": commune, f"{ours}_on": on}
    return {column: cell for column, cell in cells.items() if cell}


def _written_on(commune: str, district: str | None) -> str:
    """Return a day on which the code was valid: districts ended with June 2025.

    Empty where the codes don't fit each other, so that no meaning is chosen silently.
    """
    if district is None:
        return f"{REFORM:%d/%m/%Y}" if catalogue().unit(commune, REFORM) else ""
    for day in (REFORM - timedelta(days=1), WAVE - timedelta(days=1)):
        unit = catalogue().unit(commune, day)
        if unit is not None and unit.parent == district:
            return f"{day:%d/%m/%Y}"
    return ""


def _kin(told: Mapping[str, str], ours: str, theirs: str) -> dict[str, str]:
    cells = {f"{ours}_{column}": told.get(f"{theirs}.{part}") for column, part in _OF_KIN.items()}
    cells[f"{ours}_name"] = _joined(told, f"{theirs}.HoVaTen")
    return {column: cell for column, cell in cells.items() if cell}


def message_037(document: Document) -> dict[str, Any]:
    """Return the message that tells what a citizen's document and a message have in common.

    A name that nobody split stands whole in `Ten`; divorced and widowed are one code there, and
    the day on which an address was written has no place.
    """
    born = document.get("birth_date")
    day = born and PartialDate.parse(born["value"])
    marital = document.get("marital_status", {}).get("code", "unknown")
    codes = {ours: theirs for theirs, ours in _MARITAL_CODES.items()}
    message: dict[str, Any] = {
        _ID: document.get("personal_id"),
        _CARD: document.get("personal_id"),
        _OLD: _old_number(document),
        "HoVaTen": _name_parts(document.get("name", {})),
        **{theirs: _code(document.get(ours)) for ours, theirs in _PLAIN.items()},
        _MARITAL: codes.get(marital, _DIVORCED_OR_WIDOWED),
        _YEAR: day and f"{day.year:04d}",
        _DAY: f"{day.first:%d/%m/%Y}" if day and day.precision == "day" else None,
        **{
            theirs: _address_members(_address_of(document, ours))
            for ours, theirs in _ADDRESSES.items()
        },
        **{theirs: _kin_members(document.get(ours, {})) for ours, theirs in _KIN.items()},
    }
    return {name: value for name, value in message.items() if value}


def _code(value: Any) -> Any:
    return value["code"] if isinstance(value, Mapping) else value


def _old_number(document: Document) -> str | None:
    numbers = document.get("identifiers", ())
    return next((n["value"] for n in numbers if n["type"] == "nine_digit_id"), None)


def _name_parts(name: Mapping[str, Any]) -> dict[str, str]:
    keys = {"Ho": "family", "ChuDem": "middle", "Ten": "given"}
    parts = {part: name[key] for part, key in keys.items() if name.get(key)}
    return parts or {"Ten": name.get("full", "")}


def _address_of(document: Document, column: str) -> Mapping[str, Any]:
    kind, found = column.removesuffix("_address"), document.get(column, {})
    residence = document.get("residence", {}).get(kind, {})
    address: Mapping[str, Any] = residence.get("address", {}) if kind != column else found
    return address


def _address_members(address: Mapping[str, Any]) -> dict[str, str]:
    legacy = address.get("legacy")
    current = {level: unit["code"] for level, unit in address.get("current", {}).items()}
    codes = legacy or current
    members = {theirs: codes[level] for level, theirs in _CODES.items() if level in codes}
    if members:
        members["QuocGia"] = _HOME
    return {**members, **({"ChiTiet": t} if (t := address.get("as_recorded")) else {})}


def _kin_members(person: Mapping[str, Any]) -> dict[str, str]:
    keys = {"HoVaTen": "name", _ID: "personal_id", _OLD: "nine_digit_id"}
    told = {theirs: person[ours] for theirs, ours in keys.items() if person.get(ours)}
    country = _code(person.get("nationality"))
    return told | ({"QuocTich": country} if country else {})


C06_037 = Profile(
    "c06_037",
    "citizens",
    "Thông điệp công dân 037 của cơ sở dữ liệu dân cư",
    COLUMNS,
    frozenset({_ID, "HoVaTen.Ten"}),
    _convert,
    _NAMES,
)
