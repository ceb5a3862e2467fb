"""A report that comes back mended changes its own rows and no others, or nothing at all."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from datasets import checking, corrections, findings, publishing, reports, review, submissions
from datasets.exports import KEY, write_xlsx
from datasets.formats import Options
from datasets.models import Submission, SubmissionCorrection
from datasets.reports import row_key
from datasets.steward import asker_of
from registry.kernel.db import Database
from registry.kernel.errors import Conflict, Invalid, NotFound, Refused
from tests.datasets import loads
from tests.datasets.reports import Cells, mend, read_report
from tests.datasets.rows import CITIZEN, write
from tests.datasets.test_drawings import drawn, square
from tests.datasets.test_pl3 import ROW as PL3_ROW
from tests.people import BAY

BAYS = CITIZEN | {"personal_id": BAY, "full_name": "Nguyễn Văn Bảy", "sex": "Nam"}
BAYS |= {"birth_date": "1945"}
BROKEN = BAYS | {"personal_id": "12", "other_name": "=1+1", "religion": "Không"}


class Desk(loads.Desk):
    """A desk that writes reports and takes them back mended."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder)
        self.id = ""

    def check_citizens(self, *rows: Cells) -> Submission:
        made = self.check(write(self.folder / "dan.csv", rows), dataset="citizens")
        self.id = made.id
        return made

    def check_again(self) -> Submission:
        return checking.check(self.database, self.uploads, self.id, "an")

    def report(self) -> Path:
        path = self.folder / "report.xlsx"
        with self.database.transaction() as session:
            found = submissions.require_submission(session, self.id)
            asker = asker_of(found, "an", "cli", "trace")
            reports.write_report(session, found, submissions.spec_of(found), asker, path, "xlsx")
        return path

    def correct(self, path: Path, by: str = "an") -> int:
        with self.database.transaction() as session:
            return corrections.correct(session, self.uploads, self.id, path, by)

    def mend(self, change: Callable[[Cells], Cells]) -> int:
        return self.correct(mend(self.report(), change, self.folder / "back.xlsx"))

    def healed(self) -> dict[str, int]:
        with self.database.reading() as session:
            found = submissions.require_submission(session, self.id)
            return {told["rule"]: told["count"] for told in findings.list_healed(session, found)}

    def kept(self) -> list[SubmissionCorrection]:
        with self.database.reading() as session:
            return list(session.scalars(sa.select(SubmissionCorrection)))


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    """Give a desk with a checked file of two people, one of them broken in line 3."""
    made = Desk(database, tmp_path)
    made.check_citizens(CITIZEN, BROKEN)
    return made


def _sheet(folder: Path, header: Sequence[str], *rows: Sequence[str]) -> Path:
    write_xlsx(folder / "back.xlsx", header, rows)
    return folder / "back.xlsx"


def _refused(desk: Desk, path: Path) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        desk.correct(path)
    assert desk.kept() == []
    return [(error.pointer, error.code) for error in caught.value.errors]


def _numbered(row: Cells) -> Cells:
    return row | {"personal_id": BAY}


@pytest.mark.parametrize(
    "key",
    [
        "",
        "3",
        "0198c0de-0000-7000-8000-000000000001:3:",
        "{id}:2:",
        "{id}:99:",
        "{id}:-3:",
        "{id}:³:",
        "{id}:3:Trang 2",
    ],
)
def test_a_row_of_something_else_is_refused(desk: Desk, key: str) -> None:
    mended = (key.format(id=desk.id), BAY)
    path = _sheet(desk.folder, [KEY, "personal_id"], (f"{desk.id}:3:", BAY), mended)
    # The row that is right is not kept either.
    assert [pointer for pointer, _ in _refused(desk, path)] == ["/3"]


def test_a_row_that_stands_twice_is_refused(desk: Desk) -> None:
    path = _sheet(desk.folder, [KEY, "personal_id"], *2 * [(f"{desk.id}:3:", BAY)])
    assert _refused(desk, path) == [("/3", "repeated_row")]


def test_a_file_without_keys_or_with_strange_columns_is_refused(desk: Desk) -> None:
    assert _refused(desk, _sheet(desk.folder, ["personal_id"], [BAY]))
    strange = _sheet(desk.folder, [KEY, "shoe_size"], [f"{desk.id}:3:", "38"])
    assert _refused(desk, strange)
    nothing = desk.folder / "f.xlsx"
    nothing.write_bytes(b"PK\x03\x04 no workbook")
    assert _refused(desk, nothing)


def test_nothing_is_corrected_before_the_check_nor_after_the_release(desk: Desk) -> None:
    back = mend(desk.report(), _numbered, desk.folder / "back.xlsx")
    with desk.database.transaction() as session:
        path = write(desk.folder / "more.csv", [BAYS])
        fresh = submissions.submit(session, desk.uploads, "citizens", path, "an").id
    with pytest.raises(Conflict), desk.database.transaction() as session:
        corrections.correct(session, desk.uploads, fresh, back, "an")
    with desk.database.transaction() as session:
        review.approve(session, desk.id, "binh")
        publishing.publish(session, desk.id, "binh")
    with pytest.raises(Conflict):
        desk.correct(back)
    with pytest.raises(NotFound), desk.database.transaction() as session:
        corrections.correct(session, desk.uploads, "none", back, "an")


def test_what_is_mended_heals_and_takes_the_approval_back(desk: Desk) -> None:
    with desk.database.transaction() as session:
        review.approve(session, desk.id, "binh")
    assert desk.mend(_numbered) == 1
    with desk.database.reading() as session:
        found = submissions.require_submission(session, desk.id)
        assert (found.state, found.approved_by, found.patched_by) == ("checked", None, "an")
    assert desk.check_again().rows_rejected == 0
    assert desk.healed() == {"personal_id_shape": 1}
    assert [d["personal_id"] for d in _staged(desk)] == [CITIZEN["personal_id"], BAY]


def _staged(desk: Desk) -> list[dict[str, Any]]:
    with desk.database.reading() as session:
        found = submissions.require_submission(session, desk.id)
        return [dict(change.document) for _, change in checking.staged_changes(session, found)]


def test_whoever_corrected_is_no_second_person(desk: Desk) -> None:
    desk.correct(mend(desk.report(), _numbered, desk.folder / "back.xlsx"), by="binh")
    desk.check_again()
    with pytest.raises(Refused), desk.database.transaction() as session:
        review.approve(session, desk.id, "binh")


def test_a_report_as_it_was_changes_nothing(desk: Desk) -> None:
    # Neither do cells that look like formulas.
    assert [row["other_name"] for row in read_report(desk.report())] == ["=1+1"]
    assert desk.mend(lambda row: row) == 0
    assert desk.kept() == []


def test_an_emptied_cell_is_empty_and_an_absent_column_stays(desk: Desk) -> None:
    def change(row: Cells) -> Cells:
        kept = {name: row[name] for name in (KEY, "personal_id", "other_name")}
        return kept | {"personal_id": BAY, "other_name": ""}

    assert desk.mend(change) == 1
    [kept] = desk.kept()
    assert kept.cells == {k: v for k, v in BROKEN.items() if k != "other_name"} | {
        "personal_id": BAY
    }
    desk.check_again()
    [_, bay] = _staged(desk)
    assert "other_names" not in bay
    assert bay["name"]["full"] == "Nguyễn Văn Bảy"


def test_a_second_report_mends_what_the_first_left(desk: Desk) -> None:
    assert desk.mend(lambda row: row | {"personal_id": "13"}) == 1
    assert desk.check_again().rows_rejected == 1
    assert desk.healed() == {}
    assert [row["personal_id"] for row in read_report(desk.report())] == ["13"]
    assert desk.mend(_numbered) == 1
    assert desk.check_again().rows_rejected == 0
    assert len(desk.kept()) == 1


def test_a_report_as_csv_is_for_reading_alone(desk: Desk) -> None:
    path = desk.folder / "report.csv"
    with desk.database.transaction() as session:
        found = submissions.require_submission(session, desk.id)
        asker = asker_of(found, "an", "cli", "trace")
        reports.write_report(session, found, submissions.spec_of(found), asker, path, "csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert [row["other_name"] for row in csv.DictReader(file)] == ["'=1+1"]
    assert _refused(desk, path)


def test_a_file_of_another_system_is_mended_in_its_own_columns(desk: Desk) -> None:
    sheet = desk.folder / "pl3.csv"
    write(sheet, [PL3_ROW | {"Diện tích (m²)": "rộng"}])
    made = desk.check(sheet, Options(profile="pl3"))
    desk.id = made.id
    [row] = read_report(desk.report())
    assert row["Diện tích (m²)"] == "rộng"
    assert desk.mend(lambda row: row | {"Diện tích (m²)": "29,16"}) == 1
    desk.check_again()
    assert "number_malformed" in desk.healed()


def test_the_key_names_the_part_and_the_line() -> None:
    assert row_key(Submission(id="a"), "Trang: 1", 3) == "a:3:Trang: 1"


def _drawing(path: Path) -> Path:
    def draw(space: Any) -> None:
        space.add_lwpolyline(square(), close=True, dxfattribs={"layer": "THUA"})
        number = space.add_text("7", dxfattribs={"layer": "SO"})
        number.set_placement((loads.EAST + 5, loads.NORTH + 5))

    return drawn(path, draw)


def test_constants_fill_what_a_drawing_lacks(desk: Desk) -> None:
    path = _drawing(desk.folder / "to-12.dxf")
    with pytest.raises(Invalid) as caught:
        desk.check(path, Options(crs=9210, constants={"comune": "26740"}))
    [error] = caught.value.errors
    assert (error.pointer, error.code) == ("/constants/comune", "unknown_column")
    without = desk.check(path, Options(crs=9210))
    assert (without.rows_valid, without.rows_rejected) == (0, 1)
    cells = loads.row()
    names = ("code", "commune", "commune_on", "sheet", "legal_area", "purpose_1", "purpose_1_area")
    told = {name: cells[name] for name in names}
    made = desk.check(path, Options(crs=9210, constants=told))
    assert desk.found(made)["required"] == 0
    assert made.rows_rejected == 0, desk.found(made)
    [parcel] = desk.staged(made)
    assert (parcel["reference"]["sheet"], parcel["reference"]["number"]) == ("12", "7")
