"""What those who build upon this register ask of it; nothing here answers a client."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens.records import find_record_ids
from registry.citizens.related import closed
from registry.kernel import columns
from registry.kernel.bulk import among
from registry.kernel.fields import Document
from registry.parcels.changes import people_of
from registry.parcels.models import Parcel


def versions_of(session: Session, record_ids: Collection[str]) -> dict[str, int]:
    """Return by record id how often the record was written; reads no data."""
    return columns.versions_of(session, Parcel, record_ids)


def present(session: Session, record_ids: Collection[str]) -> dict[str, Document]:
    """Return by record id what is true of each today; not logged.

    One that names somebody hidden or protected is left out.
    """
    found = session.scalars(sa.select(Parcel).where(among(session, Parcel.id, record_ids)))
    documents = {row.id: row.document for row in found if row.document}
    known = find_record_ids(session, {n for d in documents.values() for n in people_of(d)})
    # A holder may have become a registered person since the document was written.
    people = {
        key: {known[number] for number in people_of(document) if number in known}
        | {holder["citizen_id"] for holder in document.get("holders", ()) if "citizen_id" in holder}
        for key, document in documents.items()
    }
    shut = closed(session, {who for some in people.values() for who in some})
    return {key: documents[key] for key, some in people.items() if not shut & some}
