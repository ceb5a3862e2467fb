"""What those who build upon this register ask of it; nothing here answers a client."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens.related import closed
from registry.civil_status.acts import named
from registry.civil_status.models import CivilAct
from registry.kernel import columns
from registry.kernel.bulk import among
from registry.kernel.fields import Document


def versions_of(session: Session, record_ids: Collection[str]) -> dict[str, int]:
    """Return by record id how often the record was written; reads no data."""
    return columns.versions_of(session, CivilAct, record_ids)


def present(session: Session, record_ids: Collection[str]) -> dict[str, Document]:
    """Return by record id what is true of each today; not logged.

    One that names somebody hidden or protected is left out.
    """
    found = session.scalars(sa.select(CivilAct).where(among(session, CivilAct.id, record_ids)))
    documents = {row.id: row.document for row in found if row.document}
    people = {key: named(document) for key, document in documents.items()}
    shut = closed(session, {who for some in people.values() for who in some})
    return {key: documents[key] for key, some in people.items() if not shut & some}
