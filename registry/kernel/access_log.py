"""Who looked at whose data, why, and what was answered: one row per person and request.

A row is written in the transaction of the read, before its answer leaves; an answer without its
row can't happen, because the commit that keeps the row comes first. Refusals are written in a
transaction of their own, since what refuses a request also rolls it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.kernel.clock import now
from registry.kernel.db import Base, Database, UtcDateTime, new_id

Outcome = Literal["delivered", "not_found", "moved", "withheld", "refused"]
LONGEST_CASE = 50


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks and for what: the client, the person behind it, procedure, case and legal basis.

    ``trace_id`` ties the row to the ordinary logs, which hold no personal data.
    """

    client_id: str
    procedure: str
    case: str
    legal_basis: str
    trace_id: str
    person_id: str | None = None


class AccessEvent(Base):
    """One row of the log; rows are added and never changed."""

    __tablename__ = "access_event"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    client_id: Mapped[str] = mapped_column(sa.Text)
    person_id: Mapped[str | None] = mapped_column(sa.Text)
    procedure: Mapped[str] = mapped_column(sa.Text)
    case: Mapped[str] = mapped_column("case_number", sa.String(LONGEST_CASE))
    legal_basis: Mapped[str] = mapped_column(sa.Text)
    trace_id: Mapped[str] = mapped_column(sa.Text)
    subject_id: Mapped[str | None] = mapped_column(sa.Uuid(as_uuid=False))
    attributes: Mapped[str] = mapped_column(sa.Text)
    outcome: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.CheckConstraint(
            "outcome IN ('delivered', 'not_found', 'moved', 'withheld', 'refused')", name="outcome"
        ),
        sa.CheckConstraint("(outcome = 'refused') = (reason IS NOT NULL)", name="reason"),
        sa.CheckConstraint("outcome <> 'delivered' OR subject_id IS NOT NULL", name="subject"),
        # Ids grow with time, so a row is one append to one tree; an index by subject would be a
        # second, scattered write in every request and is for whoever reads the log to keep.
        {"sqlite_with_rowid": False},
    )


def record_access(
    session: Session,
    asker: Asker,
    outcome: Outcome,
    attributes: Iterable[str],
    subject_id: str | None = None,
) -> str:
    """Write the row of one person's answer in the session's transaction; return its id.

    ``attributes`` are the requested paths, also those without a value; they are kept sorted.
    ``subject_id`` may be None only where nobody was found. It is the person's record id, or that
    of the record itself where a record is delivered that tells of nobody registered, such as a
    parcel without a registered holder: ids of all registers are unlike each other.
    """
    return _write(session, asker, outcome, attributes, subject_id, None)


def record_accesses(
    session: Session,
    asker: Asker,
    attributes: Iterable[str],
    told: Iterable[tuple[Outcome, str | None]],
) -> None:
    """Write the rows of one answer that tells of several people, in one statement.

    ``told`` are the outcome and the subject of each row, as `record_access` has them.
    """
    asked = _sorted(attributes)
    rows = [_columns(asker, outcome, asked, subject, None) for outcome, subject in told]
    if rows:
        session.execute(sa.insert(AccessEvent), rows)


def record_refusal(
    database: Database,
    asker: Asker,
    reason: str,
    attributes: Iterable[str],
    subject_id: str | None = None,
) -> str:
    """Write the row of a refused request, durable on return; return its id.

    ``reason`` is the true one, as an error code, even where the answer says only "not found".
    """
    with database.transaction() as session:
        return _write(session, asker, "refused", attributes, subject_id, reason)


def _write(  # noqa: PLR0913, PLR0917 - the parts of one row
    session: Session,
    asker: Asker,
    outcome: Outcome,
    attributes: Iterable[str],
    subject_id: str | None,
    reason: str | None,
) -> str:
    row = _columns(asker, outcome, _sorted(attributes), subject_id, reason)
    # At once, so that a row the database refuses stops the read and not only the commit.
    session.execute(sa.insert(AccessEvent), [row])
    return str(row["id"])


def _sorted(attributes: Iterable[str]) -> str:
    return " ".join(sorted(set(attributes)))


def _columns(
    asker: Asker, outcome: Outcome, attributes: str, subject_id: str | None, reason: str | None
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "at": now(),
        "client_id": asker.client_id,
        "person_id": asker.person_id,
        "procedure": asker.procedure,
        "case": asker.case,
        "legal_basis": asker.legal_basis,
        "trace_id": asker.trace_id,
        "subject_id": subject_id,
        "attributes": attributes,
        "outcome": outcome,
        "reason": reason,
    }
