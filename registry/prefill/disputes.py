"""A typed disagreement becomes a correction case of the register that it is about."""

from __future__ import annotations

from sqlalchemy.orm import Session

from registry.corrections.cases import Reported, open_case
from registry.corrections.rules import Terms
from registry.prefill.verifying import Disagreement, OpenCase, OpenedCase


def opener(terms: Terms) -> OpenCase:
    """Return what opens a case in the session's transaction, due by ``terms``.

    Resolution 66.7/2025/NQ-CP, article 8: data that is wrong is to be mended at its source, and not
    in the one form that showed it.
    """

    def opened(session: Session, told: Disagreement) -> OpenedCase:
        return open_case(session, _reported(told), terms)

    return opened


def _reported(told: Disagreement) -> Reported:
    citizen = told.register == "citizens"
    return Reported(
        register=told.register,
        record_id=told.record_id,
        path=told.path,
        # An act or a parcel is nobody's alone, and a citizen's record is the citizen's.
        subject_id=told.record_id if citizen else told.person_id or told.record_id,
        declared=told.declared,
        reason=told.reason,
        source="prefill",
        opened_by=told.actor_id or told.person_id or told.client_id,
        client_id=told.client_id,
        procedure=told.procedure,
        case_number=told.case,
        note=told.note or None,
        registered=told.registered,
        prefill_id=told.prefill_id,
    )
