"""Sheets become rows of text with the numbers that Excel shows; what a cell lost is noted."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from datasets.formats import Options
from datasets.formats.inspection import inspect
from tests.datasets.files import codes, compound, ods, ods_cell, read, refusal, xls
from tests.datasets.loads import SAMPLES, needs_samples

HEADER = ["personal_id", "full_name", "birth_date", "area"]


def book(path: Path, *sheets: list[list[Any]], hidden: int | None = None, top: int = 0) -> Path:
    made = xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy"})
    for number, rows in enumerate(sheets):
        page = made.add_worksheet(f"Trang {number + 1}")
        for at, row in enumerate(rows, top):
            page.write_row(at, 0, row)
        if number == hidden:
            page.hide()
    made.close()
    return path


def person(name: str = "Lan") -> list[Any]:
    return ["079988000001", name, date(1990, 5, 17), 29.16]


# Refusals and questions


def test_several_sheets_are_a_question_and_a_hidden_one_is_none(tmp_path: Path) -> None:
    path = book(tmp_path / "f", [HEADER, person()], [HEADER, person("An")], [["x"]], hidden=2)
    told, error = refusal(path)
    assert told == [("/sheet", "sheet_open")]
    assert error.members["candidates"] == ["Trang 1", "Trang 2", "Trang 3"]
    [row] = read(path, Options(sheet="Trang 2"))
    assert (row.cells["full_name"], row.part) == ("An", "Trang 2")
    assert refusal(path, Options(sheet="Trang 9"))[0] == [("/sheet", "sheet_open")]
    path = book(tmp_path / "f", [HEADER, person()], [["x"]], [], hidden=1)
    assert len(read(path)) == 1
    assert inspect(path).notes == ("hidden_sheet",)


def test_a_header_of_merged_cells_is_refused(tmp_path: Path) -> None:
    made = xlsxwriter.Workbook(tmp_path / "f")
    made.add_worksheet().merge_range(0, 0, 0, 1, "personal_id")
    made.close()
    assert codes(tmp_path / "f") == ["header_merged"]


def test_an_empty_workbook_is_refused(tmp_path: Path) -> None:
    assert codes(book(tmp_path / "f", [], [])) == ["sheet_missing"]


def test_other_office_files_are_refused(tmp_path: Path) -> None:
    assert codes(compound(tmp_path / "f", "WordDocument", b"x")) == ["ole_unknown"]
    broken = compound(tmp_path / "f", "Workbook", b"x" * 5000)
    assert codes(broken) == ["workbook_broken"]


@needs_samples
def test_workbooks_of_others_are_read_or_refused_by_name() -> None:
    path = SAMPLES / "validation" / "issue-312.xlsx"
    assert codes(path, columns=("id", "name")) == ["column_repeated", "column_blank"]
    path = SAMPLES / "validation" / "cast-int-to-string-issue-1251.xlsx"
    rows = read(path, columns="ABCDE")
    assert rows[0].cells == {"A": "001", "B": "b", "C": "1", "D": "a", "E": "1"}
    assert [sorted(row.numeric) for row in rows][:2] == [["C", "E"], ["C", "D", "E"]]


# Cells as shown


def test_a_cell_is_text_as_it_is_shown(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        HEADER,
        ["079988000001", "Lan", date(1990, 5, 17), 29.16],
        [79988000001, True, datetime(1990, 5, 17, 10, 30, tzinfo=UTC).replace(tzinfo=None), 400],
        [7.9988e10, " a\r\nb ", time(4, 30), 1e-7],
        ["7.9988E+10", "", 33010, 10**18],
    ]
    first, second, third, fourth = read(book(tmp_path / "f", rows))
    assert first.cells == {
        "personal_id": "079988000001",
        "full_name": "Lan",
        "birth_date": "17/05/1990",
        "area": "29,16",
    }
    assert first.numeric == {"area"}
    assert list(second.cells.values()) == ["79988000001", "true", "17/05/1990 10:30", "400"]
    assert second.numeric == {"personal_id", "area"}
    assert list(third.cells.values()) == ["79988000000", " a\r\nb ", "04:30", "0,0000001"]
    assert fourth.cells["personal_id"] == "7.9988E+10"
    # A serial that is not shown as a date is a number, and no date.
    assert (fourth.cells["birth_date"], fourth.cells["area"]) == ("33010", "1" + "0" * 18)


def test_rows_are_those_that_excel_shows(tmp_path: Path) -> None:
    rows = read(book(tmp_path / "f", [HEADER, person(), [], person()], top=2))
    assert [(row.line, row.blank) for row in rows] == [(4, False), (5, True), (6, False)]


def test_a_cell_that_shows_an_error_is_noted_and_formulas_are_said(tmp_path: Path) -> None:
    made = xlsxwriter.Workbook(tmp_path / "f")
    page = made.add_worksheet("Trang 1")
    page.write_row(1, 1, HEADER)
    page.write_row(2, 1, ["1", "Lan"])
    page.write_formula(2, 3, "=NA()", value="#N/A")
    page.write_formula(2, 4, "=1+1", value=2)
    made.close()
    [row] = read(tmp_path / "f")
    assert row.cells == {"personal_id": "1", "full_name": "Lan", "area": "2"}
    assert row.notes == (("error_cell", "birth_date"),)
    assert inspect(tmp_path / "f").notes == ("formula_cell",)


def test_text_of_an_old_font_is_asked_and_only_that_is_changed(tmp_path: Path) -> None:
    rows = [HEADER[:2], ["1", "NguyÔn ThÞ Hoµ"], ["2", "TrÇn V¨n BÐ"], ["3", "Lê Thị Ngọc"]]
    path = book(tmp_path / "f", rows)
    told, error = refusal(path)
    assert (told, error.members["candidates"][0]) == ([("/encoding", "encoding_unknown")], "tcvn3")
    names = [row.cells["full_name"] for row in read(path, Options(encoding="tcvn3"))]
    assert names == ["Nguyễn Thị Hoà", "Trần Văn Bé", "Lê Thị Ngọc"]


def test_mojibake_in_a_sheet_is_repaired_and_noted(tmp_path: Path) -> None:
    [row] = read(book(tmp_path / "f", [HEADER[:2], ["1", "Nguyá»…n Thá»‹ HÃ²a"]]))
    assert row.cells["full_name"] == "Nguyễn Thị Hòa"
    assert row.notes == (("repaired_text", "full_name"),)


# The other formats


def test_a_sheet_of_excel_97_is_read(tmp_path: Path) -> None:
    path = xls(tmp_path / "f", [["personal_id", "full_name"], [79988000001.0, "Nguyễn"]])
    [row] = read(path)
    assert (row.line, row.part, row.numeric) == (2, "Trang1", frozenset(("personal_id",)))
    assert row.cells == {"personal_id": "79988000001", "full_name": "Nguyễn"}


def test_a_sheet_of_opendocument_is_read(tmp_path: Path) -> None:
    cells = "".join(map(ods_cell, ["personal_id", "full_name", "birth_date"]))
    day = '<table:table-cell office:value-type="date" office:date-value="1990-05-17"/>'
    number = '<table:table-cell office:value-type="float" office:value="7"/>'
    empty = '<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>'
    rest = (
        '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    row = f"<table:table-row>{number}{ods_cell('Nguyễn')}{day}</table:table-row>"
    path = ods(tmp_path / "f", f"<table:table-row>{cells}</table:table-row>{empty}{row}{rest}")
    rows = read(path)
    assert [(row.line, row.blank) for row in rows] == [(2, True), (3, True), (4, False)]
    assert rows[2].cells == {"personal_id": "7", "full_name": "Nguyễn", "birth_date": "17/05/1990"}


@pytest.mark.parametrize("name", ["Book", "Workbook"])
def test_an_old_workbook_is_known_by_its_stream(tmp_path: Path, name: str) -> None:
    assert inspect(xls(tmp_path / "f", [["a"], ["1"]], name)).kind == "xls"
