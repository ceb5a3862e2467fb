"""A template is right itself: a steward who fills it in starts from rows that load."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from zipfile import ZipFile

import pytest
import python_calamine
from click.testing import CliRunner

from datasets.specs import RULES, SPECS
from datasets.specs.columns import meanings
from datasets.specs.templates import example_rows, template_csv, template_xlsx
from registry.cli import main
from registry.kernel.identifiers import is_never_issued
from tests.datasets.loads import Desk


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_every_row_of_every_template_loads_in_order(desk: Desk) -> None:
    for name, spec in SPECS.items():
        path = desk.folder / f"{name}.csv"
        path.write_text(template_csv(spec), "utf-8")
        checked = desk.check(path, dataset=name)
        told = {code for code in desk.found(checked) if RULES[code].severity == "error"}
        assert (name, told, checked.rows_rejected) == (name, set(), 0)
        assert checked.rows_read == len(example_rows(spec))
        desk.publish(checked)


@pytest.mark.parametrize("name", SPECS)
def test_a_template_shows_several_cases_with_every_required_cell(name: str) -> None:
    spec = SPECS[name]
    rows = _rows(template_csv(spec))
    assert len(rows) > 1
    assert list(rows[0]) == [column.name for column in spec.columns]
    for column in spec.columns:
        if column.required:
            assert all(row[column.name] for row in rows)
    cases = [about for about, _ in example_rows(spec)]
    assert len({about.vi for about in cases}) == len({about.en for about in cases}) == len(rows)


def test_a_template_names_no_number_that_somebody_has() -> None:
    for name, spec in SPECS.items():
        kinds = meanings(name)
        for row in _rows(template_csv(spec)):
            for column, cell in row.items():
                if cell and kinds[column].kind == "personal_id":
                    assert is_never_issued(cell)


@pytest.mark.parametrize("name", SPECS)
def test_the_workbook_holds_the_same_rows_as_text(name: str) -> None:
    spec = SPECS[name]
    book = python_calamine.CalamineWorkbook.from_filelike(BytesIO(template_xlsx(spec)))
    assert book.sheet_names == [name, "columns", "codes"]
    head, *rows = book.get_sheet_by_name(name).to_python()
    assert all(isinstance(cell, str) for row in rows for cell in row)
    told = [dict(zip(head, row, strict=True)) for row in rows]
    assert told == _rows(template_csv(spec))
    explained = [row[0] for row in book.get_sheet_by_name("columns").to_python()[1:]]
    assert explained == head


def test_a_cell_that_is_filled_in_later_is_text_and_chosen_from_the_list() -> None:
    with ZipFile(BytesIO(template_xlsx(SPECS["citizens"]))) as book:
        styles = book.read("xl/styles.xml").decode()
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    # 49 is the built-in format of text.
    assert 'numFmtId="49"' in styles
    columns = sheet[sheet.index("<cols>") : sheet.index("</cols>")]
    assert f'max="{len(SPECS["citizens"].columns)}"' in columns
    assert 'style="1"' in columns
    offered = sheet.count("<dataValidation ")
    lists = [m for m in meanings("citizens").values() if m.kind == "code"]
    long = [m for m in lists if m.lists == ("nationality",)]
    assert offered == len(lists) - len(long) > 3


def test_the_same_template_is_the_same_bytes() -> None:
    assert template_xlsx(SPECS["parcels"]) == template_xlsx(SPECS["parcels"])


def test_the_command_prints_either_form() -> None:
    run = CliRunner().invoke
    assert run(main, ["dataset", "template", "citizens"]).stdout == template_csv(SPECS["citizens"])
    made = run(main, ["dataset", "template", "citizens", "--format", "xlsx"])
    assert made.exit_code == 0
    assert made.stdout_bytes == template_xlsx(SPECS["citizens"])
