"""What each dataset's file looks like, and how its rows become changes of a register."""

from __future__ import annotations

from datasets.specs.base import Entry, Finding, Spec
from datasets.specs.citizens import CITIZENS
from datasets.specs.civil_books import CIVIL_BOOKS
from datasets.specs.civil_status import CIVIL_STATUS
from datasets.specs.household_members import with_registered_members
from datasets.specs.households import HOUSEHOLDS
from datasets.specs.parcels import PARCELS
from datasets.specs.places import PLACES
from datasets.specs.rules import RULES

__all__ = ["RULES", "SPECS", "Entry", "Finding", "Spec"]

# In the order in which they must be loaded: addresses name places, households and parcels name
# citizens, and an act that is not there says nothing before it is known which books are.
SPECS: dict[str, Spec] = {
    spec.name: spec
    for spec in (
        PLACES,
        CITIZENS,
        with_registered_members(HOUSEHOLDS),
        CIVIL_BOOKS,
        CIVIL_STATUS,
        PARCELS,
    )
}
