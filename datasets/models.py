"""Tables of the steward's way: submissions, what was found in them, and the releases they became.

What a rule of the house must never depend on a view or a command is a constraint here: every row
that was read is accounted for, who approves is not who submitted, unusual changes were seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.db import Base, DocumentText, JsonText, UtcDateTime

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _submission(*, key: bool = True) -> Mapped[str]:
    return mapped_column(sa.Uuid(as_uuid=False), sa.ForeignKey("submission.id"), primary_key=key)


class Submission(Base):
    """One file on its way to a release; the raw bytes stay in the upload folder by digest.

    A rollback is a submission too: of the release that it ``undoes`` instead of a file, so that
    it is compared, approved by a second person and published like any other.
    """

    __tablename__ = "submission"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    identity: Mapped[str] = mapped_column(sa.Text, unique=True)
    """Digest of dataset, file and options: the same three are the same load."""
    dataset: Mapped[str] = mapped_column(sa.Text)
    file_name: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.Text)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    options: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """How the steward wants the file read (`datasets.formats.Options`)."""
    undoes: Mapped[str | None] = mapped_column(sa.Uuid(as_uuid=False))
    submitted_by: Mapped[str] = mapped_column(sa.Text)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    patched_by: Mapped[str | None] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text)
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0)
    """How many checks were begun; what an unfinished one left is under its own number."""
    attempt: Mapped[int | None] = mapped_column(sa.Integer)
    """The finished check that counts, and the one before it."""
    earlier_attempt: Mapped[int | None] = mapped_column(sa.Integer)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rows_read: Mapped[int | None] = mapped_column(sa.Integer)
    rows_valid: Mapped[int | None] = mapped_column(sa.Integer)
    rows_rejected: Mapped[int | None] = mapped_column(sa.Integer)
    rows_skipped: Mapped[int | None] = mapped_column(sa.Integer)
    digest: Mapped[str | None] = mapped_column(sa.Text)
    """SHA-256 of what is staged: what was approved is what is published."""
    unusual: Mapped[int] = mapped_column(sa.Integer, default=0)
    unusual_seen_by: Mapped[str | None] = mapped_column(sa.Text)
    approved_by: Mapped[str | None] = mapped_column(sa.Text)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    break_glass: Mapped[str | None] = mapped_column(sa.Text)
    """Why the rule of two persons was broken, where it was."""
    scheduled_for: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        sa.CheckConstraint(
            "state IN ('submitted', 'checked', 'returned', 'approved', 'published', 'withdrawn')",
            name="state",
        ),
        # Nothing may be lost on the way: every row that was read is accounted for.
        sa.CheckConstraint(
            "rows_read = rows_valid + rows_rejected + rows_skipped", name="reconciliation"
        ),
        sa.CheckConstraint(
            "state NOT IN ('checked', 'approved', 'published')"
            " OR (attempt IS NOT NULL AND rows_read IS NOT NULL AND digest IS NOT NULL)",
            name="checked",
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'published')"
            " OR (approved_by IS NOT NULL AND approved_at IS NOT NULL)",
            name="approved",
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR break_glass IS NOT NULL"
            " OR (approved_by <> submitted_by"
            " AND (patched_by IS NULL OR approved_by <> patched_by))",
            name="four_eyes",
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR break_glass IS NOT NULL OR unusual = 0"
            " OR (unusual_seen_by IS NOT NULL AND unusual_seen_by = approved_by)",
            name="unusual_seen",
        ),
    )


class SubmissionPart(Base):
    """The reconciliation line of one part of a file (sheet, layer) and one ward."""

    __tablename__ = "submission_part"

    submission: Mapped[str] = _submission()
    attempt: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    part: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    ward: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    rows_read: Mapped[int] = mapped_column(sa.Integer)
    rows_valid: Mapped[int] = mapped_column(sa.Integer)
    rows_rejected: Mapped[int] = mapped_column(sa.Integer)
    rows_skipped: Mapped[int] = mapped_column(sa.Integer)

    __table_args__ = (
        sa.CheckConstraint(
            "rows_read = rows_valid + rows_rejected + rows_skipped", name="reconciliation"
        ),
    )


class SubmissionFinding(Base):
    """One broken rule at one place of the file."""

    __tablename__ = "submission_finding"

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    submission: Mapped[str] = _submission(key=False)
    attempt: Mapped[int] = mapped_column(sa.Integer)
    rule: Mapped[str] = mapped_column(sa.Text)
    part: Mapped[str] = mapped_column(sa.Text)
    line: Mapped[int] = mapped_column(sa.Integer)
    column: Mapped[str] = mapped_column("column_name", sa.Text)

    __table_args__ = (
        sa.Index("ix_submission_finding_place", "submission", "attempt", "rule", "part", "line"),
    )


class SubmissionRuleCount(Base):
    """How often a rule is broken in a ward."""

    __tablename__ = "submission_rule_count"

    submission: Mapped[str] = _submission()
    attempt: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    rule: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    ward: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    count: Mapped[int] = mapped_column(sa.Integer)


class SubmissionRow(Base):
    """The cells, as written, of a row in which something was found: kept whatever the verdict."""

    __tablename__ = "submission_row"

    submission: Mapped[str] = _submission()
    attempt: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    part: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    line: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    cells: Mapped[dict[str, str]] = mapped_column(JsonText)


class SubmissionCorrection(Base):
    """A row as a steward corrected it; the next check reads it in place of the file's."""

    __tablename__ = "submission_correction"

    submission: Mapped[str] = _submission()
    part: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    line: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    cells: Mapped[dict[str, str]] = mapped_column(JsonText)
    sha256: Mapped[str] = mapped_column(sa.Text)
    """The uploaded file that brought it, kept like every upload."""
    corrected_by: Mapped[str] = mapped_column(sa.Text)
    corrected_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StagedChange(Base):
    """One valid entry of a checked submission, as it will be written; gone once it is published."""

    __tablename__ = "submission_change"

    submission: Mapped[str] = _submission()
    attempt: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    rows: Mapped[int] = mapped_column(sa.Integer)
    part: Mapped[str] = mapped_column(sa.Text)
    line: Mapped[int] = mapped_column(sa.Integer)
    ward: Mapped[str] = mapped_column(sa.Text)
    key: Mapped[str] = mapped_column(sa.Text)
    """By what the register recognises the record (`datasets.registered`)."""
    valid_from: Mapped[date] = mapped_column(sa.Date)
    document: Mapped[Mapping[str, Any]] = mapped_column(DocumentText)


class SubmissionDifference(Base):
    """A staged change of a record that is there already: which attributes, and what is unusual."""

    __tablename__ = "submission_difference"

    submission: Mapped[str] = _submission()
    attempt: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    record: Mapped[str | None] = mapped_column(sa.Uuid(as_uuid=False))
    kind: Mapped[str] = mapped_column(sa.Text)
    ward: Mapped[str] = mapped_column(sa.Text)
    fields: Mapped[list[str]] = mapped_column(JsonText)
    unusual: Mapped[list[str] | None] = mapped_column(JsonText)

    __table_args__ = (sa.CheckConstraint("kind IN ('changed', 'ended')", name="kind"),)


class SubmissionCount(Base):
    """How many records of a ward are added, changed, ended or the same; or change in ``field``."""

    __tablename__ = "submission_count"

    submission: Mapped[str] = _submission()
    attempt: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    ward: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    field: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    """An attribute path, "" for records as a whole."""
    count: Mapped[int] = mapped_column(sa.Integer)


class SubmissionEvent(Base):
    """What somebody did with a submission: sent, corrected, opened, returned, approved."""

    __tablename__ = "submission_event"

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    submission: Mapped[str] = mapped_column(
        sa.Uuid(as_uuid=False), sa.ForeignKey("submission.id"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column("actor", sa.Text)
    action: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str | None] = mapped_column(sa.Text)


class Release(Base):
    """What was published, once and for ever; its number orders all releases of all datasets."""

    __tablename__ = "dataset_release"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer, unique=True)
    dataset: Mapped[str] = mapped_column(sa.Text)
    submission: Mapped[str] = mapped_column(
        sa.Uuid(as_uuid=False), sa.ForeignKey("submission.id"), unique=True
    )
    undoes: Mapped[str | None] = mapped_column(
        sa.Uuid(as_uuid=False), sa.ForeignKey("dataset_release.id"), unique=True
    )
    counts: Mapped[dict[str, Any]] = mapped_column(JsonText)
    digest: Mapped[str] = mapped_column(sa.Text)
    notes: Mapped[str] = mapped_column(sa.Text)
    published_by: Mapped[str] = mapped_column(sa.Text)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RegistryVersion(Base):
    """The one pointer to the newest release; publishing waits for it, so releases are in a row."""

    __tablename__ = "registry_version"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer)

    __table_args__ = (sa.CheckConstraint("id = 1", name="one"),)
