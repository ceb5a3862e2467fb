"""The loop of a worker: take a job up, run its handler, say how it ended."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from registry.jobs import leases, queue
from registry.jobs.context import Cancelled, Handler, Heartbeat, JobContext, Released, Run
from registry.jobs.leases import Claimant
from registry.jobs.models import Job
from registry.jobs.pulse import LeaseLost, Pulse
from registry.jobs.schedule import Recurring
from registry.kernel.clock import now
from registry.kernel.db import Database, is_busy, new_id
from registry.kernel.errors import SogocError, Unavailable, places_of
from registry.kernel.settings import Settings

logger = logging.getLogger("sogoc.jobs")
POLL_SECONDS = 0.5
_ANNOUNCE_SECONDS = 5
_SOON = timedelta(seconds=1)
_LATER = timedelta(seconds=5)
_AT_ONCE = timedelta(0)


class Worker:
    """One process that runs jobs, one at a time; its name is like no other's."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        handlers: Mapping[str, Handler],
        recurring: Sequence[Recurring] = (),
        lease: timedelta | None = None,
    ) -> None:
        self._database, self._settings = database, settings
        self._handlers, self._recurring = handlers, recurring
        self._pulse = Pulse(database)
        self._who = Claimant(
            f"{socket.gethostname()}-{os.getpid()}-{new_id()[-6:]}",
            frozenset(handlers),
            lease or timedelta(seconds=settings.job_lease_seconds),
        )
        self._started_at = now()
        self._announced = float("-inf")
        self._turns: dict[str, datetime] = {}

    def run(
        self,
        stopping: Callable[[], bool],
        *,
        once: bool = False,
        idle_exit: float | None = None,
    ) -> bool:
        """Run jobs until ``stopping``; return whether none of them failed.

        ``once``: at most one job, if one is due. ``idle_exit``: until nothing has been due for
        that many seconds.
        """
        fine, idle_since = True, time.monotonic()
        logger.info("worker %s: %s", self._who.name, ", ".join(sorted(self._handlers)))
        while not stopping():
            job = self._next()
            if job is not None:
                fine = self._run(job, stopping) and fine
                idle_since = time.monotonic()
            if once or (job is None and self._idle_too_long(idle_since, idle_exit)):
                break
            if job is None:
                time.sleep(POLL_SECONDS)
        self._leave()
        return fine

    @staticmethod
    def _idle_too_long(since: float, limit: float | None) -> bool:
        return limit is not None and time.monotonic() - since >= limit

    def _leave(self) -> None:
        try:
            self._pulse.leave(self._who.name)
        except sa.exc.SQLAlchemyError as error:
            logger.warning("worker %s: %s", self._who.name, type(error).__name__)
        self._pulse.close()
        logger.info("worker %s stopped", self._who.name)

    def _next(self) -> Job | None:
        try:
            self._announce()
            self._take_turns()
            return leases.claim(self._database, self._pulse, self._who)
        except sa.exc.DBAPIError as error:
            if not is_busy(error):
                logger.warning("database: %s", type(error).__name__)
        except sa.exc.SQLAlchemyError as error:
            logger.warning("database: %s", type(error).__name__)
        return None

    def _announce(self) -> None:
        if time.monotonic() - self._announced >= _ANNOUNCE_SECONDS:
            self._announced = time.monotonic()
            self._pulse.announce(self._who.name, self._started_at)

    def _take_turns(self) -> None:
        moment = now()
        for work in self._recurring:
            turn = work.turn(moment)
            if self._turns.get(work.kind) != turn:
                with self._database.transaction() as session:
                    queue.enqueue_turn(session, work.kind, turn)
                self._turns[work.kind] = turn

    def _run(self, job: Job, stopping: Callable[[], bool]) -> bool:
        """Run one job to whatever end; return False if it failed."""
        logger.info("job %s %s: attempt %d", job.id, job.kind, job.attempts)
        run = Run(job.id, self._who.name)
        try:
            with Heartbeat(self._pulse, run, self._who.lease, self._announce) as heart:
                settle, state = self._handle(job, run, stopping)
                # How far it came is told before that it has ended.
                heart.beat()
                self._insist(settle, run, stopping)
        except LeaseLost:
            logger.warning("job %s: another worker has it", job.id)
            return True
        except sa.exc.SQLAlchemyError as error:
            logger.warning("job %s left to its lease: %s", job.id, type(error).__name__)
            return True
        logger.info("job %s %s: %s", job.id, job.kind, state)
        return state != "failed"

    def _handle(
        self, job: Job, run: Run, stopping: Callable[[], bool]
    ) -> tuple[Callable[[], None], str]:
        """Call the handler; return what writes down how it ended, and in which state."""
        context = JobContext(
            self._database, self._settings, job.id, job.attempts, job.payload, run, stopping
        )
        try:
            result = self._handlers[job.kind](context)
        except Cancelled:
            return self._end(job, "cancelled"), "cancelled"
        except Released:
            return self._release(job, _AT_ONCE, counts=False), "released"
        except LeaseLost:
            raise
        except SogocError as error:
            return self._end(job, "failed", error=leases.error_of(error)), "failed"
        except sa.exc.DBAPIError as error:
            return self._after_fault(job, error)
        except Exception as error:
            # The message may hold personal values; where it came from does not.
            logger.error("job %s %s %s", job.id, type(error).__name__, places_of(error))  # noqa: TRY400
            return self._end(job, "failed", error=leases.error_of(SogocError())), "failed"
        return self._end(job, "done", result=result), "done"

    def _after_fault(self, job: Job, error: sa.exc.DBAPIError) -> tuple[Callable[[], None], str]:
        """Try again where the database was busy or gone: neither is the job's own fault."""
        if is_busy(error):
            return self._release(job, _SOON, counts=False), "released: the database is busy"
        logger.error("job %s %s %s", job.id, type(error).__name__, places_of(error))
        gone = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
        if gone and job.attempts < job.max_attempts:
            return self._release(job, _LATER, counts=True), "released: no database"
        fault = Unavailable() if gone else SogocError()
        return self._end(job, "failed", error=leases.error_of(fault)), "failed"

    def _end(self, job: Job, state: str, **values: Any) -> Callable[[], None]:
        return lambda: leases.end(self._database, job.id, self._who.name, state, **values)

    def _release(self, job: Job, after: timedelta, *, counts: bool) -> Callable[[], None]:
        return lambda: leases.release(self._database, job.id, self._who.name, after, counts=counts)

    @staticmethod
    def _insist(settle: Callable[[], None], run: Run, stopping: Callable[[], bool]) -> None:
        """Write down how a job ended, as soon as the database lets us; the lease goes on."""
        while True:
            try:
                return settle()
            except sa.exc.DBAPIError:
                if run.lost or stopping():
                    raise
                time.sleep(POLL_SECONDS)
