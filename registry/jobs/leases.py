"""Verbs of workers: take a job up, keep it, end it or give it back.

On PostgreSQL workers take jobs past one another's locks (SKIP LOCKED); on SQLite a write
transaction excludes every other. Either way a job is one worker's at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.jobs.models import Job
from registry.jobs.pulse import LeaseLost, Pulse
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.errors import Interrupted, SogocError


@dataclass(frozen=True, slots=True)
class Claimant:
    """A worker as the queue knows it: its name, what it can do, how long it may be silent."""

    name: str
    kinds: Collection[str]
    lease: timedelta


def claim(database: Database, pulse: Pulse, who: Claimant) -> Job | None:
    """Take up the next job that is due, or whose worker has fallen silent; None if none is.

    A job that was cut off as often as it may be is failed here, and one whose cancellation was
    asked for is cancelled.
    """
    while (job := _take(database, pulse, who)) is not None:
        if job.state == "running":
            return job
    return None


def _take(database: Database, pulse: Pulse, who: Claimant) -> Job | None:
    moment = now()
    due = sa.and_(Job.state == "queued", Job.run_after <= moment)
    late = sa.and_(Job.state == "running", Job.lease_until < moment)
    mine = Job.kind.in_(who.kinds)
    # Looked for by reading, so that a worker with nothing to do never waits for the write lock.
    with database.reading() as session:
        waiting = session.scalar(sa.select(Job.id).where(due, mine).limit(1))
        held = session.execute(sa.select(Job.id, Job.worker).where(late, mine)).all()
    silent = _silent(pulse, {row.id: row.worker for row in held}, moment - who.lease)
    if waiting is None and not silent:
        return None
    with database.transaction() as session:
        job = session.scalar(
            sa.select(Job)
            .where(mine, sa.or_(due, sa.and_(late, Job.id.in_(silent))))
            .order_by(Job.run_after, Job.id)
            .limit(1)
            .with_for_update(skip_locked=True, key_share=True)
        )
        if job is not None:
            told = pulse.read([job.id]).get(job.id)
            _begin(job, who, cancelled=bool(told and told.cancel_requested_at))
    return job


def _silent(pulse: Pulse, held: Mapping[str, str], since: datetime) -> list[str]:
    """Return the jobs whose worker has given no pulse ``since``, of those ``held`` by a worker."""
    if not held:
        return []
    pulses = pulse.read(held)
    return [
        key
        for key, worker in held.items()
        if (told := pulses.get(key)) is None
        or told.worker != worker
        or told.beat_at is None
        or told.beat_at < since
    ]


def _begin(job: Job, who: Claimant, *, cancelled: bool) -> None:
    moment = now()
    if cancelled:
        job.state, job.finished_at = "cancelled", moment
    elif job.attempts >= job.max_attempts:
        job.state, job.finished_at = "failed", moment
        job.error = error_of(Interrupted())
    else:
        job.state, job.worker, job.attempts = "running", who.name, job.attempts + 1
        job.started_at, job.lease_until = moment, moment + who.lease


def error_of(error: SogocError) -> dict[str, Any]:
    """Return what a failed job keeps of its error: a problem's code and its words."""
    # Where one thing alone is wrong, its words are those of the whole.
    texts = list(dict.fromkeys([error.detail, *(found.text for found in error.errors)]))
    return {
        "code": error.code,
        "vi": "\n".join(text.vi for text in texts),
        "en": "\n".join(text.en for text in texts),
    }


def require_lease(session: Session, job_id: str, worker: str) -> None:
    """Hold the lease of a job until the session's transaction ends; raises LeaseLost."""
    held = session.scalar(
        sa.select(Job.id).where(*_held(job_id, worker)).with_for_update(key_share=True)
    )
    if held is None:
        raise LeaseLost


def end(database: Database, job_id: str, worker: str, state: str, **values: Any) -> None:
    """End a job that ``worker`` has: done with its ``result``, failed with ``error``, cancelled.

    Raises LeaseLost where it is another's by now.
    """
    _change(database, job_id, worker, state=state, finished_at=now(), **values)


def release(
    database: Database, job_id: str, worker: str, after: timedelta, *, counts: bool
) -> None:
    """Let another worker have a job ``after`` a while; raises LeaseLost as `end` does.

    ``counts`` says whether this attempt is one of those it may have.
    """
    attempts = Job.attempts if counts else Job.attempts - 1
    _change(database, job_id, worker, state="queued", run_after=now() + after, attempts=attempts)


def _change(database: Database, job_id: str, worker: str, **values: Any) -> None:
    with database.transaction() as session:
        changed = session.scalar(
            sa.update(Job).where(*_held(job_id, worker)).values(**values).returning(Job.id)
        )
        if changed is None:
            raise LeaseLost


def _held(job_id: str, worker: str) -> tuple[sa.ColumnElement[bool], ...]:
    return Job.id == job_id, Job.worker == worker, Job.state == "running"
