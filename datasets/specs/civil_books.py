"""The file of books: which years of each office's books of acts are here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from datasets.formats import Row
from datasets.specs.base import Column, Entry, Reading, Spec, by_row, present
from registry.civil_status.changes import Coverage, set_coverage
from registry.kernel.dates import EARLIEST_YEAR
from registry.kernel.ledger import Change, Counts
from registry.places.catalogue import catalogue

COLUMNS = (
    Column("office_code", "Mã đơn vị của nơi đăng ký", "26737", required=True),
    Column("office_name", "Nơi đăng ký", "Ủy ban nhân dân Phường Đa Kao", required=True),
    Column("office_on", "Mã đơn vị ghi ngày, khi khác ngày cuối của năm đầu"),
    Column("kind", "Loại việc hộ tịch", "Kết hôn", required=True),
    Column("year_from", "Từ năm", "2000", required=True),
    Column("year_to", "Đến năm; trống là đến nay", "2025"),
    Column("complete", "Đã số hóa đủ (1/0)", "1", required=True),
)


def row(row: Row) -> Entry:
    """Read what one row says; the second row of the same years of a book is rejected."""
    reading = Reading(row)
    document = _document(reading)
    key = [str(document.get(name, "")) for name in ("office", "as_of", "kind", "year_from")]
    keys = (("repeated_record", "office_code", " ".join(key)),) if all(key) else ()
    change = None
    if not reading.rejected:
        change = Change(document, min(date(document["year_from"], 1, 1), reading.day))
    office = document.get("office", "")
    return Entry(1, change, tuple(reading.findings), row.line, reading.part, ward=office, keys=keys)


def _document(reading: Reading) -> dict[str, Any]:
    code = reading.text("office_code", required=True, digits=True)
    name = reading.text("office_name", required=True)
    first, last = _year(reading, "year_from", required=True), _year(reading, "year_to")
    if first and last and last < first:
        reading.note("interval_order", "year_to")
    kind = reading.code("kind", "civil_act_type")
    reading.text("kind", required=True)
    complete = reading.text("complete", required=True)
    if complete not in {None, "0", "1"}:
        reading.note("unknown_code", "complete")
    told = reading.date("office_on", ahead=True)
    as_of = told.first if told else first and date(first, 12, 31)
    if code and as_of and catalogue().unit(code, as_of) is None:
        reading.note("office_not_then", "office_code")
    return {
        "complete": complete == "1",
        **present(
            {
                "office": code,
                "office_name": name,
                "as_of": as_of and as_of.isoformat(),
                "kind": kind and kind["code"],
                "year_from": first,
                "year_to": last,
            }
        ),
    }


def _year(reading: Reading, column: str, *, required: bool = False) -> int | None:
    value = reading.text(column, required=required)
    if value is None:
        return None
    if not (
        value.isascii() and value.isdigit() and EARLIEST_YEAR <= int(value) <= reading.day.year
    ):
        reading.note("date_out_of_range", column)
        return None
    return int(value)


def _apply(session: Session, changes: Iterable[Change], *, source: str, load: str | None) -> Counts:
    """Write the coverage of books; a person's status follows when their acts are next written."""
    rows = [_row(change.document) for change in changes]
    changed = set_coverage(session, rows, source=source, load=load)
    return Counts(changed=changed, unchanged=len(rows) - changed)


def _row(document: Any) -> Coverage:
    return Coverage(
        document["office"],
        document["office_name"],
        document["kind"],
        document["year_from"],
        document.get("year_to"),
        document["complete"],
        date.fromisoformat(document["as_of"]),
    )


CIVIL_BOOKS = Spec("civil_books", "Sổ hộ tịch đã có", COLUMNS, by_row(row), _apply, row=row)
