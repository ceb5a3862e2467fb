"""Filled examples of each dataset's file, as CSV and as a workbook that keeps leading zeros."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from io import BytesIO, StringIO

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from datasets.specs.base import Spec
from datasets.specs.columns import Meaning, meanings
from registry.kernel.errors import Text

_FIRST = Text("Một dòng đầy đủ", "A full row")
_LONGEST_LIST = 60
_ROWS = 1_048_575  # of a sheet, less its header
_WIDTH = 24
_TEXT = 49  # the number of the built-in format of text
# A workbook tells when it was made; a fixed day makes the same template the same bytes.
_MADE = datetime(2026, 1, 1)  # noqa: DTZ001 - a file of this kind knows no zone


def example_rows(spec: Spec) -> list[tuple[Text, dict[str, str]]]:
    """Return the rows of the template, by column, each with the case that it shows."""
    first = {column.name: column.example for column in spec.columns if column.example}
    return [(_FIRST, first), *_more().get(spec.name, ())]


@lru_cache
def _more() -> dict[str, list[tuple[Text, dict[str, str]]]]:
    content = tomllib.loads(files(__package__).joinpath("examples.toml").read_text("utf-8"))
    return {
        dataset: [
            (Text(**row["about"]), {name: cell for name, cell in row.items() if name != "about"})
            for row in rows
        ]
        for dataset, rows in content.items()
    }


def template_csv(spec: Spec) -> str:
    """Return the template as CSV with all columns."""
    text = StringIO()
    names = [column.name for column in spec.columns]
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for _, row in example_rows(spec))
    return text.getvalue()


def template_xlsx(spec: Spec) -> bytes:
    """Return the template as a workbook: the rows, the columns explained, and the code lists.

    Every cell of the first sheet is text, now and when it is filled in, so that a number typed
    there keeps its leading zeros.
    """
    made = BytesIO()
    known = meanings(spec.name)
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        book.set_properties({"title": spec.name, "created": _MADE})
        rows, columns = book.add_worksheet(spec.name), book.add_worksheet("columns")
        _write_rows(book, rows, spec)
        _write_columns(book, columns, spec)
        lists = _write_lists(book, known.values())
        for number, column in enumerate(spec.columns):
            _offer(rows, number, known[column.name], lists)
    return made.getvalue()


def _write_rows(book: Workbook, sheet: Worksheet, spec: Spec) -> None:
    text, bold = book.add_format({"num_format": _TEXT}), book.add_format({"bold": True})
    sheet.set_column(0, len(spec.columns) - 1, _WIDTH, text)
    sheet.freeze_panes(1, 1)
    examples = example_rows(spec)
    for number, column in enumerate(spec.columns):
        sheet.write_string(0, number, column.name, bold)
        for line, (_, row) in enumerate(examples, 1):
            if cell := row.get(column.name):
                sheet.write_string(line, number, cell, text)
    for line, (about, _) in enumerate(examples, 1):
        sheet.write_comment(line, 0, f"{about.vi}\n{about.en}")


def _write_columns(book: Workbook, sheet: Worksheet, spec: Spec) -> None:
    bold, known = book.add_format({"bold": True}), meanings(spec.name)
    head = ("Cột / column", "Việt", "English", "Bắt buộc / required", "Cách ghi", "How to write")
    sheet.set_column(0, len(head) - 1, 2 * _WIDTH)
    sheet.freeze_panes(1, 0)
    for number, title in enumerate(head):
        sheet.write_string(0, number, title, bold)
    for line, column in enumerate(spec.columns, 1):
        meaning = known[column.name]
        needed = "x" if column.required else ""
        cells = (column.name, column.vi, meaning.en, needed, meaning.hint.vi, meaning.hint.en)
        for number, cell in enumerate(cells):
            sheet.write_string(line, number, cell)


def _write_lists(book: Workbook, used: Iterable[Meaning]) -> dict[tuple[str, ...], str]:
    """Write each code list that a column uses; return where the names of each stand."""
    wanted = {meaning.lists: meaning for meaning in used if meaning.lists}
    if not wanted:
        return {}
    sheet, bold = book.add_worksheet("codes"), book.add_format({"bold": True})
    text = book.add_format({"num_format": _TEXT})
    places = {}
    for number, (lists, meaning) in enumerate(wanted.items()):
        first = 2 * number
        sheet.set_column(first, first, _WIDTH / 2, text)
        sheet.set_column(first + 1, first + 1, 2 * _WIDTH, text)
        sheet.write_string(0, first, " + ".join(lists), bold)
        codes = list(meaning.codes())
        for line, code in enumerate(codes, 1):
            sheet.write_string(line, first, code.code, text)
            sheet.write_string(line, first + 1, code.vi, text)
        if len(codes) <= _LONGEST_LIST:
            column = xlsxwriter.utility.xl_col_to_name(first + 1, col_abs=True)
            places[lists] = f"=codes!{column}$2:{column}${len(codes) + 1}"
    return places


def _offer(
    sheet: Worksheet, number: int, meaning: Meaning, lists: dict[tuple[str, ...], str]
) -> None:
    """Let a column choose from its list; codes and other names of it may still be typed."""
    if meaning.several or meaning.lists not in lists:
        return
    sheet.data_validation(
        1,
        number,
        _ROWS,
        number,
        {
            "validate": "list",
            "source": lists[meaning.lists],
            "error_type": "warning" if meaning.only else "information",
            "error_title": meaning.en[:32],
            "error_message": f"{meaning.hint.vi}\n{meaning.hint.en}",
        },
    )
