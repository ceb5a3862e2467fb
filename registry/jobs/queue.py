"""Verbs of those who want work done: ask for a job, look at it, cancel it, have it done again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from registry.jobs.models import LIVE, Job
from registry.jobs.pulse import Pulse
from registry.kernel.clock import now
from registry.kernel.db import Database, is_busy, new_id
from registry.kernel.errors import Conflict, NotFound, Text

MOST_ATTEMPTS = 3
LARGEST_PAGE = 100
_RECURRING = "recurring"
_TRIES = 3
_NO_JOB = Text("Không có việc này.", "There is no such job.")
_ENDED = Text("Việc đã kết thúc, không hủy được nữa.", "The job has ended: nothing to cancel.")
_NOT_ENDED = Text(
    "Chỉ chạy lại được việc thất bại hoặc đã hủy.", "Only a failed or cancelled job can be retried."
)
_ASKED_AGAIN = Text(
    "Đã có việc khác cùng nội dung đang chờ hoặc đang chạy.",
    "Another job for the same work is waiting or running.",
)


def enqueue(  # noqa: PLR0913 - the parts of one job
    session: Session,
    kind: str,
    key: str,
    payload: Mapping[str, Any],
    by: str,
    *,
    run_after: datetime | None = None,
    max_attempts: int = MOST_ATTEMPTS,
) -> Job:
    """Ask for a job in the session's transaction; a live job of that kind and key is the answer.

    ``payload`` holds no personal data, only what leads to it. It begins no earlier than
    ``run_after``, and is taken up at most ``max_attempts`` times.
    """
    wanted = (Job.kind == kind, Job.key == key, Job.state.in_(LIVE))
    for _ in range(_TRIES):
        _insert(session, kind, key, payload, by, run_after=run_after, max_attempts=max_attempts)
        found = session.scalar(sa.select(Job).where(*wanted))
        if found is not None:
            return found
        # The job that was in the way has ended between the two statements.
    raise Conflict(_ASKED_AGAIN)


def enqueue_turn(session: Session, kind: str, slot: datetime) -> bool:
    """Ask for the turn of recurring work that begins at ``slot``; False if somebody did before.

    A turn that comes while the one before still waits or runs is left out.
    """
    return _insert(session, kind, _RECURRING, {}, _RECURRING, slot=slot, max_attempts=MOST_ATTEMPTS)


def _insert(  # noqa: PLR0913 - the parts of one job
    session: Session,
    kind: str,
    key: str,
    payload: Mapping[str, Any],
    by: str,
    *,
    max_attempts: int,
    run_after: datetime | None = None,
    slot: datetime | None = None,
) -> bool:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    moment = now()
    row = {
        "id": new_id(),
        "kind": kind,
        "key": key,
        "slot": slot,
        "payload": payload,
        "state": "queued",
        "requested_by": by,
        "run_after": run_after or moment,
        "attempts": 0,
        "max_attempts": max_attempts,
        "created_at": moment,
    }
    made = session.scalar(insert(Job).values(row).on_conflict_do_nothing().returning(Job.id))
    return made is not None


def cancel(database: Database, pulse: Pulse, job_id: str, by: str) -> Job:
    """Cancel a job that waits; ask the worker of one that runs to give it up.

    Returns the job as it is then. Raises NotFound, and Conflict for one that is done or failed.
    """
    with database.reading() as session:
        job = require_job(session, job_id)
    if job.state in {"done", "failed"}:
        raise Conflict(_ENDED)
    if job.state == "cancelled":
        return job
    pulse.request_cancel(job.id, by)
    if job.state == "queued":
        _cancel_waiting(database, job.id)
    with database.reading() as session:
        return require_job(session, job_id)


def _cancel_waiting(database: Database, job_id: str) -> None:
    try:
        with database.transaction() as session:
            session.execute(
                sa.update(Job)
                .where(Job.id == job_id, Job.state == "queued")
                .values(state="cancelled", finished_at=now())
            )
    except sa.exc.DBAPIError as error:
        # Somebody publishes on SQLite: whoever would take the job up sees that it was cancelled.
        if not is_busy(error):
            raise


def retry(database: Database, pulse: Pulse, job_id: str) -> Job:
    """Put a failed or cancelled job back in the queue, with all its attempts before it.

    Raises NotFound, and Conflict in any other state or beside a live job for the same work.
    """
    try:
        with database.transaction() as session:
            job = require_job(session, job_id)
            if job.state not in {"failed", "cancelled"}:
                raise Conflict(_NOT_ENDED)
            job.state, job.attempts, job.run_after = "queued", 0, now()
            job.finished_at = job.error = None
            session.flush()
            # Before anybody can take it up, or the old wish to cancel would still count.
            pulse.forget(job.id)
    except sa.exc.IntegrityError as error:
        raise Conflict(_ASKED_AGAIN) from error
    return job


def require_job(session: Session, job_id: str) -> Job:
    """Return a job by id; raises NotFound."""
    try:
        found = session.get(Job, str(uuid.UUID(job_id)))
    except ValueError:
        found = None
    if found is None:
        raise NotFound(_NO_JOB)
    return found


def list_jobs(
    session: Session, state: str | None = None, before: str | None = None, limit: int = LARGEST_PAGE
) -> tuple[list[Job], str | None]:
    """Return jobs, the newest first, and the id ``before`` which the next page is, None: the last.

    Raises ValueError for a ``before`` that is no id.
    """
    wanted = sa.select(Job).order_by(Job.id.desc()).limit(limit + 1)
    if state is not None:
        wanted = wanted.where(Job.state == state)
    if before is not None:
        wanted = wanted.where(Job.id < str(uuid.UUID(before)))
    found = list(session.scalars(wanted))
    return found[:limit], found[limit - 1].id if len(found) > limit else None
