"""Two persons, unusual changes opened, and the database as the last to insist on both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from datasets import differences, publishing, review, submissions
from datasets.comparing import compare
from datasets.differences import Wanted
from datasets.models import Submission
from datasets.specs import RULES
from datasets.specs.rules import Threshold
from registry.kernel.access_log import AccessContext, AccessEvent, Asker, record_access
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.errors import Conflict, Invalid, Refused
from tests.datasets.rows import CITIZEN
from tests.datasets.test_submissions import BAYS_ROW, Desk

ASKER = Asker("sogoc", "steward", "case", "basis", "trace", "binh")


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    """Give a desk at whose register one citizen is known."""
    made = Desk(database, tmp_path)
    made.load("citizens", CITIZEN)
    return made


def _changed(desk: Desk, **cells: str) -> str:
    submission = desk.submit("citizens", CITIZEN | cells)
    desk.check(submission)
    return submission


def _differences(desk: Desk, submission: str, wanted: Wanted) -> list[differences.Difference]:
    with desk.database.transaction() as session:
        found = submissions.require_submission(session, submission)
        return differences.list_differences(session, found, ASKER, wanted)


def test_nobody_approves_what_is_their_own(desk: Desk) -> None:
    submission = _changed(desk, ethnicity="Tày")
    with pytest.raises(Refused), desk.database.transaction() as session:
        review.approve(session, submission, "steward")


def test_the_database_itself_asks_for_a_second_person(desk: Desk) -> None:
    submission = _changed(desk, ethnicity="Tày")
    approved = {"approved_by": "steward", "approved_at": now(), "state": "approved"}
    with pytest.raises(sa.exc.IntegrityError), desk.database.transaction() as session:
        session.execute(sa.update(Submission).where(Submission.id == submission).values(**approved))


def test_unusual_changes_are_opened_before_they_are_approved(desk: Desk) -> None:
    submission = _changed(desk, sex="Nam")
    with pytest.raises(Conflict), desk.database.transaction() as session:
        review.approve(session, submission, "binh")
    with pytest.raises(Conflict), desk.database.transaction() as session:
        # Opened by somebody else is not opened.
        review.open_unusual(session, submission, "chi")
        review.approve(session, submission, "binh")
    approved = {"approved_by": "binh", "approved_at": now(), "state": "approved"}
    with pytest.raises(sa.exc.IntegrityError), desk.database.transaction() as session:
        session.execute(sa.update(Submission).where(Submission.id == submission).values(**approved))
    with desk.database.transaction() as session:
        review.open_unusual(session, submission, "binh")
        assert review.approve(session, submission, "binh").state == "approved"


def test_another_check_takes_the_approval_back(desk: Desk) -> None:
    submission = _changed(desk, ethnicity="Tày")
    desk.approve(submission)
    checked = desk.check(submission)
    assert (checked.state, checked.approved_by) == ("checked", None)
    with pytest.raises(Conflict):
        desk.publish(submission)


def test_what_is_returned_says_why_and_can_be_checked_again(desk: Desk) -> None:
    submission = _changed(desk, ethnicity="Tày")
    desk.approve(submission)
    with pytest.raises(Invalid), desk.database.transaction() as session:
        review.return_(session, submission, "binh", " ")
    with desk.database.transaction() as session:
        review.return_(session, submission, "binh", "sai dân tộc")
    with pytest.raises(Conflict):
        desk.publish(submission)
    with desk.database.reading() as session:
        told = submissions.list_events(session, submission)
    assert (told[-1].action, told[-1].by, told[-1].reason) == ("returned", "binh", "sai dân tộc")
    assert desk.check(submission).state == "checked"


def test_breaking_the_glass_is_loud_in_the_log(desk: Desk) -> None:
    submission = _changed(desk, sex="Nam")
    with pytest.raises(Invalid), desk.database.transaction() as session:
        review.approve(session, submission, "steward", break_glass="")
    with desk.database.transaction() as session:
        review.approve(session, submission, "steward", break_glass="bão, mất liên lạc")
    desk.publish(submission)
    with desk.database.reading() as session:
        [row] = session.scalars(
            sa.select(AccessEvent).where(
                AccessEvent.context.has(AccessContext.procedure == "sogoc:break-glass")
            )
        )
    assert (row.person_id, row.legal_basis) == ("steward", "bão, mất liên lạc")


def test_too_many_errors_of_a_rule_stop_the_approval(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = RULES["personal_id_shape"]
    strict = replace(rule, threshold=Threshold(percent=10))
    monkeypatch.setitem(RULES, rule.code, strict)
    submission = desk.submit("citizens", BAYS_ROW, {"personal_id": "12"})
    desk.check(submission)
    with pytest.raises(Conflict, match="personal_id_shape"):
        desk.approve(submission)


def test_a_scheduled_release_waits_for_its_hour(desk: Desk) -> None:
    submission = _changed(desk, ethnicity="Tày")
    desk.approve(submission)
    with desk.database.transaction() as session:
        publishing.schedule(session, submission, "binh", now().replace(year=2999))
    with pytest.raises(Conflict, match="scheduled"):
        desk.publish(submission)


def test_what_was_tampered_with_after_the_approval_is_not_published(desk: Desk) -> None:
    submission = _changed(desk, ethnicity="Tày")
    desk.approve(submission)
    with desk.database.transaction() as session:
        session.execute(
            sa.text("UPDATE submission_change SET document = replace(document, 'Tày', 'Nùng')")
        )
    with pytest.raises(Conflict, match="approved"):
        desk.publish(submission)


def test_additions_changes_and_ends_are_counted_by_field(desk: Desk) -> None:
    submission = desk.submit(
        "citizens",
        CITIZEN | {"ethnicity": "Tày", "life_status": "Đã chết", "death_date": "01/02/2026"},
        BAYS_ROW,
    )
    desk.check(submission)
    with desk.database.reading() as session:
        found = differences.list_counts(
            session, submissions.require_submission(session, submission)
        )
    told = {(entry["kind"], entry["field"]): entry["count"] for entry in found}
    assert told["added", ""] == 1
    assert told["ended", ""] == 1
    assert told["ended", "ethnicity"] == told["ended", "life_status"] == 1


def test_a_difference_tells_old_and_new_and_is_logged(desk: Desk) -> None:
    submission = _changed(desk, sex="Nam")
    [told] = _differences(desk, submission, Wanted(unusual=True))
    assert told.unusual == ("sex",)
    [(path, before, after)] = [v for v in told.values if v[0] == "sex"]
    assert (path, before["label"], after["label"]) == ("sex", "Nữ", "Nam")
    with desk.database.reading() as session:
        [row] = session.scalars(sa.select(AccessEvent))
    assert (row.subject_id, row.person_id, row.outcome) == (told.record, "binh", "delivered")


def test_differences_are_paged_and_filtered(desk: Desk) -> None:
    desk.load("citizens", BAYS_ROW)
    submission = desk.submit(
        "citizens", CITIZEN | {"ethnicity": "Tày"}, BAYS_ROW | {"religion": "Phật giáo"}
    )
    desk.check(submission)
    first = _differences(desk, submission, Wanted(limit=1))
    rest = _differences(desk, submission, Wanted(after=first[-1].number))
    assert [d.values[0][0] for d in (*first, *rest)] == ["ethnicity", "religion"]
    assert _differences(desk, submission, Wanted(field="religion")) == rest
    assert _differences(desk, submission, Wanted(ward="00000")) == []


def test_the_impact_names_clients_whose_answers_would_be_others(desk: Desk) -> None:
    submission = _changed(desk, sex="Nam")
    [told] = _differences(desk, submission, Wanted())
    asker = Asker("ward-office", "1.004222", "H-1", "Luật", "t")
    with desk.database.transaction() as session:
        record_access(session, asker, "delivered", ["sex"], told.record)
        # Of longer ago than anybody asks.
        session.execute(sa.update(AccessEvent).values(at=now() - 2 * differences.IMPACT))
        record_access(session, asker, "delivered", ["name", "sex"], told.record)
        record_access(session, asker, "delivered", ["name"], told.record)
    with desk.database.reading() as session:
        found = submissions.require_submission(session, submission)
        assert [
            entry
            for entry in differences.impact(session, found)
            if entry["client"] == "ward-office"
        ] == [
            {
                "client": "ward-office",
                "procedure": "1.004222",
                "answers": 1,
                "attributes": ["sex"],
            }
        ]


def test_two_checks_at_once_do_not_both_count(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = _changed(desk, ethnicity="Tày")

    def overtaken(*arguments: Any) -> int:
        monkeypatch.setattr("datasets.checking.compare", compare)
        desk.check(submission)
        return compare(*arguments)

    monkeypatch.setattr("datasets.checking.compare", overtaken)
    with pytest.raises(Conflict):
        desk.check(submission)
