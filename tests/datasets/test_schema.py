"""The exported schemas say what the readers do, and the report has the shape others read."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from datasets.specs import SPECS, Finding
from datasets.specs.columns import meanings
from datasets.specs.report import report
from datasets.specs.schema import table_schema
from datasets.synthetic import files
from registry.cli import main
from tests.datasets.rows import CITIZEN, found

# The standard: a name for each field, a known type, and only constraints that the type has.
_TYPES = {
    "string": {"required", "unique", "pattern", "enum", "minLength", "maxLength"},
    "number": {"required", "unique", "enum", "minimum", "maximum"},
    "year": {"required", "unique", "enum", "minimum", "maximum"},
    "date": {"required", "unique", "enum", "minimum", "maximum"},
    "boolean": {"required", "unique", "enum"},
}
_PROPERTIES = {
    *("name", "title", "description", "type", "format", "constraints", "example"),
    *("trueValues", "falseValues", "decimalChar"),
}
CELLS = [(name, column.name) for name, spec in SPECS.items() for column in spec.columns]


def _own(properties: dict[str, Any]) -> set[str]:
    return {name for name in properties if not name.startswith("x-")}


@pytest.mark.parametrize("dataset", SPECS)
def test_a_schema_keeps_to_the_standard(dataset: str) -> None:
    schema = table_schema(SPECS[dataset])
    assert _own(schema) <= {"fields", "missingValues", "primaryKey", "foreignKeys"}
    names = [field["name"] for field in schema["fields"]]
    assert len(set(names)) == len(names)
    for field in schema["fields"]:
        assert _own(field) <= _PROPERTIES
        constraints = field.get("constraints", {})
        assert constraints.keys() <= _TYPES[field["type"]]
        enum = constraints.get("enum", ["only"])
        assert len(set(enum)) == len(enum)
    assert set(schema.get("primaryKey", ())) <= set(names)
    for key in schema.get("foreignKeys", ()):
        there = table_schema(SPECS[key["reference"]["resource"]])
        assert key["fields"] in names
        assert key["reference"]["fields"] in {field["name"] for field in there["fields"]}


def _fits(field: dict[str, Any], cell: str) -> bool:
    """Say whether a filled cell is what the standard lets a field be."""
    constraints = field.get("constraints", {})
    if cell not in constraints.get("enum", [cell]):
        return False
    if not re.fullmatch(constraints.get("pattern", ".*"), cell, re.DOTALL):
        return False
    own = {
        "year": "[0-9]{4}",
        "number": r"[0-9]+([.,][0-9]+)?",
        "boolean": "[01]",
        "date": "[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}",
    }
    return re.fullmatch(own.get(field["type"], ".*"), cell, re.DOTALL) is not None


def test_made_up_files_fit_their_schemas(tmp_path: Path) -> None:
    for path in files.generate("all", 400, 11, tmp_path):
        name = path.stem
        fields = {field["name"]: field for field in table_schema(SPECS[name])["fields"]}
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for column, cell in row.items():
                    if cell:
                        assert _fits(fields[column], cell), (name, column)
                    else:
                        assert not fields[column].get("constraints", {}).get("required")


# What a cell of each kind can't be, and the rules that say so.
_WRONG = {
    "date": ("30/02/1990", {"date_no_such_day"}),
    "day": ("30/02/1990", {"date_no_such_day"}),
    "year": ("90", {"date_out_of_range"}),
    "number": ("-4", {"number_malformed"}),
    "share": ("3/2", {"share_malformed"}),
    "time": ("25:00", {"time_malformed"}),
    "flag": ("có", {"unknown_code"}),
    "code": ("Sao Hỏa", {"unknown_code"}),
    "codes": ("Sao Hỏa", {"unknown_code"}),
    "parent": ("Sao Hỏa", {"unknown_code"}),
    "words": ("Sao Hỏa", {"free_text_purpose", "free_text_origin"}),
    "term": ("30/02/2040", {"date_no_such_day"}),
    "personal_id": ("123", {"personal_id_shape"}),
    "nine_digit_id": ("123", {"identifier_shape"}),
    "passport": ("12", {"identifier_shape"}),
    "unit": ("99999", {"unknown_commune", "office_not_then"}),
    "outline": ("POLYGON (", {"invalid_geometry"}),
    "crs": ("VN-2000", {"crs_unknown"}),
}
# A file of units may name one that nobody knows yet, but none that can't be one.
_WRONG_OF_PLACES = {"unit": ("Sao Hỏa", {"place_code", "place_parent"})}
_OF_WORDS = {
    *("change_field", "serial_shape", "reference_incomplete"),
    *("place_type", "place_predecessor_form"),
}


def test_every_column_is_described_and_nothing_else() -> None:
    for name, spec in SPECS.items():
        assert list(meanings(name)) == [column.name for column in spec.columns]


@pytest.mark.parametrize(("dataset", "column"), CELLS)
def test_a_column_is_read_as_what_it_is_said_to_be(dataset: str, column: str) -> None:
    row = {c.name: c.example for c in SPECS[dataset].columns if c.example}
    kind = meanings(dataset)[column].kind
    if kind in {"text", "list"}:
        told = _rules_at(dataset, row | {column: "Sao Hỏa"}, column)
        # Nothing is asked of words but what rows say of one another.
        assert told <= _OF_WORDS
        return
    wrong, rules = (_WRONG | (_WRONG_OF_PLACES if dataset == "places" else {}))[kind]
    row |= _beside(dataset, column)
    assert _rules_at(dataset, row | {column: wrong}, column) & rules


def _beside(dataset: str, column: str) -> dict[str, str]:
    """Return what a cell needs beside it to be read: a day alone is no address."""
    names = {c.name for c in SPECS[dataset].columns}
    address, _, part = column.rpartition("_")
    if part == "commune":
        return {f"{address}_on": "01/01/2020"}
    return {address: "169/8A/12"} if part == "on" and f"{address}_commune" in names else {}


def _rules_at(dataset: str, row: dict[str, str], column: str) -> set[str]:
    return {rule for rule, _, where in found(dataset, row) if where == column}


def _report(**more: Any) -> dict[str, Any]:
    findings = [
        Finding("date_no_such_day", 2, "birth_date"),
        Finding("ragged_row", 3, ""),
        Finding("sex_digit", 4, "personal_id"),
    ]
    return report(SPECS["citizens"], findings, place="citizens.csv", rows=9, **more)


def test_a_report_counts_every_finding_and_tells_where_it_is() -> None:
    made = _report(sha256="00", size=10)
    [task] = made["tasks"]
    assert made["valid"] is task["valid"] is False
    assert made["stats"] == {"tasks": 1, "errors": 2, "warnings": 1, "seconds": 0}
    assert task["stats"] | {"rows": 9, "sha256": "00", "bytes": 10} == task["stats"]
    cell, row = task["errors"]
    assert (cell["rowNumber"], cell["fieldName"], cell["type"]) == (
        2,
        "birth_date",
        "constraint-error",
    )
    assert (row["rowNumber"], row["type"]) == (3, "row-error")
    assert "fieldName" not in row
    assert task["warnings"] == [
        "sex_digit 4, personal_id: Số định danh không khớp giới tính. Đối chiếu giấy tờ."
    ]
    assert [told["x-rule"] for told in task["x-findings"]] == ["sex_digit"]


def test_warnings_alone_leave_a_report_valid() -> None:
    told = [Finding("sex_digit", 2, "personal_id")]
    made = report(SPECS["citizens"], told, place="citizens.csv", rows=1)
    assert made["valid"] is True


def test_a_long_report_counts_more_than_it_tells() -> None:
    made = _report(limit=1)
    assert made["stats"]["errors"] == 2
    assert len(made["tasks"][0]["errors"]) == 1


def test_a_report_speaks_english_and_in_the_columns_of_the_file() -> None:
    [task] = _report(language="en", names={"birth_date": "NgaySinh"})["tasks"]
    assert task["errors"][0]["message"] == "2, NgaySinh: No such day. Compare with the paper."
    assert task["errors"][0]["fieldName"] == "NgaySinh"


def test_too_many_findings_are_marked() -> None:
    many = [Finding("sex_digit", line, "personal_id") for line in range(2, 203)]
    made = report(SPECS["citizens"], many, place="citizens.csv", rows=300)
    assert [told["above_threshold"] for told in made["tasks"][0]["x-rules"]] == [True]
    few = report(SPECS["citizens"], many[:3], place="citizens.csv", rows=3)
    assert [told["above_threshold"] for told in few["tasks"][0]["x-rules"]] == [False]


def test_the_command_prints_the_schema() -> None:
    done = CliRunner().invoke(main, ["dataset", "schema", "citizens"])
    assert done.exit_code == 0
    assert orjson.loads(done.stdout) == table_schema(SPECS["citizens"])
    assert _fits(table_schema(SPECS["citizens"])["fields"][0], CITIZEN["personal_id"])
