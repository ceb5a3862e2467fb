"""What is done in the background, and the processes that do it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.process import BaseProcess

from registry.civil_status.changes import refresh_marital_status
from registry.civil_status.surroundings import list_people
from registry.jobs.context import Handler, JobContext
from registry.jobs.schedule import Recurring
from registry.jobs.worker import Worker
from registry.kernel.db import Database
from registry.kernel.settings import Settings

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_STOP_SECONDS = 10
_WATCH_SECONDS = 0.2
_PEOPLE = 500


def refresh_people_of_acts(context: JobContext) -> dict[str, int]:
    """Work out anew what acts decide of whoever they name, some hundreds in each transaction.

    Some have come of age or moved since their acts were written, or books have arrived. Whom no
    act names is left as the citizens' own file has them.
    """
    done = changed = 0
    last = None
    while True:
        with context.database.transaction() as session:
            people = list_people(session, last, _PEOPLE)
            changed += refresh_marital_status(session, people, source="refresh", load=None)
            context.fence(session)
        if not people:
            return {"citizens": done, "changed": changed}
        last = people[-1]
        done += len(people)
        context.progress(done)


HANDLERS: Mapping[str, Handler] = {"refresh_marital_status": refresh_people_of_acts}
RECURRING: Sequence[Recurring] = (Recurring("refresh_marital_status", timedelta(days=1)),)


def work(
    settings: Settings,
    *,
    once: bool = False,
    idle_exit: float | None = None,
    level: int = logging.INFO,
    parent: int | None = None,
) -> bool:
    """Run jobs until SIGTERM or SIGINT, or until the process ``parent`` is gone.

    The job at hand is given back then, at its next word of progress. Returns whether none failed.
    """
    asked = []
    for number in _SIGNALS:
        signal.signal(number, lambda number, _: asked.append(number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    _log_plainly(level)
    database = Database(
        settings.database_url,
        synchronous=settings.sqlite_synchronous,
        pool_size=settings.pool_size,
    )
    worker = Worker(database, settings, HANDLERS, RECURRING)
    try:
        return worker.run(
            lambda: bool(asked) or (parent is not None and os.getppid() != parent),
            once=once,
            idle_exit=idle_exit,
        )
    finally:
        database.close()


def _log_plainly(level: int) -> None:
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(message)s")
    logging.getLogger("sogoc").setLevel(level)


def _work_below(
    settings: Settings, parent: int, once: bool, idle: float | None, level: int
) -> None:
    fine = work(settings, once=once, idle_exit=idle, level=level, parent=parent)
    sys.exit(0 if fine else 1)


@contextmanager
def workers(
    settings: Settings,
    count: int,
    *,
    once: bool = False,
    idle_exit: float | None = None,
    level: int = logging.INFO,
) -> Iterator[Sequence[BaseProcess]]:
    """Run ``count`` workers beside this process; they end with the block, or with this process."""
    context = multiprocessing.get_context("spawn")
    arguments = (settings, os.getpid(), once, idle_exit, level)
    running = [
        context.Process(target=_work_below, args=arguments, name=f"worker-{number}")
        for number in range(1, count + 1)
    ]
    # A Ctrl-C is held back until the new process can hear it in its own way.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        for process in running:
            process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    try:
        yield running
    finally:
        _stop(running)


def _stop(running: Sequence[BaseProcess]) -> None:
    for process in running:
        if process.is_alive():
            process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for process in running:
        process.join(max(0, deadline - time.monotonic()))
        if process.is_alive():
            # Whatever it holds is taken up again when its lease ends.
            process.kill()
            process.join()


def work_together(settings: Settings, count: int, *, once: bool, idle_exit: float | None) -> bool:
    """Run ``count`` workers until a signal or their own end; return whether none failed."""
    asked: list[int] = []
    with (
        _hearing(asked.append),
        workers(settings, count, once=once, idle_exit=idle_exit) as running,
    ):
        while not asked and any(process.is_alive() for process in running):
            time.sleep(_WATCH_SECONDS)
    return all(process.exitcode == 0 for process in running)


@contextmanager
def _hearing(tell: Callable[[int], None]) -> Iterator[None]:
    before = [signal.signal(number, lambda number, _: tell(number)) for number in _SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)
