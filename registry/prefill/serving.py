"""Filling the form of one case, whoever asks: a client's program, or the button on its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.citizens.predicates import Predicate
from registry.prefill import consenting
from registry.prefill.answering import House, fill
from registry.prefill.filling import Form
from registry.prefill.registers import Faults
from registry.prefill.shapes import Profile
from registry.prefill.subjects import members


@dataclass(frozen=True, slots=True)
class Desk:
    """What every filling here has in common; ``down`` says which register is out of order."""

    predicates: Mapping[str, Predicate]
    down: Faults
    house: House


def fill_case(
    session: Session, principal: Principal, profile: Profile, asked: Mapping[str, Any], desk: Desk
) -> dict[str, Any]:
    """Fill the form that the principal's purpose names, and return the answer with its receipt.

    ``asked`` has ``choices`` and may have ``keys``, ``invitation`` and ``personal_id``, as the API
    takes them (`registry.prefill.schemas.PrefillRequest`). Raises what `consenting.rests_on` does.
    """
    resting = consenting.rests_on(session, principal, profile, asked)
    form = Form(
        profile,
        members(session, profile, resting.consent),
        asked["choices"],
        frozenset(asked["keys"]) if "keys" in asked else None,
        desk.predicates,
        desk.down,
    )
    return fill(session, principal, form, resting.terms, desk.house)
