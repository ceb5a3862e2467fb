"""Whether a reference as written is one that a parcel has or had (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.kernel.clock import today
from registry.kernel.dates import PartialDate
from registry.parcels.changes import commune_code
from registry.parcels.keys import reference_key
from registry.places.catalogue import catalogue


@dataclass(frozen=True, slots=True)
class Written:
    """A reference as a paper has it: commune, sheet and number.

    ``as_of`` is the day on which it was written: nearly every commune code of today meant another
    commune before. Without it every meaning counts. ``series`` and ``scale`` tell map sets of one
    commune apart that were numbered alike.
    """

    commune: str
    sheet: str
    number: str
    as_of: date | None = None
    series: str | None = None
    scale: str | None = None

    def means(self, entry: Mapping[str, Any]) -> bool:
        """Say whether this is the reference ``entry`` of a parcel's document."""
        same = (
            commune_code(entry) == self.commune
            and reference_key(entry["sheet"]) == reference_key(self.sheet)
            and reference_key(entry["number"]) == reference_key(self.number)
        )
        return same and self._same_map(entry) and self._same_time(entry)

    def _same_map(self, entry: Mapping[str, Any]) -> bool:
        return all(
            asked is None or reference_key(str(entry.get(name, ""))) == reference_key(asked)
            for name, asked in (("series", self.series), ("scale", self.scale))
        )

    def _same_time(self, entry: Mapping[str, Any]) -> bool:
        if self.as_of is None:
            return True
        began, ended = _day(entry.get("valid_from")), _day(entry.get("valid_to"))
        if began is not None and self.as_of < began.first:
            return False
        if ended is not None and self.as_of >= ended.first and ended.day is not None:
            return False
        if ended is not None and self.as_of > ended.last:
            return False
        places, written = catalogue(), entry.get("commune_as_of")
        unit = places.unit(self.commune, self.as_of)
        if entry.get("present"):
            return unit is not None and unit == places.unit(self.commune, today())
        # An entry that doesn't say when its code was written may mean any of the units.
        return written is None or (
            unit is not None and unit == places.unit(self.commune, date.fromisoformat(written))
        )


def _day(value: Any) -> PartialDate | None:
    if value is None:
        return None
    return PartialDate.parse(value["value"] if isinstance(value, Mapping) else value)
