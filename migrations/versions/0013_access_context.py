"""The access log says once what many of its rows share.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from registry.kernel.access_log import Asker, context_of

revision = "0013"
down_revision = "0012"

_SHARED = "client_id, person_id, procedure, legal_basis, attributes"


def upgrade() -> None:
    """Make the log's rows short; no row that was kept is lost, and their order stays."""
    op.execute("CREATE TEMPORARY TABLE access_before AS SELECT * FROM access_event")
    op.drop_table("access_event")
    context = op.create_table(
        "access_context",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_context")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "access_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.String(50), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome = 'delivered' OR outcome = 'not_found' OR outcome = 'moved'"
            " OR outcome = 'withheld' OR outcome = 'refused'",
            name=op.f("ck_access_event_outcome"),
        ),
        sa.CheckConstraint(
            "(outcome = 'refused') = (reason IS NOT NULL)", name=op.f("ck_access_event_reason")
        ),
        sa.CheckConstraint(
            "outcome <> 'delivered' OR subject_id IS NOT NULL",
            name=op.f("ck_access_event_subject"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_event")),
    )
    found = op.get_bind().execute(sa.text(f"SELECT DISTINCT {_SHARED} FROM access_before"))  # noqa: S608 - no input in it
    op.bulk_insert(context, [_context(*row) for row in found])
    op.execute(
        "INSERT INTO access_event"
        " (at, context_id, case_number, trace_id, subject_id, outcome, reason)"
        " SELECT b.at, c.id, b.case_number, b.trace_id, b.subject_id, b.outcome, b.reason"
        " FROM access_before b JOIN access_context c ON c.client_id = b.client_id"
        " AND coalesce(c.person_id, '') = coalesce(b.person_id, '')"
        " AND c.procedure = b.procedure AND c.legal_basis = b.legal_basis"
        " AND c.attributes = b.attributes ORDER BY b.id"
    )
    op.execute("DROP TABLE access_before")


def _context(
    client_id: str, person_id: str | None, procedure: str, legal_basis: str, attributes: str
) -> dict[str, Any]:
    asker = Asker(client_id, procedure, "", legal_basis, "", person_id)
    context = context_of(asker, attributes.split())
    return {
        "id": context.id,
        "client_id": client_id,
        "person_id": person_id,
        "procedure": procedure,
        "legal_basis": legal_basis,
        "attributes": attributes,
    }
