"""Reading citizens. Every verb writes its access rows before it returns."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from auth.principals import Principal
from registry.citizens.attributes import CATALOGUE, WHEREABOUTS
from registry.citizens.changes import LEDGER
from registry.citizens.models import Citizen, CitizenIdentifier
from registry.citizens.rules import (
    PREDICATES,
    Verdict,
    check_claim,
    check_predicate,
    uncertain_paths,
)
from registry.kernel.access_log import Outcome, record_access
from registry.kernel.clock import today
from registry.kernel.dates import PartialDate
from registry.kernel.errors import Moved, NotFound, Refused, Withheld
from registry.kernel.fields import Document, Selection
from registry.kernel.history import tell
from registry.kernel.identifiers import kind_of
from registry.kernel.ledger import Moment
from registry.kernel.text import fold

REGISTER = "citizens"


@dataclass(frozen=True, slots=True)
class Lookup:
    """A look-up by identifiers, 1 to the limit of the settings, for ``fields``."""

    identifiers: Sequence[str]
    fields: tuple[str, ...]
    moment: Moment = field(default_factory=Moment)


@dataclass(frozen=True, slots=True)
class Answer:
    """One record's answer: what was selected, and a tag that changes with the record."""

    record: dict[str, Any]
    tag: str


@lru_cache(maxsize=4096)
def _selection(fields: tuple[str, ...], granted: frozenset[str]) -> Selection:
    return CATALOGUE.compile(fields, granted)


def select_fields(principal: Principal, fields: tuple[str, ...]) -> Selection:
    """Return the selection of ``fields`` under the principal's agreement.

    Raises Malformed for unknown fields and Refused for those outside the agreement.
    """
    return _selection(fields, principal.attributes(REGISTER))


def require_search(principal: Principal, criteria: Iterable[str]) -> None:
    """Raise Refused unless the agreement lets the principal search by all ``criteria``."""
    missing = sorted(set(criteria) - principal.search(REGISTER))
    if missing:
        raise Refused(attributes=missing)


def lookup_citizens(session: Session, principal: Principal, query: Lookup) -> list[dict[str, Any]]:
    """Answer each identifier in order: found, not_found, moved or withheld, one row each."""
    selection = select_fields(principal, query.fields)
    require_search(principal, {kind_of(value) or "personal_id" for value in query.identifiers})
    found = _by_identifiers(session, query.identifiers)
    documents = LEDGER.documents(session, found.values(), query.moment)
    results = []
    for identifier in query.identifiers:
        citizen = found.get(identifier)
        document = documents.get(citizen.row) if citizen else None
        result = lookup_result(citizen, document, selection, query.moment)
        subject = citizen.id if citizen else None
        outcome: Outcome = "delivered" if result["status"] == "found" else result["status"]
        record_access(session, principal.asker, outcome, selection.paths, subject)
        results.append({"identifier": identifier, **result})
    return results


class CurrentRow(Protocol):
    """What an answer needs of a current row, however it was read."""

    @property
    def row(self) -> int:
        """The key that versions refer to."""

    @property
    def id(self) -> str:
        """The opaque record id."""

    @property
    def secrecy(self) -> str:
        """Who may know: none, address or full."""

    @property
    def state(self) -> str:
        """Whether the record stands: active or erased."""

    @property
    def merged_into(self) -> str | None:
        """The record that took its place."""


def lookup_result(
    citizen: CurrentRow | None, document: Document | None, selection: Selection, moment: Moment
) -> dict[str, Any]:
    """Return the answer to one identifier: found, not_found, moved or withheld."""
    if citizen is None or _hidden(citizen):
        return {"status": "not_found"}
    if citizen.merged_into:
        return {"status": "moved", "moved_to": citizen.merged_into}
    if _withheld(citizen, selection):
        return {"status": "withheld"}
    return {"status": "found", "record": _cut(citizen, document or {}, selection, moment)}


def _cut(
    citizen: CurrentRow, document: Document, selection: Selection, moment: Moment
) -> dict[str, Any]:
    uncertain = uncertain_paths(document, moment.on)
    if uncertain:
        document = {**document, "uncertain": uncertain}
    return {"id": citizen.id, **selection.cut(document, moment.on)}


def _hidden(citizen: CurrentRow) -> bool:
    """Say whether a record was made in error, or is so secret that nobody may know of it."""
    return citizen.state == "erased" or citizen.secrecy == "full"


def _withheld(citizen: CurrentRow, selection: Selection) -> bool:
    return citizen.secrecy == "address" and any(map(selection.concerns, WHEREABOUTS))


def _by_identifiers(session: Session, values: Sequence[str]) -> dict[str, Citizen]:
    found = session.execute(
        sa.select(CitizenIdentifier.value, CitizenIdentifier.type, Citizen)
        .join(Citizen, Citizen.row == CitizenIdentifier.citizen)
        .where(
            CitizenIdentifier.value.in_(set(values)),
            CitizenIdentifier.type.in_(("personal_id", "cancelled_id", "nine_digit_id")),
        )
        # A number in force wins over the same number cancelled on another record.
        .order_by(CitizenIdentifier.type)
    )
    return {value: citizen for value, _, citizen in found}


def read_citizen(
    session: Session,
    principal: Principal,
    record_id: str,
    fields: tuple[str, ...],
    moment: Moment,
) -> Answer:
    """Return one record by its opaque id. Raises NotFound, Moved, Withheld, Malformed, Refused."""
    selection = select_fields(principal, fields)
    citizen = require_citizen(session, record_id)
    if _withheld(citizen, selection):
        raise Withheld(subject=citizen.id)
    document = LEDGER.documents(session, [citizen], moment).get(citizen.row, {})
    record = _cut(citizen, document, selection, moment)
    record_access(session, principal.asker, "delivered", selection.paths, citizen.id)
    return Answer(record, f"{citizen.version}-{hash_of(selection.paths, moment)}")


def hash_of(paths: Sequence[str], moment: Moment) -> str:
    """Return a short tag of what was asked, the same in every process."""
    text = " ".join(paths) + f"|{moment.on}|{moment.known_at}"
    return uuid.uuid5(uuid.NAMESPACE_OID, text).hex[:12]


def require_citizen(session: Session, record_id: str) -> Citizen:
    """Return the current row by opaque id; raises NotFound or Moved."""
    try:
        key = str(uuid.UUID(record_id))
    except ValueError:
        raise NotFound from None
    citizen = session.scalar(sa.select(Citizen).where(Citizen.id == key))
    if citizen is None:
        raise NotFound
    if _hidden(citizen):
        raise NotFound(subject=citizen.id)
    if citizen.merged_into:
        raise Moved(citizen.merged_into, subject=citizen.id)
    return citizen


def list_versions(
    session: Session, principal: Principal, record_id: str, fields: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Return what is believed of each interval, oldest first, with its source and load.

    Neighbouring intervals in which the selected values are the same are told as one. A
    protected address withholds the history as it withholds the present.
    """
    selection = select_fields(principal, fields)
    citizen = require_citizen(session, record_id)
    if _withheld(citizen, selection):
        raise Withheld(subject=citizen.id)
    believed = (s for s in LEDGER.segments(session, citizen.row).values() if s.believed)
    told = tell(believed, selection.cut)
    record_access(session, principal.asker, "delivered", selection.paths, citizen.id)
    return told


def search_citizens(
    session: Session,
    principal: Principal,
    criteria: Mapping[str, str],
    fields: tuple[str, ...],
) -> dict[str, Any]:
    """Answer a search only where one person alone matches; none and many look the same.

    ``criteria`` is one of `rules.COMBINATIONS`, already checked for its form.
    """
    selection = select_fields(principal, fields)
    require_search(principal, criteria)
    found: Sequence[Citizen] = session.scalars(_matching(criteria).limit(2)).all()
    if len(found) != 1 or _withheld(found[0], selection):
        subject = found[0].id if len(found) == 1 else None
        record_access(session, principal.asker, "not_found", selection.paths, subject)
        return {"status": "no_unique_match"}
    citizen = found[0]
    record_access(session, principal.asker, "delivered", selection.paths, citizen.id)
    return {
        "status": "found",
        "record": _cut(citizen, citizen.document, selection, Moment()),
    }


def _matching(criteria: Mapping[str, str]) -> sa.Select[Citizen]:
    born = PartialDate.parse(criteria.get("birth_date") or criteria["birth_year"])
    query = sa.select(Citizen).where(
        Citizen.name_fold == fold(criteria["name"]),
        Citizen.birth_first <= born.last,
        Citizen.birth_last >= born.first,
        Citizen.state == "active",
        Citizen.secrecy != "full",
        Citizen.merged_into.is_(None),
    )
    if "commune" in criteria:
        # A protected address must not be found out by trying communes.
        query = query.where(Citizen.commune == criteria["commune"], Citizen.secrecy == "none")
    return query


def verify_citizen(
    session: Session,
    principal: Principal,
    identifier: str,
    claims: Mapping[str, Any],
    predicates: Sequence[str],
) -> dict[str, dict[str, Verdict]]:
    """Say of each claim and predicate whether it holds, and nothing else.

    Whoever is not found, hidden or protected answers "unknown" like a record without values.
    Every path that a claim or predicate touches needs its right (`Refused` names the others).
    """
    parsed = {text: text.partition(":")[::2] for text in predicates}
    sources = {path for name, _ in parsed.values() for path in PREDICATES[name]}
    selection = select_fields(principal, tuple(sorted({*claims, *sources})))
    require_search(principal, {kind_of(identifier) or "personal_id"})
    citizen = _by_identifiers(session, [identifier]).get(identifier)
    unknown = (
        citizen is None
        or _hidden(citizen)
        or bool(citizen.merged_into)
        or _withheld(citizen, selection)
    )
    document: Document = {} if unknown or citizen is None else citizen.document
    outcome: Outcome = "not_found" if unknown else "delivered"
    record_access(
        session, principal.asker, outcome, selection.paths, citizen.id if citizen else None
    )
    return {
        "claims": {path: check_claim(document, path, value) for path, value in claims.items()},
        "predicates": {
            text: check_predicate(document, name, argument, today())
            for text, (name, argument) in parsed.items()
        },
    }


def find_record_ids(session: Session, personal_ids: Iterable[str]) -> dict[str, str]:
    """Return record ids by personal id, for registers that refer to people; reads no data.

    Old papers name people by a number that was cancelled since, so that leads to them too.
    """
    found = session.execute(
        sa.select(CitizenIdentifier.value, Citizen.id)
        .join(Citizen, Citizen.row == CitizenIdentifier.citizen)
        .where(
            CitizenIdentifier.type.in_(("personal_id", "cancelled_id")),
            CitizenIdentifier.value.in_(set(personal_ids)),
        )
        # A number in force wins over the same number cancelled on another record.
        .order_by(CitizenIdentifier.type)
    )
    return {row[0]: row[1] for row in found}


def find_personal_ids(session: Session, record_id: str) -> frozenset[str]:
    """Return every personal id that ever led to a person, for registers that refer to people.

    Those of records that were merged into this one count too; reads no other data.
    """
    return frozenset(
        session.scalars(
            sa.select(CitizenIdentifier.value)
            .join(Citizen, Citizen.row == CitizenIdentifier.citizen)
            .where(
                CitizenIdentifier.type.in_(("personal_id", "cancelled_id")),
                sa.or_(Citizen.id == record_id, Citizen.merged_into == record_id),
            )
        )
    )


def protected_people(session: Session, record_ids: Iterable[str]) -> list[str]:
    """Return those of ``record_ids`` whose whereabouts are protected, or who may not be known.

    A record that was merged is protected by the one that took its place.
    """
    survivor = aliased(Citizen)
    return list(
        session.scalars(
            sa.select(Citizen.id)
            .outerjoin(survivor, survivor.id == Citizen.merged_into)
            .where(
                Citizen.id.in_(set(record_ids)),
                sa.or_(
                    Citizen.secrecy != "none",
                    Citizen.state != "active",
                    survivor.secrecy != "none",
                    survivor.state != "active",
                ),
            )
        )
    )
