"""Workers that a test can kill at any moment, each a fork of a process that has all imported.

So one is there in some hundredths of a second, and ten can die in a test.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Any, Literal

import sqlalchemy as sa

from datasets import checking, comparing, parallel, work
from datasets.models import Submission
from datasets.submissions import Uploads, require_submission
from registry.jobs import context, queue, worker
from registry.jobs.context import Handler, JobContext
from registry.jobs.models import LIVE, Job, JobPulse
from registry.jobs.pulse import Pulse
from registry.kernel.db import Database
from registry.kernel.rendered import render
from registry.kernel.settings import Settings

Fate = Literal[
    "lives",
    "dawdles",
    "never commits",
    "dies comparing",
    "dies before the last commit",
    "dies after the last commit",
]
LEASE = timedelta(seconds=0.5)
_FEW_ROWS, _READERS = 500, 2
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])
_LONGEST = 60.0
_DAWDLE_SECONDS = 0.005
_progress = JobContext.progress


def _die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _wait(*_: object) -> None:
    time.sleep(_LONGEST)


def _dying(handler: Handler) -> Handler:
    def handle(job: JobContext) -> None:
        handler(job)
        _die()

    return handle


def _dawdle(job: JobContext, *told: Any, **more: Any) -> None:
    time.sleep(_DAWDLE_SECONDS)
    _progress(job, *told, **more)


def _die_comparing(database: Database, submission: Submission, attempt: int, _: object) -> int:
    return comparing.compare(database, submission, attempt, _die)


# What stands in the place of what; the lease is held last in a transaction.
_FATES: Mapping[Fate, tuple[object, str, object]] = {
    "dawdles": (JobContext, "progress", _dawdle),
    "dies comparing": (checking, "compare", _die_comparing),
    "never commits": (context, "require_lease", _wait),
    "dies before the last commit": (context, "require_lease", _die),
}


def _work(url: str, uploads: str, fate: Fate, readers: bool) -> None:
    if readers:
        # Also of a small file, and however many processors there are.
        parallel._ALONE = _FEW_ROWS
        parallel._processors = lambda: _READERS
    worker.POLL_SECONDS = 0.05
    handlers = dict(work.HANDLERS)
    if fate in _FATES:
        setattr(*_FATES[fate])
    if fate == "dies after the last commit":
        handlers = {kind: _dying(handler) for kind, handler in handlers.items()}
    settings = Settings(environment="demo", database_url=url, upload_dir=uploads)
    worker.Worker(Database(url), settings, handlers, lease=LEASE).run(lambda: False)


class Mortals:
    """The workers of one database and the folder of its uploads."""

    def __init__(self, database: Database, uploads: Uploads) -> None:
        self.database, self.uploads = database, uploads
        self.pulse = Pulse(database)
        self._url = database.engine.url.render_as_string(hide_password=False)
        self.started: list[BaseProcess] = []
        self.last = ""
        """The job that a worker took up last."""

    def start(self, fate: Fate = "lives", *, readers: bool = False) -> BaseProcess:
        arguments = (self._url, str(self.uploads.folder), fate, readers)
        process = _FORKS.Process(target=_work, args=arguments, daemon=True)
        process.start()
        self.started.append(process)
        return process

    def close(self) -> None:
        for process in self.started:
            process.kill()
            process.join()
        self.pulse.close()

    def job(self, job_id: str) -> Job:
        with self.database.reading() as session:
            return queue.require_job(session, job_id)

    def told(self, job_id: str) -> JobPulse | None:
        return self.pulse.read([job_id]).get(job_id)

    def submission(self, submission_id: str) -> Submission:
        with self.database.reading() as session:
            return require_submission(session, submission_id)

    def ask_to_check(self, submission_id: str) -> str:
        with self.database.transaction() as session:
            found = require_submission(session, submission_id)
            return work.ask_to_check(session, found, "steward").id

    def ask_to_publish(self, submission_id: str) -> str:
        with self.database.transaction() as session:
            found = require_submission(session, submission_id)
            return work.ask_to_publish(session, found, "approver", "").id

    def finish(self, job_id: str) -> Job:
        """Have a worker do a job to its end, once more where it was cut off too often."""
        process = self.start()
        wait_for(lambda: self.job(job_id).state not in LIVE)
        if _was_cut_off(self.job(job_id)):
            queue.retry(self.database, self.pulse, job_id)
            wait_for(lambda: self.job(job_id).state not in LIVE)
        kill(process)
        return self.job(job_id)

    def die(self, ask: Callable[[], str], fate: Fate) -> float:
        """Let a worker take the job up and die by its fate; return after how many seconds."""
        process, begun = self._busy(ask, fate)
        process.join(_LONGEST)
        assert process.exitcode == -signal.SIGKILL
        return time.monotonic() - begun

    def kill_after(self, ask: Callable[[], str], seconds: float, fate: Fate = "lives") -> None:
        """Kill a worker so long after it took the job up."""
        process, begun = self._busy(ask, fate)
        time.sleep(max(0.0, seconds - (time.monotonic() - begun)))
        kill(process)

    def kill_among_readers(self, ask: Callable[[], str]) -> list[int]:
        """Kill a worker while others read for it; return those."""
        process, _ = self._busy(ask, "lives", readers=True)
        wait_for(lambda: len(children_of(process.pid)) == _READERS)
        readers = children_of(process.pid)
        kill(process)
        return readers

    def _busy(
        self, ask: Callable[[], str], fate: Fate, *, readers: bool = False
    ) -> tuple[BaseProcess, float]:
        """Start a worker; return it once it has the job, asked for anew where it was given up."""
        before = self.job(ask())
        process = self.start(fate, readers=readers)
        while (found := self.job(before.id)).attempts == before.attempts:
            if _was_cut_off(found):
                before = self.job(ask())
            time.sleep(0.01)
        self.last = found.id
        return process, time.monotonic()


def _was_cut_off(job: Job) -> bool:
    return job.state == "failed" and bool(job.error and job.error["code"] == "interrupted")


def kill(process: BaseProcess) -> None:
    process.kill()
    process.join()


def wait_for(what: Callable[[], bool], seconds: float = _LONGEST) -> float:
    """Return after how many seconds ``what`` came true."""
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - begun


def moments(count: int, duration: float, seed: int) -> list[float]:
    """Return moments at random, one in each ``count``th of a duration in seconds, in any order."""
    random = Random(seed)  # noqa: S311 - a choice, not a secret
    found = [(number + random.random()) * duration / count for number in range(count)]
    random.shuffle(found)
    return found


def children_of(pid: int | None) -> list[int]:
    """Return the processes that a process has started (Linux)."""
    return [
        int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat") if _ppid(path) == pid
    ]


def _ppid(stat: Path) -> int | None:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def alive(pids: Collection[int]) -> list[int]:
    """Return those of some processes that still run."""
    return [pid for pid in pids if Path(f"/proc/{pid}/stat").exists() and _running(pid)]


def _running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kept(
    session: Any, submission: Submission, tables: Collection[type[Any]]
) -> dict[str, tuple[str, ...]]:
    """Return all that the check that counts has written, but for what only numbers it."""
    found: dict[str, tuple[str, ...]] = {}
    for table in tables:
        columns = [c for c in table.__table__.c if c.name not in {"id", "submission", "attempt"}]
        rows = session.execute(
            sa.select(*columns).where(
                table.submission == submission.id, table.attempt == submission.attempt
            )
        )
        found[table.__tablename__] = tuple(sorted(str(list(map(_plain, row))) for row in rows))
    return found


def _plain(value: Any) -> Any:
    return render(value) if isinstance(value, Mapping) else value


@contextmanager
def mortals(database: Database, uploads: Uploads) -> Iterator[Mortals]:
    """Give workers, none of which outlives the test."""
    made = Mortals(database, uploads)
    try:
        yield made
    finally:
        made.close()
