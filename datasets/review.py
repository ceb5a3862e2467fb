"""Review: a second person looks, approves or returns; nobody approves what is their own.

The rule of two persons stands in the database as constraints of `submission`; what is checked
here says in words what to do.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from datasets.findings import count_by_rule
from datasets.models import Submission, SubmissionCorrection
from datasets.specs import RULES
from datasets.submissions import note, require_open, require_reason, take_approval
from registry.kernel.access_log import Asker, record_access
from registry.kernel.clock import now
from registry.kernel.errors import Conflict, Refused, Text

_OWN = Text(
    "Người duyệt phải khác người nộp và người sửa tệp.",
    "Whoever approves must be somebody else than who submitted or corrected the file.",
)
_UNSEEN = Text(
    "Hãy mở danh sách thay đổi bất thường trước khi duyệt.",
    "Open the list of unusual changes before you approve.",
)
_NOT_CHECKED = Text(
    "Chỉ duyệt hoặc trả lại được bản nộp đã kiểm tra.",
    "Only a checked submission can be approved or returned.",
)


def open_unusual(session: Session, submission_id: str, by: str) -> Submission:
    """Write down that ``by`` opened the unusual changes of a checked submission."""
    submission = _require_checked(session, submission_id)
    submission.unusual_seen_by = by
    note(session, submission, by, "opened_unusual")
    return submission


def approve(
    session: Session, submission_id: str, by: str, *, break_glass: str | None = None
) -> Submission:
    """Approve what is staged, as the second person.

    ``break_glass`` is the reason for which one person may do it alone; it stands in the access
    log, in the release and in every list of releases. Raises Refused for a submission of one's
    own, and Conflict where it is not checked, unusual changes were not opened, or more rows
    break a rule than its threshold allows.
    """
    submission = _require_checked(session, submission_id)
    if break_glass is None:
        _require_second(session, submission, by)
        if submission.unusual and submission.unusual_seen_by != by:
            raise Conflict(_UNSEEN)
        _require_below_thresholds(session, submission)
    else:
        _break_glass(session, submission, by, require_reason(break_glass))
    submission.approved_by, submission.approved_at = by, now()
    submission.state = "approved"
    session.flush()
    note(session, submission, by, "approved" if break_glass is None else "break_glass", break_glass)
    return submission


def return_(session: Session, submission_id: str, by: str, reason: str) -> Submission:
    """Send a submission back with the reason; it can be corrected and checked again."""
    told = require_reason(reason)
    submission = require_open(session, submission_id)
    if submission.state not in {"checked", "approved"}:
        raise Conflict(_NOT_CHECKED)
    take_approval(submission)
    submission.state = "returned"
    session.flush()
    note(session, submission, by, "returned", told)
    return submission


def _require_checked(session: Session, submission_id: str) -> Submission:
    submission = require_open(session, submission_id)
    if submission.state != "checked":
        raise Conflict(_NOT_CHECKED)
    return submission


def _require_second(session: Session, submission: Submission, by: str) -> None:
    corrected = sa.select(SubmissionCorrection.corrected_by).where(
        SubmissionCorrection.submission == submission.id, SubmissionCorrection.corrected_by == by
    )
    if by == submission.submitted_by or session.scalar(corrected.limit(1)) is not None:
        raise Refused(_OWN, subject=submission.id)


def _require_below_thresholds(session: Session, submission: Submission) -> None:
    """Refuse a load of which so much is wrong that the file itself is in doubt."""
    found = count_by_rule(session, submission).items()
    over = [rule for rule, count in found if RULES[rule].exceeded(count, submission.rows_read or 0)]
    if over:
        listed = ", ".join(sorted(over))
        raise Conflict(
            Text(
                f"Quá ngưỡng cho phép của quy tắc: {listed}. Hãy sửa tệp rồi kiểm tra lại.",
                f"More rows than allowed break: {listed}. Mend the file and check again.",
            )
        )


def _break_glass(session: Session, submission: Submission, by: str, reason: str) -> None:
    submission.break_glass = reason
    asker = Asker("steward", "sogoc:break-glass", submission.id, reason, submission.id, by)
    record_access(session, asker, "delivered", ["break_glass"], submission.id)
