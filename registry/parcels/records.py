"""Reading parcels. Each of a parcel's registered holders gets an access row.

A parcel that nobody registered holds gets one too, whose subject is the parcel itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.citizens.records import (
    Answer,
    find_personal_ids,
    find_record_ids,
    require_citizen,
    tag_of,
)
from registry.citizens.rules import Verdict
from registry.citizens.standings import Standing, standings
from registry.kernel.access_log import Outcome, record_access, record_accesses
from registry.kernel.codes import load as load_codes
from registry.kernel.columns import require_record
from registry.kernel.errors import Ambiguous, NotFound, Refused, Withheld
from registry.kernel.fields import Document, Selection
from registry.kernel.intervals import intervals
from registry.kernel.ledger import Moment
from registry.kernel.undo import is_undone
from registry.parcels.attributes import CATALOGUE, COORDINATES, PERSONAL
from registry.parcels.changes import ledger, people_of, references_of
from registry.parcels.keys import reference_key, serial_key
from registry.parcels.lineage import family
from registry.parcels.models import (
    Parcel,
    ParcelCertificate,
    ParcelGeometry,
    ParcelHolder,
    ParcelReference,
    ParcelVersion,
)
from registry.parcels.references import Written

_MOST_CANDIDATES = 20
_PRESENT = Moment()
_FAMILY = ("lineage", "reference", "state")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What leads to a parcel: one of a reference, a certificate's serial, a permanent id."""

    reference: Written | None = None
    certificate: str | None = None
    parcel_id: str | None = None

    @property
    def criterion(self) -> str:
        """Name what is searched by, as agreements do."""
        if self.reference is not None:
            return "reference"
        return "certificate" if self.certificate is not None else "parcel_id"


def read_parcel(
    session: Session,
    principal: Principal,
    record_id: str,
    fields: tuple[str, ...],
    moment: Moment,
) -> Answer:
    """Return one parcel by its opaque id. Raises NotFound, Withheld, Malformed or Refused."""
    selection = principal.select(CATALOGUE, fields)
    parcel = _require(session, record_id, selection, moment)
    return _read(session, principal, parcel, selection, moment)


def _require(
    session: Session, record_id: str, selection: Selection, moment: Moment = _PRESENT
) -> Parcel:
    parcel = require_record(session, Parcel, record_id, selection.paths)
    if is_undone(session, ParcelVersion, parcel, moment.known_at):
        raise NotFound(asked=selection.paths)
    return parcel


def _read(
    session: Session, principal: Principal, parcel: Parcel, selection: Selection, moment: Moment
) -> Answer:
    document = ledger(session).documents(session, [parcel], moment).get(parcel.row, {})
    [record] = _deliver(session, principal, [(parcel, document)], selection, moment.on)
    return Answer(record, tag_of(record))


def _deliver(
    session: Session,
    principal: Principal,
    found: Sequence[tuple[Parcel, Document]],
    selection: Selection,
    on: date,
) -> list[dict[str, Any]]:
    """Cut the documents and write their access rows; raises Withheld for a protected holder."""
    people = _people(session, [document for _, document in found])
    _require_open(selection, people)
    with_coordinates = _surveyed(session, selection, [document for _, document in found])
    _record(session, principal, selection, [parcel for parcel, _ in found], people)
    return [
        {"id": parcel.id, **selection.cut(document, on)}
        for (parcel, _), document in zip(found, with_coordinates, strict=True)
    ]


def _people(session: Session, documents: Sequence[Document]) -> list[list[Standing]]:
    """Return the registered holders of each document, each as the record that stands for them.

    Asked now and not only when the document was written: a holder may have become a registered
    person since, been merged, or been protected.
    """
    records = find_record_ids(session, {p for document in documents for p in people_of(document)})
    named = [
        {holder["citizen_id"] for holder in d.get("holders", ()) if "citizen_id" in holder}
        | {records[p] for p in people_of(d) if p in records}
        for d in documents
    ]
    known = standings(session, {key for keys in named for key in keys})
    return [
        sorted({known[key] for key in keys if key in known}, key=lambda who: who.id)
        for keys in named
    ]


def _require_open(selection: Selection, people: Iterable[Iterable[Standing]]) -> None:
    """Raise Withheld where the selection tells of people and one of them may not be told of."""
    if any(map(selection.concerns, PERSONAL)):
        closed = [who.id for some in people for who in some if who.protected or who.hidden]
        if closed:
            raise Withheld(subject=min(closed), asked=selection.paths)


def _record(
    session: Session,
    principal: Principal,
    selection: Selection,
    parcels: Iterable[Parcel],
    people: Iterable[Sequence[Standing]],
) -> None:
    """Write a row for everybody registered who holds one of ``parcels``, ``people`` of each.

    A parcel without a registered holder is logged as itself.
    """
    told: dict[tuple[Outcome, str | None], None] = {}
    for parcel, some in zip(parcels, people, strict=True):
        told |= dict.fromkeys(("delivered", who.id) for who in some) or {
            ("delivered", parcel.id): None
        }
    record_accesses(session, principal.asker, selection.paths, told)


def _surveyed(
    session: Session, selection: Selection, documents: Sequence[Document]
) -> Sequence[Document]:
    """Return the documents with their surveyed coordinates, where those are asked for."""
    if not selection.concerns(COORDINATES):
        return documents
    digests = {d["geometry"]["digest"] for d in documents if "geometry" in d}
    table = ParcelGeometry
    kept = session.execute(sa.select(table.digest, table.wkb).where(table.digest.in_(digests)))
    drawn = {
        digest: shapely.geometry.mapping(shapely.from_wkb(wkb))["coordinates"]
        for digest, wkb in kept
    }
    return [_with_coordinates(document, drawn) for document in documents]


def _with_coordinates(document: Document, drawn: Mapping[str, Any]) -> Document:
    geometry = document.get("geometry")
    if geometry is None:
        return document
    return {**document, "geometry": {**geometry, "coordinates": drawn[geometry["digest"]]}}


def lookup(
    session: Session, principal: Principal, wanted: Wanted, fields: tuple[str, ...]
) -> Answer:
    """Return the one parcel that ``wanted`` leads to.

    Raises NotFound for none, and Ambiguous with the candidates for several: none is chosen.
    """
    selection = principal.select(CATALOGUE, fields)
    if wanted.criterion not in principal.search(CATALOGUE.register):
        raise Refused(attributes=[wanted.criterion], asked=selection.paths)
    found = _candidates(session, wanted)
    if not found:
        raise NotFound(asked=selection.paths)
    if len(found) > 1:
        told = [
            {"id": parcel.id, **({"reference": entry} if entry else {})} for parcel, entry in found
        ]
        raise Ambiguous(candidates=told[:_MOST_CANDIDATES], asked=selection.paths)
    return _read(session, principal, found[0][0], selection, Moment())


def _candidates(session: Session, wanted: Wanted) -> list[tuple[Parcel, Document | None]]:
    """Return the parcels that ``wanted`` fits today, each with its fitting reference."""
    if wanted.reference is not None:
        return _by_reference(session, wanted.reference)
    if wanted.certificate is not None:
        return _by_certificate(session, wanted.certificate)
    parcel = session.scalar(sa.select(Parcel).where(Parcel.parcel_id == wanted.parcel_id))
    return [(parcel, parcel.document.get("reference"))] if parcel else []


def _by_reference(session: Session, written: Written) -> list[tuple[Parcel, Document | None]]:
    table = ParcelReference
    parcels = session.scalars(
        sa.select(Parcel)
        .join(table, table.parcel == Parcel.row)
        .where(
            table.commune == written.commune,
            table.sheet == reference_key(written.sheet),
            table.number == reference_key(written.number),
        )
        .order_by(Parcel.row)
    )
    found: list[tuple[Parcel, Document | None]] = []
    for parcel in parcels:
        fitting = (e for e in references_of(parcel.document) if written.means(e))
        entry = next(fitting, None)
        if entry is not None:
            found.append((parcel, {k: v for k, v in entry.items() if k != "present"}))
    return found


def _by_certificate(session: Session, serial: str) -> list[tuple[Parcel, Document | None]]:
    key = serial_key(serial)
    table = ParcelCertificate
    parcels = session.scalars(
        sa.select(Parcel)
        .join(table, table.parcel == Parcel.row)
        .where(table.serial == key)
        .order_by(Parcel.row)
    )
    return [
        (parcel, parcel.document.get("reference"))
        for parcel in parcels
        if any(serial_key(c.get("serial", "")) == key for c in _certificates(parcel.document))
    ]


def _certificates(document: Document) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = document.get("certificates", ())
    return found


def list_parcels_of(
    session: Session,
    principal: Principal,
    citizen_id: str,
    fields: tuple[str, ...],
    moment: Moment,
) -> list[dict[str, Any]]:
    """Return the standing parcels that a citizen holds, in the order they were registered.

    Raises NotFound or Moved for the citizen, Withheld where the citizen is protected, or where a
    co-holder is and the answer would tell of holders.
    """
    selection = principal.select(CATALOGUE, fields)
    citizen = require_citizen(session, citizen_id, selection.paths, moment)
    if standings(session, [citizen.id])[citizen.id].protected:
        raise Withheld(subject=citizen.id, asked=selection.paths)
    numbers = find_personal_ids(session, citizen.id, moment.known_at)
    named = sa.select(ParcelHolder.parcel).where(ParcelHolder.personal_id.in_(numbers))
    parcels = session.scalars(
        sa.select(Parcel).where(Parcel.row.in_(named)).order_by(Parcel.row)
    ).all()
    documents = ledger(session).documents(session, parcels, moment)
    held = [
        (parcel, document)
        for parcel in parcels
        if (document := documents.get(parcel.row))
        and document["state"]["code"] == "active"
        and not numbers.isdisjoint(people_of(document))
    ]
    if not held:
        record_access(session, principal.asker, "not_found", selection.paths, citizen.id)
    return _deliver(session, principal, held, selection, moment.on)


def list_versions(
    session: Session, principal: Principal, record_id: str, fields: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Return what is believed of each interval of a parcel, oldest first.

    A holder of any of the intervals who is protected withholds the history of holders.
    """
    selection = principal.select(CATALOGUE, fields)
    parcel = _require(session, record_id, selection)
    history = list(ledger(session).segments(session, parcel.row).values())
    people = _people(session, [segment.document for segment in history if segment.believed])
    _require_open(selection, people)
    if principal.whose is not None and principal.whose not in {
        who.id for some in people[-1:] for who in some
    }:
        # Who held it once is not told who came after.
        raise NotFound(asked=selection.paths)
    drawn = _surveyed(session, selection, [segment.document for segment in history])
    told = {id(s.document): document for s, document in zip(history, drawn, strict=True)}
    found = intervals(history, lambda document, on: selection.cut(told[id(document)], on))
    _record(session, principal, selection, [parcel], [[who for some in people for who in some]])
    return [interval.to_json() for interval in found]


def read_lineage(session: Session, principal: Principal, record_id: str) -> dict[str, Any]:
    """Return every parcel that this one came from or became, and the events between them."""
    selection = principal.select(CATALOGUE, _FAMILY)
    parcel = _require(session, record_id, selection)
    parcels, links = family(session, parcel)
    people = _people(session, [member.document for member in parcels])
    _record(session, principal, selection, parcels, people)
    ids = {member.code: member.id for member in parcels}
    events = load_codes("parcel_event")
    told = principal.select(CATALOGUE, ("reference", "state"))
    return {
        "id": parcel.id,
        "parcels": [{"id": p.id, **told.cut(p.document, date.max)} for p in parcels],
        "events": [
            {
                "event": events.leaf(link.event),
                "on": link.on.isoformat(),
                "from": ids[link.source],
                "to": ids[link.target],
            }
            for link in links
        ],
    }


def holds_parcel(session: Session, citizen_id: str, parcel: str | Written, on: date) -> Verdict:
    """Say whether a person held a parcel, by record id or reference, on a day; logs nothing.

    Unknown where the person or the parcel is not known or protected, and where a holder without
    a number may be that person.
    """
    who = standings(session, [citizen_id]).get(citizen_id)
    found = _of(session, parcel)
    if who is None or found is None or who.protected or who.hidden:
        return "unknown"
    numbers = find_personal_ids(session, who.id)
    moment = Moment(as_of=on)
    document = ledger(session).documents(session, [found], moment).get(found.row, {})
    holders = document.get("holders", ())
    if any(holder.get("personal_id") in numbers for holder in holders):
        return "match" if document["state"]["code"] == "active" else "no_match"
    unnamed = any(not (h.get("personal_id") or h.get("organisation_id")) for h in holders)
    return "unknown" if unnamed or not holders else "no_match"


def _of(session: Session, parcel: str | Written) -> Parcel | None:
    if isinstance(parcel, Written):
        found = _by_reference(session, parcel)
        return found[0][0] if len(found) == 1 else None
    try:
        return require_record(session, Parcel, parcel)
    except NotFound:
        return None
