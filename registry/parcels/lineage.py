"""Splits, merges and renumberings: told from both ends, and ending the parcel they came from.

A file tells of one end only, and often before the other is in the register. Every link is kept by
the codes of both; as soon as both records are there, each names the other, and a parcel that was
split or merged is retired on that day. What a link added is no news to be undone when the same
file comes again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.kernel.clock import now, today
from registry.kernel.codes import load as load_codes
from registry.kernel.fields import Document
from registry.kernel.history import Segment
from registry.kernel.ledger import Change, Ledger
from registry.kernel.undo import is_undone
from registry.parcels.models import Parcel, ParcelLineage, ParcelVersion

ENDING = frozenset({"split", "merge"})
_LARGEST_FAMILY = 500
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Link:
    """One parcel came from another, by code, through an event on a day."""

    source: str
    target: str
    event: str
    on: date


def links_of(document: Document) -> set[Link]:
    """Return the links that a document tells of."""
    code, lineage = document["code"], document.get("lineage", {})
    earlier = {_link(e["code"], code, e) for e in lineage.get("from", ())}
    return earlier | {_link(code, e["code"], e) for e in lineage.get("to", ())}


def _link(source: str, target: str, entry: Mapping[str, Any]) -> Link:
    return Link(source, target, _code(entry["event"]), date.fromisoformat(entry["on"]))


def _code(value: Any) -> str:
    return str(value["code"] if isinstance(value, Mapping) else value)


def news(session: Session, book: Ledger, changes: Sequence[Change]) -> list[Change]:
    """Return those of ``changes`` that say more than the register and its links already do."""
    known = _links(session, {change.document["code"] for change in changes})
    linked: dict[str, set[Link]] = {}
    for link in known:
        linked.setdefault(link.source, set()).add(link)
        linked.setdefault(link.target, set()).add(link)
    rows = book.find(session, sorted(linked)) if linked else {}
    histories = book.histories(session, set(rows.values())) if rows else {}
    return [
        change
        for change in changes
        if (code := change.document["code"]) not in rows
        or not _settled(change, histories[rows[code]].values(), linked[code])
    ]


def _settled(change: Change, history: Iterable[Segment], links: set[Link]) -> bool:
    """Say whether all that a change would change is what links have added since."""
    held = [
        segment
        for segment in history
        if segment.believed and (segment.valid_to or date.max) > change.valid_from
    ]
    held.sort(key=lambda segment: segment.valid_from)
    if not held or not held[0].covers(change.valid_from) or links_of(change.document) - links:
        return False
    ended = {e.on for e in links if e.source == change.document["code"] and e.event in ENDING}
    retired = _retired(change.document)
    same = all(_own(segment.document) == _own(change.document) for segment in held)
    return same and all(
        _retired(s.document) == (retired or any(on <= s.valid_from for on in ended)) for s in held
    )


def _own(document: Document) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in {"lineage", "state"}}


def _retired(document: Document) -> bool:
    return _code(document["state"]) == "retired"


def keep(session: Session, documents: Sequence[Document]) -> list[Link]:
    """Keep the links that ``documents`` tell of; return all links of these parcels."""
    codes = {document["code"] for document in documents}
    told = {link for document in documents for link in links_of(document)}
    known = _links(session, codes)
    pairs = {(link.source, link.target) for link in known}
    fresh = {(e.source, e.target): e for e in told if (e.source, e.target) not in pairs}
    if fresh:
        session.execute(
            sa.insert(ParcelLineage),
            [
                {"source": e.source, "target": e.target, "event": e.event, "on_day": e.on}
                for e in fresh.values()
            ],
        )
    return [*known, *fresh.values()]


def forget(session: Session, links: Collection[Link]) -> None:
    """Let go of those of ``links`` that no parcel at either end tells of any more."""
    table = ParcelLineage
    ordered = sorted({(e.source, e.target) for e in links})
    for pairs in (ordered[i : i + _BATCH] for i in range(0, len(ordered), _BATCH)):
        codes = {code for pair in pairs for code in pair}
        documents = session.scalars(sa.select(Parcel.document).where(Parcel.code.in_(codes)))
        told = {(e.source, e.target) for d in documents if d for e in links_of(d)}
        for source, target in (pair for pair in pairs if pair not in told):
            session.execute(
                sa.delete(table)
                .where(table.source == source, table.target == target)
                .execution_options(synchronize_session=False)
            )


def complete(
    session: Session, book: Ledger, changes: Sequence[Change], *, source: str, load: str | None
) -> None:
    """Keep the links of ``changes``, and let both ends of each tell of it."""
    documents = [change.document for change in changes]
    links = [e for e in keep(session, documents) if e.on <= today()]
    if not links:
        return
    rows = book.find(session, sorted({code for e in links for code in (e.source, e.target)}))
    for link in sorted(links, key=lambda e: (e.on, e.source, e.target)):
        for code in (link.source, link.target):
            if code in rows:
                _tell(session, book, rows[code], code, link, source, load)


def _tell(  # noqa: PLR0913, PLR0917 - one end of one link, and the origin of the act
    session: Session,
    book: Ledger,
    row: int,
    code: str,
    link: Link,
    source: str,
    load: str | None,
) -> None:
    patch = _Patch(code, link)
    believed = [s for s in book.segments(session, row).values() if s.believed]
    if not believed:
        return  # Its only load was taken back; it is told as soon as it is here again.
    since = max(link.on, min(segment.valid_from for segment in believed))
    later = [s for s in believed if (s.valid_to or date.max) > since]
    if any(patch(segment.document) != segment.document for segment in later):
        book.amend(session, row, patch, Segment(since, None, now(), {}, source, load))


@dataclass(frozen=True, slots=True)
class _Patch:
    """What one link adds to the document of the parcel ``code``; nothing the second time."""

    code: str
    link: Link

    def __call__(self, document: Document) -> Document:
        if not document:
            return document
        link, leaving = self.link, self.link.source == self.code
        way, other = ("to", link.target) if leaving else ("from", link.source)
        lineage = document.get("lineage", {})
        entries = list(lineage.get(way, ()))
        if all(entry["code"] != other for entry in entries):
            event = load_codes("parcel_event").leaf(link.event)
            entries.append({"code": other, "event": event, "on": link.on.isoformat()})
            entries.sort(key=lambda entry: (entry["on"], entry["code"]))
        state = document["state"]
        if leaving and link.event in ENDING:
            state = load_codes("parcel_state").leaf("retired")
        return {**document, "lineage": {**lineage, way: entries}, "state": state}


def _links(session: Session, codes: Collection[str]) -> set[Link]:
    """Return the links that begin or end at ``codes``."""
    table = ParcelLineage
    found = session.execute(
        sa.select(table.source, table.target, table.event, table.on_day).where(
            sa.or_(table.source.in_(codes), table.target.in_(codes))
        )
    )
    return {Link(*row) for row in found}


def family(session: Session, parcel: Parcel) -> tuple[list[Parcel], list[Link]]:
    """Return every parcel tied to one by links of any length, itself included, and the links.

    The nearest come first; past some hundreds of parcels the farther ones are left out.
    """
    known: dict[str, Parcel] = {parcel.code: parcel}
    links: set[Link] = set()
    fringe = {parcel.code}
    asked: set[str] = set()
    while fringe and len(known) < _LARGEST_FAMILY:
        asked |= fringe
        found = _links(session, fringe)
        # A parcel that is not in the register has links all the same.
        fringe = {code for e in found for code in (e.source, e.target)} - asked
        met = session.scalars(sa.select(Parcel).where(Parcel.code.in_(fringe))).all()
        met = [p for p in met if not is_undone(session, ParcelVersion, p, None)]
        known |= {p.code: p for p in sorted(met, key=lambda p: p.code)}
        links |= found
    told = (e for e in links if e.source in known and e.target in known)
    return list(known.values()), sorted(told, key=lambda e: (e.on, e.source, e.target))
