"""Real worker processes: none does another's work twice, whatever becomes of either."""

from __future__ import annotations

import signal
import time
from collections import Counter

from registry.jobs import queue
from registry.kernel.clock import now
from tests.registry.jobs.conftest import Work

SHORT = 1.0


def test_four_workers_run_every_job_just_once(work: Work) -> None:
    asked = [work.ask("mark", str(number)) for number in range(40)]
    for process in [work.start(idle_exit=0.5) for _ in range(4)]:
        assert process.wait(60) == 0
    assert Counter(work.marks()) == Counter((job, 1) for job in asked)
    assert {work.job(job).state for job in asked} == {"done"}
    assert work.job(asked[0]).result == {"attempt": 1}


def test_a_killed_workers_job_is_taken_up_again_and_done_once(work: Work) -> None:
    job = work.ask("hold_and_mark", steps=40)
    first = work.start(lease=SHORT)
    work.wait_until_busy(job)
    work.start(lease=SHORT)
    first.kill()
    work.wait_for(lambda: work.job(job).attempts == 2, SHORT + 5)
    work.wait_for(lambda: work.job(job).state == "done", 10)
    assert work.marks() == [(job, 2)]


def test_a_worker_that_wakes_up_after_its_lease_keeps_nothing(work: Work) -> None:
    job = work.ask("wait_and_mark", steps=30)
    sleeper = work.start(lease=SHORT)
    work.wait_until_busy(job)
    sleeper.send_signal(signal.SIGSTOP)
    work.start(lease=SHORT)
    work.wait_for(lambda: work.job(job).state == "done", SHORT + 10)
    sleeper.send_signal(signal.SIGCONT)
    sleeper.send_signal(signal.SIGTERM)
    assert sleeper.wait(20) == 0
    assert work.marks() == [(job, 2)]
    assert work.job(job).result == {"attempt": 2}


def test_a_cancelled_job_ends_within_five_seconds_and_leaves_nothing(work: Work) -> None:
    # On SQLite the handler holds the only write lock all the while.
    job = work.ask("hold_and_mark", steps=1000)
    work.start()
    work.wait_until_busy(job)
    assert queue.cancel(work.database, work.pulse, job, "steward").state == "running"
    assert work.wait_for(lambda: work.job(job).state == "cancelled", 5) < 5
    assert work.marks() == []


def test_progress_is_no_more_than_two_seconds_old(work: Work) -> None:
    job = work.ask("hold_and_mark", steps=200)
    work.start()
    work.wait_until_busy(job)
    seen = []
    for _ in range(30):
        told = work.pulse.read([job])[job]
        assert told.beat_at is not None
        assert (now() - told.beat_at).total_seconds() <= 2
        seen.append(told.done)
        time.sleep(0.1)
    assert (told.total, told.phase) == (200, "walking")
    assert len(set(seen)) > 3


def test_a_stopped_worker_gives_its_job_back(work: Work) -> None:
    job = work.ask("hold_and_mark", steps=1000)
    process = work.start()
    work.wait_until_busy(job)
    assert [worker.name for worker in work.pulse.workers()] == [work.job(job).worker]
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    given = work.job(job)
    # An attempt that was given back is none that went wrong.
    assert (given.state, given.attempts) == ("queued", 0)
    assert work.marks() == []
    assert work.pulse.workers() == []
