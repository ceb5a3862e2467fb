"""What the queue promises: one job for one work, none before its time, an end that can be told."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry.jobs import leases, queue
from registry.jobs.context import JobContext
from registry.jobs.leases import Claimant
from registry.jobs.models import Job
from registry.jobs.pulse import LeaseLost, Pulse
from registry.jobs.schedule import Recurring
from registry.jobs.views import describe
from registry.jobs.worker import Worker
from registry.kernel import clock
from registry.kernel.db import Database, new_id
from registry.kernel.errors import Conflict, NotFound
from registry.kernel.settings import Settings
from tests.registry.jobs.conftest import Work
from tests.registry.jobs.process import HANDLERS, MARKS, SECRET, mark, worker

HELPER = Claimant("helper", ("mark",), timedelta(seconds=15))
OTHER = Claimant("other", ("mark",), timedelta(seconds=15))
NOON = datetime(2026, 11, 2, 5, tzinfo=UTC)


def _never() -> bool:
    return False


def test_the_same_key_is_the_same_job_while_it_lives(work: Work) -> None:
    first = work.ask("mark", "a")
    assert work.ask("mark", "a") == first
    assert work.ask("mark", "b") != first
    assert work.ask("wait_and_mark", "a") != first
    queue.cancel(work.database, work.pulse, first, "steward")
    assert work.ask("mark", "a") != first


def test_one_job_comes_of_many_that_ask_at_once(work: Work) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(work.ask("mark", "a"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_job_asked_for_in_a_transaction_that_fails_is_not_there(work: Work) -> None:
    with pytest.raises(RuntimeError), work.database.transaction() as session:
        queue.enqueue(session, "mark", "a", {}, "steward")
        raise RuntimeError
    assert leases.claim(work.database, work.pulse, HELPER) is None


def test_no_job_begins_before_its_time(work: Work) -> None:
    with clock.fixed(NOON), work.database.transaction() as session:
        later = NOON + timedelta(hours=1)
        job = queue.enqueue(session, "mark", "a", {}, "steward", run_after=later)
    with clock.fixed(later - timedelta(seconds=1)):
        assert leases.claim(work.database, work.pulse, HELPER) is None
    with clock.fixed(later):
        claimed = leases.claim(work.database, work.pulse, HELPER)
    assert claimed is not None
    assert (claimed.id, claimed.state, claimed.attempts) == (job.id, "running", 1)


def test_a_worker_takes_up_only_what_it_can_do(work: Work) -> None:
    work.ask("hold_and_mark", steps=1)
    assert leases.claim(work.database, work.pulse, HELPER) is None


def test_a_job_that_is_cut_off_too_often_fails_and_says_so(work: Work) -> None:
    job = work.ask("mark")
    for attempt in range(1, queue.MOST_ATTEMPTS + 1):
        with clock.fixed(NOON.replace(year=2100) + timedelta(hours=attempt)):
            claimed = leases.claim(work.database, work.pulse, HELPER)
        assert claimed is not None
        assert claimed.attempts == attempt
    with clock.fixed(NOON.replace(year=2101)):
        assert leases.claim(work.database, work.pulse, HELPER) is None
    failed = work.job(job)
    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error["code"] == "interrupted"
    assert failed.error["vi"] != failed.error["en"]


def test_a_heartbeat_carries_the_lease_on(work: Work) -> None:
    job = work.ask("mark")
    with clock.fixed(NOON.replace(year=2100)):
        leases.claim(work.database, work.pulse, HELPER)
    with clock.fixed(NOON.replace(year=2101)):
        work.pulse.begin(job, HELPER.name)
        assert work.pulse.beat(job, HELPER.name, 1, None, None) is False
        assert leases.claim(work.database, work.pulse, OTHER) is None
    with clock.fixed(NOON.replace(year=2101) + timedelta(seconds=16)):
        taken = leases.claim(work.database, work.pulse, OTHER)
    assert taken is not None
    assert taken.worker == OTHER.name
    work.pulse.begin(job, OTHER.name)
    with pytest.raises(LeaseLost):
        work.pulse.beat(job, HELPER.name, 2, None, None)
    with pytest.raises(LeaseLost):
        leases.end(work.database, job, HELPER.name, "done", result={})
    with pytest.raises(LeaseLost), work.database.transaction() as session:
        leases.require_lease(session, job, HELPER.name)
    leases.end(work.database, job, OTHER.name, "done", result={})


def test_a_waiting_job_is_cancelled_at_once(work: Work) -> None:
    job = work.ask("mark")
    assert queue.cancel(work.database, work.pulse, job, "steward").state == "cancelled"
    assert queue.cancel(work.database, work.pulse, job, "steward").state == "cancelled"
    assert leases.claim(work.database, work.pulse, HELPER) is None


def test_whoever_takes_up_a_job_sees_that_it_was_cancelled(work: Work) -> None:
    # As where a publish held SQLite's write lock, so that only the pulse could be written.
    job = work.ask("mark")
    work.pulse.request_cancel(job, "steward")
    assert leases.claim(work.database, work.pulse, HELPER) is None
    assert work.job(job).state == "cancelled"


def test_a_locked_database_does_not_refuse_a_cancellation(work: Work) -> None:
    if work.database.dialect != "sqlite":
        job = work.ask("mark")
        with work.database.transaction() as session:
            session.execute(sa.select(Job.id).where(Job.id == job).with_for_update(key_share=True))
            work.pulse.request_cancel(job, "steward")
        return
    job = work.ask("mark")
    impatient = Database(str(work.database.engine.url), lock_seconds=0.2)
    other = sqlite3.connect(str(work.database.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert queue.cancel(impatient, work.pulse, job, "steward").state == "queued"
    other.close()
    impatient.close()
    assert leases.claim(work.database, work.pulse, HELPER) is None
    assert work.job(job).state == "cancelled"


def test_an_ended_job_is_neither_cancelled_nor_done_again(work: Work) -> None:
    job = work.ask("mark")
    assert worker(work.database).run(_never, once=True)
    with pytest.raises(Conflict):
        queue.cancel(work.database, work.pulse, job, "steward")
    with pytest.raises(Conflict):
        queue.retry(work.database, work.pulse, job)
    for unknown in (new_id(), "nonsense"):
        with pytest.raises(NotFound):
            queue.cancel(work.database, work.pulse, unknown, "steward")


def test_a_cancelled_job_can_be_retried_unless_another_took_its_place(work: Work) -> None:
    job = work.ask("mark", "a")
    queue.cancel(work.database, work.pulse, job, "steward")
    second = work.ask("mark", "a")
    with pytest.raises(Conflict):
        queue.retry(work.database, work.pulse, job)
    queue.cancel(work.database, work.pulse, second, "steward")
    assert queue.retry(work.database, work.pulse, job).state == "queued"
    assert worker(work.database).run(_never, once=True)
    assert (work.job(job).state, work.marks()) == ("done", [(job, 1)])


def test_an_error_that_is_meant_fails_the_job_in_both_languages(work: Work) -> None:
    job = work.ask("refuse")
    assert not worker(work.database).run(_never, once=True)
    assert work.job(job).error == {
        "code": "invalid",
        "vi": "Tệp hỏng.",
        "en": "The file is broken, attempt 1.",
    }


def test_a_busy_database_costs_no_attempt(work: Work) -> None:
    impatient = Database(
        work.database.engine.url.render_as_string(hide_password=False), lock_seconds=0.2
    )
    job = work.ask("mark")

    def meet_a_lock(context: JobContext) -> None:
        locked, done = threading.Event(), threading.Event()
        holder = threading.Thread(target=_hold, args=(work.database, locked, done))
        holder.start()
        locked.wait()
        try:
            mark(context)
        finally:
            done.set()
            holder.join()

    handlers = {"mark": meet_a_lock}
    assert Worker(impatient, Settings(), handlers).run(_never, once=True)
    impatient.close()
    held = work.job(job)
    assert (held.state, held.attempts) == ("queued", 0)
    assert held.run_after > held.created_at


def _hold(database: Database, locked: threading.Event, done: threading.Event) -> None:
    with database.transaction() as session:
        session.execute(MARKS.insert().values(job=new_id(), attempt=0))
        if database.dialect == "postgresql":
            session.execute(sa.text("LOCK TABLE mark"))
        locked.set()
        done.wait()
        session.rollback()


def test_no_fault_tells_of_a_person(work: Work, caplog: pytest.LogCaptureFixture) -> None:
    job = work.ask("fail", hint=SECRET)
    with caplog.at_level(logging.DEBUG):
        assert not worker(work.database).run(_never, once=True)
    failed = work.job(job)
    assert failed.error is not None
    assert failed.error["code"] == "internal"
    assert "process.py" in caplog.text
    told = f"{caplog.text} {failed.error} {describe(failed, work.pulse.read([job])[job])}"
    assert SECRET not in told


def test_two_workers_take_a_turn_of_recurring_work_once(work: Work) -> None:
    daily = [Recurring("mark", timedelta(days=1))]
    with clock.fixed(NOON):
        for _ in range(2):
            assert _recurring(work.database, daily).run(_never, once=True)
    assert len(work.marks()) == 1
    with clock.fixed(NOON + timedelta(days=1)):
        assert _recurring(work.database, daily).run(_never, once=True)
    assert len(work.marks()) == 2


def _recurring(database: Database, recurring: list[Recurring]) -> Worker:
    return Worker(database, Settings(), HANDLERS, recurring)


def test_a_day_of_recurring_work_begins_at_midnight_in_viet_nam() -> None:
    daily = Recurring("mark", timedelta(days=1))
    midnight = datetime(2026, 11, 1, 17, tzinfo=UTC)
    assert daily.turn(midnight) == daily.turn(midnight + timedelta(hours=23)) == midnight
    assert daily.turn(midnight - timedelta(seconds=1)) == midnight - timedelta(days=1)


def test_a_page_goes_on_where_the_one_before_ended(work: Work) -> None:
    asked = [work.ask("mark", str(number)) for number in range(5)]
    with work.database.reading() as session:
        page, cursor = queue.list_jobs(session, limit=3)
        rest, end = queue.list_jobs(session, before=cursor, limit=3)
        assert queue.list_jobs(session, "done") == ([], None)
    assert [job.id for job in (*page, *rest)] == asked[::-1]
    assert end is None


def test_the_pulse_lives_beside_a_sqlite_file_and_can_be_lost(work: Work) -> None:
    job = work.ask("mark")
    work.pulse.begin(job, "helper")
    if work.database.dialect == "postgresql":
        with work.database.reading() as session:
            assert session.scalar(sa.text("SELECT worker FROM job_pulse")) == "helper"
        return
    work.pulse.close()
    for path in _beside(work.database):
        path.unlink()
    with closing(Pulse(work.database)) as anew:
        assert anew.read([job]) == {}
    assert worker(work.database).run(_never, once=True)
    assert work.job(job).state == "done"


def _beside(database: Database) -> list[Path]:
    path = Path(str(database.engine.url.database))
    found = list(path.parent.glob(f"{path.name}.pulse*"))
    assert found
    return found
