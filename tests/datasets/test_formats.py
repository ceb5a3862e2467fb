"""Bytes become numbered rows of text, or a plain word on why they can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.formats import Row, read_rows
from registry.kernel.errors import Invalid

COLUMNS = ("personal_id", "full_name", "phone")


def _read(path: Path, content: bytes) -> list[Row]:
    path.write_bytes(content)
    return list(read_rows(path, COLUMNS, ["personal_id"]))


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "Missing columns: personal_id"),
        (b"full_name\nLan\n", "Missing columns: personal_id"),
        (b"personal_id,shoe_size\n", "lacks: shoe_size"),
        (b"personal_id,phone,phone\n", "Repeated columns: phone"),
        ("personal_id,full_name\n1,Nguyễn\n".encode("utf-16"), "not UTF-8"),
        ("personal_id,full_name\n1,Nguyên\n".encode("cp1258"), "not UTF-8"),
        (b"personal_id,full_name\n1,Nguy\xd4n Th\xde Ho\xb5\n", "not UTF-8"),
        (b'personal_id,full_name\n1,"Lan\n', "broken"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, content: bytes, word: str) -> None:
    with pytest.raises(Invalid) as refused:
        _read(tmp_path / "f.csv", content)
    assert word in refused.value.detail.en
    assert refused.value.detail.vi


def test_a_byte_order_mark_and_windows_line_ends_are_read_over(tmp_path: Path) -> None:
    rows = _read(tmp_path / "f.csv", b"\xef\xbb\xbfpersonal_id,full_name\r\n01,Lan\r\n02,An\r\n")
    assert rows == [
        Row(2, {"personal_id": "01", "full_name": "Lan"}),
        Row(3, {"personal_id": "02", "full_name": "An"}),
    ]


def test_lines_are_those_of_the_spreadsheet(tmp_path: Path) -> None:
    # A break inside quotes is inside a cell; a blank line is a row of the sheet.
    rows = _read(tmp_path / "f.csv", b'personal_id,full_name\n1,"La\nn"\n\n2,An\n')
    assert [(row.line, row.cells["personal_id"]) for row in rows] == [(2, "1"), (4, "2")]
    assert rows[0].cells["full_name"] == "La\nn"


def test_quotes_keep_commas_and_quotes(tmp_path: Path) -> None:
    [row] = _read(tmp_path / "f.csv", b'personal_id,full_name\n1,"Lan, ""Bi"""\n')
    assert row.cells["full_name"] == 'Lan, "Bi"'


@pytest.mark.parametrize("line", [b"1", b"1,Lan,090,x"])
def test_a_row_that_does_not_fit_the_header_is_marked(tmp_path: Path, line: bytes) -> None:
    [row] = _read(tmp_path / "f.csv", b"personal_id,full_name,phone\n" + line + b"\n")
    assert row.ragged


def test_an_empty_cell_is_absent_and_a_leading_zero_stays(tmp_path: Path) -> None:
    [row] = _read(tmp_path / "f.csv", b"personal_id,full_name,phone\n001,,090\n")
    assert row == Row(2, {"personal_id": "001", "phone": "090"})
