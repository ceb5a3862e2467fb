"""Reading households. A household tells of every member, so each gets an access row."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.citizens.records import protected_people, require_citizen
from registry.households.attributes import CATALOGUE
from registry.households.changes import LEDGER
from registry.households.models import Household, HouseholdMember
from registry.kernel.access_log import record_access
from registry.kernel.dates import PartialDate
from registry.kernel.errors import NotFound, Withheld
from registry.kernel.fields import Document, Selection
from registry.kernel.ledger import Moment

REGISTER = "households"


@lru_cache(maxsize=4096)
def _selection(fields: tuple[str, ...], granted: frozenset[str]) -> Selection:
    return CATALOGUE.compile(fields, granted)


def read_household(
    session: Session,
    principal: Principal,
    record_id: str,
    fields: tuple[str, ...],
    moment: Moment,
) -> dict[str, Any]:
    """Return one household by its opaque id. Raises NotFound, Withheld, Malformed or Refused."""
    selection = _selection(fields, principal.attributes(REGISTER))
    try:
        key = str(uuid.UUID(record_id))
    except ValueError:
        raise NotFound from None
    household = session.scalar(sa.select(Household).where(Household.id == key))
    if household is None:
        raise NotFound
    document = LEDGER.documents(session, [household], moment).get(household.row, {})
    return _answer(session, principal, household, selection, _as_of(document, moment.on), moment)


def read_household_of(
    session: Session,
    principal: Principal,
    citizen_id: str,
    fields: tuple[str, ...],
    moment: Moment,
) -> dict[str, Any]:
    """Return the household that a citizen belongs to, permanent before temporary residence.

    Raises NotFound where there is none, and what `read_household` raises.
    """
    selection = _selection(fields, principal.attributes(REGISTER))
    citizen = require_citizen(session, citizen_id)
    households = session.scalars(
        sa.select(Household)
        .join(HouseholdMember, HouseholdMember.household == Household.row)
        .where(HouseholdMember.citizen_id == citizen.id)
    ).all()
    documents = LEDGER.documents(session, households, moment)
    joined = []
    for household in households:
        document = _as_of(documents.get(household.row, {}), moment.on)
        if any(member["citizen_id"] == citizen.id for member in document.get("members", ())):
            joined.append((document["kind"]["code"] != "permanent", household, document))
    if not joined:
        raise NotFound(subject=citizen.id)
    _, household, document = min(joined, key=lambda entry: (entry[0], entry[1].row))
    return _answer(session, principal, household, selection, document, moment)


def _as_of(document: Document, on: date) -> Mapping[str, Any]:
    """Keep the members of that day; a start known only by year holds for the whole year."""
    members = [m for m in document.get("members", ()) if _belongs(m, on)]
    return {**document, "members": members} if document else {}


def _belongs(member: Mapping[str, Any], on: date) -> bool:
    began = PartialDate.parse(member["valid_from"]["value"]).first if "valid_from" in member else on
    ended = member.get("valid_to")
    return began <= on and (ended is None or on <= PartialDate.parse(ended["value"]).last)


def _answer(  # noqa: PLR0913, PLR0917 - one record, cut and logged
    session: Session,
    principal: Principal,
    household: Household,
    selection: Selection,
    document: Mapping[str, Any],
    moment: Moment,
) -> dict[str, Any]:
    members = [member["citizen_id"] for member in document.get("members", ())]
    protected = protected_people(session, members)
    if protected:
        # A household is an address: one protected member withholds it whole.
        raise Withheld(subject=protected[0])
    for citizen_id in members:
        record_access(session, principal.asker, "delivered", selection.paths, citizen_id)
    if not members:
        record_access(session, principal.asker, "not_found", selection.paths)
    return {"id": household.id, **selection.cut(document, moment.on)}
