"""A migrated database with the table of marks, and worker processes on it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import migrations
from registry.jobs import queue
from registry.jobs.models import Job
from registry.jobs.pulse import Pulse
from registry.kernel.db import Database
from tests.registry.jobs.process import MARKS

ROOT = Path(__file__).parents[3]


class Work:
    """Jobs of one database, as a test asks for them and looks at them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.pulse = Pulse(database)
        self.processes: list[subprocess.Popen[bytes]] = []

    def ask(self, kind: str, key: str = "", **payload: Any) -> str:
        with self.database.transaction() as session:
            return queue.enqueue(session, kind, key, payload, "steward").id

    def job(self, job_id: str) -> Job:
        with self.database.reading() as session:
            return queue.require_job(session, job_id)

    def marks(self) -> list[tuple[str, int]]:
        with self.database.reading() as session:
            return [(row.job, row.attempt) for row in session.execute(sa.select(MARKS))]

    def start(self, *, lease: float = 15, idle_exit: float = 600) -> subprocess.Popen[bytes]:
        url = self.database.engine.url.render_as_string(hide_password=False)
        module = "tests.registry.jobs.process"
        process = subprocess.Popen(  # noqa: S603 - our own worker
            [sys.executable, "-m", module, url, str(lease), str(idle_exit)], cwd=ROOT
        )
        self.processes.append(process)
        return process

    def wait_for(self, what: Callable[[], bool], seconds: float) -> float:
        """Return after how many seconds ``what`` came true."""
        begun = time.monotonic()
        while not what():
            took = time.monotonic() - begun
            assert took < seconds, f"not within {seconds} s"
            time.sleep(0.05)
        return time.monotonic() - begun

    def wait_until_busy(self, job_id: str) -> None:
        """Wait until a job's first steps were told."""
        self.wait_for(
            lambda: (told := self.pulse.read([job_id]).get(job_id)) is not None and told.done > 0,
            20,
        )


@pytest.fixture
def work(database: Database) -> Iterator[Work]:
    migrations.upgrade(database)
    MARKS.create(database.engine)
    made = Work(database)
    yield made
    for process in made.processes:
        process.kill()
        process.wait()
    made.pulse.close()
