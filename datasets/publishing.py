"""Publish: the valid rows of a checked submission become records, all of them or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from sqlalchemy.orm import Session

from datasets.models import StagedChange, Submission
from datasets.specs import SPECS
from datasets.submissions import Progress, clear, require_submission, staged_changes
from registry.kernel.bulk import uncollected
from registry.kernel.clock import now
from registry.kernel.errors import Conflict, Text
from registry.kernel.ledger import Change


def publish(session: Session, submission_id: str, progress: Progress | None = None) -> Submission:
    """Write what the check staged, in the session's transaction, and return the submission.

    Each record version names this submission as its load. Raises Conflict unless the submission
    is checked, and Invalid where a register can't take it (a household of unknown people).
    """
    submission = require_submission(session, submission_id)
    if submission.state != "checked":
        raise Conflict(
            Text(
                "Chỉ công bố được bản nộp đã kiểm tra.",
                "Only a checked submission can be published.",
            )
        )
    with uncollected():
        counts = SPECS[submission.dataset].apply(
            session,
            _told(staged_changes(session, submission), progress),
            source=submission.file_name,
            load=submission.id,
        )
    # The records hold it all now; a second copy of personal data would serve nobody.
    clear(session, submission, StagedChange)
    submission.state = "published"
    submission.published_at = now()
    submission.result = asdict(counts)
    session.flush()
    return submission


def _told(staged: Iterable[tuple[int, Change]], progress: Progress | None) -> Iterator[Change]:
    written = 0
    for rows, change in staged:
        yield change
        written += rows
        if progress:
            progress(written)
