"""Verbs on correction cases, for those who report a value and those who list what was reported."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from auth.principals import Principal
from auth.signin.staff import is_staff
from registry.citizens.standings import merged_ids
from registry.corrections.models import CorrectionCase, CorrectionReporter, CorrectionStep
from registry.corrections.rules import LIVE, Terms, due_dates, identity
from registry.kernel.access_log import Asker, record_access
from registry.kernel.bulk import among
from registry.kernel.clock import now, today
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, NotFound, Text

PROCEDURE = "sogoc:correction"
LEGAL_BASIS = "Luật BVDLCN 91/2025/QH15; Nghị quyết 66.7/2025/NQ-CP, Điều 8"
LARGEST_PAGE = 100
_TRIES = 3
_DECIDED = Text(
    "Báo cáo này vừa được quyết định, hãy gửi lại.", "This report was just decided on: send again."
)


# What the verbs return; its table is for this folder alone.
Case = CorrectionCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A registered value that somebody says is wrong.

    ``subject_id`` is whose record it is, or the record itself where it is nobody's alone.
    ``declared`` is JSON other than null; ``registered`` what the registry said, None if nothing.
    ``opened_by`` is the person who sat there (`Asker.person_id`), else the client itself;
    ``procedure`` and ``case_number`` are those of the client's request.
    """

    register: str
    record_id: str
    path: str
    subject_id: str
    declared: Any
    reason: str
    source: str
    opened_by: str
    client_id: str
    procedure: str
    case_number: str
    note: str | None = None
    registered: Any | None = None
    register_version: str | None = None
    prefill_id: str | None = None


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does something with a case: a person, or the client by itself; and by which client."""

    by: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases to list: a page of at most ``limit`` after the case ``cursor``."""

    state: str | None = None
    register: str | None = None
    overdue: bool = False
    cursor: str | None = None
    limit: int = 50


def open_case(session: Session, reported: Reported, terms: Terms | None = None) -> CorrectionCase:
    """Open a case for a reported value; one that is live for the same report is the answer.

    Whoever reports again may see how it goes, too. ``terms`` say when it is due, those of the law
    if None; an application gives `Terms.of` its settings. The transaction must not be a snapshot:
    it would not see the case that another has opened meanwhile. Raises Conflict only where the
    case in the way is decided on again and again.
    """
    key = identity(
        reported.register,
        reported.record_id,
        reported.subject_id,
        reported.path,
        reported.declared,
    )
    for _ in range(_TRIES):
        made = _insert(session, reported, key, terms or Terms())
        live = CorrectionCase.identity == key, CorrectionCase.state.in_(LIVE)
        found = session.scalar(sa.select(CorrectionCase).where(*live))
        if found is not None:
            _join(session, found, reported, first=made)
            return found
        # The case that was in the way has been decided on between the two statements.
    raise Conflict(_DECIDED)


def _insert(session: Session, reported: Reported, key: str, terms: Terms) -> bool:
    due = due_dates(today(), terms)
    row = {
        "id": new_id(),
        "identity": key,
        **{name: getattr(reported, name) for name in Reported.__dataclass_fields__},
        "opened_at": now(),
        "reply_due": due.reply_due,
        "due_on": due.due_on,
        "calendar_known": due.calendar_known,
        "extended": False,
        "state": "open",
    }
    return _add(session, CorrectionCase, row)


def _join(session: Session, case: CorrectionCase, reported: Reported, *, first: bool) -> None:
    """Let whoever reports see the case, and write it down the first time."""
    doer = Doer(reported.opened_by, reported.client_id)
    row = {"case_id": case.id, "client_id": doer.client_id, "reported_by": doer.by}
    if _add(session, CorrectionReporter, row):
        note_step(session, case.id, doer, "opened" if first else "reported", reported.note)


def _add(session: Session, mapped: type[Any], row: Mapping[str, Any]) -> bool:
    """Insert a row; False where it is there already."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    key = sa.inspect(mapped).primary_key[0]
    return (
        session.scalar(insert(mapped).values(row).on_conflict_do_nothing().returning(key))
        is not None
    )


def note_step(session: Session, case_id: str, doer: Doer, action: str, text: str | None) -> None:
    """Write one step of a case down."""
    session.execute(
        sa.insert(CorrectionStep).values(
            case_id=case_id,
            at=now(),
            taken_by=doer.by,
            client_id=doer.client_id,
            action=action,
            text=text,
        )
    )


def require_case(session: Session, case_id: str) -> CorrectionCase:
    """Return a case by its id; logs nothing. Raises NotFound."""
    try:
        key = str(uuid.UUID(case_id))
    except ValueError:
        raise NotFound from None
    found = session.get(CorrectionCase, key)
    if found is None:
        raise NotFound
    return found


def read_case(session: Session, principal: Principal, case_id: str) -> CorrectionCase:
    """Return a case to whoever reported it or whose record it is, and log that.

    Raises NotFound for everybody else, who must not learn that there is one.
    """
    case = require_case(session, case_id)
    if not _may_see(session, principal, case):
        raise NotFound(subject=case.subject_id, asked=[case.path])
    record_access(session, principal.asker, "delivered", [case.path], case.subject_id)
    return case


def _may_see(session: Session, principal: Principal, case: CorrectionCase) -> bool:
    person = citizen_of(session, principal)
    if person is not None and case.subject_id in merged_ids(session, person):
        return True
    table = CorrectionReporter
    reported = sa.select(table.case_id).where(table.case_id == case.id)
    if person is None:
        # Whoever works for an agency sees what the agency has reported.
        reported = reported.where(table.client_id == principal.client_id)
    else:
        reported = reported.where(table.reported_by == principal.asker.person_id)
    return session.scalar(reported.limit(1)) is not None


def citizen_of(session: Session, principal: Principal) -> str | None:
    """Return the record id of the citizen for whom the principal asks; None for an agency."""
    person = principal.person_id
    return None if person is None or is_staff(session, person) else person


def list_cases(session: Session, wanted: Wanted) -> Sequence[CorrectionCase]:
    """Return cases, the oldest first; logs nothing, so whoever tells of them does.

    Raises ValueError for a cursor that is none.
    """
    table, day = CorrectionCase, today()
    query = sa.select(table).order_by(table.id).limit(wanted.limit)
    if wanted.state is not None:
        query = query.where(table.state == wanted.state)
    if wanted.register is not None:
        query = query.where(table.register == wanted.register)
    if wanted.overdue:
        late = sa.and_(table.state == "open", table.reply_due < day)
        query = query.where(table.state.in_(LIVE), sa.or_(table.due_on < day, late))
    if wanted.cursor is not None:
        query = query.where(table.id > str(uuid.UUID(wanted.cursor)))
    return session.scalars(query).all()


def list_cases_of(session: Session, person_id: str) -> Sequence[CorrectionCase]:
    """Return the cases about a person's records or reported by the person, the newest first.

    Those of records that were merged into theirs count too. Logs nothing: whoever shows them
    calls `record_told`.
    """
    table, by = CorrectionCase, CorrectionReporter
    own = sa.select(by.case_id).where(by.reported_by == person_id)
    about = among(session, table.subject_id, merged_ids(session, person_id))
    query = sa.select(table).where(sa.or_(about, table.id.in_(own)))
    return session.scalars(query.order_by(table.id.desc())).all()


def list_steps(session: Session, case_id: str) -> Sequence[CorrectionStep]:
    """Return what was done with a case, in order; logs nothing."""
    table = CorrectionStep
    return session.scalars(
        sa.select(table).where(table.case_id == case_id).order_by(table.id)
    ).all()


def open_paths(session: Session, record_ids: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Return by record id the paths in question, for whoever answers that they are under review.

    Records without such a path are absent. Tells nothing of what was declared, and logs nothing.
    """
    table = CorrectionCase
    rows = session.execute(
        sa.select(table.record_id, table.path).where(
            table.state.in_(LIVE), among(session, table.record_id, set(record_ids))
        )
    )
    found: dict[str, set[str]] = {}
    for record_id, path in rows:
        found.setdefault(record_id, set()).add(path)
    return {record_id: frozenset(paths) for record_id, paths in found.items()}


def record_told(
    session: Session, cases: Iterable[CorrectionCase], doer: Doer, trace_id: str
) -> None:
    """Write that ``doer`` was told of ``cases``: a row each, in the session's transaction."""
    for case in cases:
        asker = Asker(doer.client_id, PROCEDURE, case.id, LEGAL_BASIS, trace_id, doer.by)
        record_access(session, asker, "delivered", [case.path], case.subject_id)
