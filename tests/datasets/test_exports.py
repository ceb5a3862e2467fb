"""What people take away runs nothing, loses nothing, and can be read again."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from datasets.exports import FORMULA_STARTS, csv_lines, json_lines, write_xlsx
from datasets.formats import Options
from registry.kernel.errors import Invalid
from tests.datasets.files import read

HEADER = ["personal_id", "full_name", "phone"]
NASTY = [
    '=HYPERLINK("http://example.com","x")',
    "+84909000000",
    "-1+1|cmd",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
]


def test_a_formula_in_a_csv_is_text() -> None:
    content = b"".join(csv_lines(["=x", *HEADER[1:]], [[cell, "Lan", ""] for cell in NASTY]))
    assert content.startswith(b"\xef\xbb\xbf'=x,")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row[0] for row in rows[1:]] == [f"'{cell}" for cell in NASTY]
    assert not any(cell.startswith(FORMULA_STARTS) for row in rows for cell in row)


def test_a_formula_in_a_sheet_is_text_and_comes_back_as_it_was(tmp_path: Path) -> None:
    cells = [*NASTY, "079988000001", " _x0041_ \x01 & <b>", "http://example.com", "Nguyễn\r\nLan"]
    write_xlsx(tmp_path / "f", HEADER, [["1", cell, ""] for cell in cells])
    with zipfile.ZipFile(tmp_path / "f") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f" not in sheet
    assert "hyperlink" not in sheet
    rows = read(tmp_path / "f")
    assert [row.cells["full_name"] for row in rows] == cells
    assert not any(row.numeric for row in rows)


def test_a_hidden_key_comes_back_with_its_row(tmp_path: Path) -> None:
    table = [["1", "Lan", ""], ["2", "", "090"]]
    write_xlsx(tmp_path / "f", HEADER, iter(table), keys=iter(["r-1", "r-2"]))
    with zipfile.ZipFile(tmp_path / "f") as archive:
        assert 'hidden="1"' in archive.read("xl/worksheets/sheet1.xml").decode()
    rows = read(tmp_path / "f", Options(names={"_key": "key"}), ("key", *HEADER))
    assert [row.cells.get("key") for row in rows] == ["r-1", "r-2"]
    assert rows[1].cells == {"key": "r-2", "personal_id": "2", "phone": "090"}


def test_a_key_for_each_row_is_required(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zip"):
        write_xlsx(tmp_path / "f", HEADER, [["1", "2", "3"]], keys=[])


def test_nothing_is_cut_off_to_fit_a_sheet(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        write_xlsx(tmp_path / "f", HEADER, [["1", "x" * 32_768, ""]])
    assert [error.code for error in refused.value.errors] == ["cell_too_long"]
    write_xlsx(tmp_path / "f", HEADER, [["1", "x" * 32_767, ""]])


def test_json_lines_keep_cells_as_they_are(tmp_path: Path) -> None:
    lines = list(json_lines(HEADER, [["01", "=x", ""], ["02", "Lân", "090"]]))
    assert [json.loads(line) for line in lines] == [
        {"personal_id": "01", "full_name": "=x"},
        {"personal_id": "02", "full_name": "Lân", "phone": "090"},
    ]
    (tmp_path / "f").write_bytes(b"".join(lines))
    assert [row.cells["full_name"] for row in read(tmp_path / "f")] == ["=x", "Lân"]


def test_many_rows_come_in_pieces() -> None:
    pieces = list(csv_lines(HEADER, (["1", "Lan", str(n)] for n in range(2500))))
    assert len(pieces) == 3
    assert b"".join(pieces).count(b"\r\n") == 2501
