"""The question about a person that the land register answers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from registry.citizens.predicates import Predicate
from registry.parcels.attributes import CATALOGUE
from registry.parcels.records import holds_parcel


def _is_record_id(argument: str) -> bool:
    try:
        uuid.UUID(argument)
    except ValueError:
        return False
    return True


PREDICATES: Mapping[str, Predicate] = {
    # The argument is the record id of the parcel.
    "holds_parcel": Predicate(
        {CATALOGUE: ("holders.personal_id",)},
        _is_record_id,
        lambda session, who, parcel: holds_parcel(session, who.record_id, parcel, who.on),
    ),
}
