"""What the registers have now of records that a prefill used: versions first, then values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from sqlalchemy.orm import Session

from registry.citizens import related as citizens
from registry.citizens.attributes import CATALOGUE as CITIZENS
from registry.civil_status import related as civil_status
from registry.civil_status.attributes import CATALOGUE as CIVIL_STATUS
from registry.households import related as households
from registry.households.attributes import CATALOGUE as HOUSEHOLDS
from registry.kernel.fields import Catalogue, Document
from registry.parcels import related as parcels
from registry.parcels.attributes import CATALOGUE as PARCELS

RecordKey = tuple[str, str]
"""The name of a register, and the id of a record in it."""


class Register(NamedTuple):
    """How a register is asked; neither verb answers a client or writes an access row."""

    catalogue: Catalogue
    versions_of: Callable[[Session, Collection[str]], dict[str, int]]
    present: Callable[[Session, Collection[str]], dict[str, Document]]


REGISTERS: Mapping[str, Register] = {
    "citizens": Register(CITIZENS, citizens.versions_of, citizens.present),
    "households": Register(HOUSEHOLDS, households.versions_of, households.present),
    "civil_status": Register(CIVIL_STATUS, civil_status.versions_of, civil_status.present),
    "parcels": Register(PARCELS, parcels.versions_of, parcels.present),
}


def by_register(records: Collection[RecordKey]) -> dict[str, set[str]]:
    """Return the record ids of each register.

    >>> by_register([("parcels", "1"), ("citizens", "2"), ("parcels", "3")])["citizens"]
    {'2'}
    """
    asked: dict[str, set[str]] = defaultdict(set)
    for register, record in records:
        asked[register].add(record)
    return asked


def current_versions(session: Session, records: Collection[RecordKey]) -> dict[RecordKey, int]:
    """Return how often each record was written, in one statement for each register.

    What is not there, or is in no register, is absent.
    """
    return {
        (register, record): version
        for register, ids in by_register(records).items()
        if register in REGISTERS
        for record, version in REGISTERS[register].versions_of(session, ids).items()
    }
