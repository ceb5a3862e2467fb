"""What a handler is given, and the heartbeat that keeps its lease.

A handler must be idempotent: a worker can be killed after the handler's last commit and before
the job is marked done, and then another worker runs the handler again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.jobs.leases import require_lease
from registry.jobs.pulse import LeaseLost, Pulse
from registry.kernel.db import Database
from registry.kernel.settings import Settings

logger = logging.getLogger("sogoc.jobs")
_BEAT_SECONDS = 0.5
# A lease must outlive some beats that come late.
_BEATS_OF_A_LEASE = 5


class Cancelled(Exception):
    """Somebody asked that the job be cancelled."""


class Released(Exception):
    """The worker is to stop: another shall do the job."""


@dataclass(slots=True)
class Run:
    """What a handler and its heartbeat tell each other."""

    job_id: str
    worker: str
    done: int = 0
    total: int | None = None
    phase: str | None = None
    cancelled: bool = False
    lost: bool = False


@dataclass(frozen=True, slots=True)
class JobContext:
    """The job as its handler sees it; ``attempt`` counts from 1."""

    database: Database
    settings: Settings
    job_id: str
    attempt: int
    payload: Mapping[str, Any]
    run: Run
    stopping: Callable[[], bool]

    def progress(self, done: int, total: int | None = None, phase: str | None = None) -> None:
        """Say how far the work is; what is None stays as it was. Cheap: nothing is written here.

        Call it often, every thousand rows or so, for it is here that a handler hears that it must
        give up: raises Cancelled, LeaseLost or Released, which it lets pass.
        """
        self.run.done = done
        self.run.total = self.run.total if total is None else total
        self.run.phase = self.run.phase if phase is None else phase
        self._require_wanted()
        if self.stopping():
            raise Released

    def fence(self, session: Session) -> None:
        """Hold the job's lease until the session's transaction ends; call it last in each.

        So nothing is kept of a job that another worker has taken over. Raises LeaseLost, and
        Cancelled where somebody asked for that.
        """
        self._require_wanted()
        require_lease(session, self.job_id, self.run.worker)

    def _require_wanted(self) -> None:
        if self.run.lost:
            raise LeaseLost
        if self.run.cancelled:
            raise Cancelled


Handler = Callable[[JobContext], dict[str, Any] | None]
"""Does one kind of job and returns its result, without personal data; it is idempotent."""


class Heartbeat:
    """Carries the lease of one job on from a thread of its own, while the handler is busy."""

    def __init__(self, pulse: Pulse, run: Run, lease: timedelta, also: Callable[[], None]) -> None:
        self._pulse, self._run, self._also = pulse, run, also
        self._lease = lease.total_seconds()
        self._heard = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._pulse.begin(self._run.job_id, self._run.worker)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _beat_on(self) -> None:
        every = min(_BEAT_SECONDS, self._lease / _BEATS_OF_A_LEASE)
        while not self._ended.wait(every):
            self.beat()

    def beat(self) -> None:
        """Tell progress now, and hear whether the job is still wanted and still ours."""
        run = self._run
        try:
            if self._pulse.beat(run.job_id, run.worker, run.done, run.total, run.phase):
                run.cancelled = True
            self._heard = time.monotonic()
            self._also()
        except LeaseLost:
            run.lost = True
        except sa.exc.SQLAlchemyError as error:
            logger.warning("job %s no heartbeat: %s", run.job_id, type(error).__name__)
            if time.monotonic() - self._heard > self._lease:
                run.lost = True
