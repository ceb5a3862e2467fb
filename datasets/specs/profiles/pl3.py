"""The land-cleaning sheet PL3: one row a certificate, a parcel and a person, with labels for codes.

Its columns are numbered 1 to 51, and 21 and 22 are left out. The person on the certificate is the
holder, whoever uses the land today.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from datasets.formats import Row
from datasets.specs.base import Column, Finding
from datasets.specs.profiles.base import Converted, Profile
from registry.kernel.codes import load
from registry.kernel.dates import DateError, PartialDate
from registry.kernel.identifiers import Sex, kind_of, personal_id_warnings
from registry.kernel.text import clean, fold, match_key
from registry.places.catalogue import REFORM, catalogue

_PURPOSES = (1, 2, 3)
_COMMUNE, _SERIAL, _ISSUED = "Mã ĐVHC cấp xã", "Số phát hành GCN", "Ngày cấp GCN"
_ORGANISATION, _ORGANISATION_ID = "Tên tổ chức", "Số định danh tổ chức"
_NAME, _BORN, _SEX = "Họ tên chủ sử dụng hoặc đại diện", "Ngày sinh", "Giới tính"
_ID, _NOW, _NOW_ID = "Số ĐDCN/CCCD", "Tên người sử dụng hiện tại", "CCCD người sử dụng hiện tại"
_REASON, _PARCEL_ID = "Lý do thay đổi", "Mã định danh thửa đất"
_PAPER_SHEET, _PAPER_NUMBER = "Số tờ trên GCN", "Số thửa trên GCN"
_SHEET, _NUMBER = "Số tờ trên BĐĐC", "Số thửa trên BĐĐC"
_KIND, _ROLE = "Pháp nhân", "Vai trò"
_BLOCK, _FLAT = "Tên khu, nhà chung cư", "Số căn hộ"

# Ours and theirs, where the cell is taken as it stands.
_AS_IT_IS: Mapping[str, str] = {
    "parcel_id": _PARCEL_ID,
    "commune": _COMMUNE,
    "sheet": _SHEET,
    "number": _NUMBER,
    "address": "Địa chỉ thửa đất",
    "legal_area": "Diện tích (m²)",
    **{
        ours.format(n): theirs.format(n)
        for n in _PURPOSES
        for ours, theirs in (
            ("purpose_{}", "Loại đất {}"),
            ("purpose_{}_area", "Diện tích loại đất {} (m²)"),
            ("purpose_{}_origin", "Nguồn gốc sử dụng {}"),
            ("purpose_{}_use", "Hình thức sử dụng {}"),
            ("purpose_{}_term", "Thời hạn sử dụng {}"),
        )
    },
    "certificate": _SERIAL,
    "certificate_on": _ISSUED,
    "certificate_register_number": "Số vào sổ GCN",
    "holder_kind": _KIND,
    "holder_role": _ROLE,
    "asset": "Loại tài sản gắn liền với đất",
    "asset_built_area": "Diện tích xây dựng (m²)",
    "asset_floor_area": "Diện tích sàn (m²)",
}
COLUMNS = tuple(
    Column(name, name, required=name in {_COMMUNE, _NUMBER})
    for name in (
        "STT",
        *(_COMMUNE, _SERIAL, _ISSUED, "Số vào sổ GCN", _ORGANISATION, _ORGANISATION_ID),
        *(_NAME, _BORN, _SEX, _ID, "Địa chỉ thường trú", _KIND, _ROLE, _NOW, _NOW_ID),
        *("Địa chỉ 2 cấp", _REASON, _PARCEL_ID, _PAPER_SHEET, _PAPER_NUMBER, _SHEET, _NUMBER),
        *("Địa chỉ thửa đất", "Diện tích (m²)"),
        *(theirs for ours, theirs in _AS_IT_IS.items() if ours.startswith("purpose_")),
        *("Loại tài sản gắn liền với đất", _BLOCK, _FLAT, "Diện tích xây dựng (m²)"),
        *("Diện tích sàn (m²)", "Hình thức sở hữu", "Thời hạn sở hữu", "Cấp, hạng"),
        "Tên tệp quét",
    )
)
_NAMES = {
    **_AS_IT_IS,
    "code": _NUMBER,
    "commune_on": _COMMUNE,
    "old_commune": _COMMUNE,
    "old_sheet": _PAPER_SHEET,
    "old_number": _PAPER_NUMBER,
    "holder_name": _NAME,
    "holder_id": _ID,
    "holder_organisation_id": _ORGANISATION_ID,
    "restriction": _REASON,
    "restriction_party": _NOW,
    "asset_name": _BLOCK,
}
# Serial numbers by the first day of their form; the limits are to verify.
_SERIALS = (
    (date(2025, 1, 1), re.compile(r"[A-ZĐ]{2} ?[0-9]{8}")),
    (date(2014, 7, 1), re.compile(r"[BC][A-ZĐ] ?[0-9]{6}")),
    (date(2009, 12, 1), re.compile(r"B[A-ZĐ] ?[0-9]{6}")),
    (date(2004, 7, 1), re.compile(r"A[A-ZĐ] ?[0-9]{6}")),
    (date.min, re.compile(r"[A-ZĐ] ?[0-9]{6}")),
)
_SEXES: Mapping[str, Sex] = {"1": "male", "2": "female"}
_TRANSFERRED = "chuyen nhuong"
_PLACEHOLDER = "N/A"


def _convert(row: Row) -> Converted:
    """Return the row in the columns of parcels, with what is wrong in cells of its own."""
    # Cells stay as written: what hides in them is for the specification to find.
    theirs = {name: raw.strip() for name, raw in row.cells.items() if clean(raw)}
    cells = {
        ours: row.cells[name] for ours, name in _AS_IT_IS.items() if theirs.get(name)
    } | _parcel(theirs)
    cells |= _holder(theirs) | _asset(theirs)
    if _changed_hands(theirs) and _TRANSFERRED in fold(theirs.get(_REASON, "")):
        cells |= {"restriction": "transferred_unregistered", "restriction_party": theirs[_NOW]}
    findings = tuple(Finding(rule, row.line, at, row.part) for rule, at in _found(theirs))
    return Converted(row._replace(cells=cells), findings)


def _parcel(theirs: Mapping[str, str]) -> dict[str, str]:
    """Return what identifies the parcel: by the map, else by the certificate, else by its id."""
    commune = theirs.get(_COMMUNE, "")
    on = _written_on(commune)
    mapped, papered = (
        (theirs.get(sheet, ""), theirs.get(number, ""))
        for sheet, number in ((_SHEET, _NUMBER), (_PAPER_SHEET, _PAPER_NUMBER))
    )
    reference = mapped if all(mapped) else papered
    found = {"commune_on": on} if on else {}
    if commune and all(reference):
        found["code"] = "-".join(("PL3", commune, *reference))
    elif _PARCEL_ID in theirs:
        found["code"] = f"PL3-{theirs[_PARCEL_ID]}"
    if all(papered) and papered != mapped:
        found |= {"old_sheet": papered[0], "old_number": papered[1], "old_series": "GCN"}
        found |= {"old_commune": commune, "old_commune_on": on} if on else {"old_commune": commune}
    return {column: cell for column, cell in found.items() if cell}


def _written_on(commune: str) -> str | None:
    """Return the day of which the code is: the sheet came with the communes of July 2025."""
    for day in (REFORM, REFORM - timedelta(days=1)):
        if catalogue().unit(commune, day):
            return f"{day:%d/%m/%Y}"
    return None


def _holder(theirs: Mapping[str, str]) -> dict[str, str]:
    """Return who holds: the organisation where one is named, else the person on the certificate."""
    if _ORGANISATION in theirs:
        number = theirs.get(_ORGANISATION_ID, "")
        known = {} if number.startswith(_PLACEHOLDER) else {"holder_organisation_id": number}
        return {"holder_name": theirs[_ORGANISATION], **known}
    told = {"holder_name": _NAME, "holder_id": _ID}
    return {ours: theirs[name] for ours, name in told.items() if name in theirs}


def _asset(theirs: Mapping[str, str]) -> dict[str, str]:
    name = ", ".join(theirs[column] for column in (_BLOCK, _FLAT) if column in theirs)
    return {"asset_name": name} if name else {}


def _changed_hands(theirs: Mapping[str, str]) -> bool:
    """Say whether somebody else than the person on the certificate is said to use the land."""
    if _NOW not in theirs:
        return False
    if _NOW_ID in theirs and _ID in theirs:
        return theirs[_NOW_ID] != theirs[_ID]
    return match_key(theirs[_NOW]) != match_key(theirs.get(_ORGANISATION, theirs.get(_NAME, "")))


def _found(theirs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong, and where, in what only this sheet has."""
    born, wrong = _date(theirs.get(_BORN))
    if wrong:
        yield "unloaded_cell", _BORN
    sex = load("sex").find_by_label(theirs.get(_SEX, ""))
    if _SEX in theirs and sex is None:
        yield "unloaded_cell", _SEX
    number = theirs.get(_ID, "")
    if kind_of(number) == "personal_id":
        known = _SEXES.get(sex.code) if sex else None
        yield from ((rule, _ID) for rule in personal_id_warnings(number, known, born))
    if theirs.get(_ORGANISATION_ID, "").startswith(_PLACEHOLDER):
        yield "placeholder_identifier", _ORGANISATION_ID
    if _changed_hands(theirs):
        yield "current_user_differs", _NOW
    issued, _ = _date(theirs.get(_ISSUED))
    if issued and _SERIAL in theirs and not _fits(theirs[_SERIAL], issued):
        yield "serial_era", _SERIAL


def _date(cell: str | None) -> tuple[PartialDate | None, bool]:
    """Return the date of a cell, and whether it is filled without being one."""
    if cell is None:
        return None, False
    try:
        return PartialDate.from_text(cell), False
    except DateError:
        return None, True


def _fits(serial: str, issued: PartialDate) -> bool:
    """Say whether a serial number is of a form in use on some day that ``issued`` may mean."""
    forms = (
        next(form for since, form in _SERIALS if day >= since)
        for day in (issued.first, issued.last)
    )
    return any(form.fullmatch(clean(serial)) for form in forms)


PL3 = Profile(
    "pl3",
    "parcels",
    "Bảng làm sạch dữ liệu đất đai (PL3)",
    COLUMNS,
    frozenset({_COMMUNE, _SERIAL, _SHEET, _NUMBER, _KIND, _ROLE}),
    _convert,
    _NAMES,
    # The sheet has no column for it, and the map comes from elsewhere.
    unaskable=frozenset({"no_geometry"}),
)
