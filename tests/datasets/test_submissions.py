"""From a file to the register: once, whole, accounted for, or not at all. On both databases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import migrations
from datasets import checking, findings, publishing, review, submissions
from datasets.models import Release, StagedChange, Submission, SubmissionFinding
from datasets.submissions import Uploads
from registry.citizens.changes import LEDGER
from registry.kernel.db import Database
from registry.kernel.errors import Conflict, Invalid, NotFound
from tests.datasets.rows import CITIZEN, FATHER, MEMBER, write
from tests.people import BAY

BAYS_ROW = CITIZEN | {"personal_id": BAY, "full_name": "Nguyễn Văn Bảy", "sex": "Nam"}
BAYS_ROW |= {"birth_date": "1945"}


class Desk:
    """A steward's desk: a migrated database and the folder of uploads."""

    def __init__(self, database: Database, folder: Path) -> None:
        migrations.upgrade(database)
        self.database = database
        self.folder = folder
        self.uploads = Uploads(folder / "uploads")

    def submit(self, dataset: str, *rows: Mapping[str, str]) -> str:
        return self.submit_path(dataset, write(self.folder / f"{dataset}.csv", rows))

    def submit_path(self, dataset: str, path: Path) -> str:
        with self.database.transaction() as session:
            return submissions.submit(session, self.uploads, dataset, path, "steward").id

    def check(self, submission: str) -> Submission:
        return checking.check(self.database, self.uploads, submission, "steward")

    def approve(self, submission: str) -> None:
        with self.database.transaction() as session:
            review.approve(session, submission, "approver")

    def publish(self, submission: str) -> Release:
        with self.database.transaction() as session:
            return publishing.publish(session, submission, "approver")

    def load(self, dataset: str, *rows: Mapping[str, str]) -> dict[str, Any]:
        return self._publish(self.submit(dataset, *rows))

    def load_path(self, dataset: str, path: Path) -> dict[str, Any]:
        return self._publish(self.submit_path(dataset, path))

    def _publish(self, submission: str) -> dict[str, Any]:
        self.check(submission)
        self.approve(submission)
        return self.publish(submission).counts

    def findings(self, submission: str) -> list[dict[str, Any]]:
        with self.database.reading() as session:
            found = submissions.require_submission(session, submission)
            return findings.list_findings(session, found)

    def count(self, table: type[Any]) -> int:
        with self.database.reading() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    """Give an empty desk."""
    return Desk(database, tmp_path)


def test_an_unknown_dataset_is_not_taken(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.submit("cats", CITIZEN)
    assert desk.count(Submission) == 0


@pytest.mark.parametrize("name", ["0198c0de-0000-7000-8000-000000000001", "no id", ""])
def test_an_unknown_submission_is_not_found(desk: Desk, name: str) -> None:
    with pytest.raises(NotFound):
        desk.check(name)


def test_what_was_not_checked_is_not_published(desk: Desk) -> None:
    with pytest.raises(Conflict):
        desk.publish(desk.submit("citizens", CITIZEN))
    assert desk.count(LEDGER.records) == 0


def test_a_submission_is_published_once(desk: Desk) -> None:
    submission = desk.submit("citizens", CITIZEN)
    desk.check(submission)
    desk.approve(submission)
    desk.publish(submission)
    with pytest.raises(Conflict):
        desk.publish(submission)
    with pytest.raises(Conflict):
        desk.check(submission)
    assert desk.count(LEDGER.versions) == 1


def test_a_household_of_unknown_people_is_refused_whole(desk: Desk) -> None:
    desk.load("citizens", CITIZEN)
    submission = desk.submit("households", MEMBER, FATHER, MEMBER | {"household_code": "HK-2"})
    checked = desk.check(submission)
    assert (checked.rows_valid, checked.rows_rejected) == (1, 2)
    with desk.database.reading() as session:
        table = SubmissionFinding
        found = sa.select(table.rule, table.line, table.column).order_by(table.line)
        assert session.execute(found).all() == [
            ("row_of_rejected", 2, "household_code"),
            ("unknown_member", 3, "member_id"),
        ]
    # Once the person is known, the same submission goes in.
    desk.load("citizens", BAYS_ROW)
    assert desk._publish(submission)["added"] == 2


def test_a_member_who_is_known_no_more_stops_the_release(desk: Desk) -> None:
    desk.load("citizens", CITIZEN, BAYS_ROW)
    submission = desk.submit("households", MEMBER, FATHER)
    desk.check(submission)
    desk.approve(submission)
    with desk.database.transaction() as session:
        session.execute(sa.text("DELETE FROM citizen_identifier WHERE value = :bay"), {"bay": BAY})
    with pytest.raises(Invalid) as refused:
        desk.publish(submission)
    assert [error.pointer for error in refused.value.errors] == ["/HK-1"]
    with desk.database.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM household")) == 0
        assert submissions.require_submission(session, submission).state == "approved"


def test_a_number_of_somebody_else_stops_the_load_and_is_not_told(desk: Desk) -> None:
    nine = {"nine_digit_id": "900000001"}
    desk.load("citizens", CITIZEN | nine)
    submission = desk.submit("citizens", BAYS_ROW | nine)
    desk.check(submission)
    desk.approve(submission)
    with pytest.raises(Invalid) as refused:
        desk.publish(submission)
    assert [error.pointer for error in refused.value.errors] == ["/nine_digit_id/900•••001"]
    assert desk.count(LEDGER.records) == 1


def test_a_publish_that_fails_half_way_leaves_nothing(desk: Desk) -> None:
    submission = desk.submit("citizens", CITIZEN, BAYS_ROW)
    desk.check(submission)
    desk.approve(submission)
    with pytest.raises(RuntimeError), desk.database.transaction() as session:
        publishing.publish(session, submission, "approver")
        raise RuntimeError
    assert desk.count(LEDGER.records) == desk.count(LEDGER.versions) == 0
    assert desk.count(StagedChange) == 2
    assert desk.publish(submission).counts == {"added": 2, "changed": 0, "unchanged": 0}


def test_the_database_itself_accounts_for_every_row(desk: Desk) -> None:
    desk.check(desk.submit("citizens", CITIZEN))
    with pytest.raises(sa.exc.IntegrityError), desk.database.transaction() as session:
        session.execute(sa.update(Submission).values(rows_valid=0))


def test_the_same_file_again_is_the_same_submission(desk: Desk) -> None:
    first = desk.submit("citizens", CITIZEN)
    assert desk.submit("citizens", CITIZEN) == first
    assert desk.submit("citizens", BAYS_ROW) != first
    assert desk.submit("households", CITIZEN) != first
    assert len(list(desk.uploads.folder.iterdir())) == 2


def test_a_second_check_takes_the_place_of_the_first(desk: Desk) -> None:
    submission = desk.submit("citizens", CITIZEN, CITIZEN, BAYS_ROW)
    for _ in range(2):
        checked = desk.check(submission)
        assert (checked.rows_read, checked.rows_valid, checked.rows_rejected) == (3, 2, 1)
        assert [told["count"] for told in desk.findings(submission)] == [1]
        assert desk.count(StagedChange) == 2


def test_findings_are_told_by_rule_with_their_first_line(desk: Desk) -> None:
    bad = BAYS_ROW | {"personal_id": "12"}
    submission = desk.submit("citizens", CITIZEN, bad, bad)
    desk.check(submission)
    [told] = desk.findings(submission)
    assert told["rule"] == "personal_id_shape"
    assert (told["count"], told["first_line"], told["severity"]) == (2, 3, "error")
    assert told["repair_vi"]
    assert told["repair_en"]


def test_a_file_that_cannot_be_read_changes_nothing(desk: Desk) -> None:
    submission = desk.submit("citizens", CITIZEN | {"shoe_size": "38"})
    with pytest.raises(Invalid):
        desk.check(submission)
    with desk.database.reading() as session:
        assert submissions.require_submission(session, submission).state == "submitted"


def test_valid_rows_go_in_and_name_their_load(desk: Desk) -> None:
    submission = desk.submit("citizens", CITIZEN, {"personal_id": "12"})
    desk.check(submission)
    desk.approve(submission)
    published = desk.publish(submission)
    assert published.submission == submission
    assert published.counts == {"added": 1, "changed": 0, "unchanged": 0}
    with desk.database.reading() as session:
        [version] = session.scalars(sa.select(LEDGER.versions)).all()
        assert (version.load, version.source) == (submission, "citizens.csv")
    assert desk.count(StagedChange) == 0


def test_what_the_register_knows_already_changes_nothing(desk: Desk) -> None:
    desk.load("citizens", CITIZEN, BAYS_ROW)
    # Another file that says the same of one of them, and something new of the other.
    told = desk.load("citizens", CITIZEN, BAYS_ROW | {"life_status": "Còn sống"})
    assert told == {"added": 0, "changed": 1, "unchanged": 1}
    assert desk.count(LEDGER.versions) == 3


def test_more_people_than_a_batch_go_in(desk: Desk) -> None:
    rows = [CITIZEN | {"personal_id": f"900190{number:06d}"} for number in range(2100)]
    assert desk.load("citizens", *rows) == {"added": 2100, "changed": 0, "unchanged": 0}
    with desk.database.reading() as session:
        ids = session.execute(sa.select(LEDGER.records.id, LEDGER.records.document)).all()
        versions = session.execute(
            sa.select(LEDGER.records.document, LEDGER.versions.document).join(
                LEDGER.versions, LEDGER.versions.record == LEDGER.records.row
            )
        ).all()
    assert len({key for key, _ in ids}) == len(versions) == 2100
    assert all(current == version for current, version in versions)
