"""A worker process of the tests: ``python -m tests.registry.jobs.process URL LEASE IDLE_EXIT``.

Its handlers leave a mark in a table for each time that they come to their end.
"""

from __future__ import annotations

import signal
import sys
import time
from datetime import timedelta

import sqlalchemy as sa

from registry.jobs.context import Handler, JobContext
from registry.jobs.worker import Worker
from registry.kernel.db import Database
from registry.kernel.errors import Invalid, Text
from registry.kernel.settings import Settings

MARKS = sa.Table(
    "mark",
    sa.MetaData(),
    sa.Column("job", sa.Uuid(as_uuid=False)),
    sa.Column("attempt", sa.Integer),
)
STEP_SECONDS = 0.05
SECRET = "900190000102"  # noqa: S105 - a made-up personal id, which nothing may tell


def mark(context: JobContext) -> dict[str, int]:
    """Leave a mark, and nothing else."""
    with context.database.transaction() as session:
        session.execute(MARKS.insert().values(job=context.job_id, attempt=context.attempt))
        context.fence(session)
    return {"attempt": context.attempt}


def wait_and_mark(context: JobContext) -> dict[str, int]:
    """Take some steps, then leave a mark."""
    _walk(context)
    return mark(context)


def hold_and_mark(context: JobContext) -> dict[str, int]:
    """Take the steps inside the transaction that leaves the mark, as a publish does."""
    with context.database.transaction() as session:
        session.execute(MARKS.insert().values(job=context.job_id, attempt=context.attempt))
        _walk(context)
        context.fence(session)
    return {"attempt": context.attempt}


def _walk(context: JobContext) -> None:
    steps = int(context.payload["steps"])
    for step in range(1, steps + 1):
        context.progress(step, steps, "walking")
        time.sleep(STEP_SECONDS)


def fail(context: JobContext) -> None:
    """Meet a fault that names somebody."""
    raise RuntimeError(f"no such person: {SECRET} {context.payload}")


def refuse(context: JobContext) -> None:
    """Meet an error that the product means."""
    raise Invalid(Text("Tệp hỏng.", f"The file is broken, attempt {context.attempt}."))


HANDLERS: dict[str, Handler] = {
    "mark": mark,
    "wait_and_mark": wait_and_mark,
    "hold_and_mark": hold_and_mark,
    "fail": fail,
    "refuse": refuse,
}


def worker(database: Database, lease: float = 15) -> Worker:
    """Return a worker with these handlers."""
    return Worker(database, Settings(), HANDLERS, lease=timedelta(seconds=lease))


def main() -> None:
    """Work until SIGTERM."""
    url, lease, idle_exit = sys.argv[1:]
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    database = Database(url)
    worker(database, float(lease)).run(lambda: bool(asked), idle_exit=float(idle_exit))


if __name__ == "__main__":
    main()
