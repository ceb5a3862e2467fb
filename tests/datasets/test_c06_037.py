"""The police citizen message is read as a citizen, and written again as it was."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from datasets.formats import Row
from datasets.specs import RULES, SPECS, Entry
from datasets.specs.profiles import PROFILES, find_profile
from datasets.specs.profiles.c06_037 import C06_037, COLUMNS, citizen_of_037, message_037
from registry.kernel.rendered import render
from tests.laws.test_docs import ROOT

MESSAGES = C06_037.over(SPECS["citizens"])
MESSAGE: dict[str, Any] = {
    "SoDinhDanh": "900190000001",
    "SoCMND": "900000001",
    "SoCCCD": "900190000001",
    "HoVaTen": {"Ho": "Nguyễn", "ChuDem": "Thị", "Ten": "Lan"},
    "GioiTinh": "2",
    "DanToc": "01",
    "TonGiao": "00",
    "TinhTrangHonNhan": "2",
    "NhomMau": "04",
    "NamSinh": "1990",
    "NgayThangNam": "17/05/1990",
    "NoiDangKyKhaiSinh": {
        "MaTinhThanh": "79",
        "MaQuanHuyen": "760",
        "MaPhuongXa": "26737",
        "ChiTiet": "Ủy ban nhân dân Phường Đa Kao",
        "QuocGia": "VN",
    },
    "QueQuan": {"ChiTiet": "Xã Tân Thông Hội, huyện Củ Chi"},
    "ThuongTru": {
        "MaTinhThanh": "79",
        "MaPhuongXa": "26740",
        "ChiTiet": "169/8A/12 đường Số 1",
        "QuocGia": "VN",
    },
    "NoiOHienTai": {"ChiTiet": "K21/26"},
    "QuocTich": "VN",
    "Cha": {"HoVaTen": "Nguyễn Văn Bảy", "QuocTich": "VN", "SoCMND": "900000002"},
    "Me": {"HoVaTen": "Trần Thị Hoa", "SoDinhDanh": "900165000002"},
    "VoChong": {"HoVaTen": "Nguyễn Văn Hòa", "SoDinhDanh": "900087000101"},
    "NguoiDaiDien": {"HoVaTen": "Trần Thị Hoa", "QuocTich": "VN"},
    "SoSoHoKhau": "HK-0000001",
}


def _flat(message: dict[str, Any], above: str = "") -> dict[str, str]:
    cells: dict[str, str] = {}
    for name, value in message.items():
        nested = isinstance(value, dict)
        cells |= _flat(value, f"{above}{name}.") if nested else {f"{above}{name}": value}
    return {name: cell for name, cell in cells.items() if cell}


def _entry(message: dict[str, Any]) -> Entry:
    [entry] = MESSAGES.read([Row(5, _flat(message))])
    return entry


def _document(message: dict[str, Any]) -> Any:
    entry = _entry(message)
    assert entry.change is not None, entry.findings
    # As it is kept: parts of a document may be rendered already.
    return orjson.loads(render(entry.change.document))


def _told(message: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(f.rule, f.line, f.column) for f in _entry(message).findings]


@pytest.mark.parametrize(
    ("rule", "column", "changes"),
    [
        ("personal_id_shape", "SoDinhDanh", {"SoDinhDanh": "90190000001", "SoCCCD": ""}),
        ("required", "SoDinhDanh", {"SoDinhDanh": "", "SoCCCD": ""}),
        ("required", "HoVaTen.Ten", {"HoVaTen": {}}),
        ("identifier_shape", "SoCMND", {"SoCMND": "12"}),
        ("identifier_shape", "Cha.SoCMND", {"Cha": {"SoCMND": "12"}}),
        ("unknown_code", "GioiTinh", {"GioiTinh": "7"}),
        ("unknown_code", "TinhTrangHonNhan", {"TinhTrangHonNhan": "9"}),
        ("unknown_code", "VoChong.QuocTich", {"VoChong": {"QuocTich": "QQ"}}),
        ("date_no_such_day", "NgayThangNam", {"NgayThangNam": "30/02/1990"}),
        ("date_us_order", "NgayThangNam", {"NgayThangNam": "05/17/1990"}),
        ("date_out_of_range", "NamSinh", {"NamSinh": "1017", "NgayThangNam": ""}),
        ("date_future", "NamSinh", {"NamSinh": "2999", "NgayThangNam": ""}),
        ("hidden_character", "Me.HoVaTen", {"Me": {"HoVaTen": "Trần\u200bHoa"}}),
    ],
)
def test_an_error_holds_the_message_back_and_names_its_member(
    rule: str, column: str, changes: dict[str, Any]
) -> None:
    assert (rule, 5, column) in _told(MESSAGE | changes)
    assert _entry(MESSAGE | changes).change is None


@pytest.mark.parametrize(
    ("rule", "column", "changes"),
    [
        ("birth_parts_differ", "NgayThangNam", {"NamSinh": "1991"}),
        ("identifiers_differ", "SoCCCD", {"SoCCCD": "900190000009"}),
        ("coarse_code", "TinhTrangHonNhan", {"TinhTrangHonNhan": "3"}),
        ("sex_digit", "SoDinhDanh", {"GioiTinh": "1"}),
        ("birth_year", "SoDinhDanh", {"NamSinh": "1991", "NgayThangNam": ""}),
        ("unknown_commune", "ThuongTru.MaPhuongXa", {"ThuongTru": {"MaPhuongXa": "99999"}}),
    ],
)
def test_what_is_in_doubt_is_remarked_and_not_loaded(
    rule: str, column: str, changes: dict[str, Any]
) -> None:
    told = _told(MESSAGE | changes)
    assert (rule, 5, column) in told
    assert {RULES[name].severity for name, *_ in told} == {"warning"}
    document = _document(MESSAGE | changes)
    if rule == "birth_parts_differ":
        assert "birth_date" not in document
    if rule == "coarse_code":
        assert document["marital_status"]["code"] == "unknown"


def test_a_message_is_written_again_as_it_was() -> None:
    assert message_037(_document(MESSAGE)) == MESSAGE


@pytest.mark.parametrize(
    "changes",
    [
        {"NamSinh": "1990", "NgayThangNam": ""},
        {"HoVaTen": {"Ten": "H'Hen Niê"}},
        {"TinhTrangHonNhan": "0"},
        {"SoCMND": "", "Cha": {}, "NoiDangKyKhaiSinh": {}, "SoSoHoKhau": ""},
    ],
)
def test_a_message_that_tells_less_is_written_again_too(changes: dict[str, Any]) -> None:
    less = {name: value for name, value in (MESSAGE | changes).items() if value}
    assert message_037(_document(less)) == less


def test_a_document_survives_the_way_through_a_message() -> None:
    document = _document(MESSAGE)
    assert _document(message_037(document)) == document


def test_a_year_alone_stays_a_year() -> None:
    document = _document(MESSAGE | {"NgayThangNam": ""})
    assert document["birth_date"] == {"value": "1990", "precision": "year"}


@pytest.mark.parametrize("day", ["17/05/1990", "1990-05-17", "19900517", "17051990"])
def test_a_day_is_read_as_services_write_it(day: str) -> None:
    document = _document(MESSAGE | {"NgayThangNam": day})
    assert document["birth_date"]["value"] == "1990-05-17"


def test_a_commune_means_what_its_district_says() -> None:
    document = _document(MESSAGE)
    born = document["birth_registration_place"]
    assert born["legacy"]["commune"] == "26737"
    assert born["legacy"]["district"] == "760"
    here = document["residence"]["permanent"]["address"]
    assert here["current"]["commune"] == {"code": "26740", "label": "Phường Sài Gòn"}
    assert "legacy" not in here
    wrong = MESSAGE["NoiDangKyKhaiSinh"] | {"MaQuanHuyen": "783"}
    told = _document(MESSAGE | {"NoiDangKyKhaiSinh": wrong})["birth_registration_place"]
    assert told["method"] == "unresolved"


def test_a_country_abroad_joins_the_words_of_the_address() -> None:
    place = {"ChiTiet": "California", "QuocGia": "US"}
    document = _document(MESSAGE | {"QueQuan": place})
    assert document["hometown"]["as_recorded"] == "California, Hoa Kỳ"


def test_the_number_of_an_old_card_of_twelve_digits_is_the_personal_id() -> None:
    document = _document(MESSAGE | {"SoCMND": MESSAGE["SoDinhDanh"]})
    assert [number["type"] for number in document["identifiers"]] == ["personal_id"]


def test_kin_may_be_named_in_parts() -> None:
    mother = {"HoVaTen": {"Ho": "Trần", "ChuDem": "Thị", "Ten": "Hoa"}}
    assert _document(MESSAGE | {"Me": mother})["mother"] == {"name": "Trần Thị Hoa"}


def test_one_message_is_read_like_a_line_of_a_file() -> None:
    row = citizen_of_037(MESSAGE | {"ChuHo": {"QuanHe": "Vợ"}, "TonGiao": None})
    [entry] = SPECS["citizens"].read([row])
    assert entry.change is not None
    expected = {name: value for name, value in _document(MESSAGE).items() if name != "religion"}
    assert entry.change.document == expected


def test_messages_are_known_by_their_members() -> None:
    assert find_profile("citizens", list(_flat(MESSAGE))) is PROFILES["c06_037"]
    assert find_profile("citizens", ["personal_id", "full_name"]) is None
    names = {column.name for column in COLUMNS}
    assert names >= _flat(MESSAGE).keys() | set(C06_037.names.values())
    assert set(C06_037.names) <= {column.name for column in SPECS["citizens"].columns}


def test_the_documented_message_loads() -> None:
    page = (ROOT / "docs" / "files" / "c06-037.md").read_text("utf-8")
    [shown] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert _document(orjson.loads(shown))["name"]["full"] == "Nguyễn Thị Lan"
