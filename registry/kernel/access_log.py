"""Who looked at whose data, why, and what was answered: one row per person and request.

A row is written in the transaction of the read, before its answer leaves; an answer without its
row can't happen, because the commit that keeps the row comes first. Refusals are written in a
transaction of their own, since what refuses a request also rolls it back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal, get_args

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, Session, foreign, mapped_column, relationship

from registry.kernel.clock import now
from registry.kernel.columns import RowId
from registry.kernel.db import Base, Database, UtcDateTime
from registry.kernel.errors import NotFound

Outcome = Literal["delivered", "not_found", "moved", "withheld", "refused"]
LONGEST_CASE = 50
_KEY_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks and for what: the client, the person behind it, procedure, case and legal basis.

    ``trace_id`` ties the row to the ordinary logs, which hold no personal data. ``person_id`` is
    always who sat there and looked, ``acting_for`` the person in whose place they did: a parent's
    look is the parent's, and the child's log shows whose it was. ``whose`` is the only person of
    whom the asker may be told, by record id; None where that is not so narrow.
    """

    client_id: str
    procedure: str
    case: str
    legal_basis: str
    trace_id: str
    person_id: str | None = None
    acting_for: str | None = None
    whose: str | None = None


class AccessContext(Base):
    """What many rows share: who asks for which attributes, for what, by which right.

    ``id`` is a digest of the rest, so whoever comes first writes a context without asking whether
    it is there, and none can be passed off as another.
    """

    __tablename__ = "access_context"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    client_id: Mapped[str] = mapped_column(sa.Text)
    person_id: Mapped[str | None] = mapped_column(sa.Text)
    acting_for: Mapped[str | None] = mapped_column(sa.Text)
    procedure: Mapped[str] = mapped_column(sa.Text)
    legal_basis: Mapped[str] = mapped_column(sa.Text)
    attributes: Mapped[str] = mapped_column(sa.Text)

    # Found by its key alone, and best kept in one tree with it.
    __table_args__ = ({"sqlite_with_rowid": False},)


class AccessEvent(Base):
    """One row of the log; rows are added and never changed.

    A row is one append to one tree. An index by subject would be a second, scattered write in
    every request, and is for whoever reads the log to keep; a foreign key would be a look-up in
    every request for a row that is known to be there.
    """

    __tablename__ = "access_event"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    context_id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False))
    case: Mapped[str] = mapped_column("case_number", sa.String(LONGEST_CASE))
    trace_id: Mapped[str] = mapped_column(sa.Text)
    subject_id: Mapped[str | None] = mapped_column(sa.Uuid(as_uuid=False))
    outcome: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str | None] = mapped_column(sa.Text)

    context: Mapped[AccessContext] = relationship(
        primaryjoin=foreign(context_id) == AccessContext.id,
        lazy="joined",
        innerjoin=True,
        viewonly=True,
    )
    client_id: AssociationProxy[str] = association_proxy("context", "client_id")
    person_id: AssociationProxy[str | None] = association_proxy("context", "person_id")
    acting_for: AssociationProxy[str | None] = association_proxy("context", "acting_for")
    procedure: AssociationProxy[str] = association_proxy("context", "procedure")
    legal_basis: AssociationProxy[str] = association_proxy("context", "legal_basis")
    attributes: AssociationProxy[str] = association_proxy("context", "attributes")

    __table_args__ = (
        # Equations one by one: SQLite would build a table of a list anew for every row.
        sa.CheckConstraint(
            " OR ".join(f"outcome = '{outcome}'" for outcome in get_args(Outcome)), name="outcome"
        ),
        sa.CheckConstraint("(outcome = 'refused') = (reason IS NOT NULL)", name="reason"),
        sa.CheckConstraint("outcome <> 'delivered' OR subject_id IS NOT NULL", name="subject"),
    )


@dataclass(frozen=True, slots=True)
class Context:
    """A row of `AccessContext` before it is written."""

    id: str
    client_id: str
    person_id: str | None
    procedure: str
    legal_basis: str
    attributes: str
    acting_for: str | None = None


def context_of(asker: Asker, attributes: Iterable[str]) -> Context:
    """Return the context of an asker's rows; ``attributes`` are kept sorted."""
    columns = (
        asker.client_id,
        asker.person_id,
        asker.procedure,
        asker.legal_basis,
        " ".join(sorted(set(attributes))),
    )
    # Whoever acts for nobody has the key that they had before anybody could.
    keyed = (*columns, asker.acting_for) if asker.acting_for else columns
    key = hashlib.sha256(orjson.dumps(keyed)).hexdigest()[:_KEY_DIGITS]
    return Context(key, *columns, asker.acting_for)


def keep_context(session: Session, context: Context) -> None:
    """Write a context in the session's transaction, unless it is there already."""
    session.execute(_KEEP_CONTEXT, asdict(context))


_KEEP_CONTEXT = sa.text(
    "INSERT INTO access_context"
    " (id, client_id, person_id, acting_for, procedure, legal_basis, attributes)"
    " VALUES (:id, :client_id, :person_id, :acting_for, :procedure, :legal_basis, :attributes)"
    " ON CONFLICT DO NOTHING"
)


def record_access(
    session: Session,
    asker: Asker,
    outcome: Outcome,
    attributes: Iterable[str],
    subject_id: str | None = None,
) -> None:
    """Write the row of one person's answer in the session's transaction.

    ``attributes`` are the requested paths, also those without a value; they are kept sorted.
    ``subject_id`` may be None only where nobody was found. It is the person's record id, or that
    of the record itself where a record is delivered that tells of nobody registered, such as a
    parcel without a registered holder: ids of all registers are unlike each other. Raises NotFound
    where the asker may not be told of that person.
    """
    _write(session, asker, attributes, [(outcome, subject_id)])


def record_accesses(
    session: Session,
    asker: Asker,
    attributes: Iterable[str],
    told: Iterable[tuple[Outcome, str | None]],
) -> None:
    """Write the rows of one answer that tells of several people, in one statement.

    ``told`` are the outcome and the subject of each row, as `record_access` has them. Raises
    NotFound where the asker may be told of one person alone, whom this answer does not concern.
    """
    _write(session, asker, attributes, told)


def record_refusal(
    database: Database,
    asker: Asker,
    reason: str,
    attributes: Iterable[str],
    subject_id: str | None = None,
) -> None:
    """Write the row of a refused request, durable on return.

    ``reason`` is the true one, as an error code, even where the answer says only "not found".
    """
    with database.transaction() as session:
        _write(session, asker, attributes, [("refused", subject_id)], reason)


def _keep_from_within(session: Session, context: Context) -> None:
    """Write a context that is new, whatever moment the session's snapshot is of.

    Two that begin the same context at once would fail in PostgreSQL, where neither snapshot has
    the other's. SQLite has one writer, so there it can't be another's.
    """
    if session.get_bind().dialect.name == "sqlite":
        keep_context(session, context)
    elif session.get(AccessContext, context.id) is None:
        with session.info["database"].transaction() as own:
            keep_context(own, context)


def _require_concerned(
    asker: Asker, told: Collection[tuple[Outcome, str | None]], attributes: Sequence[str]
) -> None:
    """Let nothing be told to a person's client that does not concern the person.

    Here, because every answer that tells of somebody comes by here before it is given.
    """
    if asker.whose is None:
        return
    of = {subject for outcome, subject in told if outcome == "delivered"}
    if of and asker.whose not in of:
        raise NotFound(subject=min(filter(None, of)), asked=attributes)


def _write(
    session: Session,
    asker: Asker,
    attributes: Iterable[str],
    told: Iterable[tuple[Outcome, str | None]],
    reason: str | None = None,
) -> None:
    told = list(told)
    context = context_of(asker, attributes)
    _require_concerned(asker, told, context.attributes.split())
    moment = now()
    rows = [
        {
            "at": moment,
            "context_id": context.id,
            "case": asker.case,
            "trace_id": asker.trace_id,
            "subject_id": subject,
            "outcome": outcome,
            "reason": reason,
        }
        for outcome, subject in told
    ]
    if rows:
        # At once, so that a row the database refuses stops the read and not only the commit.
        _keep_from_within(session, context)
        session.execute(sa.insert(AccessEvent), rows)
