"""JSON lines and Parquet: every value enters as text, row by row."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from datasets.formats import Options, Row
from tests.datasets.files import codes, read, refusal, written

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('[{"personal_id": "1"}]', "json_not_lines"),
        ('{"personal_id": "1"}\n{"personal_id": \n', "json_broken"),
        ('{"personal_id": "1"}\n{"personal_id": "1"} {}\n', "json_broken"),
        ('{"personal_id": "1", "personal_id": "2"}', "json_repeated"),
        ('{"a": {"b": 1}, "a.b": 2}', "json_repeated"),
        ('{"personal_id": "1", "shoe": 1}', "column_unknown"),
        ('{"personal_id": "1"}\n{"shoe": 1}\n', "column_unknown"),
        ('{"a": ' * 50 + "1" + "}" * 50, "json_too_deep"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "json_too_deep"),
        ('{"a": [' + "1," * 2000 + "1]}", "too_many_columns"),
        ('{"a": "' + "x" * (17 << 20) + '"}', "line_too_long"),
    ],
)
def test_what_is_no_json_line_is_refused(tmp_path: Path, content: str, code: str) -> None:
    assert codes(written(tmp_path / "f", content)) == [code]


def test_a_line_is_a_row_and_its_names_lead_inside(tmp_path: Path) -> None:
    text = (
        '\ufeff{"id": "079988000001", "name": {"full": "Lan"}, "phones": ["090", "091"]}\r\n'
        "\r\n"
        '{"id": 79988000001, "name": {"full": "Lan"}, "phones": [], "area": 29.10}\r\n'
        '{"id": 7.9988E+10, "name": null, "area": true}'
    )
    names = {"id": "personal_id", "name.full": "full_name", "name": "full_name"}
    options = Options(names=names | {"phones.0": "phone", "phones.1": ""})
    rows = read(written(tmp_path / "f", text), options)
    assert rows[0] == Row(1, {"personal_id": "079988000001", "full_name": "Lan", "phone": "090"})
    assert rows[1].blank
    assert rows[2].cells == {"personal_id": "79988000001", "full_name": "Lan", "area": "29.10"}
    assert (rows[2].line, rows[2].numeric) == (3, frozenset(("personal_id", "area")))
    assert rows[3].cells == {"personal_id": "7.9988E+10", "area": "true"}


def _parquet(path: Path, select: str) -> Path:
    duckdb.connect().execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return path


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + b"x" * 500 + b"PAR1"])
def test_what_is_no_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    assert codes(written(tmp_path / "f", content)) == ["parquet_broken"]


def test_names_of_parquet_are_held_to_the_specification(tmp_path: Path) -> None:
    path = _parquet(tmp_path / "f", """SELECT '1' AS "x"")) FROM y --", 2 AS personal_id""")
    assert codes(path) == ["column_unknown"]


def test_a_path_never_means_several_files(tmp_path: Path) -> None:
    _parquet(tmp_path / "a1", "SELECT '1' AS personal_id")
    path = _parquet(tmp_path / "b", "SELECT '2' AS personal_id").rename(tmp_path / "a*")
    assert [row.cells for row in read(path)] == [{"personal_id": "2"}]


def test_rows_of_parquet_are_text_and_counted_from_one(tmp_path: Path) -> None:
    path = _parquet(
        tmp_path / "f",
        "SELECT CASE WHEN i = 3 THEN NULL ELSE '07' || i END AS personal_id,"
        " CASE WHEN i < 3 THEN 79988000001.0::DOUBLE END AS phone,"
        " CASE WHEN i < 3 THEN 29.10::DECIMAL(9, 2) END AS area,"
        " CASE WHEN i < 3 THEN DATE '1990-05-17' END AS birth_date,"
        " CASE WHEN i < 3 THEN 'Nguyễn' END AS full_name FROM range(1, 4) t(i)",
    )
    first, _, third = read(path)
    assert first.cells == {
        "personal_id": "071",
        "phone": "79988000001",
        "area": "29,10",
        "birth_date": "17/05/1990",
        "full_name": "Nguyễn",
    }
    assert (first.line, first.numeric) == (1, frozenset(("phone", "area")))
    assert (third.line, third.blank) == (3, True)


def test_the_rows_come_while_the_file_is_read(tmp_path: Path) -> None:
    path = _parquet(tmp_path / "f", "SELECT i::VARCHAR AS personal_id FROM range(300000) t(i)")
    assert len(read(path)) == 300_000


@pytest.mark.parametrize(
    ("module", "content", "hint"),
    [
        ("duckdb", b"PAR1 PAR1", "requirements/parquet.txt"),
        ("ezdxf", b"0\nSECTION\n", "requirements/geo.txt"),
    ],
)
def test_a_library_that_is_missing_is_said_with_what_to_do(
    tmp_path: Path, module: str, content: bytes, hint: str
) -> None:
    code = (
        f"import sys; sys.modules['{module}'] = None\n"
        "from pathlib import Path\n"
        "from datasets.formats import Options\n"
        "from datasets.sources import read_file\n"
        "from registry.kernel.errors import Invalid\n"
        "try: list(read_file(Path(sys.argv[1]), ['geometry'], [], Options(crs=9210)))\n"
        "except Invalid as error: print(error.errors[0].code, error.detail.en)\n"
    )
    done = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-c", code, str(written(tmp_path / "f", content))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("library_missing")
    assert hint in done.stdout


def test_an_object_without_what_is_required_first_is_refused(tmp_path: Path) -> None:
    told, _ = refusal(written(tmp_path / "f", '{"personal_id": "1", "x": 1}'))
    assert told == [("/names", "column_unknown")]
