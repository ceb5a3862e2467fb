"""How the records of parcels come to be and change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import islice
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens.records import find_record_ids
from registry.kernel.clock import now
from registry.kernel.codes import load as load_codes
from registry.kernel.columns import require_record
from registry.kernel.db import Base
from registry.kernel.errors import FieldError, Invalid, Text
from registry.kernel.fields import Document
from registry.kernel.history import Segment
from registry.kernel.ledger import Change, Counts, Ledger
from registry.parcels import lineage, spatial
from registry.parcels.attributes import CATALOGUE, ON_MAP
from registry.parcels.geometry import Shape, ShapeError, measure
from registry.parcels.keys import reference_key, serial_key
from registry.parcels.models import (
    Parcel,
    ParcelCertificate,
    ParcelGeometry,
    ParcelHolder,
    ParcelReference,
    ParcelVersion,
)

Shapes = Callable[[str], Shape]

_BATCH = 1000
_BAD_SHAPE = Text("Hình thửa không lưu được.", "The outline can't be kept.")
_TAKEN = Text("Mã định danh thửa đã thuộc thửa khác.", "The parcel id belongs to another parcel.")
_FACTS = CATALOGUE.compile(ON_MAP, ON_MAP)
_SIDES = ("min_x", "min_y", "max_x", "max_y")


def ledger(session: Session, fresh: Mapping[str, Shape] | None = None) -> Ledger:
    """Return the writer, which finds an outline by its digest: ``fresh`` ones, or as stored."""

    def shape(digest: str) -> Shape:
        if fresh is not None and digest in fresh:
            return fresh[digest]
        stored = session.get_one(ParcelGeometry, digest)
        return measure(stored.wkb, stored.srid)

    return Ledger(
        Parcel,
        ParcelVersion,
        key=lambda document: str(document["code"]),
        find=_find,
        project=partial(_project, shape),
        link=_link,
    )


def _find(session: Session, codes: Sequence[str]) -> dict[str, int]:
    found = session.execute(sa.select(Parcel.code, Parcel.row).where(Parcel.code.in_(codes)))
    return {row[0]: row[1] for row in found}


def _project(shape_of: Shapes, document: Document) -> dict[str, Any]:
    """Return the columns of the current row; of a record without a present, none that tell."""
    reference, area = document.get("reference", {}), document.get("area", {})
    geometry = document.get("geometry")
    shape = shape_of(geometry["digest"]) if geometry else None
    state = document["state"]["code"] if document else "retired"
    box = shape.box if shape and state == "active" else (None,) * 4
    return {
        **({"code": document["code"]} if document else {}),
        "parcel_id": document.get("parcel_id"),
        "commune": reference.get("commune", {}).get("code"),
        "sheet": reference.get("sheet"),
        "number": reference.get("number"),
        "state": state,
        "legal_area": area.get("legal"),
        "computed_area": area.get("computed"),
        "srid": shape and shape.srid,
        "geometry": shape and shape.wkb,
        "outline": shape and shape.outline,
        "facts": orjson.dumps(_FACTS.cut(document, date.max)).decode(),
        **dict(zip(_SIDES, box, strict=True)),
    }


def _link(session: Session, written: Sequence[tuple[int, Document]]) -> None:
    """Let every reference, serial and holder lead to its parcel; none is ever taken away."""
    _lead(session, ParcelReference, written, _references)
    _lead(session, ParcelCertificate, written, _serials)
    _lead(session, ParcelHolder, written, lambda d: ((person,) for person in people_of(d)))
    spatial.refresh(session, [row for row, _ in written])


def _lead(
    session: Session,
    table: type[Base],
    written: Sequence[tuple[int, Document]],
    keys: Callable[[Document], Iterable[tuple[str, ...]]],
) -> None:
    columns = table.__table__.columns
    rows = [row for row, _ in written]
    known = {
        tuple(found)
        for found in session.execute(sa.select(*columns).where(columns.parcel.in_(rows)))
    }
    fresh = {(*key, row) for row, document in written for key in keys(document)} - known
    if fresh:
        names = [column.name for column in columns]
        values = [dict(zip(names, entry, strict=True)) for entry in sorted(fresh)]
        session.execute(sa.insert(table), values)


def references_of(document: Document) -> Iterator[dict[str, Any]]:
    """Yield the references of every generation, each as `references` has them, today's first."""
    today = document.get("reference")
    if today:
        yield {**today, "present": True}
    yield from document.get("references", ())


def commune_code(reference: Mapping[str, Any]) -> str:
    """Return the code of a reference's commune, which is a leaf or a bare code."""
    commune = reference["commune"]
    return str(commune["code"] if isinstance(commune, Mapping) else commune)


def _references(document: Document) -> Iterator[tuple[str, ...]]:
    for entry in references_of(document):
        yield commune_code(entry), reference_key(entry["sheet"]), reference_key(entry["number"])


def _serials(document: Document) -> Iterator[tuple[str, ...]]:
    for certificate in document.get("certificates", ()):
        if certificate.get("serial"):
            yield (serial_key(certificate["serial"]),)


def people_of(document: Document) -> Iterator[str]:
    """Yield the personal ids of those who hold the parcel."""
    for holder in document.get("holders", ()):
        if holder.get("personal_id"):
            yield holder["personal_id"]


def apply_changes(
    session: Session, changes: Iterable[Change], *, source: str, load: str | None
) -> Counts:
    """Write the states of parcels, found by code.

    A document brings its outline as ``geometry``: ``{"srid", "wkb"}``, the WKB in hexadecimal as
    surveyed. Holders become references to citizens' records where their personal id is known.
    Raises Invalid, naming the codes, for an outline that can't be kept and for a permanent id
    that belongs to another parcel.
    """
    counts = Counts()
    stream = iter(changes)
    while batch := list(islice(stream, _BATCH)):
        counts += _apply(session, batch, source, load)
    return counts


def resolved(session: Session, documents: Sequence[Document]) -> list[Document]:
    """Return documents of a file as they would be kept (`apply_changes`), raising the same."""
    return _prepared(session, documents, _measure(documents))


def _prepared(
    session: Session, documents: Sequence[Document], shapes: Mapping[int, Shape]
) -> list[Document]:
    people = find_record_ids(session, {p for document in documents for p in people_of(document)})
    return [_prepare(d, shapes.get(place), people) for place, d in enumerate(documents)]


def _apply(session: Session, batch: Sequence[Change], source: str, load: str | None) -> Counts:
    documents = [change.document for change in batch]
    shapes = _measure(documents)
    changes = [
        Change(document, change.valid_from)
        for document, change in zip(_prepared(session, documents, shapes), batch, strict=True)
    ]
    _check_permanent_ids(session, changes)
    fresh = {shape.digest: shape for shape in shapes.values()}
    _keep(session, fresh)
    book = ledger(session, fresh)
    news = lineage.news(session, book, changes)
    counts = book.apply(session, news, source=source, load=load)
    lineage.complete(session, book, changes, source=source, load=load)
    return counts + Counts(unchanged=len(changes) - len(news))


def _measure(documents: Sequence[Document]) -> dict[int, Shape]:
    shapes: dict[int, Shape] = {}
    errors = []
    for place, document in enumerate(documents):
        geometry = document.get("geometry")
        if geometry is None:
            continue
        try:
            shapes[place] = measure(_bytes(geometry["wkb"]), geometry.get("srid"))
        except ShapeError as error:
            errors.append(FieldError(f"/{document['code']}", error.code, _BAD_SHAPE))
    if errors:
        raise Invalid(_BAD_SHAPE, errors=errors)
    return shapes


def _bytes(hexadecimal: str) -> bytes:
    try:
        return bytes.fromhex(hexadecimal)
    except ValueError:
        raise ShapeError("invalid_geometry") from None


def _prepare(document: Document, shape: Shape | None, people: Mapping[str, str]) -> dict[str, Any]:
    """Return the document as it is kept: its outline by digest, its holders by record."""
    prepared = {"state": load_codes("parcel_state").leaf("active"), **document}
    # The drawn area is ours to compute, from the outline that the record names.
    area = {key: value for key, value in document.get("area", {}).items() if key != "computed"}
    if shape is not None:
        area["computed"] = round(shape.area, 2)
        given = document["geometry"]
        prepared["geometry"] = {
            "srid": shape.srid,
            "kind": shape.kind,
            "transformation": shape.transformation,
            "digest": shape.digest,
            **({"accuracy_m": given["accuracy_m"]} if "accuracy_m" in given else {}),
        }
    if area:
        prepared["area"] = area
    if "holders" in document:
        prepared["holders"] = [_with_record(holder, people) for holder in document["holders"]]
    return prepared


def _with_record(holder: Mapping[str, Any], people: Mapping[str, str]) -> dict[str, Any]:
    record = people.get(holder.get("personal_id", ""))
    return {**holder, "citizen_id": record} if record else dict(holder)


def _check_permanent_ids(session: Session, changes: Sequence[Change]) -> None:
    wanted: dict[str, set[str]] = {}
    for change in changes:
        if change.document.get("parcel_id"):
            wanted.setdefault(change.document["parcel_id"], set()).add(change.document["code"])
    for known, code in session.execute(
        sa.select(Parcel.parcel_id, Parcel.code).where(Parcel.parcel_id.in_(wanted))
    ):
        wanted[str(known)].add(code)
    taken = sorted(code for codes in wanted.values() if len(codes) > 1 for code in codes)
    if taken:
        errors = [FieldError(f"/{code}", "repeated_parcel_id", _TAKEN) for code in taken]
        raise Invalid(_TAKEN, errors=errors)


def _keep(session: Session, shapes: Mapping[str, Shape]) -> None:
    table = ParcelGeometry
    known = set(session.scalars(sa.select(table.digest).where(table.digest.in_(shapes))))
    fresh = [
        {"digest": digest, "srid": shape.srid, "wkb": shape.wkb}
        for digest, shape in shapes.items()
        if digest not in known
    ]
    if fresh:
        session.execute(sa.insert(table), fresh)


def amend_parcel(  # noqa: PLR0913 - the interval and the origin belong to the act
    session: Session,
    record_id: str,
    patch: Callable[[Document], Document],
    *,
    valid_from: date,
    valid_to: date | None = None,
    source: str,
    load: str | None = None,
) -> None:
    """Record an event or correct the past of one parcel (`Ledger.amend`); raises NotFound."""
    when = Segment(valid_from, valid_to, now(), {}, source, load)
    ledger(session).amend(session, require_record(session, Parcel, record_id).row, patch, when)


def mark_wrong(session: Session, record_id: str, as_of: date) -> None:
    """Mark the version believed of ``as_of`` as wrong (`Ledger.mark_wrong`)."""
    ledger(session).mark_wrong(session, require_record(session, Parcel, record_id).row, as_of)
