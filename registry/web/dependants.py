"""Whose information a person may open beside their own: minor children, and wards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.citizens.records import find_record_ids, read_citizen
from registry.civil_status.records import read_acts_of
from registry.civil_status.representation import Ground, ground_to_act
from registry.kernel.clock import today
from registry.kernel.errors import Moved, NotFound, NotInMode, Withheld
from registry.kernel.ledger import Moment

_PRESENT = Moment()


@dataclass(frozen=True, slots=True)
class Dependant:
    """Somebody for whom the person may act, by which right, and their name."""

    record_id: str
    name: str
    ground: Ground


def list_dependants(session: Session, principal: Principal) -> list[Dependant]:
    """Return those for whom ``principal.person_id`` may act today.

    The reads by which they are found are the person's own, and logged; what makes somebody a
    dependant is decided by `ground_to_act` alone, never by a name on a list.
    """
    person = str(principal.person_id)
    found: dict[str, Dependant] = {}
    for record_id, name in _candidates(session, principal, person):
        ground = ground_to_act(session, person, record_id, today())
        if ground and record_id not in found:
            found[record_id] = Dependant(record_id, name, ground)
    return list(found.values())


def _candidates(session: Session, principal: Principal, person: str) -> Iterator[tuple[str, str]]:
    try:
        own = read_citizen(session, principal, person, ("children",), _PRESENT).record
        acts = read_acts_of(session, principal, person, _WARDS, _PRESENT)["acts"]
    except (NotFound, Moved, Withheld, NotInMode):
        return
    children = {c["personal_id"]: c.get("name", "") for c in _numbered(own)}
    for number, record_id in find_record_ids(session, children).items():
        yield record_id, children[number]
    for act in acts:
        ward = act.get("persons", {}).get("ward", {})
        if "citizen_id" in ward:
            yield ward["citizen_id"], ward.get("name", {}).get("full", "")


_WARDS = ("persons.ward.name", "persons.ward.citizen_id")


def _numbered(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [child for child in record.get("children", ()) if "personal_id" in child]
