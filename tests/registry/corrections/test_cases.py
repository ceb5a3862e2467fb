"""The rules of correction cases, by their verbs: once is once, two people, and due dates."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from registry.corrections import desk
from registry.corrections.cases import (
    Doer,
    Reported,
    Wanted,
    list_cases,
    list_cases_of,
    list_steps,
    open_case,
    open_paths,
    require_case,
)
from registry.corrections.models import CorrectionCase, CorrectionReporter
from registry.corrections.rules import Terms
from registry.kernel.clock import fixed
from registry.kernel.db import Database
from registry.kernel.errors import Conflict, NotFound, Refused
from registry.kernel.workdays import Calendar

RECORD = "01980000-0000-7000-8000-000000000001"
OTHER = "01980000-0000-7000-8000-000000000002"
NOBODY = "01980000-0000-7000-8000-00000000000f"
AN, BINH, CUC = (Doer(name, "desk") for name in ("an", "binh", "cuc"))
BEFORE_TET = datetime(2026, 2, 12, 3, tzinfo=UTC)
REPORTED = Reported(
    register="citizens",
    record_id=RECORD,
    path="name.full",
    subject_id=RECORD,
    declared="Nguyễn Thị Loan",
    reason="misspelt",
    source="agency",
    opened_by="ward-office",
    client_id="ward-office",
    procedure="1.004222",
    case_number="H29-0001",
    registered="Nguyễn Thị Lan",
)


def _open(database: Database, terms: Terms | None = None, **change: Any) -> str:
    with database.transaction() as session:
        return open_case(session, replace(REPORTED, **change), terms).id


def _case(database: Database, case_id: str) -> CorrectionCase:
    with database.reading() as session:
        return require_case(session, case_id)


def _actions(database: Database, case_id: str) -> list[str]:
    with database.reading() as session:
        return [step.action for step in list_steps(session, case_id)]


def _reply(database: Database, case_id: str, steward: Doer = AN) -> None:
    with database.transaction() as session:
        desk.reply(session, case_id, steward, "Đang đối chiếu")


def _decide(database: Database, case_id: str, steward: Doer = BINH, what: Any = "accepted") -> None:
    with database.transaction() as session:
        desk.decide(session, case_id, steward, what, "Đúng")


def _finish(database: Database, case_id: str, steward: Doer = AN) -> None:
    with database.transaction() as session:
        desk.finish(session, case_id, steward)


def _extend(database: Database, case_id: str, steward: Doer = AN) -> None:
    with database.transaction() as session:
        desk.extend(session, case_id, steward, "Chờ sổ lưu trữ", Terms())


MOVES: list[Callable[[Database, str], None]] = [_reply, _decide, _finish, _extend]


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("case_id", [NOBODY, "nonsense"])
def test_a_case_that_is_not_there_goes_nowhere(
    database: Database, move: Callable[[Database, str], None], case_id: str
) -> None:
    with pytest.raises(NotFound):
        move(database, case_id)


def test_who_reported_does_not_decide(database: Database) -> None:
    made = _open(database, opened_by="binh")
    with pytest.raises(Refused, match="somebody else"):
        _decide(database, made)
    assert _case(database, made).state == "open"


def test_who_reported_it_too_does_not_decide(database: Database) -> None:
    made = _open(database)
    assert _open(database, opened_by="binh", client_id="desk") == made
    with pytest.raises(Refused):
        _decide(database, made)


def test_who_replied_does_not_decide(database: Database) -> None:
    made = _open(database)
    _reply(database, made, BINH)
    with pytest.raises(Refused):
        _decide(database, made)
    _decide(database, made, CUC)


def test_the_database_itself_insists_on_two(database: Database) -> None:
    made = _open(database)
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as session:
        session.execute(
            sa.update(CorrectionCase)
            .where(CorrectionCase.id == made)
            .values(state="accepted", decided_by="ward-office", decided_at=BEFORE_TET)
        )


def test_what_is_decided_is_decided_once(database: Database) -> None:
    made = _open(database)
    _decide(database, made, what="rejected")
    for steward in (BINH, CUC):
        with pytest.raises(Conflict):
            _decide(database, made, steward)
    with pytest.raises(Conflict):
        _reply(database, made)
    with pytest.raises(Conflict):
        _finish(database, made)
    assert _case(database, made).decided_by == "binh"
    assert _actions(database, made) == ["opened", "rejected"]


def test_only_what_was_accepted_is_finished_and_once(database: Database) -> None:
    made = _open(database)
    with pytest.raises(Conflict):
        _finish(database, made)
    _reply(database, made)
    with pytest.raises(Conflict):
        _reply(database, made)
    _decide(database, made)
    _finish(database, made)
    with pytest.raises(Conflict):
        _finish(database, made)
    assert _actions(database, made) == ["opened", "replied", "accepted", "done"]


def test_a_case_is_put_off_once(database: Database) -> None:
    with fixed(BEFORE_TET):
        made = _open(database)
        _extend(database, made)
        with pytest.raises(Conflict):
            _extend(database, made)
    case = _case(database, made)
    # 15 working days in all, with the five of Tết in between.
    assert (case.due_on, case.extended, case.calendar_known) == (date(2026, 3, 12), True, True)


@pytest.mark.parametrize("late", [False, True])
def test_what_is_late_or_over_is_not_put_off(database: Database, *, late: bool) -> None:
    with fixed(BEFORE_TET):
        made = _open(database)
    if not late:
        _decide(database, made, what="rejected")
    with fixed(datetime(2026, 3, 5 + late, 3, tzinfo=UTC)), pytest.raises(Conflict):
        _extend(database, made)


def test_the_days_of_tet_do_not_count(database: Database) -> None:
    with fixed(BEFORE_TET):
        case = _case(database, _open(database))
    assert (case.reply_due, case.due_on) == (date(2026, 2, 23), date(2026, 3, 5))
    with fixed(datetime(2027, 2, 3, 3, tzinfo=UTC)):
        case = _case(database, _open(database, path="sex"))
    assert (case.reply_due, case.due_on) == (date(2027, 2, 12), date(2027, 2, 24))


def test_the_day_is_the_one_in_viet_nam(database: Database) -> None:
    with fixed(datetime(2026, 2, 11, 18, tzinfo=UTC)):
        case = _case(database, _open(database))
    assert case.reply_due == date(2026, 2, 23)


def test_a_case_says_that_no_holiday_was_known(database: Database) -> None:
    with fixed(BEFORE_TET):
        case = _case(database, _open(database, Terms(1, 3, 1, Calendar({}))))
    assert (case.reply_due, case.due_on) == (date(2026, 2, 13), date(2026, 2, 17))
    assert case.calendar_known is False


def test_the_same_report_is_one_case_until_it_is_over(database: Database) -> None:
    made = _open(database)
    assert _open(database, declared="Nguyễn Thị  Loan ", note="lần nữa") == made
    assert _actions(database, made) == ["opened"]
    assert _open(database, client_id="another", opened_by="another") == made
    assert _actions(database, made) == ["opened", "reported"]
    others = {
        _open(database, declared="Nguyễn Thị Lành"),
        _open(database, path="name.other"),
        _open(database, subject_id=OTHER),
        _open(database, record_id=OTHER),
    }
    assert len(others | {made}) == 5
    _decide(database, made)
    assert _open(database) == made
    _finish(database, made)
    assert _open(database) not in others | {made}


def test_reports_at_once_open_one_case(database: Database) -> None:
    together = Barrier(8)

    def report(number: int) -> str:
        together.wait()
        return _open(database, opened_by=f"person-{number % 4}")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(report, range(8)))) == 1
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CorrectionCase)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(CorrectionReporter)) == 4


def test_decisions_at_once_are_one(database: Database) -> None:
    made = _open(database)
    together = Barrier(6)

    def decide(number: int) -> bool:
        together.wait()
        try:
            _decide(database, made, Doer(f"steward-{number}", "desk"))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(decide, range(6))) == [False] * 5 + [True]
    assert _actions(database, made) == ["opened", "accepted"]


def test_paths_are_in_question_until_the_case_is_over(database: Database) -> None:
    made = _open(database)
    _open(database, path="sex", declared={"code": "1"})
    _open(database, record_id=OTHER, declared="Lê Văn An")
    _decide(database, made)
    with database.reading() as session:
        found = open_paths(session, [RECORD, OTHER, NOBODY])
        assert found == {
            RECORD: frozenset({"name.full", "sex"}),
            OTHER: frozenset({"name.full"}),
        }
        assert open_paths(session, []) == {}
    _finish(database, made)
    with database.reading() as session:
        assert open_paths(session, [RECORD]) == {RECORD: frozenset({"sex"})}


def test_late_cases_are_those_without_a_reply_and_those_not_finished(database: Database) -> None:
    with fixed(BEFORE_TET):
        silent = _open(database)
        answered = _open(database, path="sex")
        over = _open(database, path="birth_date")
        _reply(database, answered)
        _decide(database, over, what="rejected")

    def late(day: date) -> list[str]:
        moment = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
        with fixed(moment), database.reading() as session:
            return [case.id for case in list_cases(session, Wanted(overdue=True))]

    assert late(date(2026, 2, 23)) == []
    assert late(date(2026, 2, 24)) == [silent]
    assert late(date(2026, 3, 5)) == [silent]
    assert late(date(2026, 3, 6)) == [silent, answered]


def test_cases_are_listed_by_state_and_register_and_page(database: Database) -> None:
    made = [_open(database, path=path) for path in ("name.full", "sex", "birth_date")]
    land = _open(database, register="parcels", path="area.legal", declared=120.5)
    _reply(database, made[1])
    with database.reading() as session:

        def ids(**wanted: Any) -> list[str]:
            return [case.id for case in list_cases(session, Wanted(**wanted))]

        assert ids() == [*made, land]
        assert ids(state="replied") == [made[1]]
        assert ids(register="parcels") == [land]
        assert ids(limit=2) == made[:2]
        assert ids(limit=2, cursor=made[1]) == [made[2], land]
        with pytest.raises(ValueError, match="hexadecimal"):
            ids(cursor="lost")


def test_a_person_has_the_cases_about_them_and_by_them(database: Database) -> None:
    about = _open(database)
    by = _open(database, record_id=OTHER, subject_id=OTHER, opened_by=RECORD)
    _open(database, record_id=OTHER, subject_id=OTHER, path="sex")
    with database.reading() as session:
        assert [case.id for case in list_cases_of(session, RECORD)] == [by, about]
        assert list_cases_of(session, NOBODY) == []
