"""Taking a load of parcels back, with their outlines on the map and the links between them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.kernel import undo as kernel
from registry.kernel.errors import Conflict, Text
from registry.kernel.undo import Progress, Register, Turn, Undone, UndoPreview
from registry.parcels import lineage
from registry.parcels.changes import ledger
from registry.parcels.geometry import Shape, measure
from registry.parcels.lineage import Link, links_of
from registry.parcels.models import Parcel, ParcelGeometry, ParcelHolder, ParcelVersion

_BATCH = 1000
_TAKEN = Text(
    "Mã định danh thửa nay thuộc thửa khác: hãy hoàn tác đợt công bố sau trước.",
    "A parcel id belongs to another parcel by now: roll back the later release first.",
)


def preview_undo(session: Session, load: str) -> UndoPreview:
    """Say what taking ``load`` back would do (`registry.kernel.undo.preview_undo`)."""
    return kernel.preview_undo(session, Register(ledger(session)), load)


def undo_load(
    session: Session, load: str, *, source: str, by_load: str, progress: Progress | None = None
) -> Undone:
    """Take a load of parcels back (`registry.kernel.undo.undo_load`), all of it or nothing.

    Raises Conflict also where a permanent id that would come back belongs to another parcel.
    """
    shapes: dict[str, Shape] = {}
    links: set[Link] = set()

    def prepare(session: Session, turns: Sequence[Turn]) -> None:
        _require_own_ids(session, turns)
        shapes.clear()
        shapes.update(_shapes(session, turns))

    def follow(session: Session, turns: Sequence[Turn]) -> None:
        links.update(
            link for turn in turns for d in turn.reversal.said if d for link in links_of(d)
        )
        book.link(session, [(turn.row, turn.document) for turn in turns])
        lineage.keep(session, [turn.document for turn in turns if turn.document])

    book = ledger(session, shapes)
    register = Register(book, prepare=prepare, follow=follow)
    found = kernel.survey(session, register, load)
    kernel.require_free(found.effect)
    _free_ids(session, found.free)
    kernel.turn_back(
        session, register, found, load, source=source, by_load=by_load, progress=progress
    )
    lineage.forget(session, links)
    return Undone((found.effect,))


def naming(session: Session, people: Mapping[str, Collection[str]]) -> set[str]:
    """Return which of ``people``, by record id with their numbers, a believed parcel names."""
    numbers = sorted({number for some in people.values() for number in some})
    found: set[str] = set()
    for part in _parts(numbers):
        linked = sa.select(ParcelHolder.parcel).where(ParcelHolder.personal_id.in_(part))
        documents = session.scalars(
            sa.select(ParcelVersion.document).where(
                ParcelVersion.record.in_(linked), ParcelVersion.superseded_at.is_(None)
            )
        )
        found |= {
            holder["citizen_id"]
            for document in documents
            for holder in document.get("holders", ())
            if holder.get("citizen_id") in people
        }
    return found


def _free_ids(session: Session, rows: Sequence[int]) -> None:
    """Let go of the permanent ids first: one may go from one of these parcels to another."""
    for part in _parts(rows):
        session.execute(
            sa.update(Parcel)
            .where(Parcel.row.in_(part))
            .values(parcel_id=None)
            .execution_options(synchronize_session=False)
        )


def _require_own_ids(session: Session, turns: Sequence[Turn]) -> None:
    wanted = {turn.document["parcel_id"] for turn in turns if "parcel_id" in turn.document}
    if session.scalar(sa.select(Parcel.row).where(Parcel.parcel_id.in_(wanted)).limit(1)):
        raise Conflict(_TAKEN)


def _shapes(session: Session, turns: Sequence[Turn]) -> dict[str, Shape]:
    table = ParcelGeometry
    digests = {t.document["geometry"]["digest"] for t in turns if "geometry" in t.document}
    found = session.execute(
        sa.select(table.digest, table.wkb, table.srid).where(table.digest.in_(digests))
    )
    return {digest: measure(wkb, srid) for digest, wkb, srid in found}


def _parts(values: Sequence[int] | Sequence[str]) -> Iterator[Sequence[int] | Sequence[str]]:
    return (values[i : i + _BATCH] for i in range(0, len(values), _BATCH))
