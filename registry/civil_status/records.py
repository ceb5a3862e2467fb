"""Reading acts of civil status. An act tells of everybody it names, so each gets a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.citizens.records import require_citizen
from registry.citizens.related import documents
from registry.citizens.standings import Standing, merged_ids, standings
from registry.civil_status.acts import act_of, in_order, kind_of_event, named
from registry.civil_status.attributes import CATALOGUE, WHEREABOUTS
from registry.civil_status.changes import LEDGER, book_key, number_key, view_on
from registry.civil_status.models import CivilAct, CivilActPerson
from registry.kernel.access_log import Outcome, record_access, record_accesses
from registry.kernel.columns import require_record
from registry.kernel.errors import Ambiguous, NotFound, Refused, Withheld
from registry.kernel.fields import Document, Selection
from registry.kernel.ledger import Moment

_MOST_CANDIDATES = 20
_PRESENT = Moment()
Found = Sequence[tuple[CivilAct, Document]]


def read_act(
    session: Session,
    principal: Principal,
    record_id: str,
    fields: tuple[str, ...],
    moment: Moment,
) -> dict[str, Any]:
    """Return one act by its opaque id. Raises NotFound, Withheld, Malformed or Refused."""
    selection = principal.select(CATALOGUE, fields)
    act = require_record(session, CivilAct, record_id, selection.paths)
    found = _at(session, [act], moment)
    if not found:
        raise NotFound(asked=selection.paths)
    known = _people(session, found)
    hidden = [who for who in sorted(named(found[0][1])) if known[who].hidden]
    if hidden:
        raise NotFound(subject=hidden[0], asked=selection.paths)
    [record] = _tell(session, principal, selection, found, moment)
    return record


def read_acts_of(
    session: Session,
    principal: Principal,
    citizen_id: str,
    fields: tuple[str, ...],
    moment: Moment,
) -> dict[str, Any]:
    """Return the acts that name a citizen, in order, and how far the books are here.

    Raises NotFound, Moved, Withheld, Malformed or Refused.
    """
    selection = principal.select(CATALOGUE, fields)
    citizen = require_citizen(session, citizen_id, selection.paths, moment)
    ids = merged_ids(session, citizen.id)
    linked = sa.select(CivilActPerson.act).where(CivilActPerson.citizen_id.in_(ids))
    rows = session.scalars(sa.select(CivilAct).where(CivilAct.row.in_(linked))).all()
    naming = [(a, d) for a, d in _at(session, rows, moment) if not named(d).isdisjoint(ids)]
    acts = _tell(session, principal, selection, _open(session, naming), moment)
    if not acts:
        record_access(session, principal.asker, "not_found", selection.paths, citizen.id)
    coverage = _coverage(session, citizen.id, moment)
    if citizen.secrecy == "address":
        # Which books are missing says where somebody lived.
        coverage = {"complete": coverage["complete"]}
    return {"acts": acts, "coverage": coverage}


def lookup_act(
    session: Session, principal: Principal, entry: Mapping[str, Any], fields: tuple[str, ...]
) -> dict[str, Any]:
    """Return the one act of an entry: type, number, office, year, and the book where known.

    Raises Refused unless the agreement lets the principal search by all that is given, and
    Ambiguous, with the candidates, where several acts fit.
    """
    selection = principal.select(CATALOGUE, fields)
    missing = sorted(set(entry) - principal.search(CATALOGUE.register))
    if missing:
        raise Refused(attributes=missing)
    query = sa.select(CivilAct).where(
        CivilAct.office == entry["office"],
        CivilAct.year == int(entry["year"]),
        CivilAct.type == entry["type"],
        CivilAct.number == number_key(entry["number"]),
    )
    if "book" in entry:
        query = query.where(CivilAct.book == book_key(entry["book"]))
    rows = session.scalars(query.order_by(CivilAct.row).limit(_MOST_CANDIDATES)).all()
    found = _open(session, _at(session, rows, _PRESENT))
    if not found:
        record_access(session, principal.asker, "not_found", selection.paths)
        return {"status": "not_found"}
    if len(found) > 1:
        candidates = [_candidate(act, document) for act, document in found]
        raise Ambiguous(candidates=candidates, asked=selection.paths)
    [record] = _tell(session, principal, selection, found, _PRESENT)
    return {"status": "found", "record": record}


def _candidate(act: CivilAct, document: Document) -> dict[str, Any]:
    """Return what may be said of an act to whoever must choose; nobody is named."""
    return {
        "id": act.id,
        "type": document["type"],
        "office": document.get("office"),
        "year": str(act.year),
    }


def _at(session: Session, acts: Sequence[CivilAct], moment: Moment) -> Found:
    """Return the acts that had taken effect at ``moment``, with what they then said."""
    known = LEDGER.documents(session, acts, moment)
    found = [(act, known[act.row]) for act in acts if known.get(act.row)]
    if moment.as_of is None:
        return found
    return [(act, doc) for act, doc in found if act_of(act.id, doc).day <= moment.as_of]


def _people(session: Session, found: Found) -> dict[str, Standing]:
    return standings(session, {who for _, document in found for who in named(document)})


def _open(session: Session, found: Found) -> Found:
    """Return the acts that name nobody hidden; the others are as if they were not there."""
    known = _people(session, found)
    return [
        (act, document)
        for act, document in found
        if not any(known[who].hidden for who in named(document))
    ]


def _tell(
    session: Session,
    principal: Principal,
    selection: Selection,
    found: Found,
    moment: Moment,
) -> list[dict[str, Any]]:
    """Cut acts in their order and log everybody whom each names."""
    known = _people(session, found)
    if any(map(selection.concerns, WHEREABOUTS)):
        protected = sorted(key for key, standing in known.items() if standing.protected)
        if protected:
            raise Withheld(subject=protected[0], asked=selection.paths)
    later = _amendments(session, found, moment) if selection.concerns("amended_by") else {}
    by_id = {act.id: document for act, document in found}
    records = []
    told: list[tuple[Outcome, str | None]] = []
    for act in in_order(act_of(key, document) for key, document in by_id.items()):
        document = {**act.document, "amended_by": later.get(act.code)}
        # An act that names nobody registered is logged as itself.
        people = sorted({known[who].id for who in named(document)}) or [act.id]
        told += [("delivered", who) for who in people]
        records.append({"id": act.id, **selection.cut(document, moment.on)})
    record_accesses(session, principal.asker, selection.paths, dict.fromkeys(told))
    return records


def _amendments(session: Session, found: Found, moment: Moment) -> dict[str, list[dict[str, Any]]]:
    """Return by code what was registered later about each act, as far as it may be known."""
    codes = {document["code"] for _, document in found}
    rows = session.scalars(sa.select(CivilAct).where(CivilAct.amends.in_(codes))).all()
    later: dict[str, list[dict[str, Any]]] = {}
    opened = _open(session, _at(session, rows, moment))
    for act in in_order(act_of(row.id, document) for row, document in opened):
        told = {key: act.document[key] for key in _TOLD if key in act.document}
        entry = {"id": act.id, "kind": kind_of_event(act.document), **told}
        later.setdefault(act.amends or "", []).append(entry)
    return later


_TOLD = ("type", "number", "book", "registered_on")


def _coverage(session: Session, citizen_id: str, moment: Moment) -> dict[str, Any]:
    """Return how far the books of marriages are here for a person: as written, else as now."""
    document = documents(session, [citizen_id], moment).get(citizen_id, {})
    if "marital_status" not in document.get("projected", ()):
        if moment.known_at is not None:
            return {"complete": False, "missing": []}
        document = view_on(session, citizen_id, moment.on)
    coverage: dict[str, Any] = document.get("marital_status", {}).get("coverage", {})
    return coverage or {"complete": False, "missing": []}
