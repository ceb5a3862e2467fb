"""The file of citizens: one row a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, cast

from datasets.formats import Row
from datasets.specs.base import Column, Entry, Reading, Spec
from registry.citizens.changes import apply_changes
from registry.kernel.clock import today
from registry.kernel.dates import PartialDate
from registry.kernel.identifiers import (
    IdentifierError,
    Sex,
    kind_of,
    personal_id_warnings,
    require_personal_id,
)
from registry.kernel.ledger import Change

_SEX = {"1": "male", "2": "female"}
_ALIVE = {"code": "alive", "label": "Còn sống"}

COLUMNS = (
    Column("personal_id", "Số định danh cá nhân", "900190000001", required=True),
    Column("nine_digit_id", "Số chứng minh 9 số", "900000001"),
    Column("cancelled_id", "Số định danh đã hủy"),
    Column("passport", "Số hộ chiếu"),
    Column("full_name", "Họ, chữ đệm và tên", "Nguyễn Thị Lan", required=True),
    Column("family_name", "Họ", "Nguyễn"),
    Column("middle_name", "Chữ đệm", "Thị"),
    Column("given_name", "Tên", "Lan"),
    Column("other_name", "Tên gọi khác"),
    Column("birth_date", "Ngày sinh", "17/05/1990"),
    Column("sex", "Giới tính", "Nữ"),
    Column("ethnicity", "Dân tộc", "Kinh"),
    Column("religion", "Tôn giáo", "Không"),
    Column("nationality", "Quốc tịch", "VN"),
    Column("birth_place", "Nơi sinh", "Bệnh viện Từ Dũ"),
    Column("birth_place_commune", "Mã xã nơi sinh", "26743"),
    Column("birth_place_on", "Mã xã nơi sinh ghi ngày", "17/05/1990"),
    Column("hometown", "Quê quán", "Xã Tân Thông Hội, huyện Củ Chi"),
    Column("hometown_commune", "Mã xã quê quán"),
    Column("hometown_on", "Mã xã quê quán ghi ngày"),
    Column("permanent_address", "Nơi thường trú", "169/8A/12 đường Số 1"),
    Column("permanent_address_commune", "Mã xã thường trú", "26737"),
    Column("permanent_address_on", "Mã xã thường trú ghi ngày", "01/03/2015"),
    Column("permanent_from", "Thường trú từ", "2015"),
    Column("temporary_address", "Nơi tạm trú"),
    Column("temporary_address_commune", "Mã xã tạm trú"),
    Column("temporary_address_on", "Mã xã tạm trú ghi ngày"),
    Column("temporary_from", "Tạm trú từ"),
    Column("temporary_until", "Tạm trú đến"),
    Column("current_address", "Nơi ở hiện tại"),
    Column("current_address_commune", "Mã xã nơi ở hiện tại"),
    Column("current_address_on", "Mã xã nơi ở hiện tại ghi ngày"),
    Column("marital_status", "Tình trạng hôn nhân", "Đang có vợ hoặc chồng"),
    Column("marital_books_complete", "Sổ hộ tịch đã số hóa đủ (1/0)", "1"),
    Column("father_name", "Họ tên cha"),
    Column("father_id", "Số định danh cha"),
    Column("mother_name", "Họ tên mẹ"),
    Column("mother_id", "Số định danh mẹ"),
    Column("spouse_name", "Họ tên vợ hoặc chồng"),
    Column("spouse_id", "Số định danh vợ hoặc chồng"),
    Column("life_status", "Tình trạng", "Còn sống"),
    Column("death_date", "Ngày chết"),
    Column("phone", "Số điện thoại"),
    Column("email", "Thư điện tử"),
    Column("valid_from", "Trạng thái này có từ ngày"),
)


def read(rows: Iterable[Row]) -> Iterator[Entry]:
    """Yield one entry a row; the second row of a person is rejected."""
    seen: set[str] = set()
    for row in rows:
        reading = Reading(row)
        document = _document(reading)
        key = document["personal_id"]
        if key and key in seen:
            reading.note("repeated_record", "personal_id")
        seen.add(key)
        since = _valid_from(reading, document)
        change = None if reading.rejected else Change(document, since)
        yield Entry(1, change, tuple(reading.findings))


def _document(reading: Reading) -> dict[str, Any]:
    birth = reading.date("birth_date")
    sex = reading.code("sex", "sex")
    personal_id = _personal_id(reading, "personal_id", required=True)
    if personal_id:
        known = cast("Sex | None", _SEX.get(sex["code"])) if sex else None
        for rule in personal_id_warnings(personal_id, known, birth):
            reading.note(rule, "personal_id")
    ethnicity = reading.code("ethnicity", "ethnicity")
    recorded = reading.text("ethnicity")
    if ethnicity and recorded not in {ethnicity["code"], ethnicity["label"]}:
        ethnicity = {**ethnicity, "as_recorded": recorded or ""}
    return _present(
        {
            "personal_id": personal_id,
            "identifiers": _identifiers(reading, personal_id),
            "name": _name(reading),
            "birth_date": birth and birth.to_json(),
            "sex": sex,
            "ethnicity": ethnicity,
            "religion": reading.code("religion", "religion"),
            "nationality": reading.code("nationality", "nationality"),
            "birth_place": reading.address("birth_place"),
            "hometown": reading.address("hometown"),
            "residence": _residence(reading),
            "marital_status": _marital_status(reading),
            **{kin: _kin(reading, kin) for kin in ("father", "mother", "spouse")},
            "life_status": _life_status(reading),
            "phone": reading.text("phone"),
            "email": reading.text("email"),
        }
    ) | {"personal_id": personal_id or ""}


def _present(values: dict[str, Any]) -> dict[str, Any]:
    """Drop what is not known: absent, never null."""
    return {key: value for key, value in values.items() if value}


def _personal_id(reading: Reading, column: str, *, required: bool = False) -> str | None:
    value = reading.text(column, required=required)
    if value is None:
        return None
    try:
        return require_personal_id(value)
    except IdentifierError:
        reading.note("personal_id_shape", column)
        return None


def _identifiers(reading: Reading, personal_id: str | None) -> list[dict[str, str]]:
    found = (
        [{"type": "personal_id", "value": personal_id, "status": "valid"}] if personal_id else []
    )
    nine = reading.text("nine_digit_id")
    if nine:
        if kind_of(nine) != "nine_digit_id":
            reading.note("identifier_shape", "nine_digit_id")
        # Law on Identification, article 46: no longer valid after 31 December 2024.
        found.append({"type": "nine_digit_id", "value": nine, "status": "expired"})
    cancelled = _personal_id(reading, "cancelled_id")
    if cancelled:
        found.append({"type": "cancelled_id", "value": cancelled, "status": "cancelled"})
    passport = reading.text("passport")
    if passport:
        found.append({"type": "passport", "value": passport, "status": "valid"})
    return found


def _name(reading: Reading) -> dict[str, Any]:
    other = reading.text("other_name")
    return _present(
        {
            "full": reading.text("full_name", required=True),
            # Split only where the source splits it: highland names don't follow the order.
            "family": reading.text("family_name"),
            "middle": reading.text("middle_name"),
            "given": reading.text("given_name"),
            "other": [other] if other else None,
        }
    )


def _residence(reading: Reading) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in ("permanent", "temporary", "current"):
        address = reading.address(f"{kind}_address")
        if address is None:
            continue
        began = reading.date(f"{kind}_from") if kind != "current" else None
        until = reading.date("temporary_until") if kind == "temporary" else None
        found[kind] = _present(
            {
                "address": address,
                "valid_from": began and began.to_json(),
                "term_end": until and until.last.isoformat(),
            }
        )
    return found


def _marital_status(reading: Reading) -> dict[str, Any]:
    """Three-valued: without complete books, "no marriage known" is unknown, never single."""
    complete = reading.text("marital_books_complete") == "1"
    given = reading.code("marital_status", "marital_status")
    if given is None or (given["code"] == "single" and not complete):
        given = {"code": "unknown", "label": "Chưa có thông tin"}
    state = "unknown" if given["code"] == "unknown" else "known"
    return {**given, "state": state, "coverage": {"complete": complete}}


def _kin(reading: Reading, kin: str) -> dict[str, Any]:
    return _present(
        {
            "name": reading.text(f"{kin}_name"),
            "personal_id": _personal_id(reading, f"{kin}_id"),
        }
    )


def _life_status(reading: Reading) -> dict[str, Any]:
    status = reading.code("life_status", "life_status") or _ALIVE
    died = reading.date("death_date")
    return {**status, **({"date": died.to_json()} if died else {})}


def _valid_from(reading: Reading, document: dict[str, Any]) -> date:
    """Return since when the row's state holds: as told, else since birth."""
    told = reading.date("valid_from")
    birth = document.get("birth_date")
    since = told or (PartialDate.parse(birth["value"]) if birth else None)
    first = since.first if since else date(1900, 1, 1)
    if first > today():
        reading.note("date_future", "valid_from" if told else "birth_date")
    return first


CITIZENS = Spec("citizens", "Công dân", COLUMNS, read, apply_changes)
