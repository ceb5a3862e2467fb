"""Taking a load of households back."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.households.changes import LEDGER
from registry.households.models import HouseholdMember, HouseholdVersion
from registry.households.rules import people_of
from registry.kernel import undo as kernel
from registry.kernel.undo import Progress, Register, Undone, UndoPreview

# Who was ever named leads to a household, and its document says whether they are.
_REGISTER = Register(LEDGER)


def preview_undo(session: Session, load: str) -> UndoPreview:
    """Say what taking ``load`` back would do (`registry.kernel.undo.preview_undo`)."""
    return kernel.preview_undo(session, _REGISTER, load)


def undo_load(
    session: Session, load: str, *, source: str, by_load: str, progress: Progress | None = None
) -> Undone:
    """Take a load of households back (`registry.kernel.undo.undo_load`), all of it or nothing."""
    return kernel.undo_load(
        session, _REGISTER, load, source=source, by_load=by_load, progress=progress
    )


def naming(session: Session, people: Mapping[str, Collection[str]]) -> set[str]:
    """Return which of ``people``, by record id, a believed household names."""
    linked = sa.select(HouseholdMember.household).where(HouseholdMember.citizen_id.in_(people))
    documents = session.scalars(
        sa.select(HouseholdVersion.document).where(
            HouseholdVersion.record.in_(linked), HouseholdVersion.superseded_at.is_(None)
        )
    )
    return {who for document in documents for who in people_of(document) if who in people}
