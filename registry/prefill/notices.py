"""Signed notices that used values have changed: written by the worker, fetched by the client.

A notice is a security event token (RFC 8417). It names the prefill and the keys, never a value:
whoever hears of it asks anew, by their own right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.kernel.access_log import Asker
from registry.kernel.clock import now
from registry.kernel.db import new_id
from registry.prefill.kept import Kept, ReadValues, kept, record_told, sources, versions_tag
from registry.prefill.models import Prefill, PrefillEvent
from registry.prefill.receipts import Sign
from registry.prefill.versions import RecordKey, current_versions
from registry.prefill.watching import changed_digests

TYPE = "secevent+jwt"
CHANGED = "urn:sogoc:event:prefill-changed"
LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Watch:
    """With what is watched: who signs, as which issuer, and what reads values of today."""

    sign: Sign
    issuer: str
    read_values: ReadValues


@dataclass(frozen=True, slots=True)
class Noticed:
    """What one step of the watch did; ``last`` is where the next begins, None at the end."""

    last: str | None
    looked: int
    told: int


def notice_changes(session: Session, watch: Watch, after: str | None, limit: int) -> Noticed:
    """Look at open prefills, ``limit`` of them behind the id ``after``; tell of new differences.

    A prefill is read only if a record that it used was written since the last look, and its
    client is told only of values that differ otherwise than it was told before: once each.
    """
    prefills = _open(session, after, limit)
    used = {prefill.id: sources(kept(prefill)) for prefill in prefills}
    known = current_versions(session, {key for keys in used.values() for key in keys})
    transaction = new_id()
    told = 0
    for prefill in prefills:
        now_there = {key: known.get(key) for key in used[prefill.id]}
        seen = versions_tag(now_there)
        if seen != prefill.seen:
            told += _look(session, watch, prefill, known, (seen, transaction))
    return Noticed(prefills[-1].id if len(prefills) == limit else None, len(prefills), told)


def _open(session: Session, after: str | None, limit: int) -> Sequence[Prefill]:
    wanted = sa.select(Prefill).where(Prefill.closed_at.is_(None), Prefill.expires_at > now())
    if after is not None:
        wanted = wanted.where(Prefill.id > after)
    return session.scalars(wanted.order_by(Prefill.id).limit(limit)).all()


def _look(
    session: Session,
    watch: Watch,
    prefill: Prefill,
    known: Mapping[RecordKey, int],
    made: tuple[str, str],
) -> int:
    """Write the event of one prefill, if its client is to hear of something; return how many."""
    seen, transaction = made
    fields = kept(prefill)
    missed: set[str] = set()
    digests = changed_digests(session, prefill, _noting(watch.read_values, missed), known)
    # What could not be read is as it was when it last could.
    digests |= {key: prefill.told[key] for key in missed if key in prefill.told}
    fresh = _fresh(fields, prefill.told, digests)
    if not _first(session, prefill, prefill.seen if missed else seen, digests):
        return 0
    if not fresh:
        return 0
    moment = now()
    claims = {
        "iss": watch.issuer,
        "aud": prefill.client_id,
        "iat": int(moment.timestamp()),
        "jti": new_id(),
        "txn": transaction,
        "sub_id": {"format": "opaque", "id": prefill.id},
        "events": {CHANGED: {"keys": fresh, "case": prefill.case}},
    }
    session.add(
        PrefillEvent(
            prefill_id=prefill.id,
            client_id=prefill.client_id,
            at=moment,
            keys=fresh,
            signed=watch.sign(TYPE, claims),
            attempts=0,
        )
    )
    return 1


def _noting(read_values: ReadValues, missed: set[str]) -> ReadValues:
    """Return a reader that also notes which keys could not be told."""

    def read(session: Session, prefill: Prefill, keys: Any) -> Mapping[str, Any]:
        values = read_values(session, prefill, keys)
        missed.update(key for key in keys if key not in values)
        return values

    return read


def _fresh(
    fields: Mapping[str, Kept], told: Mapping[str, str], digests: Mapping[str, str]
) -> list[str]:
    """Return the keys whose value is another than the client was last told, back to it included."""
    return sorted(
        key
        for key in told.keys() | digests.keys()
        if digests.get(key, fields[key].digest) != told.get(key, fields[key].digest)
    )


def _first(session: Session, prefill: Prefill, seen: str, digests: Mapping[str, str]) -> bool:
    """Write down what was seen and told; False if another look was first, or it was closed."""
    written = session.execute(
        sa.update(Prefill)
        .where(
            Prefill.id == prefill.id,
            Prefill.seen == prefill.seen,
            Prefill.told == prefill.told,
            Prefill.closed_at.is_(None),
        )
        .values(seen=seen, told=dict(digests))
        .execution_options(synchronize_session=False)
        .returning(Prefill.id)
    )
    return written.first() is not None


def read_events(session: Session, principal: Principal, after: int, limit: int) -> dict[str, Any]:
    """Return the client's notices behind ``after``, oldest first; asking for more confirms those.

    ``after`` is 0 at the beginning. One worker writes at a time, so no earlier number comes late.
    Each is logged for the procedure and the case of its own prefill.
    """
    mine = PrefillEvent.client_id == principal.client_id
    session.execute(
        sa.update(PrefillEvent)
        .where(mine, PrefillEvent.id <= after, PrefillEvent.delivered_at.is_(None))
        .values(delivered_at=now())
        .execution_options(synchronize_session=False)
    )
    found = session.execute(
        sa.select(PrefillEvent, Prefill)
        .join(Prefill, Prefill.id == PrefillEvent.prefill_id)
        .where(mine, PrefillEvent.id > after)
        .order_by(PrefillEvent.id)
        .limit(min(limit, LARGEST_PAGE))
    ).all()
    session.execute(
        sa.update(PrefillEvent)
        .where(PrefillEvent.id.in_([event.id for event, _ in found]))
        .values(attempts=PrefillEvent.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    for event, prefill in found:
        fields = kept(prefill)
        asker = _asker(principal, prefill)
        record_told(session, asker, prefill, [fields[key] for key in event.keys])
    events = [
        {
            "sequence": event.id,
            "prefill_id": event.prefill_id,
            "at": event.at,
            "keys": event.keys,
            "set": event.signed,
        }
        for event, _ in found
    ]
    return {"events": events, "after": events[-1]["sequence"] if events else after}


def _asker(principal: Principal, prefill: Prefill) -> Asker:
    return Asker(
        client_id=principal.client_id,
        procedure=prefill.procedure,
        case=prefill.case,
        legal_basis=prefill.legal_basis,
        trace_id=principal.trace_id,
    )
