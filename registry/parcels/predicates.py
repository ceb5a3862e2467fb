"""The question about a person that the land register answers."""

from __future__ import annotations

from collections.abc import Mapping

from registry.citizens.predicates import Predicate, is_record_id
from registry.parcels.attributes import CATALOGUE
from registry.parcels.records import holds_parcel

PREDICATES: Mapping[str, Predicate] = {
    # The argument is the record id of the parcel.
    "holds_parcel": Predicate(
        {CATALOGUE: ("holders.personal_id",)},
        is_record_id,
        lambda session, who, parcel: holds_parcel(session, who.record_id, parcel, who.on),
    ),
}
