"""Publish: what was approved becomes true in one transaction, under the next release number.

Whoever reads sees all of a release or nothing of it, because a read is one snapshot. A rollback
is a release like any other: it takes the changes of an earlier one back and forgets nothing.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from datasets import review
from datasets.checking import check, rendered, staged_changes
from datasets.formats import Options
from datasets.models import RegistryVersion, Release, StagedChange, Submission
from datasets.rollbacks import take_back
from datasets.specs import SPECS
from datasets.submissions import Uploads, note, require_open, submit
from registry.kernel.bulk import uncollected
from registry.kernel.clock import now
from registry.kernel.db import Database, new_id
from registry.kernel.errors import Conflict, NotFound, Text
from registry.kernel.ledger import Change
from registry.terminal import Tell as Progress

_NOT_APPROVED = Text(
    "Chỉ công bố được bản nộp đã được người thứ hai duyệt.",
    "Only what a second person approved can be published.",
)
_TOO_EARLY = Text("Chưa đến giờ công bố đã hẹn.", "The scheduled time has not come.")
_OTHER = Text(
    "Dữ liệu khác với lúc duyệt: hãy kiểm tra và duyệt lại.",
    "The data is not what was approved: check and approve again.",
)
_NUMBER = re.compile("[0-9]{1,9}")
_NO_RELEASE = Text("Không có bản công bố này.", "There is no such release.")


def schedule(session: Session, submission_id: str, by: str, at: datetime) -> Submission:
    """Have an approved submission published at a moment to come; raises Conflict otherwise."""
    submission = require_approved(session, submission_id)
    submission.scheduled_for = at
    note(session, submission, by, "scheduled", at.isoformat())
    return submission


def publish(
    session: Session,
    submission_id: str,
    by: str,
    progress: Progress | None = None,
    notes: str = "",
) -> Release:
    """Write what was approved, in the session's transaction, and return the release.

    Each record version names the submission as its load. Raises Conflict unless it is approved
    and its time has come, and Invalid where a register can't take it (a household of unknown
    people).
    """
    submission = require_approved(session, submission_id)
    if submission.scheduled_for is not None and submission.scheduled_for > now():
        raise Conflict(_TOO_EARLY)
    number = _next_number(session)
    with uncollected():
        counts = _write(session, submission, progress)
    release = Release(
        id=new_id(),
        number=number,
        dataset=submission.dataset,
        submission=submission.id,
        undoes=submission.undoes,
        counts=counts,
        digest=submission.digest or "",
        notes=notes,
        published_by=by,
        published_at=now(),
    )
    submission.state = "published"
    session.add(release)
    session.flush()
    note(session, submission, by, "published")
    return release


def _write(session: Session, submission: Submission, progress: Progress | None) -> dict[str, Any]:
    if submission.undoes:
        load = require_release(session, submission.undoes).submission
        return take_back(session, submission, load, progress)
    digest = hashlib.sha256()
    counts = SPECS[submission.dataset].apply(
        session,
        _told(staged_changes(session, submission), digest.update, progress, submission.rows_valid),
        source=submission.file_name,
        load=submission.id,
    )
    if digest.hexdigest() != submission.digest:
        raise Conflict(_OTHER)
    # The records hold it all now; a second copy of personal data would serve nobody.
    session.execute(
        sa.delete(StagedChange)
        .where(StagedChange.submission == submission.id)
        .execution_options(synchronize_session=False)
    )
    return asdict(counts)


def _told(
    staged: Iterable[tuple[int, Change]],
    digested: Callable[[bytes], None],
    progress: Progress | None,
    total: int | None,
) -> Iterator[Change]:
    written = 0
    for rows, change in staged:
        digested(rendered(change))
        yield change
        written += rows
        if progress:
            progress(written, total, phase="publish")


def require_approved(session: Session, submission_id: str) -> Submission:
    """Return an approved submission, locked; raises NotFound and Conflict."""
    submission = require_open(session, submission_id)
    if submission.state != "approved":
        raise Conflict(_NOT_APPROVED)
    return submission


def _next_number(session: Session) -> int:
    """Take the next release number; whoever publishes at the same time waits here."""
    session.execute(sa.update(RegistryVersion).values(number=RegistryVersion.number + 1))
    return session.scalars(sa.select(RegistryVersion.number)).one()


def list_releases(session: Session, *, after: int = 0, limit: int = 1000) -> list[Release]:
    """Return releases in their order, those after the number ``after``."""
    return list(
        session.scalars(
            sa.select(Release).where(Release.number > after).order_by(Release.number).limit(limit)
        )
    )


def find_release(session: Session, submission_id: str) -> Release | None:
    """Return the release that a submission became, None where it was not published."""
    return session.scalar(sa.select(Release).where(Release.submission == submission_id))


def require_release(session: Session, release_id: str) -> Release:
    """Return a release by id or by number; raises NotFound."""
    if _NUMBER.fullmatch(release_id):
        key = Release.number == int(release_id)
    else:
        try:
            key = Release.id == str(uuid.UUID(release_id))
        except ValueError:
            raise NotFound(_NO_RELEASE) from None
    found = session.scalar(sa.select(Release).where(key))
    if found is None:
        raise NotFound(_NO_RELEASE)
    return found


def load_file(  # noqa: PLR0913, PLR0917 - the whole way in one call
    database: Database,
    uploads: Uploads,
    dataset: str,
    path: Path,
    by: tuple[str, str],
    options: Options | None = None,
) -> Release:
    """Take one file the whole way, from submission to release, for two persons at once.

    ``by`` are who submits and who approves. For synthetic data: whoever calls this has looked at
    nothing. Raises what each step raises.
    """
    submitter, approver = by
    with database.transaction() as session:
        made = submit(session, uploads, dataset, path, submitter, options or Options())
    check(database, uploads, made.id, submitter)
    with database.transaction() as session:
        review.open_unusual(session, made.id, approver)
        review.approve(session, made.id, approver)
    with database.transaction() as session:
        return publish(session, made.id, approver)
