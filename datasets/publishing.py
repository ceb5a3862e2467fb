"""Publish: the valid rows of a checked submission become records, all of them or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from sqlalchemy.orm import Session

from datasets.models import Submission
from datasets.specs import SPECS, Entry
from datasets.submissions import Progress, Uploads, entries, require_submission
from registry.kernel.clock import now
from registry.kernel.errors import Conflict, Text
from registry.kernel.ledger import Change


def publish(
    session: Session, uploads: Uploads, submission_id: str, progress: Progress | None = None
) -> Submission:
    """Write the submission's changes in the session's transaction and return it.

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
    counts = SPECS[submission.dataset].apply(
        session,
        _changes(entries(uploads, submission), progress),
        source=submission.file_name,
        load=submission.id,
    )
    submission.state = "published"
    submission.published_at = now()
    submission.result = asdict(counts)
    session.flush()
    return submission


def _changes(found: Iterable[Entry], progress: Progress | None) -> Iterator[Change]:
    read = 0
    for entry in found:
        read += entry.rows
        if progress:
            progress(read)
        if entry.change is not None:
            yield entry.change
