"""Reading citizens in the mode that is in force: from what is held, through a cache, by pointer.

A mirror costs one comparison of times. In the other modes whoever asks is checked first and the
source is called second, so that nobody is asked about there whom the client may not ask about
here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.citizens import records
from registry.citizens.attributes import CATALOGUE, UNVERIFIED, VERIFIED
from registry.citizens.fetching import Link
from registry.citizens.hot import HotLookup
from registry.citizens.pointers import point, require_number
from registry.citizens.predicates import Predicate
from registry.citizens.records import Answer, Lookup, select_fields, tag_of
from registry.citizens.rules import Verdict
from registry.citizens.verification import verified_at
from registry.kernel.access_log import record_access, record_accesses
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.errors import NotFound, NotInMode, Unavailable
from registry.kernel.fields import Document, Selection
from registry.kernel.identifiers import kind_of
from registry.kernel.ledger import Moment
from registry.upstream.credentials import pointer_key
from registry.upstream.modes import Mode, ModeWatch
from registry.upstream.source import Source, SourceDown

Results = list[dict[str, Any]]
OpenSource = Callable[[Mode], Source]
_PRESENT = Moment()
_KEY = "pointer.key"
logger = logging.getLogger("sogoc")


@dataclass(frozen=True, slots=True)
class _Pointed:
    """A person who is not held, where an answer expects a current row."""

    id: str
    row: int = 0
    secrecy: str = "none"
    state: str = "active"
    merged_into: str | None = None


class CitizenReader:
    """Answers about citizens in the mode in force; `registry.citizens.records` has the rules."""

    def __init__(
        self, database: Database, hot: HotLookup, open_source: OpenSource, secrets: Path
    ) -> None:
        self._database = database
        self._hot = hot
        self._modes = ModeWatch(database)
        self._open_source = open_source
        self._key_file = secrets / _KEY
        self._lock = Lock()
        self._link: Link | None = None

    def close(self) -> None:
        """Let go of the connections to the source."""
        if self._link:
            self._link.close()

    def mirror(self) -> HotLookup | None:
        """Return what answers of the present where nothing but what is held is asked."""
        return self._hot if self._current() is None else None

    def lookup(
        self,
        principal: Principal,
        identifiers: Sequence[str],
        fields: tuple[str, ...],
        moment: Moment = _PRESENT,
    ) -> Results:
        """Answer each identifier in order (`HotLookup.lookup`, `records.lookup_citizens`).

        Raises Malformed, Refused, Unavailable, and NotInMode for the past behind a pointer.
        """
        link = self._current()
        if link is None and moment.present:
            return self._hot.lookup(principal, identifiers, fields)
        results = self._looked_up(link, principal, Lookup(identifiers, fields, moment))
        return self._hot.observed(principal.client_id, results)

    def _looked_up(self, link: Link | None, principal: Principal, query: Lookup) -> Results:
        identifiers, fields, moment = query.identifiers, query.fields, query.moment
        if link is None:
            with self._database.transaction(snapshot=True) as session:
                return records.lookup_citizens(session, principal, query)
        selection = select_fields(principal, fields)
        records.require_search(principal, {kind_of(v) or "personal_id" for v in identifiers})
        if link.mode.name == "pointer":
            return self._look_through(link, principal, query, selection)
        checked = link.freshen(self._own(principal, identifiers))
        with self._database.transaction(snapshot=True) as session:
            query = replace(query, absent=checked.absent)
            results = records.lookup_citizens(session, principal, query)
            late = {
                r["record"]["id"] for r in results if _told(r) and r["identifier"] in checked.late
            }
            found = [result["record"] for result in results if _told(result)]
            _tell_age(session, found, late, selection, moment)
        return results

    def read(
        self, principal: Principal, record_id: str, fields: tuple[str, ...], moment: Moment
    ) -> Answer:
        """Return one record by its opaque id (`records.read_citizen`); raises NotInMode too."""
        link = self._current()
        late: frozenset[str] = frozenset()
        selection = select_fields(principal, fields)
        if link and link.mode.name == "pointer":
            return self._read_through(link, principal, record_id, selection, moment)
        if link:
            with self._database.reading() as session:
                citizen = records.require_citizen(session, record_id, selection.paths)
            # One of which nothing is believed any more has no number to ask by.
            number = citizen.document.get("personal_id")
            checked = link.freshen([number] if number else [])
            if checked.absent:
                raise NotFound(subject=citizen.id, asked=selection.paths)
            late = checked.late
        with self._database.transaction(snapshot=True) as session:
            found = records.read_citizen(session, principal, record_id, fields, moment)
            if link is None:
                return found
            _tell_age(
                session, [found.record], {found.record["id"]} if late else set(), selection, moment
            )
        return Answer(found.record, tag_of(found.record))

    def search(
        self, principal: Principal, criteria: Mapping[str, str], fields: tuple[str, ...]
    ) -> dict[str, Any]:
        """Search what is held, however old (`records.search_citizens`); raises NotInMode."""
        link = self._current(copies=True)
        with self._database.transaction(snapshot=True) as session:
            answer = records.search_citizens(session, principal, criteria, fields)
            if link and _told(answer):
                selection = select_fields(principal, fields)
                _tell_age(session, [answer["record"]], set(), selection, _PRESENT)
        return answer

    def verify(
        self,
        principal: Principal,
        identifier: str,
        claims: Mapping[str, Any],
        predicates: Mapping[str, tuple[Predicate, str]],
    ) -> dict[str, dict[str, Verdict]]:
        """Say what holds of one person (`records.verify_citizen`); raises NotInMode."""
        link = self._current(copies=True)
        known = True
        if link:
            records.require_verification(principal, identifier, claims, predicates)
            own = self._own(principal, [identifier])
            known = bool(own) and not link.freshen(own).absent
        with self._database.transaction(snapshot=True) as session:
            return records.verify_citizen(
                session, principal, identifier, claims, predicates, known=known
            )

    def _own(self, principal: Principal, identifiers: Sequence[str]) -> Sequence[str]:
        """Return those of ``identifiers`` that the source may be asked about for the principal."""
        if principal.whose is None:
            return identifiers
        with self._database.reading() as session:
            found = records.find_by_identifiers(session, identifiers)
        return [value for value, citizen in found.items() if principal.may_know(citizen.id)]

    def _current(self, *, copies: bool = False) -> Link | None:
        """Return the link to the source, None for a mirror; raises NotInMode without ``copies``."""
        mode = self._modes.current(CATALOGUE.register)
        if mode is None or mode.name == "mirror":
            return None
        if copies and mode.name == "pointer":
            raise NotInMode
        link = self._link
        if link and link.mode == mode:
            return link
        with self._lock:
            if self._link is None or self._link.mode != mode:
                self.close()
                self._link = Link(self._database, mode, self._open_source(mode))
            return self._link

    def _look_through(
        self, link: Link, principal: Principal, query: Lookup, selection: Selection
    ) -> Results:
        if not query.moment.present:
            raise NotInMode(asked=selection.paths)
        identifiers = self._own_number(principal, query.identifiers, selection)
        told = dict.fromkeys(query.identifiers) | dict(
            link.fetch(identifiers) if identifiers else {}
        )
        ids = self._pointed({_number(d) for d in told.values() if d is not None})
        moment = _stamp()
        results, logged = [], []
        for identifier in query.identifiers:
            document = told[identifier]
            citizen = _Pointed(ids[_number(document)]) if document else None
            dated = {**(document or {}), VERIFIED: moment}
            result = records.lookup_result(citizen, dated, selection, query.moment)
            results.append({"identifier": identifier, **result})
            logged.append((result["status"], citizen.id if citizen else None))
        with self._database.transaction() as session:
            record_accesses(session, principal.asker, selection.paths, records.outcomes(logged))
        return results

    def _own_number(
        self, principal: Principal, identifiers: Sequence[str], selection: Selection
    ) -> Sequence[str]:
        """Return those of ``identifiers`` by which the principal may be told of somebody."""
        if principal.whose is None:
            return identifiers
        try:
            with self._database.reading() as session:
                number = require_number(session, self._key(), principal.whose, selection.paths)
        except NotFound:
            return []
        return [value for value in identifiers if value == number]

    def _read_through(
        self,
        link: Link,
        principal: Principal,
        record_id: str,
        selection: Selection,
        moment: Moment,
    ) -> Answer:
        if not moment.present:
            raise NotInMode(asked=selection.paths)
        with self._database.reading() as session:
            number = require_number(session, self._key(), record_id, selection.paths)
        document = link.fetch([number])[number]
        if document is None:
            raise NotFound(subject=record_id, asked=selection.paths)
        record_id = str(UUID(record_id))
        dated = {**document, VERIFIED: _stamp()}
        record = records.lookup_result(_Pointed(record_id), dated, selection, moment)["record"]
        with self._database.transaction() as session:
            record_access(session, principal.asker, "delivered", selection.paths, record_id)
        return Answer(record, tag_of(record))

    def _pointed(self, numbers: set[str]) -> dict[str, str]:
        key = self._key()
        with suppress(sa.exc.IntegrityError), self._database.transaction() as session:
            return point(session, key, numbers)
        # Another server pointed to one of them at the same time, so it is there by now.
        with self._database.transaction() as session:
            return point(session, key, numbers)

    def _key(self) -> AESSIV:
        try:
            return pointer_key(self._key_file)
        except (SourceDown, OSError) as error:
            logger.error("no pointer can be read: %s", error)  # noqa: TRY400 - it says all there is
            raise Unavailable from None


def _number(document: Document) -> str:
    return str(document["personal_id"])


def _stamp() -> str:
    return now().isoformat(timespec="seconds")


def _told(result: Mapping[str, Any]) -> bool:
    return bool(result["status"] == "found")


def _tell_age(
    session: Session,
    found: Sequence[dict[str, Any]],
    late: set[str],
    selection: Selection,
    moment: Moment,
) -> None:
    """Add when each record was confirmed, where that is asked, and a flag where it is too long ago.

    The past is answered from versions, of which nobody confirms anything any more.
    """
    if not moment.present:
        return
    if VERIFIED in selection.paths:
        ages = verified_at(session, [record["id"] for record in found])
        for record in found:
            if record["id"] in ages:
                record[VERIFIED] = ages[record["id"]].isoformat(timespec="seconds")
    for record in found:
        if record["id"] in late:
            record[UNVERIFIED] = list(selection.paths)
