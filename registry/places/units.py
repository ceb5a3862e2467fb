"""What a unit, a relation between units and a conversion are (pure values)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from registry.places.names import split_type

WAVE = date(2025, 1, 1)
"""The day on which wards of Ho Chi Minh City were merged (Resolution 1278/NQ-UBTVQH15)."""

REFORM = date(2025, 7, 1)
"""The day on which the two-tier units came into force (Resolution 202/2025/QH15)."""

Level = Literal["province", "district", "commune"]
Outcome = Literal["exact", "candidates", "unknown"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit as it was in an interval, closed at ``valid_from`` and open at ``valid_to``.

    ``valid_from`` is None where the facts don't say since when; ``valid_to`` is None while
    the unit exists. ``parent`` is a code of the same interval, None for a province.
    """

    code: str
    level: Level
    name: str
    parent: str | None
    valid_from: date | None
    valid_to: date | None

    @property
    def type(self) -> str:
        """Return what kind of unit it is, as its name says, for example Phường."""
        return split_type(self.name)[0]

    def valid_on(self, day: date) -> bool:
        """Say whether the unit existed on ``day``, as far as the facts reach back."""
        started = self.valid_from is None or self.valid_from <= day
        return started and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Relation:
    """On ``day`` the unit that had the code ``old`` went into ``new``, whole or in part.

    ``default`` is a hint of the source for people who choose; it never decides.
    """

    day: date
    old: str
    new: str
    whole: bool
    default: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A present unit that holds all (``whole``) or some of the unit asked about.

    ``default`` carries the hint of `Relation`: show it first, never take it unasked.
    """

    unit: Unit
    whole: bool
    default: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a code of a given day is now.

    ``sources`` are the units that the code may have meant. ``exact`` has one candidate, which
    holds the source whole; ``candidates`` is for a person, a street or a point to decide;
    ``unknown`` has none.
    """

    outcome: Outcome
    sources: tuple[Unit, ...]
    candidates: tuple[Candidate, ...]
