"""Where record ids lead now that some records were merged into others; reads no data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens.models import Citizen
from registry.kernel.bulk import among


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a record id leads now: the record that stands for the person, and who may know.

    ``erased``, ``hidden`` and ``protected`` hold where they hold of any record on the way.
    """

    id: str
    erased: bool
    hidden: bool
    protected: bool


def standings(session: Session, record_ids: Iterable[str]) -> dict[str, Standing]:
    """Return by record id where it leads, merges followed to their end; reads no data."""
    asked = set(record_ids)
    rows: dict[str, sa.Row[tuple[str, str | None, str, str]]] = {}
    wanted = asked
    while wanted:
        found = session.execute(
            sa.select(Citizen.id, Citizen.merged_into, Citizen.secrecy, Citizen.state).where(
                among(session, Citizen.id, wanted)
            )
        )
        rows |= {row.id: row for row in found}
        wanted = {row.merged_into for row in rows.values() if row.merged_into} - rows.keys()
    return {key: _standing(rows, key) for key in asked & rows.keys()}


def _standing(
    rows: Mapping[str, sa.Row[tuple[str, str | None, str, str]]], record_id: str
) -> Standing:
    way = [rows[record_id]]
    while way[-1].merged_into:
        way.append(rows[way[-1].merged_into])
    erased = any(row.state != "active" for row in way)
    secrecies = {row.secrecy for row in way}
    return Standing(way[-1].id, erased, erased or "full" in secrecies, secrecies != {"none"})


def merged_ids(session: Session, record_id: str) -> set[str]:
    """Return the record's id and those of all records merged into it; reads no data."""
    known, fresh = {record_id}, {record_id}
    while fresh:
        found = session.scalars(sa.select(Citizen.id).where(Citizen.merged_into.in_(fresh)))
        fresh = set(found) - known
        known |= fresh
    return known
