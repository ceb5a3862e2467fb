"""The land-cleaning sheet is read as parcels, and its dirt is told in its own columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from datasets.formats import Options, Row
from datasets.specs import RULES, SPECS, Entry
from datasets.specs.profiles import PROFILES, find_profile, through
from datasets.specs.profiles.pl3 import COLUMNS, PL3
from registry.kernel.errors import Invalid
from tests.datasets.loads import Desk
from tests.laws.test_docs import ROOT

SHEET = PL3.over(SPECS["parcels"])
ROW = {
    "STT": "1",
    "Mã ĐVHC cấp xã": "27442",
    "Số phát hành GCN": "BĐ 266864",
    "Ngày cấp GCN": "01/03/2012",
    "Số vào sổ GCN": "CH 00111",
    "Họ tên chủ sử dụng hoặc đại diện": "Nguyễn Văn Hòa",
    "Ngày sinh": "1987",
    "Giới tính": "Nam",
    "Số ĐDCN/CCCD": "900087000101",
    "Địa chỉ thường trú": "169/8A/12 đường Số 1",
    "Pháp nhân": "Vợ chồng",
    "Vai trò": "Chồng",
    "Số tờ trên GCN": "5",
    "Số thửa trên GCN": "123",
    "Số tờ trên BĐĐC": "85",
    "Số thửa trên BĐĐC": "12-A",
    "Địa chỉ thửa đất": "169/8A/12 đường Số 1",
    "Diện tích (m²)": "29,16",
    "Loại đất 1": "Đất ở tại đô thị",
    "Diện tích loại đất 1 (m²)": "29,2",
    "Nguồn gốc sử dụng 1": "Công nhận quyền như giao đất có thu tiền",
    "Hình thức sử dụng 1": "Sử dụng riêng",
    "Thời hạn sử dụng 1": "Lâu dài",
    "Loại tài sản gắn liền với đất": "Căn hộ chung cư",
    "Tên khu, nhà chung cư": "Chung cư Mẫu",
    "Số căn hộ": "12.03",
    "Tên tệp quét": "BD266864.pdf",
}
WIFE = ROW | {
    "STT": "2",
    "Họ tên chủ sử dụng hoặc đại diện": "Trần Thị Lan",
    "Ngày sinh": "17/05/1990",
    "Giới tính": "Nữ",
    "Số ĐDCN/CCCD": "900190000102",
    "Vai trò": "Vợ",
}


def _entries(*rows: dict[str, str]) -> list[Entry]:
    lines = (Row(n, {k: v for k, v in row.items() if v}) for n, row in enumerate(rows, 2))
    return list(SHEET.read(lines))


def _found(*rows: dict[str, str]) -> list[tuple[str, int, str]]:
    return [(f.rule, f.line, f.column) for e in _entries(*rows) for f in e.findings]


def _document(*rows: dict[str, str]) -> Any:
    [entry] = _entries(*rows)
    assert entry.change is not None, entry.findings
    # As it is kept: parts of a document may be rendered already.
    return orjson.loads(orjson.dumps(entry.change.document))


@pytest.mark.parametrize(
    ("rule", "column", "changes"),
    [
        ("date_us_order", "Ngày cấp GCN", {"Ngày cấp GCN": "12/25/2012"}),
        ("date_out_of_range", "Ngày cấp GCN", {"Ngày cấp GCN": "9/10/1017"}),
        ("personal_id_shape", "Số ĐDCN/CCCD", {"Số ĐDCN/CCCD": "90087000101"}),
        ("unknown_code", "Vai trò", {"Vai trò": "Chủ đất"}),
        (
            "hidden_character",
            "Họ tên chủ sử dụng hoặc đại diện",
            {"Họ tên chủ sử dụng hoặc đại diện": "Trần\u200bVăn An"},
        ),
        ("unknown_code", "Hình thức sử dụng 1", {"Hình thức sử dụng 1": "Chung riêng"}),
        ("number_ambiguous", "Diện tích (m²)", {"Diện tích (m²)": "1.234"}),
        (
            "required",
            "Số thửa trên BĐĐC",
            {"Số thửa trên BĐĐC": "", "Số thửa trên GCN": ""},
        ),
    ],
)
def test_an_error_holds_the_parcel_back_and_names_the_column_of_the_sheet(
    rule: str, column: str, changes: dict[str, str]
) -> None:
    assert (rule, 2, column) in _found(ROW | changes)
    assert [entry.change for entry in _entries(ROW | changes)] == [None]


@pytest.mark.parametrize(
    ("rule", "column", "changes"),
    [
        ("unloaded_cell", "Ngày sinh", {"Ngày sinh": "12/25/1987"}),
        ("unloaded_cell", "Giới tính", {"Giới tính": "Ông"}),
        ("birth_year", "Số ĐDCN/CCCD", {"Ngày sinh": "1986"}),
        ("sex_digit", "Số ĐDCN/CCCD", {"Giới tính": "Nữ"}),
        ("serial_era", "Số phát hành GCN", {"Ngày cấp GCN": "01/03/2003"}),
        ("serial_era", "Số phát hành GCN", {"Ngày cấp GCN": "2025"}),
        ("serial_shape", "Số phát hành GCN", {"Số phát hành GCN": "266864"}),
        (
            "placeholder_identifier",
            "Số định danh tổ chức",
            {"Tên tổ chức": "Công ty Mẫu", "Số định danh tổ chức": "N/A-796300046"},
        ),
        (
            "current_user_differs",
            "Tên người sử dụng hiện tại",
            {"Tên người sử dụng hiện tại": "Lê Văn Tám"},
        ),
        ("purpose_sum", "Diện tích loại đất 1 (m²)", {"Diện tích (m²)": "30"}),
        ("free_text_purpose", "Loại đất 1", {"Loại đất 1": "thổ cư"}),
        ("split_commune", "Mã ĐVHC cấp xã", {"Mã ĐVHC cấp xã": "27454"}),
    ],
)
def test_dirt_is_remarked_in_the_column_of_the_sheet(
    rule: str, column: str, changes: dict[str, str]
) -> None:
    told = _found(ROW | changes)
    assert (rule, 2, column) in told
    assert {RULES[name].severity for name, *_ in told} == {"warning"}
    assert _entries(ROW | changes)[0].change is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"Ngày cấp GCN": "2009", "Số phát hành GCN": "AĐ 266864"},  # either form, that year
        {"Ngày cấp GCN": "10/02/2025", "Số phát hành GCN": "AA 06654954"},
        {"Ngày cấp GCN": "01/01/1999", "Số phát hành GCN": "W 654083"},
        {"Ngày cấp GCN": "", "Số phát hành GCN": ""},  # one in ten has none
        {"Ngày sinh": "", "Giới tính": ""},
        {"Tên người sử dụng hiện tại": "NGUYỄN VĂN HOÀ"},
    ],
)
def test_what_is_usual_is_not_remarked(changes: dict[str, str]) -> None:
    assert _found(ROW | changes) == []


def test_the_sheet_has_its_49_columns_and_all_are_told_of() -> None:
    assert len(COLUMNS) == len({column.name for column in COLUMNS}) == 49
    assert ROW.keys() <= {column.name for column in COLUMNS}
    assert set(PL3.names.values()) <= {column.name for column in COLUMNS}
    assert set(PL3.names) <= {column.name for column in SPECS["parcels"].columns}


def test_a_sheet_is_known_by_its_header() -> None:
    header = [column.name for column in COLUMNS]
    assert find_profile("parcels", header) is PROFILES["pl3"]
    assert find_profile("citizens", header) is None
    assert find_profile("parcels", [c.name for c in SPECS["parcels"].columns]) is None


@pytest.mark.parametrize(("dataset", "profile"), [("parcels", "pl4"), ("citizens", "pl3")])
def test_a_profile_of_another_dataset_is_refused(dataset: str, profile: str) -> None:
    with pytest.raises(Invalid, match="no such profile"):
        through(SPECS[dataset], profile)


def test_without_a_profile_the_file_is_our_own() -> None:
    assert through(SPECS["parcels"], None) is SPECS["parcels"]
    assert through(SPECS["parcels"], "pl3").columns == COLUMNS


def test_husband_and_wife_on_one_certificate_are_one_parcel() -> None:
    document = _document(ROW, WIFE)
    assert document["code"] == "PL3-27442-85-12-A"
    assert [holder["name"] for holder in document["holders"]] == ["Nguyễn Văn Hòa", "Trần Thị Lan"]
    assert [holder["role"]["code"] for holder in document["holders"]] == ["husband", "wife"]
    assert [paper["serial"] for paper in document["certificates"]] == ["BĐ 266864"]
    assert document["area"] == {"legal": 29.16}
    assert document["purposes"][0]["purpose"]["code"] == "ODT"
    assert document["purposes"][0]["origin"]["code"] == "CNQ-CTT"
    assert document["assets"] == [{"kind": "Căn hộ chung cư", "name": "Chung cư Mẫu, 12.03"}]
    # The code is of the communes of July 2025, and the certificate's own reference is an old one.
    assert document["reference"]["commune"]["code"] == "27442"
    assert [(old["sheet"], old["number"]) for old in document["references"]] == [("5", "123")]


def test_a_parcel_that_only_the_certificate_names_is_found_by_it() -> None:
    row = ROW | {"Số tờ trên BĐĐC": "", "Số thửa trên BĐĐC": ""}
    assert _document(row)["code"] == "PL3-27442-5-123"


def test_an_organisation_holds_and_its_representative_does_not() -> None:
    row = ROW | {"Tên tổ chức": "Công ty Mẫu", "Pháp nhân": "Tổ chức", "Vai trò": "Người đại diện"}
    [holder] = _document(row)["holders"]
    assert (holder["name"], holder.get("personal_id")) == ("Công ty Mẫu", None)
    named = row | {"Số định danh tổ chức": "0000000001"}
    assert _document(named)["holders"][0]["organisation_id"] == "0000000001"
    row["Số định danh tổ chức"] = "N/A-796300046"
    assert "organisation_id" not in _document(row)["holders"][0]


def test_who_bought_without_registering_is_no_holder() -> None:
    row = ROW | {"Tên người sử dụng hiện tại": "Lê Văn Tám", "Lý do thay đổi": "Nhận chuyển nhượng"}
    document = _document(row)
    assert [holder["name"] for holder in document["holders"]] == ["Nguyễn Văn Hòa"]
    [restriction] = document["restrictions"]
    assert restriction["type"]["code"] == "transferred_unregistered"
    assert restriction["party"] == "Lê Văn Tám"
    moved = row | {"Lý do thay đổi": "Sắp xếp đơn vị hành chính"}
    assert "restrictions" not in _document(moved)


def test_rows_are_converted_one_by_one_under_their_own_line() -> None:
    def rows() -> Iterator[Row]:
        yield Row(7, ROW, part="Trang 1")
        raise AssertionError("read ahead")

    converted = next(PL3.rows(rows()))
    assert (converted.line, converted.part) == (7, "Trang 1")
    assert converted.cells.keys() <= {column.name for column in SPECS["parcels"].columns}


def test_whatever_else_a_row_tells_stays() -> None:
    told: dict[str, Any] = {"ragged": True, "part": "Trang 1"}
    more = {"notes": (("error_cell", "Ngày sinh"),), "repaired": frozenset({"Ngày sinh"})}
    told |= {name: value for name, value in more.items() if name in Row.__annotations__}
    [converted] = PL3.rows([Row(7, ROW, **told)])
    assert {name: getattr(converted, name) for name in told} == told


def test_what_only_a_load_can_tell_is_told_in_the_columns_of_the_sheet(desk: Desk) -> None:
    rows = [Row(2, ROW)]
    with desk.database.reading() as session:
        assert SHEET.against is not None
        [entry] = SHEET.against(session, SHEET.read(rows), Options())
    assert [(f.rule, f.column) for f in entry.findings] == [("unknown_holder", "Số ĐDCN/CCCD")]


def test_the_documented_header_is_the_header() -> None:
    page = (ROOT / "docs" / "files" / "pl3.md").read_text("utf-8")
    [header] = [line for line in page.splitlines() if line.startswith("STT,")]
    assert next(csv.reader([header])) == [column.name for column in COLUMNS]
