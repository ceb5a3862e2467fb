"""In whose name a page of the button asks, and what fills its form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flask
from sqlalchemy.orm import Session

from auth.grants.models import Grant
from auth.guard import trace_id
from auth.principals import Agreement, Principal, Purpose
from registry.kernel.clock import today
from registry.kernel.errors import NoAgreement
from registry.prefill import button
from registry.prefill.answering import House
from registry.prefill.passes import Pass, make_pass
from registry.prefill.profiles import for_procedure
from registry.prefill.registers import wait_for
from registry.prefill.serving import Desk, fill_case


def state() -> Any:
    """Return what the views share (`registry.app.State`)."""
    return flask.current_app.extensions["sogoc"]


def agreement_of(client_id: str, procedure: str) -> Agreement:
    """Return the client's agreement of today; raises NoAgreement."""
    found: Agreement | None = state().verifier.agreement(client_id, procedure)
    if found is None:
        raise NoAgreement(client=client_id)
    return found


def principal_of(client_id: str, purpose: Purpose, grant: Grant | None = None) -> Principal:
    """Return the principal in whose name a page of the client's asks; raises NoAgreement."""
    agreement = agreement_of(client_id, purpose.procedure)
    return button.asks_for(client_id, purpose, agreement, trace_id(), grant)


def desk(person_id: str | None) -> Desk:
    """Return what fills a person's form; made before a transaction, for registers may be slow."""
    here = state()
    settings = here.settings
    wait_for(here.faults.raise_for, person_id)
    return Desk(
        here.predicates,
        here.faults.raise_if_down,
        House(here.keys.sign, settings.issuer, settings.prefill_days),
    )


def filled(
    session: Session,
    principal: Principal,
    origin: str,
    at: Desk,
    choices: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Fill the form of a page and return the answer, with the pass to ask about it again."""
    procedure = principal.asker.procedure
    profile = for_procedure(procedure, today())
    answer = fill_case(session, principal, profile, {"choices": choices or {}}, at)
    held = Pass(principal.client_id, answer["id"], origin)
    return {**answer, "pass": make_pass(at.house.sign, at.house.issuer, held)}
