"""Writing what stewards loaded about administrative units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.kernel.clock import now, today
from registry.kernel.errors import Conflict, Text
from registry.kernel.fields import Document
from registry.kernel.ledger import Change, Counts
from registry.places.catalogue import compose, laid
from registry.places.loaded import Fact, Key
from registry.places.models import PlaceFact, PlaceGeneration
from registry.places.overlay import Overlay
from registry.places.stored import believed_facts


def apply_changes(
    session: Session, changes: Iterable[Change], *, source: str, load: str | None
) -> Counts:
    """Write facts in the session's transaction; a fact that is there already is unchanged.

    A fact with the code and first day of an earlier one supersedes it, and one that is withdrawn
    takes it back; what was superseded stays. Raises Conflict where facts loaded meanwhile and
    these don't fit together.
    """
    # Loads come one after another: two that fit what there is may not fit each other.
    locked = sa.select(PlaceGeneration.number).with_for_update()
    session.scalars(locked).one()
    counts = Counts()
    for change in changes:
        counts += _write(session, Fact.from_document(change.document), source, load)
    if counts.added or counts.changed:
        session.execute(sa.update(PlaceGeneration).values(number=PlaceGeneration.number + 1))
    facts = believed_facts(session)
    if errors := laid(facts).errors:
        codes = ", ".join(sorted({problem.key[0] for problem in errors}))
        raise Conflict(
            Text(
                f"Không khớp với đơn vị đã nạp trong lúc chờ duyệt: {codes}. Hãy kiểm tra lại.",
                f"Doesn't fit units loaded meanwhile: {codes}. Check the file again.",
            )
        )
    session.info["places"] = compose(facts, today())
    return counts


def _write(session: Session, fact: Fact, source: str, load: str | None) -> Counts:
    code, began = fact.key
    same_day = PlaceFact.valid_from.is_(None) if began is None else PlaceFact.valid_from == began
    believed = session.scalar(
        sa.select(PlaceFact).where(
            PlaceFact.code == code, same_day, PlaceFact.superseded_at.is_(None)
        )
    )
    document = fact.to_document()
    if believed is not None and believed.document == document:
        return Counts(unchanged=1)
    moment = now()
    if believed is not None:
        believed.superseded_at, believed.superseded_by = moment, load
        # The index of beliefs has room for the next one only once this is written.
        session.flush()
    session.add(
        PlaceFact(
            code=code,
            valid_from=began,
            document=document,
            source=source,
            load=load,
            recorded_at=moment,
        )
    )
    return Counts(changed=1) if believed is not None else Counts(added=1)


def fact_key(document: Document) -> str:
    """Return what a stored fact is known by, as one text: its code and its first day."""
    return f"{document['code']}@{document.get('valid_from', '')}"


def standing(session: Session, keys: Sequence[str]) -> dict[str, Fact]:
    """Return by `fact_key` the units that there are, the packaged ones told as facts too."""
    codes = {key.partition("@")[0] for key in keys}
    packaged = [Fact(unit) for unit in laid([]).units if unit.code in codes]
    facts = {fact_key(fact.to_document()): fact for fact in [*packaged, *believed_facts(session)]}
    return {key: facts[key] for key in keys if key in facts and not facts[key].withdrawn}


def preview(session: Session, facts: Sequence[Fact]) -> tuple[Overlay, set[Key]]:
    """Return what there would be with ``facts``, and the keys of the facts loaded so far."""
    known = {fact.key: fact for fact in believed_facts(session)}
    return laid(list((known | {fact.key: fact for fact in facts}).values())), set(known)
