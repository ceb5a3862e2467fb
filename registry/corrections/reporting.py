"""What a report is about: each register finds the record, and says what it has there.

The registers decide for themselves who may be told of which attribute, and log that it was read;
whoever may not read an attribute can't report on it either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.citizens.attributes import CATALOGUE as CITIZENS
from registry.citizens.records import read_citizen
from registry.citizens.standings import merged_ids
from registry.civil_status.attributes import CATALOGUE as CIVIL_STATUS
from registry.civil_status.records import read_act, read_acts_of
from registry.corrections.cases import citizen_of
from registry.households.attributes import CATALOGUE as HOUSEHOLDS
from registry.households.records import read_household, read_household_of
from registry.kernel.errors import Ambiguous, Moved, NotFound
from registry.kernel.fields import Catalogue
from registry.kernel.ledger import Moment
from registry.parcels.attributes import CATALOGUE as PARCELS
from registry.parcels.records import list_parcels_of, read_parcel

Record = Mapping[str, Any]
_PRESENT = Moment()


@dataclass(frozen=True, slots=True)
class Register:
    """A register: its attributes, how it reads one record, and those of one citizen."""

    catalogue: Catalogue
    read: Callable[[Session, Principal, str, tuple[str, ...], Moment], Record]
    of: Callable[[Session, Principal, str, tuple[str, ...], Moment], Sequence[Record]]


REGISTERS: Mapping[str, Register] = {
    "citizens": Register(
        CITIZENS,
        lambda *asked: read_citizen(*asked).record,
        lambda *asked: [read_citizen(*asked).record],
    ),
    "civil_status": Register(CIVIL_STATUS, read_act, lambda *asked: read_acts_of(*asked)["acts"]),
    "households": Register(HOUSEHOLDS, read_household, lambda *asked: [read_household_of(*asked)]),
    "parcels": Register(PARCELS, lambda *asked: read_parcel(*asked).record, list_parcels_of),
}


@dataclass(frozen=True, slots=True)
class Place:
    """One attribute of one record: of ``record_id``, of the citizen ``subject_id``, or both.

    A citizen alone leads to their own record, household, parcel or act where there is just one.
    """

    register: str
    path: str
    record_id: str | None = None
    subject_id: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Where a report leads, and what is registered there: None for nothing."""

    record_id: str
    subject_id: str
    registered: Any | None


def knows(register: str, path: str) -> bool:
    """Say whether ``path`` is an attribute of ``register``, no group and no flag.

    >>> knows("citizens", "name.full"), knows("citizens", "name"), knows("trees", "height")
    (True, False, False)
    """
    found = REGISTERS.get(register)
    return found is not None and any(a.path == path for a in found.catalogue.attributes)


def find_registered(session: Session, principal: Principal, place: Place) -> Found:
    """Return what is registered at ``place``, under the agreement of the principal, and log it.

    Whoever asks for a citizen reports on that citizen's records alone. Raises NotFound, Refused,
    Withheld, Ambiguous where several records are the citizen's, and NotInMode where no copy is
    held.
    """
    register = REGISTERS[place.register]
    subject = citizen_of(session, principal) or place.subject_id
    if place.subject_id not in {None, subject}:
        raise NotFound(asked=[place.path])
    if subject is None:
        record_id = str(place.record_id)
        record = _standing(register.read, session, principal, record_id, place.path)
        return Found(record["id"], record["id"], _value(record, place.path.split(".")))
    records = _standing(register.of, session, principal, subject, place.path)
    if place.register == "citizens":
        person = records[0]["id"]
        # A report may still name a record that was merged into this one.
        mine = place.record_id is None or place.record_id in merged_ids(session, person)
        chosen = records if mine else []
    else:
        chosen = [r for r in records if place.record_id in {None, r["id"]}]
    if len(chosen) != 1:
        if chosen:
            candidates = [{"id": record["id"]} for record in chosen]
            raise Ambiguous(candidates=candidates, asked=[place.path])
        raise NotFound(subject=subject, asked=[place.path])
    [record] = chosen
    person = record["id"] if place.register == "citizens" else subject
    return Found(record["id"], person, _value(record, place.path.split(".")))


def _standing(
    read: Callable[..., Any], session: Session, principal: Principal, key: str, path: str
) -> Any:
    """Read by the record that stands for the person, where theirs was merged since."""
    try:
        return read(session, principal, key, (path,), _PRESENT)
    except Moved as moved:
        return read(session, principal, moved.record_id, (path,), _PRESENT)


def _value(found: Any, steps: Sequence[str]) -> Any | None:
    """Return what is at a path; through a list it is that of every item."""
    if not steps or found is None:
        return found
    if isinstance(found, list):
        return [_value(each, steps) for each in found]
    return _value(found.get(steps[0]), steps[1:])
