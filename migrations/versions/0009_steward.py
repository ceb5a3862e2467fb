"""The steward's way: options, corrections, review, releases.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_AT = sa.DateTime(timezone=True)
_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Replace the tables of submissions; nothing was ever released with the earlier ones."""
    for table in ("submission_change", "submission_finding", "submission"):
        op.drop_table(table)
    version = op.create_table(
        "registry_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_registry_version_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_version")),
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("undoes", sa.Uuid(), nullable=True),
        sa.Column("submitted_by", sa.Text(), nullable=False),
        sa.Column("submitted_at", _AT, nullable=False),
        sa.Column("patched_by", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("earlier_attempt", sa.Integer(), nullable=True),
        sa.Column("checked_at", _AT, nullable=True),
        sa.Column("rows_read", sa.Integer(), nullable=True),
        sa.Column("rows_valid", sa.Integer(), nullable=True),
        sa.Column("rows_rejected", sa.Integer(), nullable=True),
        sa.Column("rows_skipped", sa.Integer(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("unusual", sa.Integer(), nullable=False),
        sa.Column("unusual_seen_by", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", _AT, nullable=True),
        sa.Column("break_glass", sa.Text(), nullable=True),
        sa.Column("scheduled_for", _AT, nullable=True),
        sa.CheckConstraint(
            "state IN ('submitted', 'checked', 'returned', 'approved', 'published', 'withdrawn')",
            name=op.f("ck_submission_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'published')"
            " OR (approved_by IS NOT NULL AND approved_at IS NOT NULL)",
            name=op.f("ck_submission_approved"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('checked', 'approved', 'published')"
            " OR (attempt IS NOT NULL AND rows_read IS NOT NULL AND digest IS NOT NULL)",
            name=op.f("ck_submission_checked"),
        ),
        sa.CheckConstraint(
            "approved_by IS NULL"
            " OR break_glass IS NOT NULL"
            " OR (approved_by <> submitted_by AND (patched_by IS NULL"
            " OR approved_by <> patched_by))",
            name=op.f("ck_submission_four_eyes"),
        ),
        sa.CheckConstraint(
            "approved_by IS NULL"
            " OR break_glass IS NOT NULL"
            " OR unusual = 0"
            " OR (unusual_seen_by IS NOT NULL AND unusual_seen_by = approved_by)",
            name=op.f("ck_submission_unusual_seen"),
        ),
        sa.CheckConstraint(
            "rows_read = rows_valid + rows_rejected + rows_skipped",
            name=op.f("ck_submission_reconciliation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("identity", name=op.f("uq_submission_identity")),
    )
    op.create_table(
        "dataset_release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("submission", sa.Uuid(), nullable=False),
        sa.Column("undoes", sa.Uuid(), nullable=True),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("published_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["submission"], ["submission.id"], name=op.f("fk_dataset_release_submission")
        ),
        sa.ForeignKeyConstraint(
            ["undoes"], ["dataset_release.id"], name=op.f("fk_dataset_release_undoes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_release")),
        sa.UniqueConstraint("number", name=op.f("uq_dataset_release_number")),
        sa.UniqueConstraint("submission", name=op.f("uq_dataset_release_submission")),
        sa.UniqueConstraint("undoes", name=op.f("uq_dataset_release_undoes")),
    )
    op.create_table(
        "submission_change",
        sa.Column("submission", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("ward", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission"], ["submission.id"], name=op.f("fk_submission_change_submission")
        ),
        sa.PrimaryKeyConstraint(
            "submission", "attempt", "number", name=op.f("pk_submission_change")
        ),
    )
    op.create_table(
        "submission_correction",
        sa.Column("submission", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("corrected_by", sa.Text(), nullable=False),
        sa.Column("corrected_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["submission"], ["submission.id"], name=op.f("fk_submission_correction_submission")
        ),
        sa.PrimaryKeyConstraint(
            "submission", "part", "line", name=op.f("pk_submission_correction")
        ),
    )
    op.create_table(
        "submission_event",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("submission", sa.Uuid(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["submission"], ["submission.id"], name=op.f("fk_submission_event_submission")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_event")),
    )
    op.create_index(op.f("ix_submission_event_submission"), "submission_event", ["submission"])
    op.create_table(
        "submission_finding",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("submission", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission"], ["submission.id"], name=op.f("fk_submission_finding_submission")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_finding")),
    )
    op.create_index(
        "ix_submission_finding_place",
        "submission_finding",
        ["submission", "attempt", "rule", "part", "line"],
    )
    op.create_table(
        "submission_part",
        sa.Column("submission", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("ward", sa.Text(), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("rows_valid", sa.Integer(), nullable=False),
        sa.Column("rows_rejected", sa.Integer(), nullable=False),
        sa.Column("rows_skipped", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "rows_read = rows_valid + rows_rejected + rows_skipped",
            name=op.f("ck_submission_part_reconciliation"),
        ),
        sa.ForeignKeyConstraint(
            ["submission"], ["submission.id"], name=op.f("fk_submission_part_submission")
        ),
        sa.PrimaryKeyConstraint(
            "submission", "attempt", "part", "ward", name=op.f("pk_submission_part")
        ),
    )
    op.create_table(
        "submission_row",
        sa.Column("submission", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission"], ["submission.id"], name=op.f("fk_submission_row_submission")
        ),
        sa.PrimaryKeyConstraint(
            "submission", "attempt", "part", "line", name=op.f("pk_submission_row")
        ),
    )
    op.create_table(
        "submission_rule_count",
        sa.Column("submission", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("ward", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission"], ["submission.id"], name=op.f("fk_submission_rule_count_submission")
        ),
        sa.PrimaryKeyConstraint(
            "submission", "attempt", "rule", "ward", name=op.f("pk_submission_rule_count")
        ),
    )
    op.create_table(
        "submission_count",
        sa.Column("submission", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("ward", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission"], ["submission.id"], name=op.f("fk_submission_count_submission")
        ),
        sa.PrimaryKeyConstraint(
            "submission", "attempt", "ward", "kind", "field", name=op.f("pk_submission_count")
        ),
    )
    op.create_table(
        "submission_difference",
        sa.Column("submission", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("record", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ward", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("unusual", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('changed', 'ended')", name=op.f("ck_submission_difference_kind")
        ),
        sa.ForeignKeyConstraint(
            ["submission"], ["submission.id"], name=op.f("fk_submission_difference_submission")
        ),
        sa.PrimaryKeyConstraint(
            "submission", "attempt", "number", name=op.f("pk_submission_difference")
        ),
    )
    op.create_table(
        "dataset_quality",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("ward", sa.Text(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("correct", sa.Float(), nullable=False),
        sa.Column("complete", sa.Float(), nullable=False),
        sa.Column("clean", sa.Float(), nullable=False),
        sa.Column("live", sa.Float(), nullable=False),
        sa.Column("consistent", sa.Float(), nullable=False),
        sa.Column("oldest", _AT, nullable=False),
        sa.Column("newest", _AT, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "day", "ward", name=op.f("pk_dataset_quality")),
    )
    op.bulk_insert(version, [{"id": 1, "number": 0}])
