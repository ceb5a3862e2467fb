"""What only the whole load can tell of parcels: neighbours, communes, holders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from datasets.formats import Options
from datasets.outlines import read_outlines
from datasets.specs.base import Entry, Finding
from registry.citizens.records import find_record_ids
from registry.parcels.changes import people_of
from registry.parcels.geometry import OVERLAP_TOLERANCE_M2, Shape, examine, overlaps
from registry.parcels.lineage import ENDING

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class ParcelEntry(Entry):
    """What the rows of one parcel say, with their lines and the outline that was measured."""

    lines: tuple[int, ...] = ()
    shape: Shape | None = None

    def with_finding(self, rule: str, column: str, *, held: bool = False) -> ParcelEntry:
        """Return the entry with one more finding, and ``held`` back where that is an error."""
        found = [Finding(rule, self.line, column, self.part)]
        if held:
            found += [Finding("parcel_held", line, "code", self.part) for line in self.lines[1:]]
        change = None if held else self.change
        return replace(self, findings=(*self.findings, *found), change=change)


def check_against(session: Session, entries: Iterable[Entry], options: Options) -> Iterator[Entry]:
    """Yield the entries with what neighbours, commune outlines and the citizens tell of them."""
    parcels: list[ParcelEntry] = []
    for entry in entries:
        if isinstance(entry, ParcelEntry):
            parcels.append(entry)
        else:
            yield entry
    if options.outlines is not None:
        parcels = _inside_communes(parcels, options.outlines)
    parcels = _beside_neighbours(parcels)
    for start in range(0, len(parcels), _BATCH):
        yield from _of_citizens(session, parcels[start : start + _BATCH])


def _inside_communes(parcels: list[ParcelEntry], path: Path) -> list[ParcelEntry]:
    communes = dict(read_outlines(path))
    return [
        parcel.with_finding("outside_commune", "geometry", held=True)
        if _is_outside(parcel, communes)
        else parcel
        for parcel in parcels
    ]


def _is_outside(parcel: ParcelEntry, communes: dict[str, BaseGeometry]) -> bool:
    if parcel.shape is None or parcel.change is None:
        return False
    reference = parcel.change.document.get("reference", {})
    commune = communes.get(reference.get("commune", {}).get("code"))
    if commune is None:
        return False
    _, wrong = examine(parcel.shape.wkb, parcel.shape.srid, commune=commune)
    return "outside_commune" in wrong


def _beside_neighbours(parcels: list[ParcelEntry]) -> list[ParcelEntry]:
    """Report standing parcels that share ground; a parcel that was split lies under its parts."""
    ended = {
        source["code"]
        for parcel in parcels
        if parcel.change
        for source in parcel.change.document.get("lineage", {}).get("from", ())
        if source["event"]["code"] in ENDING
    }
    drawn = [
        (place, parcel.shape)
        for place, parcel in enumerate(parcels)
        if parcel.shape and parcel.change and parcel.change.document["code"] not in ended
    ]
    found = overlaps([shape for _, shape in drawn], OVERLAP_TOLERANCE_M2)
    touched = {drawn[n][0] for pair in found for n in (pair.first, pair.second)}
    return [
        parcel.with_finding("overlap", "geometry") if place in touched else parcel
        for place, parcel in enumerate(parcels)
    ]


def _of_citizens(session: Session, parcels: list[ParcelEntry]) -> Iterator[Entry]:
    named = {
        person
        for parcel in parcels
        if parcel.change
        for person in people_of(parcel.change.document)
    }
    known = find_record_ids(session, named)
    for parcel in parcels:
        people = people_of(parcel.change.document) if parcel.change else ()
        if all(person in known for person in people):
            yield parcel
        else:
            yield parcel.with_finding("unknown_holder", "holder_id")
