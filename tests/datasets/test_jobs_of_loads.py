"""Checks and releases in the background: cancelled in time, never twice, never what may not be."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from datasets import publishing, review, submissions
from datasets.models import RegistryVersion, Release, StagedChange
from registry.citizens.changes import LEDGER
from registry.jobs.models import LIVE
from registry.kernel.clock import now
from registry.kernel.db import Database
from tests.conftest import Service
from tests.datasets.mortal import Mortals, mortals, wait_for
from tests.datasets.rows import CITIZEN
from tests.datasets.test_submissions import BAYS_ROW, Desk

CANCEL_SECONDS = 5
OLDEST_PROGRESS = 2
MANY = 6000


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path)


@pytest.fixture
def workers(desk: Desk) -> Iterator[Mortals]:
    with mortals(desk.database, desk.uploads) as made:
        yield made


def _many(count: int = MANY) -> list[dict[str, str]]:
    return [CITIZEN | {"personal_id": f"900190{number:06d}"} for number in range(1, count + 1)]


def _approved(desk: Desk, *rows: dict[str, str]) -> str:
    submission = desk.submit("citizens", *rows)
    desk.check(submission)
    desk.approve(submission)
    return submission


def _state(desk: Desk, submission: str) -> str:
    with desk.database.reading() as session:
        return submissions.require_submission(session, submission).state


def _busy(workers: Mortals, job: str, phase: str) -> None:
    wait_for(lambda: (told := workers.told(job)) is not None and told.phase == phase)


@pytest.mark.parametrize("kind", ["check", "publish"])
def test_a_cancelled_job_stops_in_time_and_leaves_nothing_half_done(
    service: Service, tmp_path: Path, kind: str
) -> None:
    desk = Desk(service.database, tmp_path)
    rows = _many()
    submission = desk.submit("citizens", *rows) if kind == "check" else _approved(desk, *rows)
    before = _state(desk, submission)
    with mortals(desk.database, desk.uploads) as workers:
        ask = workers.ask_to_check if kind == "check" else workers.ask_to_publish
        job = ask(submission)
        workers.start("dawdles")
        _busy(workers, job, kind)
        for _ in range(10):
            # Also on SQLite, where a publish holds the only write lock.
            told = workers.told(job)
            assert told is not None
            assert told.beat_at is not None
            assert now() - told.beat_at < timedelta(seconds=OLDEST_PROGRESS)
            time.sleep(0.1)
        answer = service.call("POST", f"/v1/jobs/{job}/cancel")
        assert (answer.status_code, answer.get_json()["state"]) == (200, "running")
        took = wait_for(lambda: workers.job(job).state not in LIVE, 2 * CANCEL_SECONDS)
        assert workers.job(job).state == "cancelled"
        assert took < CANCEL_SECONDS
        assert _state(desk, submission) == before
        assert desk.count(Release) == desk.count(LEDGER.records) == 0
        if kind == "publish":
            assert desk.count(StagedChange) == MANY
    if kind == "check":
        checked = desk.check(submission)
        assert (checked.rows_valid, desk.count(StagedChange)) == (MANY, MANY)
    else:
        assert desk.publish(submission).counts["added"] == MANY


def test_two_releases_at_once_come_one_after_the_other(desk: Desk, workers: Mortals) -> None:
    loads = [_approved(desk, row) for row in (CITIZEN, BAYS_ROW)]
    jobs = [workers.ask_to_publish(load) for load in loads]
    for _ in range(2):
        workers.start()
    wait_for(lambda: all(workers.job(job).state not in LIVE for job in jobs))
    assert [workers.job(job).state for job in jobs] == ["done", "done"]
    with desk.database.reading() as session:
        releases = publishing.list_releases(session)
        assert session.scalar(sa.select(RegistryVersion.number)) == 2
    assert [release.number for release in releases] == [1, 2]
    assert {release.submission for release in releases} == set(loads)


def test_one_submission_is_one_release_whoever_publishes_it(desk: Desk) -> None:
    load = _approved(desk, CITIZEN)
    done: list[int] = []
    refused: list[Exception] = []
    start = threading.Barrier(2)

    def publish() -> None:
        start.wait()
        try:
            done.append(desk.publish(load).number)
        except Exception as error:
            refused.append(error)

    threads = [threading.Thread(target=publish) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [1]
    assert [type(error).__name__ for error in refused] == ["Conflict"]
    assert desk.count(Release) == desk.count(LEDGER.versions) == 1


def test_asking_twice_to_publish_is_one_job(desk: Desk, workers: Mortals) -> None:
    load = _approved(desk, CITIZEN)
    first = workers.ask_to_publish(load)
    assert workers.ask_to_publish(load) == first
    for _ in range(2):
        workers.start()
    wait_for(lambda: workers.job(first).state == "done")
    assert desk.count(Release) == 1


def test_what_is_returned_before_its_turn_is_not_published(desk: Desk, workers: Mortals) -> None:
    load = _approved(desk, CITIZEN)
    job = workers.ask_to_publish(load)
    with desk.database.transaction() as session:
        review.return_(session, load, "approver", "sai phường")
    ended = workers.finish(job)
    assert ended.state == "failed"
    assert ended.error is not None
    assert ended.error["code"] == "conflict"
    assert "second person approved" in ended.error["en"]
    assert desk.count(Release) == desk.count(LEDGER.records) == 0


def test_two_workers_publish_at_the_hour_once(desk: Desk, workers: Mortals) -> None:
    load = _approved(desk, CITIZEN)
    with desk.database.transaction() as session:
        publishing.schedule(session, load, "approver", now() + timedelta(seconds=2))
    job = workers.ask_to_publish(load)
    for _ in range(2):
        workers.start()
    time.sleep(1)
    assert workers.job(job).state == "queued"
    wait_for(lambda: workers.job(job).state not in LIVE)
    found = workers.job(job)
    assert (found.state, found.attempts) == ("done", 1)
    assert desk.count(Release) == 1
