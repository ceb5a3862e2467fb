"""What is done in the background, and the process that does it."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from auth.keys import KeyRing
from datasets import work as work_on_datasets
from registry.civil_status.changes import refresh_marital_status
from registry.civil_status.surroundings import list_people
from registry.jobs.context import Handler, JobContext
from registry.jobs.schedule import Recurring
from registry.jobs.worker import Worker
from registry.kernel.db import Database
from registry.kernel.settings import Settings
from registry.prefill.notices import Watch, notice_changes
from registry.prefill.transforms import TRANSFORMS
from registry.prefill.values_today import reader

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# Few enough that a request on SQLite waits for the write lock no longer than half a second.
_PEOPLE = 100
_PREFILLS = 200


def refresh_people_of_acts(context: JobContext) -> dict[str, int]:
    """Work out anew what acts decide of whoever they name, a hundred in each transaction.

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


def notice_prefill_changes(context: JobContext) -> dict[str, int]:
    """Tell clients, by signed notices, which values of their open prefills have changed."""
    settings = context.settings

    @cache
    def keys() -> KeyRing:
        # Opened where there is something to sign, which is seldom.
        return KeyRing.open(Path(settings.key_file), settings.key_secret)

    def sign(kind: str, claims: Mapping[str, Any]) -> str:
        return keys().sign(kind, claims)

    watch = Watch(sign, settings.issuer, reader(TRANSFORMS))
    looked = told = 0
    last = None
    while True:
        with context.database.transaction() as session:
            step = notice_changes(session, watch, last, _PREFILLS)
            context.fence(session)
        looked, told, last = looked + step.looked, told + step.told, step.last
        context.progress(looked)
        if last is None:
            return {"prefills": looked, "told": told}


HANDLERS: Mapping[str, Handler] = {
    "refresh_marital_status": refresh_people_of_acts,
    "notice_prefill_changes": notice_prefill_changes,
    **work_on_datasets.HANDLERS,
}
RECURRING: Sequence[Recurring] = (
    Recurring("refresh_marital_status", timedelta(days=1)),
    Recurring("notice_prefill_changes", timedelta(minutes=5)),
    *work_on_datasets.RECURRING,
)


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
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
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
