"""kill -9 at any moment: another worker goes on, nothing is lost, nothing is there by halves."""

from __future__ import annotations

import csv
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from datasets import publishing, review, rollbacks, submissions
from datasets.checking import _PER_ATTEMPT
from datasets.formats import Options
from datasets.models import RegistryVersion, Release, Submission
from datasets.synthetic import files
from registry.citizens.changes import LEDGER
from registry.kernel.db import Database, JsonText
from tests.datasets.mortal import Mortals, alive, kept, moments, mortals, wait_for
from tests.datasets.planted import plant
from tests.datasets.test_submissions import Desk

PEOPLE, KNOWN, ERRORS = 2000, 1000, 200
KILLS, KILLS_OF_ROLLBACK = 10, 3
SEED = 2026


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give files: of everybody, of everybody with errors, and of how half of them were before."""
    folder = tmp_path_factory.mktemp("made")
    [everybody] = files.generate("citizens", PEOPLE, SEED, folder)
    plant(everybody, folder / "planted.csv", ERRORS, SEED)
    with everybody.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:KNOWN]
    with (folder / "before.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"religion": "Công giáo", "blood_type": ""} for row in rows)
    return folder


@pytest.fixture
def desk(database: Database, tmp_path: Path, made: Path) -> Desk:
    """Give a desk at whose register half of the people are known."""
    found = Desk(database, tmp_path)
    found.load_path("citizens", made / "before.csv")
    return found


@pytest.fixture
def workers(desk: Desk) -> Iterator[Mortals]:
    with mortals(desk.database, desk.uploads) as made:
        yield made


def _results(workers: Mortals, submission_id: str) -> Any:
    """Return what counts of a submission's check; None where none was finished."""
    with workers.database.reading() as session:
        found = submissions.require_submission(session, submission_id)
        if found.state != "checked":
            assert (found.state, found.attempt, found.rows_read) == ("submitted", None, None)
            return None
        numbers = found.rows_read, found.rows_valid, found.rows_rejected, found.rows_skipped
        told = kept(session, found, _PER_ATTEMPT)
        return numbers, found.digest, found.unusual, tuple(told.items())


def _attempts_kept(workers: Mortals, submission: Submission) -> set[int]:
    with workers.database.reading() as session:
        return {
            attempt
            for table in _PER_ATTEMPT
            for attempt in session.scalars(
                sa.select(table.attempt).where(table.submission == submission.id).distinct()
            )
        }


def test_a_check_that_is_killed_ten_times_finds_what_one_in_peace_finds(
    desk: Desk, workers: Mortals, made: Path
) -> None:
    in_peace = desk.submit_path("citizens", made / "planted.csv")
    desk.check(in_peace)
    expected = _results(workers, in_peace)
    assert expected[0][0] == PEOPLE
    with desk.database.transaction() as session:
        # The same, told otherwise, so that it is another submission.
        told = Options(delimiter=",")
        killed = submissions.submit(
            session, desk.uploads, "citizens", made / "planted.csv", "steward", told
        ).id

    def ask() -> str:
        return workers.ask_to_check(killed)

    workers.die(ask, "dies comparing")
    took = workers.die(ask, "dies before the last commit")
    assert _results(workers, killed) is None
    for moment in moments(KILLS, took, SEED):
        workers.kill_after(ask, moment)
        assert _results(workers, killed) in {None, expected}
    readers = workers.kill_among_readers(ask)
    wait_for(lambda: not alive(readers))
    job = workers.finish(ask())
    assert job.state == "done", job.error
    assert _results(workers, killed) == expected
    finished = workers.submission(killed)
    assert finished.attempts > KILLS
    assert _attempts_kept(workers, finished) <= {finished.attempt, finished.earlier_attempt}
    _dies_when_all_is_done(workers, killed, expected)


def _dies_when_all_is_done(workers: Mortals, submission_id: str, expected: Any) -> None:
    """A check that counts is not made again for a worker that could not say so."""
    workers.die(lambda: workers.ask_to_check(submission_id), "dies after the last commit")
    attempts = workers.submission(submission_id).attempts
    assert workers.finish(workers.last).state == "done"
    assert workers.submission(submission_id).attempts == attempts
    assert _results(workers, submission_id) == expected


_State = tuple[int | None, ...]


def _state(database: Database, load: str) -> _State:
    """Return the release number and what a load has written, as one snapshot has them."""
    versions, records = LEDGER.versions, LEDGER.records
    count = sa.func.count()
    wanted = (
        sa.select(RegistryVersion.number),
        sa.select(count).select_from(records).where(records.document != sa.literal({}, JsonText)),
        sa.select(count).where(versions.load == load),
        sa.select(count).where(versions.superseded_at.is_(None)),
        sa.select(count).where(Release.submission == load),
    )
    with database.reading() as session:
        return tuple(session.scalar(query) for query in wanted)


@contextmanager
def _watching(database: Database, load: str) -> Iterator[list[_State]]:
    """Read again and again meanwhile; give every state that was seen, in order."""
    seen: list[_State] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            seen.append(_state(database, load))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def _approved(desk: Desk, submission_id: str) -> str:
    with desk.database.transaction() as session:
        review.open_unusual(session, submission_id, "approver")
        review.approve(session, submission_id, "approver")
    return submission_id


def _publish_under_fire(desk: Desk, workers: Mortals, load: str, kills: int) -> Release:
    """Kill workers that publish, and look on; return the one release that comes of it."""
    before = _state(desk.database, load)

    def ask() -> str:
        return workers.ask_to_publish(load)

    with _watching(desk.database, load) as seen:
        took = workers.die(ask, "dies before the last commit")
        for moment in moments(kills, took, SEED):
            workers.kill_after(ask, moment, "never commits")
        assert set(seen) == {before}, "nothing of what was cut off may be seen"
        # About when it commits, and once it has.
        workers.kill_after(ask, took)
        if workers.submission(load).state != "published":
            workers.die(ask, "dies after the last commit")
        job = workers.finish(workers.last)
        assert job.state == "done", job.error
        after = _state(desk.database, load)
        wait_for(lambda: seen[-1] == after)
    # All of the old, then all of the new.
    assert set(seen) == {before, after}
    assert seen == sorted(seen, key=lambda state: state == after)
    with desk.database.reading() as session:
        releases = publishing.list_releases(session)
    assert [release.number for release in releases] == list(range(1, len(releases) + 1))
    [release] = [each for each in releases if each.submission == load]
    assert job.result == {
        "release": release.id,
        "number": release.number,
        "counts": release.counts,
    }
    return release


def test_a_publish_that_is_killed_ten_times_is_one_release(
    desk: Desk, workers: Mortals, made: Path
) -> None:
    shutil.copy(made / "citizens.csv", desk.folder / "citizens.csv")
    load = desk.submit_path("citizens", desk.folder / "citizens.csv")
    desk.check(load)
    release = _publish_under_fire(desk, workers, _approved(desk, load), KILLS)
    assert release.number == 2
    assert release.counts["added"] == PEOPLE - KNOWN
    assert release.counts["changed"] + release.counts["unchanged"] == KNOWN
    _, people, written, _, _ = _state(desk.database, load)
    assert people == PEOPLE
    with desk.database.reading() as session:
        table = LEDGER.versions
        twice = session.execute(
            sa.select(table.record)
            .where(table.load == load, table.superseded_at.is_(None))
            .group_by(table.record, table.valid_from)
            .having(sa.func.count() > 1)
        ).all()
    assert not twice
    assert written
    _roll_back_under_fire(desk, workers, release)


def _roll_back_under_fire(desk: Desk, workers: Mortals, release: Release) -> None:
    """What was there before the release is there again, once, however often workers are killed."""
    with desk.database.transaction() as session:
        load = rollbacks.propose_rollback(session, release, "steward").id
    undone = _publish_under_fire(desk, workers, _approved(desk, load), KILLS_OF_ROLLBACK)
    assert (undone.number, undone.undoes) == (3, release.id)
    assert undone.counts["citizen"]["vanish"] == PEOPLE - KNOWN
    assert _state(desk.database, load)[1] == KNOWN
