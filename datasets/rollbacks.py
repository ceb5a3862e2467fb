"""Roll back: a release is taken back by a release of its own, previewed and approved like any."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from datasets.models import Release, Submission, SubmissionCount
from datasets.submissions import identity_of, note, require_submission, take_approval
from datasets.undoing import UNDOING
from registry.kernel.clock import now
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, Text
from registry.kernel.undo import UndoPreview
from registry.terminal import Tell as Progress

_PUBLISHED = Text("Bản công bố này đã được khôi phục.", "This release was rolled back already.")


def propose_rollback(session: Session, release: Release, by: str) -> Submission:
    """Return the submission that takes ``release`` back, to be compared, approved and published.

    Its counts are a preview: "ended" are records that came only with the release, "changed" those
    that go back to what was believed before. Raises Conflict where the release was rolled back
    already, and where later loads wrote to some of its records: those go first.
    """
    identity = identity_of("rollback", release.id)
    known = session.scalar(sa.select(Submission).where(Submission.identity == identity))
    if known is not None and known.state == "published":
        raise Conflict(_PUBLISHED)
    preview = UNDOING[release.dataset].preview(session, release.submission)
    _require_free(preview)
    made = known or _new(session, release, identity, by)
    records = sum(effect.vanish + effect.back for effect in preview.effects)
    made.rows_read = made.rows_valid = records
    made.rows_rejected = made.rows_skipped = 0
    made.attempts += 1
    made.earlier_attempt, made.attempt = made.attempt, made.attempts
    made.state, made.checked_at = "checked", now()
    take_approval(made)
    session.flush()
    _count(session, made, preview)
    note(session, made, by, "rollback_proposed")
    return made


def _new(session: Session, release: Release, identity: str, by: str) -> Submission:
    source = require_submission(session, release.submission)
    made = Submission(
        id=new_id(),
        identity=identity,
        dataset=release.dataset,
        file_name=f"khôi phục bản công bố {release.number}: {source.file_name}",
        sha256=source.sha256,
        size=source.size,
        options={},
        undoes=release.id,
        submitted_by=by,
        submitted_at=now(),
        state="submitted",
        attempts=0,
        unusual=0,
        digest=release.digest,
    )
    session.add(made)
    return made


def _require_free(preview: UndoPreview) -> None:
    if held := len(preview.in_the_way):
        raise Conflict(
            Text(
                f"{held} hồ sơ đã đổi sau đó: hãy khôi phục các bản công bố sau trước.",
                f"Later loads changed {held} records: roll those releases back first.",
            )
        )


def _count(session: Session, made: Submission, preview: UndoPreview) -> None:
    for effect in preview.effects:
        for kind, count in (("ended", effect.vanish), ("changed", effect.back)):
            if count:
                session.add(
                    SubmissionCount(
                        submission=made.id,
                        attempt=made.attempt,
                        ward="",
                        kind=kind,
                        field=effect.register,
                        count=count,
                    )
                )
    session.flush()


def take_back(
    session: Session, submission: Submission, load: str, progress: Progress | None
) -> dict[str, Any]:
    """Take ``load`` back as the load of an approved rollback; return the counts by register."""
    undone = UNDOING[submission.dataset].undo(
        session,
        load,
        source=submission.file_name,
        by_load=submission.id,
        progress=progress and (lambda done: progress(done, submission.rows_valid, "rollback")),
    )
    return undone.to_json()
