"""Acts are checked among one another and beside the register of citizens, and loaded apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import migrations
from datasets import checking, publishing, review, submissions
from datasets.models import SubmissionFinding
from datasets.submissions import Uploads
from registry.citizens import changes as citizens
from registry.citizens.records import find_record_ids
from registry.citizens.related import documents
from registry.kernel.db import Database
from registry.kernel.ledger import Moment
from tests.datasets.civil_rows import (
    BIRTH,
    BOOK,
    CORRECTION,
    DEATH,
    DIVORCE,
    ENVELOPE,
    HOA,
    KHANG,
    MARRIAGE,
)
from tests.datasets.rows import write
from tests.people import BAY, LAN, change

AGAIN = MARRIAGE | {
    "code": "KH-2",
    "number": "8",
    "book": "01/2019-KH",
    "registered_on": "01/03/2019",
    "marriage_on": "01/03/2019",
    "husband_name": "Trần Văn Nam",
    "husband_birth_date": "1985",
    "husband_id": "980085000009",
}
WITH_THE_DEAD = MARRIAGE | {
    "husband_name": "Nguyễn Văn Bảy",
    "husband_birth_date": "1945",
    "husband_id": BAY,
}


@dataclass
class Loaded:
    rows_read: int | None
    rows_valid: int | None
    rows_rejected: int | None
    result: dict[str, Any]


@dataclass
class Office:
    """Loads files the way a steward does."""

    database: Database
    folder: Path
    files: int = 0

    def load(self, dataset: str, *rows: Mapping[str, str]) -> tuple[list[tuple[str, int]], Loaded]:
        """Check and publish ``rows``; return the findings with their lines, and the counts."""
        self.files += 1
        path = write(self.folder / f"{dataset}-{self.files}.csv", rows)
        kept = Uploads(self.folder / "uploads")
        with self.database.transaction() as session:
            made = submissions.submit(session, kept, dataset, path, "steward")
        checked = checking.check(self.database, kept, made.id, "steward")
        with self.database.transaction() as session:
            review.approve(session, made.id, "approver")
            release = publishing.publish(session, made.id, "approver")
            named = session.execute(
                sa.select(SubmissionFinding.rule, SubmissionFinding.line)
                .where(SubmissionFinding.submission == made.id)
                .order_by(SubmissionFinding.line, SubmissionFinding.rule)
            )
            found = [(row[0], row[1]) for row in named]
        told = (checked.rows_read, checked.rows_valid, checked.rows_rejected)
        return found, Loaded(*told, release.counts)

    def citizen(self, personal_id: str, as_of: date | None = None) -> dict[str, Any]:
        with self.database.reading() as session:
            ids = find_record_ids(session, [personal_id])
            known = documents(session, ids.values(), Moment(as_of))
            return dict(known[ids[personal_id]])


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    migrations.upgrade(database)
    dead = {"life_status": {"code": "deceased", "date": _day("2013-01-01")}}
    with database.transaction() as session:
        people = [
            change(LAN, marital_status={}),
            change(HOA, date(1987, 12, 5), name={"full": "Nguyễn Văn Hòa"}),
            change(KHANG, date(2015, 8, 20), name={"full": "Nguyễn Minh Khang"}),
            change(BAY, date(1945, 1, 1), name={"full": "Nguyễn Văn Bảy"}, **dead),
        ]
        citizens.apply_changes(session, people, source="test", load=None)
    return Office(database, tmp_path)


def _day(value: str) -> dict[str, str]:
    return {"value": value, "precision": "day"}


def test_nobody_marries_somebody_whom_the_citizens_file_knows_as_dead(office: Office) -> None:
    found, done = office.load("civil_status", WITH_THE_DEAD)
    assert found == [("marries_the_dead", 2)]
    assert (done.rows_rejected, done.result["added"]) == (1, 0)


def test_nobody_marries_somebody_whose_death_stands_below_in_the_file(office: Office) -> None:
    stranger = {"husband_id": "980045000001"}
    dead = {"deceased_id": "980045000001"}
    found, done = office.load("civil_status", WITH_THE_DEAD | stranger, DEATH | dead)
    assert ("marries_the_dead", 2) in found
    assert (done.rows_valid, done.rows_rejected) == (1, 1)


def test_a_second_marriage_waits_for_the_divorce_in_any_order(office: Office) -> None:
    found, done = office.load("civil_status", AGAIN, MARRIAGE)
    assert [(rule, line) for rule, line in found if rule == "already_married"] == [
        ("already_married", 2)
    ]
    assert (done.rows_valid, done.rows_rejected) == (1, 1)
    # The first one is registered now: the file with the divorce below is right.
    found, done = office.load("civil_status", AGAIN, DIVORCE)
    assert "already_married" not in {rule for rule, _ in found}
    assert done.rows_rejected == 0
    assert office.citizen(LAN)["spouse"]["name"] == "Trần Văn Nam"


def test_the_register_speaks_against_a_second_marriage(office: Office) -> None:
    office.load("civil_status", MARRIAGE)
    found, _ = office.load("civil_status", AGAIN)
    assert ("already_married", 2) in found


def test_a_rejected_marriage_speaks_against_no_later_one(office: Office) -> None:
    found, done = office.load("civil_status", WITH_THE_DEAD, AGAIN)
    assert [line for rule, line in found if rule == "already_married"] == []
    assert (done.rows_valid, done.rows_rejected) == (1, 1)


def test_a_child_is_compared_with_the_parent_whom_the_citizens_file_knows(office: Office) -> None:
    unknown_age = BIRTH | {"mother_birth_date": "", "child_birth_date": "1989", "father_id": ""}
    early = unknown_age | {"registered_on": "01/09/1989", "father_birth_date": "", "child_id": ""}
    found, done = office.load("civil_status", early)
    assert ("child_older_than_parent", 2) in found
    assert done.rows_rejected == 1


def test_who_is_not_registered_leaves_the_link_open_until_they_are(office: Office) -> None:
    found, done = office.load("civil_status", AGAIN)
    assert found == [("person_not_registered", 2)]
    assert done.rows_rejected == 0
    assert "id" not in office.citizen(LAN)["spouse"]


def test_an_amendment_of_an_act_that_is_not_here_is_kept_with_a_warning(office: Office) -> None:
    found, done = office.load("civil_status", CORRECTION)
    assert found == [("amended_act_unknown", 2)]
    assert done.rows_rejected == 0
    found, _ = office.load("civil_status", CORRECTION | {"code": "CC-2"}, BIRTH)
    assert found == []


def test_a_wrong_row_is_held_back_and_the_rest_of_the_file_loads(office: Office) -> None:
    wrong = DEATH | {"death_date": "31/02/2012"}
    found, done = office.load("civil_status", wrong, BIRTH, MARRIAGE)
    assert found == [("date_no_such_day", 2)]
    assert (done.rows_read, done.rows_valid, done.result["added"]) == (3, 2, 2)
    assert office.citizen(LAN)["marital_status"]["code"] == "married"


def test_a_correction_from_a_file_reaches_the_citizen(office: Office) -> None:
    office.load("civil_status", BIRTH, CORRECTION)
    assert office.citizen(KHANG)["birth_date"]["value"] == "2015-08-02"
    assert office.citizen(LAN)["children"][0]["name"] == "Nguyễn Minh Khang"


def test_the_same_acts_in_another_file_change_nothing(office: Office) -> None:
    office.load("civil_status", BIRTH, MARRIAGE)
    _, done = office.load("civil_status", MARRIAGE, BIRTH)
    assert done.result == {"added": 0, "changed": 0, "unchanged": 2}


def test_without_an_act_a_child_is_single_and_a_grown_person_unknown(office: Office) -> None:
    # An act that says nothing of a marriage, so that the status is worked out.
    alone = BIRTH | {"father_id": "", "father_name": ""}
    office.load("civil_status", alone)
    assert office.citizen(KHANG)["marital_status"]["code"] == "single"
    assert office.citizen(LAN)["marital_status"]["state"] == "unknown"


def test_the_coverage_of_books_is_loaded_once(office: Office) -> None:
    _, done = office.load("civil_books", BOOK)
    assert done.result["changed"] == 1
    _, done = office.load("civil_books", BOOK, BOOK | {"kind": "Khai tử"})
    assert done.result == {"added": 0, "changed": 1, "unchanged": 1}


def test_every_part_of_an_act_comes_through(office: Office) -> None:
    found, done = office.load(
        "civil_status",
        ENVELOPE
        | {"code": "GH-1", "type": "guardianship", "number": "1", "book": "01/2019-GH"}
        | {"registered_on": "02/01/2019", "guardian_name": "Nguyễn Thị Lan", "guardian_id": LAN}
        | {"ward_name": "Nguyễn Minh Khang", "ward_id": KHANG, "guardianship_kind": "Cử"}
        | {"guardianship_from": "02/01/2019", "ward_residence": "169/8A đường Số 1"},
    )
    assert found == []
    assert done.result["added"] == 1
