"""What is done in the background with submissions: check, publish, measure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from datasets import checking, publishing, quality
from datasets.models import Submission
from datasets.submissions import Uploads, require_submission
from registry.jobs.context import Handler, JobContext
from registry.jobs.models import Job
from registry.jobs.queue import enqueue
from registry.jobs.schedule import Recurring

CHECK, PUBLISH, MEASURE = "check", "publish", "measure_quality"


def ask_to_check(session: Session, submission: Submission, by: str) -> Job:
    """Ask for a check of a submission; one that waits or runs already is the answer."""
    payload = {"submission": submission.id, "by": by, "attempts": submission.attempts}
    return enqueue(session, CHECK, submission.id, payload, by)


def ask_to_publish(session: Session, submission: Submission, by: str, notes: str) -> Job:
    """Ask that an approved submission be published, at its scheduled time if it has one.

    Raises Conflict unless it is approved.
    """
    publishing.require_approved(session, submission.id)
    payload = {"submission": submission.id, "by": by, "notes": notes}
    at = submission.scheduled_for
    job = enqueue(session, PUBLISH, submission.id, payload, by, run_after=at)
    if at is not None and job.state == "queued":
        # One that waited already, for another hour.
        job.run_after = at
    return job


def check(context: JobContext) -> dict[str, Any]:
    """Check a submission, unless the check that was asked for has been finished already."""
    asked = context.payload
    with context.database.reading() as session:
        submission = require_submission(session, asked["submission"])
    if (submission.attempt or 0) <= asked["attempts"]:
        uploads = Uploads.of(context.settings)
        submission = checking.check(
            context.database,
            uploads,
            submission.id,
            asked["by"],
            context.progress,
            hold=context.fence,
        )
    names = ("rows_read", "rows_valid", "rows_rejected", "rows_skipped", "unusual")
    return {"submission": submission.id} | {name: getattr(submission, name) for name in names}


def publish(context: JobContext) -> dict[str, Any]:
    """Publish a submission in one transaction, unless that has been done already."""
    asked = context.payload
    with context.database.transaction() as session:
        release = publishing.find_release(session, asked["submission"])
        if release is None:
            release = publishing.publish(
                session, asked["submission"], asked["by"], context.progress, asked["notes"]
            )
            context.fence(session)
    return {"release": release.id, "number": release.number, "counts": release.counts}


def measure(context: JobContext) -> dict[str, Any]:
    """Measure how good every register's records are."""
    told: dict[str, Any] = {}
    for dataset in quality.MEASURED:
        context.progress(0, phase=dataset)
        told[dataset] = quality.measure_quality(context.database, dataset, context.progress)
    return told


HANDLERS: Mapping[str, Handler] = {CHECK: check, PUBLISH: publish, MEASURE: measure}
RECURRING = (Recurring(MEASURE, timedelta(days=1)),)
