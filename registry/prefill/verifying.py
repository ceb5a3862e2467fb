"""At submission: which values came back as they were given, and which the citizen disputes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.kernel.clock import now
from registry.kernel.db import new_id
from registry.prefill.declared import Declared, read_declared
from registry.prefill.kept import (
    Kept,
    ReadValues,
    kept,
    record_look,
    require_open,
    require_prefill,
    sources,
)
from registry.prefill.models import Prefill, PrefillCorrection, PrefillVerification
from registry.prefill.versions import current_versions

Result = Literal["unchanged", "changed", "added", "withheld", "missing"]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A typed disagreement: what the citizen declares of a registered value, and why.

    ``registered`` is what the register says today, None where it can't be told.
    """

    prefill_id: str
    client_id: str
    procedure: str
    case: str
    person_id: str | None
    actor_id: str | None
    key: str
    role: str
    register: str
    record_id: str
    path: str
    type: str
    registered: Any
    declared: Any
    reason: str
    note: str


class OpenedCase(Protocol):
    """A correction that was opened: its id, and the day by which it is answered."""

    @property
    def id(self) -> str:
        """The id under which it is followed."""

    @property
    def due_on(self) -> date:
        """The last day for an answer, by the working calendar."""


OpenCase = Callable[[Session, Disagreement], OpenedCase]
"""Opens a correction in the session's transaction; called once for each declared value."""


def verify(  # noqa: PLR0913, PLR0917 - what came back, what the registers say, and who hears of the rest
    session: Session,
    principal: Principal,
    prefill_id: str,
    submitted: Mapping[str, Any],
    today_values: ReadValues,
    open_case: OpenCase,
) -> dict[str, Any]:
    """Compare what a form submits with what it was given; nothing of it is kept but the results.

    A locked value that came back otherwise, or not at all, makes the submission not valid unless
    it has a reason; a reason for a changed value opens a correction. It may be asked again: the
    same declared value never opens a second one. Raises NotFound for a prefill of another client,
    Conflict for one that is closed or over, and Invalid naming unknown keys and reasons.
    """
    prefill = require_prefill(session, principal, prefill_id)
    _take_turn(session, prefill)
    require_open(prefill)
    fields = kept(prefill)
    declared = read_declared(submitted, fields.keys())
    moved = _outdated(session, fields)
    results = {key: _compare(key, field, declared.get(key)) for key, field in fields.items()}
    disputed = {
        key: told for key, told in declared.items() if told.reason and results[key] == "changed"
    }
    today = today_values(session, prefill, moved | disputed.keys())
    answer: dict[str, dict[str, Any]] = {}
    for key, field in fields.items():
        answer[key] = {"result": results[key]}
        if key in declared and declared[key].reason:
            answer[key]["reason"] = declared[key].reason
        if key in disputed:
            told = _disagreement(prefill, key, field, disputed[key], today.get(key))
            answer[key]["correction"] = _opened(session, told, field, open_case)
        if field.source and (key not in moved or key in today):
            differs = key in moved and not field.same(key, today[key])
            answer[key]["register"] = "changed" if differs else "same"
    valid = all(_stands(fields[key], told) for key, told in answer.items())
    _keep(session, prefill, valid, answer)
    record_look(session, principal, prefill, fields)
    return {"id": prefill.id, "case": prefill.case, "fields": answer, "valid": valid}


def _take_turn(session: Session, prefill: Prefill) -> None:
    """Wait for whoever verifies or closes the same prefill now, and see what they left."""
    session.execute(
        sa.update(Prefill)
        .where(Prefill.id == prefill.id)
        .values(verifications=Prefill.verifications + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(prefill)


def _outdated(session: Session, fields: Mapping[str, Kept]) -> set[str]:
    """Return the keys whose record was written since: their values may be others."""
    known = current_versions(session, sources(fields).keys())
    return {
        key
        for key, field in fields.items()
        if field.source and known.get(field.source) != field.version
    }


def _compare(key: str, field: Kept, declared: Declared | None) -> Result:
    silent = declared is None or declared.blank
    if not field.digest:
        return "withheld" if silent else "added"
    if declared is None or silent:
        return "missing"
    return "unchanged" if field.same(key, declared.value) else "changed"


def _stands(field: Kept, told: Mapping[str, Any]) -> bool:
    altered = told["result"] in {"changed", "missing"}
    return not (altered and field.lock == "locked" and "reason" not in told)


def _disagreement(
    prefill: Prefill, key: str, field: Kept, declared: Declared, registered: Any
) -> Disagreement:
    return Disagreement(
        prefill.id,
        prefill.client_id,
        prefill.procedure,
        prefill.case,
        prefill.person_id,
        prefill.actor_id,
        key,
        field.role,
        field.register,
        field.record,
        field.path,
        field.type,
        registered,
        declared.value,
        declared.reason,
        declared.note,
    )


def _opened(
    session: Session, told: Disagreement, field: Kept, open_case: OpenCase
) -> dict[str, str]:
    """Return the correction for a declared value: the one that is there, or a new one."""
    identity = (told.prefill_id, told.key, field.digest_of(told.key, told.declared))
    found = session.get(PrefillCorrection, identity)
    if found is None:
        case = open_case(session, told)
        found = PrefillCorrection(
            prefill_id=told.prefill_id,
            key=told.key,
            digest=identity[2],
            correction_id=case.id,
            due_on=case.due_on,
        )
        # At once: whoever was as quick as we were is refused by the key of the table.
        session.add(found)
        session.flush()
    return {"id": found.correction_id, "due_on": found.due_on.isoformat()}


def _keep(
    session: Session, prefill: Prefill, valid: bool, results: Mapping[str, Mapping[str, Any]]
) -> None:
    session.add(
        PrefillVerification(
            id=new_id(), prefill_id=prefill.id, at=now(), valid=valid, results=dict(results)
        )
    )
