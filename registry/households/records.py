"""Reading households. A household tells of every member, so each gets an access row."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.citizens.records import require_citizen
from registry.citizens.standings import merged_ids, standings
from registry.households.attributes import CATALOGUE
from registry.households.changes import LEDGER
from registry.households.models import Household, HouseholdMember
from registry.households.rules import people_of, true_on, without
from registry.kernel.access_log import Outcome, record_accesses
from registry.kernel.columns import require_record
from registry.kernel.errors import NotFound, Withheld
from registry.kernel.fields import Document, Selection
from registry.kernel.ledger import Moment
from registry.kernel.undo import is_undone


def read_household(
    session: Session,
    principal: Principal,
    record_id: str,
    fields: tuple[str, ...],
    moment: Moment,
) -> dict[str, Any]:
    """Return one household by its opaque id. Raises NotFound, Withheld, Malformed or Refused."""
    selection = principal.select(CATALOGUE, fields)
    household = require_record(session, Household, record_id, selection.paths)
    if is_undone(session, LEDGER.versions, household, moment.known_at):
        raise NotFound(asked=selection.paths)
    document = LEDGER.documents(session, [household], moment).get(household.row, {})
    record = _answer(session, principal, selection, true_on(document, moment.on), moment)
    return {"id": household.id, **record}


def read_household_of(
    session: Session,
    principal: Principal,
    citizen_id: str,
    fields: tuple[str, ...],
    moment: Moment,
) -> dict[str, Any]:
    """Return the household that a citizen belongs to, permanent before temporary residence.

    It may know the citizen by a record that was merged since. Raises NotFound where there is
    none, and what `read_household` raises.
    """
    selection = principal.select(CATALOGUE, fields)
    citizen = require_citizen(session, citizen_id, selection.paths, moment)
    joined = _household_of(session, merged_ids(session, citizen.id), moment)
    if joined is None:
        raise NotFound(subject=citizen.id, asked=selection.paths)
    key, document = joined
    return {"id": key, **_answer(session, principal, selection, document, moment)}


def members_of(session: Session, citizen_id: str, on: date) -> list[str]:
    """Return the record ids of a citizen's household on a day, the head first; logs nothing."""
    joined = _household_of(session, merged_ids(session, citizen_id), Moment(as_of=on))
    return people_of(joined[1]) if joined else []


def _household_of(session: Session, ids: set[str], moment: Moment) -> tuple[str, Document] | None:
    """Return the id of the household that one of ``ids`` belongs to, and its members of the day."""
    households = session.scalars(
        sa.select(Household)
        .where(
            Household.row.in_(
                sa.select(HouseholdMember.household).where(HouseholdMember.citizen_id.in_(ids))
            )
        )
        .order_by(Household.row)
    ).all()
    documents = LEDGER.documents(session, households, moment)
    joined = []
    for household in households:
        document = true_on(documents.get(household.row, {}), moment.on)
        if any(member["citizen_id"] in ids for member in document.get("members", ())):
            joined.append((document["kind"]["code"] != "permanent", household.id, document))
    if not joined:
        return None
    _, key, document = min(joined, key=lambda entry: entry[0])
    return key, document


def _answer(
    session: Session,
    principal: Principal,
    selection: Selection,
    document: Document,
    moment: Moment,
) -> dict[str, Any]:
    """Cut one household and log everybody it tells of."""
    people = standings(session, people_of(document))
    # A record made in error can't be found here either.
    document = without(document, {key for key, standing in people.items() if standing.erased})
    shown = {people[key].id: people[key] for key in people_of(document)}
    protected = sorted(key for key, standing in shown.items() if standing.protected)
    if protected:
        # A household is an address: one protected member withholds it whole.
        raise Withheld(subject=protected[0], asked=selection.paths)
    told: list[tuple[Outcome, str | None]] = [("delivered", key) for key in shown]
    record_accesses(session, principal.asker, selection.paths, told or [("not_found", None)])
    return selection.cut(document, moment.on)
