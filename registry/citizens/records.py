"""Reading citizens. Every verb writes its access rows before it returns."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol, cast

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.citizens.attributes import CATALOGUE, WHEREABOUTS
from registry.citizens.changes import LEDGER
from registry.citizens.intervals import intervals
from registry.citizens.known_numbers import known_by, known_of
from registry.citizens.models import Citizen, CitizenIdentifier
from registry.citizens.predicates import Predicate, Subject
from registry.citizens.projection import without_books
from registry.citizens.rules import Verdict, check_claim, true_on
from registry.citizens.standings import Standing, merged_ids, standings
from registry.kernel.access_log import Outcome, record_access, record_accesses
from registry.kernel.bulk import among
from registry.kernel.clock import today
from registry.kernel.columns import require_record
from registry.kernel.dates import PartialDate
from registry.kernel.errors import Moved, NotFound, Refused, Withheld
from registry.kernel.fields import Catalogue, Document, Selection
from registry.kernel.identifiers import kind_of
from registry.kernel.ledger import Moment
from registry.kernel.text import fold
from registry.kernel.undo import is_undone
from registry.upstream.modes import require_copies

_PRESENT = Moment()


@dataclass(frozen=True, slots=True)
class Lookup:
    """A look-up by identifiers, 1 to the limit of the settings, for ``fields``.

    ``absent`` are those that lead to nobody, whatever is held: the source says so.
    """

    identifiers: Sequence[str]
    fields: tuple[str, ...]
    moment: Moment = field(default_factory=Moment)
    absent: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One record's answer: what was selected, and a tag that changes with the record."""

    record: dict[str, Any]
    tag: str


def select_fields(principal: Principal, fields: tuple[str, ...]) -> Selection:
    """Return the selection of ``fields`` under the principal's agreement.

    Raises Malformed for unknown fields and Refused for those outside the agreement.
    """
    return principal.select(CATALOGUE, fields)


def require_search(principal: Principal, criteria: Iterable[str]) -> None:
    """Raise Refused unless the agreement lets the principal search by all ``criteria``."""
    missing = sorted(set(criteria) - principal.search(CATALOGUE.register))
    if missing:
        raise Refused(attributes=missing)


def lookup_citizens(session: Session, principal: Principal, query: Lookup) -> list[dict[str, Any]]:
    """Answer each identifier in order: found, not_found, moved or withheld."""
    selection = select_fields(principal, query.fields)
    require_search(principal, {kind_of(value) or "personal_id" for value in query.identifiers})
    asked = set(query.identifiers).difference(query.absent)
    found = find_by_identifiers(session, asked)
    if query.moment.known_at is not None:
        found |= known_by(session, asked, query.moment.known_at)
    # Of others there is nothing to say, not even that they exist.
    found = {value: citizen for value, citizen in found.items() if principal.may_know(citizen.id)}
    documents = LEDGER.documents(session, found.values(), query.moment)
    merged = standings(session, {c.id for c in found.values() if c.merged_into})
    results, told = [], []
    for identifier in query.identifiers:
        citizen = found.get(identifier)
        if citizen and citizen.merged_into:
            result = _moved(merged[citizen.id])
        else:
            document = documents.get(citizen.row) if citizen else None
            result = lookup_result(citizen, document, selection, query.moment)
        results.append({"identifier": identifier, **result})
        told.append((result["status"], citizen.id if citizen else None))
    record_accesses(session, principal.asker, selection.paths, outcomes(told))
    return results


def outcomes(told: Iterable[tuple[str, str | None]]) -> Iterator[tuple[Outcome, str | None]]:
    """Yield what to log of one look-up's (status, subject)s.

    A person asked for by two numbers was told of once, so one row says it; every number that
    leads to nobody is a row.
    """
    seen: set[tuple[str, str | None]] = set()
    for status, subject in told:
        if subject is None or (status, subject) not in seen:
            seen.add((status, subject))
            yield cast("Outcome", "delivered" if status == "found" else status), subject


class CurrentRow(Protocol):
    """What an answer needs of a current row, however it was read."""

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
    """Return the answer about a record that was not merged: found, not_found or withheld."""
    if citizen is None or _hidden(citizen):
        return {"status": "not_found"}
    if _withheld(citizen, selection):
        return {"status": "withheld"}
    return {"status": "found", "record": _cut(citizen, document or {}, selection, moment)}


def _moved(standing: Standing) -> dict[str, Any]:
    """Return the answer about a merged record; a hidden survivor hides it too."""
    if standing.hidden:
        return {"status": "not_found"}
    return {"status": "moved", "moved_to": standing.id}


def _cut(
    citizen: CurrentRow, document: Document, selection: Selection, moment: Moment
) -> dict[str, Any]:
    on = moment.on
    document = document if citizen.secrecy == "none" else without_books(document)
    return {"id": citizen.id, **selection.cut(true_on(document, on), on)}


def _hidden(citizen: CurrentRow) -> bool:
    """Say whether a record was made in error, or is so secret that nobody may know of it."""
    return citizen.state == "erased" or citizen.secrecy == "full"


def _withheld(citizen: CurrentRow, selection: Selection) -> bool:
    return citizen.secrecy == "address" and any(map(selection.concerns, WHEREABOUTS))


def find_by_identifiers(session: Session, values: Collection[str]) -> dict[str, Citizen]:
    """Return the current row that each identifier leads to; logs nothing."""
    found = session.execute(
        sa.select(CitizenIdentifier.value, CitizenIdentifier.type, Citizen)
        .join(Citizen, Citizen.row == CitizenIdentifier.citizen)
        .where(
            CitizenIdentifier.value.in_(set(values)),
            CitizenIdentifier.type.in_(
                ("personal_id", "origin_certificate", "cancelled_id", "nine_digit_id")
            ),
        )
        # The last one wins: a record that stands over one made in error, then a number in force
        # over the same number cancelled on another record.
        .order_by(Citizen.state == "active", CitizenIdentifier.type)
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
    citizen = _require_open(session, record_id, selection, moment)
    document = LEDGER.documents(session, [citizen], moment).get(citizen.row, {})
    record = _cut(citizen, document, selection, moment)
    record_access(session, principal.asker, "delivered", selection.paths, citizen.id)
    return Answer(record, tag_of(record))


def tag_of(record: Mapping[str, Any]) -> str:
    """Return a tag of just what is answered.

    A tag that also changed with the rest of the record would tell that something changed which
    the client may not see.
    """
    text = orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:32]


def require_citizen(
    session: Session, record_id: str, asked: Sequence[str] = (), moment: Moment = _PRESENT
) -> Citizen:
    """Return the current row by opaque id; raises NotFound or Moved, saying what was ``asked``.

    A record whose only load was taken back answers no question but what was known before.
    """
    try:
        citizen = require_record(session, Citizen, record_id, asked)
    except NotFound:
        # Where nothing is held, "not found" would be a statement about somebody.
        require_copies(session, CATALOGUE.register)
        raise
    standing = standings(session, [citizen.id])[citizen.id] if citizen.merged_into else None
    undone = is_undone(session, LEDGER.versions, citizen, moment.known_at)
    if undone or _hidden(citizen) or (standing and standing.hidden):
        raise NotFound(subject=citizen.id, asked=asked)
    if standing:
        raise Moved(standing.id, subject=citizen.id, asked=asked)
    return citizen


def _require_open(
    session: Session, record_id: str, selection: Selection, moment: Moment = _PRESENT
) -> Citizen:
    citizen = require_citizen(session, record_id, selection.paths, moment)
    if _withheld(citizen, selection):
        raise Withheld(subject=citizen.id, asked=selection.paths)
    return citizen


def list_versions(
    session: Session, principal: Principal, record_id: str, fields: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Return what is believed of each interval, oldest first, with its source and load.

    An interval tells what a look-up ``as_of`` any of its days tells, but for what passes with
    the day alone, such as an age. A protected address is withheld as in the present.
    """
    selection = select_fields(principal, fields)
    citizen = _require_open(session, record_id, selection)
    history = list(LEDGER.segments(session, citizen.row).values())
    if citizen.secrecy != "none":
        history = [replace(s, document=without_books(s.document)) for s in history]
    told = [interval.to_json() for interval in intervals(history, selection)]
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
    if len(found) != 1 or _withheld(found[0], selection) or not principal.may_know(found[0].id):
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
    query = sa.select(Citizen).where(
        Citizen.name_fold == fold(criteria["name"]),
        Citizen.state == "active",
        Citizen.secrecy != "full",
        Citizen.merged_into.is_(None),
    )
    if "birth_date" in criteria:
        # As exact as the record: a year finds only whoever is registered by year alone, or it
        # would do for a date and make the third criterion of the other set needless.
        born = PartialDate.parse(criteria["birth_date"])
        return query.where(Citizen.birth_first <= born.first, Citizen.birth_last >= born.last)
    year = PartialDate.parse(criteria["birth_year"])
    return query.where(
        Citizen.birth_first <= year.last,
        Citizen.birth_last >= year.first,
        Citizen.commune == criteria["commune"],
        # A protected address must not be found out by trying communes.
        Citizen.secrecy == "none",
    )


def verify_citizen(  # noqa: PLR0913 - what is asked, and whether the source knows whom
    session: Session,
    principal: Principal,
    identifier: str,
    claims: Mapping[str, Any],
    predicates: Mapping[str, tuple[Predicate, str]],
    *,
    known: bool = True,
) -> dict[str, dict[str, Verdict]]:
    """Say of each claim and predicate whether it holds, and nothing else.

    ``predicates`` are each a question and its argument, by the text that was sent. Whoever is not
    found, hidden or merged, or not ``known`` to the source, answers "unknown" like a record
    without values, and a protected address like one that was never registered.
    """
    paths = require_verification(principal, identifier, claims, predicates)
    citizen = find_by_identifiers(session, [identifier]).get(identifier) if known else None
    known = citizen is not None and _verifiable(principal, citizen)
    document = true_on(_disclosed(citizen), today()) if citizen and known else {}
    outcome: Outcome = "delivered" if known else "not_found"
    told: list[tuple[Outcome, str | None]] = [(outcome, citizen.id if citizen else None)]
    verdicts: dict[str, Verdict] = dict.fromkeys(predicates, "unknown")
    if citizen and known:
        subject = Subject(citizen.id, document, today())
        for text, (predicate, argument) in predicates.items():
            verdicts[text] = predicate.check(session, subject, argument)
            told += [("delivered", other) for other in predicate.also(session, argument)]
    record_accesses(session, principal.asker, paths, dict.fromkeys(told))
    return {
        "claims": {path: check_claim(document, path, value) for path, value in claims.items()},
        "predicates": verdicts,
    }


def _verifiable(principal: Principal, citizen: Citizen) -> bool:
    open_to_all = not _hidden(citizen) and not citizen.merged_into
    return open_to_all and principal.may_know(citizen.id)


def require_verification(
    principal: Principal,
    identifier: str,
    claims: Iterable[str],
    predicates: Mapping[str, tuple[Predicate, str]],
) -> list[str]:
    """Return the paths that claims and predicates touch, each of which needs its right.

    Raises Refused naming the others, or the kind of identifier that may not be searched by.
    """
    needed: dict[Catalogue, set[str]] = {CATALOGUE: set(claims)}
    for predicate, _ in predicates.values():
        for catalogue, paths in predicate.rights.items():
            needed.setdefault(catalogue, set()).update(paths)
    allowed = [
        principal.select(catalogue, tuple(sorted(paths))).paths
        for catalogue, paths in needed.items()
    ]
    require_search(principal, {kind_of(identifier) or "personal_id"})
    return [path for paths in allowed for path in paths]


def _disclosed(citizen: Citizen) -> Document:
    if citizen.secrecy == "none":
        return citizen.document
    return {key: value for key, value in citizen.document.items() if key not in WHEREABOUTS}


def find_record_ids(session: Session, personal_ids: Iterable[str]) -> dict[str, str]:
    """Return record ids by personal id, for registers that refer to people; reads no data.

    Old papers name people by a number that was cancelled since, so that leads to them too.
    """
    found = session.execute(
        sa.select(CitizenIdentifier.value, Citizen.id)
        .join(Citizen, Citizen.row == CitizenIdentifier.citizen)
        .where(
            CitizenIdentifier.type.in_(("personal_id", "cancelled_id")),
            among(session, CitizenIdentifier.value, set(personal_ids)),
        )
        # The last one wins, as in a look-up.
        .order_by(Citizen.state == "active", CitizenIdentifier.type)
    )
    return {row[0]: row[1] for row in found}


def find_personal_ids(
    session: Session, record_id: str, known_at: datetime | None = None
) -> frozenset[str]:
    """Return every personal id that ever led to a person, for registers that refer to people.

    Those of records that were merged into this one count too, and those that an undo took from
    them where they are known at ``known_at``; reads no other data.
    """
    kinds = ("personal_id", "cancelled_id")
    ids = merged_ids(session, record_id)
    found = session.scalars(
        sa.select(CitizenIdentifier.value)
        .join(Citizen, Citizen.row == CitizenIdentifier.citizen)
        .where(CitizenIdentifier.type.in_(kinds), Citizen.id.in_(ids))
    )
    if known_at is None:
        return frozenset(found)
    return frozenset({*found, *known_of(session, ids, kinds, known_at)})
