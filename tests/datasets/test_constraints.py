"""What the database itself refuses, whoever writes to it and however."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from registry.kernel.db import Database
from tests.datasets.rows import CITIZEN
from tests.datasets.test_submissions import BAYS_ROW, Desk

APPROVE = "UPDATE submission SET state = 'approved', approved_at = checked_at, approved_by = "
RELEASE = (
    "INSERT INTO dataset_release (id, number, dataset, submission, counts, digest, notes,"
    " published_by, published_at) SELECT {id}, {number}, dataset, {submission}, counts, digest,"
    " notes, published_by, published_at FROM dataset_release WHERE number = 1"
)
OTHER_ID = "'0198c0de000070008000000000000001'"


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    """Give a desk with a submission that was published and one that was checked."""
    made = Desk(database, tmp_path)
    made.load("citizens", CITIZEN)
    made.check(made.submit("citizens", BAYS_ROW, CITIZEN | {"sex": "Nam"}))
    return made


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (f"{APPROVE} submitted_by WHERE state = 'checked'", "four_eyes"),
        (
            f"{APPROVE} 'binh', patched_by = 'binh', unusual_seen_by = 'binh'"
            " WHERE state = 'checked'",
            "four_eyes",
        ),
        (f"{APPROVE} 'binh' WHERE state = 'checked'", "unusual_seen"),
        (f"{APPROVE} NULL WHERE state = 'checked'", "approved"),
        ("UPDATE submission SET approved_by = submitted_by WHERE state = 'published'", "four_eyes"),
        ("UPDATE submission SET approved_by = NULL WHERE state = 'published'", "approved"),
        ("UPDATE submission SET rows_valid = rows_valid - 1", "reconciliation"),
        ("UPDATE submission SET rows_read = rows_read + 1", "reconciliation"),
        ("UPDATE submission_part SET rows_skipped = rows_skipped + 1", "reconciliation"),
        ("UPDATE submission_part SET rows_read = 0", "reconciliation"),
        ("UPDATE submission SET rows_read = NULL WHERE state = 'checked'", "checked"),
        ("UPDATE submission SET digest = NULL WHERE state = 'checked'", "checked"),
        ("UPDATE submission SET state = 'good'", "state"),
        ("INSERT INTO registry_version (id, number) VALUES (2, 7)", "one"),
    ],
)
def test_a_statement_cannot_break_the_rules_of_the_house(
    desk: Desk, statement: str, constraint: str
) -> None:
    with (
        pytest.raises(sa.exc.IntegrityError, match=f"ck_[a-z_]+_{constraint}"),
        desk.database.transaction() as session,
    ):
        assert session.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("number", "submission"),
    [
        ("1", "(SELECT id FROM submission WHERE state = 'checked')"),
        ("2", "submission"),
    ],
    ids=["number", "submission"],
)
def test_a_number_and_a_submission_are_one_release(
    desk: Desk, number: str, submission: str
) -> None:
    made = "CAST({} AS uuid)" if desk.database.dialect == "postgresql" else "{}"
    statement = RELEASE.format(id=made.format(OTHER_ID), number=number, submission=submission)
    with pytest.raises(sa.exc.IntegrityError), desk.database.transaction() as session:
        session.execute(sa.text(statement))


def test_nothing_of_that_stands_in_the_way_of_a_second_person(desk: Desk) -> None:
    approved = f"{APPROVE} 'binh', unusual_seen_by = 'binh' WHERE state = 'checked'"
    with desk.database.transaction() as session:
        session.execute(sa.text(approved))
    made = "CAST({} AS uuid)" if desk.database.dialect == "postgresql" else "{}"
    other = "(SELECT id FROM submission WHERE state = 'approved')"
    with desk.database.transaction() as session:
        session.execute(
            sa.text(RELEASE.format(id=made.format(OTHER_ID), number="2", submission=other))
        )
