"""Verbs of stewards: reply, decide, finish, put off. Each is one statement, so it happens once."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.corrections.cases import Doer, note_step, require_case
from registry.corrections.models import CorrectionCase, CorrectionReporter
from registry.corrections.rules import LIVE, MOVES, Terms, extended
from registry.kernel.clock import now, today
from registry.kernel.errors import Conflict, Refused, Text

_STATE = Text("Hồ sơ này không ở bước đó.", "The case is not at that step.")
_OWN = Text(
    "Người quyết định phải khác người báo và người phản hồi.",
    "Whoever decides must be somebody else than who reported or replied.",
)
_EXTENDED = Text(
    "Chỉ gia hạn được một lần, khi chưa quá hạn và chưa kết thúc.",
    "A case is put off once, before it is overdue and while it is live.",
)


def reply(session: Session, case_id: str, steward: Doer, answer: str) -> CorrectionCase:
    """Tell whoever reported how it goes on, and take the case up.

    Raises NotFound, and Conflict for a case that was replied to or decided on.
    """
    return _move(session, case_id, steward, "replied", answer, assigned=steward.by)


def decide(
    session: Session,
    case_id: str,
    steward: Doer,
    decision: Literal["accepted", "rejected"],
    answer: str,
) -> CorrectionCase:
    """Accept or reject what was reported, as somebody else than who reported or replied.

    Raises NotFound, Refused for a case of one's own, and Conflict for one that is decided on.
    """
    table, by = CorrectionCase, CorrectionReporter
    reported = sa.select(by.case_id).where(by.case_id == table.id, by.reported_by == steward.by)
    another = (
        sa.func.coalesce(table.assigned, "") != steward.by,
        table.opened_by != steward.by,
        ~reported.exists(),
    )
    moment = now()
    return _move(
        session,
        case_id,
        steward,
        decision,
        answer,
        *another,
        decided_by=steward.by,
        decided_at=moment,
    )


def finish(
    session: Session, case_id: str, steward: Doer, answer: str | None = None
) -> CorrectionCase:
    """Say that the register is corrected. Raises NotFound, and Conflict unless it was accepted."""
    return _move(session, case_id, steward, "done", answer)


def extend(
    session: Session, case_id: str, steward: Doer, answer: str, terms: Terms
) -> CorrectionCase:
    """Put the end of a case off, once, and tell whoever reported why. Raises NotFound or Conflict.

    A case that is overdue can't be put off: it would look as if it had never been.
    """
    case = require_case(session, case_id)
    table, due = CorrectionCase, extended(case.due_on, terms)
    changed = session.scalar(
        sa.update(table)
        .where(
            table.id == case.id,
            table.extended.is_(False),
            table.due_on == case.due_on,
            table.due_on >= today(),
            table.state.in_(LIVE),
        )
        .values(
            extended=True,
            answer=answer,
            due_on=due.due_on,
            calendar_known=case.calendar_known and due.calendar_known,
        )
        .returning(table.id)
    )
    if changed is None:
        raise Conflict(_EXTENDED)
    return _noted(session, case, steward, "extended", answer)


def _move(
    session: Session,
    case_id: str,
    steward: Doer,
    action: str,
    answer: str | None,
    *conditions: sa.ColumnElement[bool],
    **values: Any,
) -> CorrectionCase:
    """Take a case from one state to the next, by one statement that another can't come between."""
    case = require_case(session, case_id)
    sources, target = MOVES[action]
    table = CorrectionCase
    told = {"answer": answer} if answer is not None else {}
    changed = session.scalar(
        sa.update(table)
        .where(table.id == case.id, table.state.in_(sources), *conditions)
        .values(state=target, **told, **values)
        .returning(table.id)
    )
    if changed is None:
        session.refresh(case)
        if case.state in sources:
            raise Refused(_OWN, subject=case.subject_id, asked=[case.path])
        raise Conflict(_STATE, subject=case.subject_id, asked=[case.path])
    return _noted(session, case, steward, action, answer)


def _noted(
    session: Session, case: CorrectionCase, steward: Doer, action: str, text: str | None
) -> CorrectionCase:
    session.refresh(case)
    note_step(session, case.id, steward, action, text)
    return case
