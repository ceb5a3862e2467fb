"""Delimited text becomes numbered rows of text, or a plain word on why it can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.formats import Options, Row
from datasets.formats.delimited import read_rows
from datasets.formats.texts import LONGEST_LINE
from registry.kernel.errors import Invalid
from tests.datasets.loads import SAMPLES, needs_samples

COLUMNS = ("personal_id", "full_name", "phone")


def _read(path: Path, content: bytes, **options: object) -> list[Row]:
    path.write_bytes(content)
    return list(read_rows(path, COLUMNS, ["personal_id"], Options.from_json(options)))


def _refused(path: Path, content: bytes, **options: object) -> Invalid:
    with pytest.raises(Invalid) as refused:
        _read(path, content, **options)
    assert refused.value.detail.vi
    return refused.value


@pytest.mark.parametrize(
    ("content", "code", "word"),
    [
        (b"", "column_missing", "Missing columns: personal_id"),
        (b"full_name\nLan\n", "column_missing", "Missing columns: personal_id"),
        (b"personal_id,shoe_size\n", "column_unknown", "lacks: shoe_size"),
        (b"personal_id,phone,phone\n", "column_repeated", "Repeated columns: phone"),
        (b"personal_id,,phone\n1,2,3\n", "column_blank", "without a name: #2"),
        (b'personal_id,full_name\n1,"Lan\n', "row_broken", "broken"),
        (b'personal_id,full_name\n1,"Lan"x\n', "row_broken", "Row 2"),
        (b"personal_id" + b",x" * 1000 + b"\n", "too_many_columns", "More than 1000"),
        (bytes(5000), "file_binary", "no text"),
    ],
)
def test_what_is_no_such_file_is_refused(
    tmp_path: Path, content: bytes, code: str, word: str
) -> None:
    refused = _refused(tmp_path / "f.csv", content)
    assert code in {error.code for error in refused.errors}
    assert word in refused.detail.en


def test_everything_wrong_with_a_header_is_said_at_once(tmp_path: Path) -> None:
    refused = _refused(tmp_path / "f.csv", b"phone,,phone,x\n")
    found = {"column_unknown", "column_missing", "column_repeated", "column_blank"}
    assert {error.code for error in refused.errors} == found
    assert {error.pointer for error in refused.errors} == {"/names"}


def test_a_first_row_of_data_is_never_repeated_in_a_message(tmp_path: Path) -> None:
    refused = _refused(tmp_path / "f.csv", "900190000001,Nguyễn Thị Lan\n".encode())
    assert [error.code for error in refused.errors] == ["header_missing"]
    assert "900" not in refused.detail.en + refused.detail.vi


@pytest.mark.parametrize(
    "content",
    [
        b"personal_id\n" + b"x" * (LONGEST_LINE + 300_000),
        b"personal_id\n" + b"1\n" * 70_000 + bytes(LONGEST_LINE + 300_000),
        b"x" * (LONGEST_LINE + 300_000),
        b'personal_id\n"' + b"\n" * (LONGEST_LINE + 300_000),
        b'personal_id\n"' + b'\n","' * (LONGEST_LINE // 4 + 300_000),
    ],
)
def test_a_line_without_end_is_refused(tmp_path: Path, content: bytes) -> None:
    refused = _refused(tmp_path / "f.csv", content)
    assert [error.code for error in refused.errors] == ["line_too_long"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_line_ends_and_marks_are_read_over(tmp_path: Path, encoding: str, end: str) -> None:
    text = f"personal_id,full_name{end}01,Lân{end}02,An{end}"
    assert _read(tmp_path / "f.csv", text.encode(encoding)) == [
        Row(2, {"personal_id": "01", "full_name": "Lân"}),
        Row(3, {"personal_id": "02", "full_name": "An"}),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen_in_the_header(tmp_path: Path, delimiter: str) -> None:
    text = f'"personal_id"{delimiter}full_name\n01{delimiter}"Lan{delimiter} Bi, x; y"\n'
    [row] = _read(tmp_path / "f.csv", text.encode())
    assert row.cells == {"personal_id": "01", "full_name": f"Lan{delimiter} Bi, x; y"}


def test_a_told_delimiter_wins(tmp_path: Path) -> None:
    [row] = _read(tmp_path / "f.csv", b"personal_id\n1,2\n", delimiter=";")
    assert row.cells == {"personal_id": "1,2"}


def test_the_hint_of_excel_is_no_row(tmp_path: Path) -> None:
    [row] = _read(tmp_path / "f.csv", b"sep=;\r\npersonal_id;phone\r\n1;2\r\n")
    assert row == Row(2, {"personal_id": "1", "phone": "2"})


def test_lines_are_those_of_the_spreadsheet(tmp_path: Path) -> None:
    # A break inside quotes is inside a cell; a blank line is a row of the sheet.
    rows = _read(tmp_path / "f.csv", b'\npersonal_id,full_name\n1,"La\nn"\n\n,\n2,An\n')
    assert [(row.line, row.cells.get("personal_id"), row.blank) for row in rows] == [
        (3, "1", False),
        (4, None, True),
        (5, None, True),
        (6, "2", False),
    ]
    assert rows[0].cells["full_name"] == "La\nn"
    assert rows[1].notes == (("blank_row", ""),)


def test_quotes_keep_commas_and_quotes(tmp_path: Path) -> None:
    [row] = _read(tmp_path / "f.csv", b'personal_id,full_name\n1,"Lan, ""Bi"""\n')
    assert row.cells["full_name"] == 'Lan, "Bi"'


@pytest.mark.parametrize("line", [b"1", b"1,Lan,090,x"])
def test_a_row_that_does_not_fit_the_header_is_marked(tmp_path: Path, line: bytes) -> None:
    [row] = _read(tmp_path / "f.csv", b"personal_id,full_name,phone\n" + line + b"\n")
    assert row.ragged


def test_empty_columns_at_the_end_are_none_until_a_cell_is_filled(tmp_path: Path) -> None:
    rows = _read(tmp_path / "f.csv", b"personal_id,phone,,\n1,2,,\n1,2,3,\n")
    assert [row.ragged for row in rows] == [False, True]


def test_an_empty_cell_is_absent_and_a_leading_zero_stays(tmp_path: Path) -> None:
    [row] = _read(tmp_path / "f.csv", b"personal_id,full_name,phone\n001,,090\n")
    assert row == Row(2, {"personal_id": "001", "phone": "090"})


def test_a_null_byte_stays_in_its_cell_for_the_rule_of_hidden_characters(tmp_path: Path) -> None:
    [row] = _read(tmp_path / "f.csv", b"personal_id,full_name\n1,La\0n\n")
    assert row.cells["full_name"] == "La\0n"


def test_a_row_across_two_blocks_is_one_row(tmp_path: Path) -> None:
    names = ["Nguyễn Thị Hồng " * 5_000, "Lê Thị Út " * 9_000, "x" * 300_000]
    text = "personal_id,full_name\n" + "".join(
        f'{n},"{name}\r\n"\n' for n, name in enumerate(names)
    )
    for encoding in ("utf-8", "utf-16"):
        rows = _read(tmp_path / "f.csv", text.encode(encoding))
        assert [row.cells["full_name"] for row in rows] == [f"{name}\r\n" for name in names]


@needs_samples
@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("blank-headers.csv", ["column_blank"]),
        ("duplicate-headers.csv", ["column_repeated"]),
        ("capital-invalid.csv", ["column_repeated"]),
        ("invalid.csv", ["column_repeated", "column_blank"]),
    ],
)
def test_broken_headers_of_others_are_refused_by_name(name: str, found: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        list(read_rows(SAMPLES / "validation" / name, ("id", "name", "age"), []))
    assert [error.code for error in refused.value.errors] == found


@needs_samples
def test_broken_rows_of_others_are_marked() -> None:
    columns = ("id", "name", "age")
    blank = list(read_rows(SAMPLES / "validation" / "blank-rows.csv", columns, []))
    assert [row.blank for row in blank] == [False, False, True]
    marked = list(read_rows(SAMPLES / "validation" / "bom.csv", columns, []))
    assert marked[1].cells == {"id": "2", "name": "中国人"}
    same = list(read_rows(SAMPLES / "validation" / "duplicate-rows.csv", columns, []))
    assert same[0].cells == same[2].cells
