"""Between prefill and decision: whether a value that was used has become another.

Versions of records are looked at first, since they are cheap, and values only where a version is
new: of what else has changed in a record the client may not hear, so no answer follows versions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.kernel.clock import now
from registry.prefill.kept import (
    Kept,
    ReadValues,
    kept,
    record_look,
    require_prefill,
    sources,
    state_of,
)
from registry.prefill.models import Prefill
from registry.prefill.versions import RecordKey, current_versions


@dataclass(frozen=True, slots=True)
class Watched:
    """How a prefill stands now, and the tag (an ETag without quotes) of just that answer."""

    answer: Mapping[str, Any]
    tag: str


def read_prefill(
    session: Session, principal: Principal, prefill_id: str, read_values: ReadValues
) -> Watched:
    """Return whether anything that was used has changed; logged as a look at the people behind.

    Raises NotFound for a prefill of another client. One that is closed or over tells no change.
    """
    prefill = require_prefill(session, principal, prefill_id)
    fields = kept(prefill)
    differing: Mapping[str, str] = {}
    if state_of(prefill) == "open":
        differing = changed_digests(session, prefill, read_values)
        record_look(session, principal, prefill, fields)
    answer: dict[str, Any] = {
        "id": prefill.id,
        "case": prefill.case,
        "procedure": prefill.procedure,
        "profile": prefill.profile,
        "profile_version": prefill.profile_version,
        "state": state_of(prefill),
        "created_at": prefill.created_at,
        "expires_at": prefill.expires_at,
        "changed": sorted(differing),
    }
    return Watched(answer, _tag(answer["state"], differing))


def tag(session: Session, prefill: Prefill, read_values: ReadValues) -> str:
    """Return the tag of how a prefill stands: it is another only if a used value is."""
    state = state_of(prefill)
    differing = changed_digests(session, prefill, read_values) if state == "open" else {}
    return _tag(state, differing)


def changed_keys(session: Session, prefill: Prefill, read_values: ReadValues) -> tuple[str, ...]:
    """Return the keys whose values the registers no longer answer as they were given."""
    return tuple(sorted(changed_digests(session, prefill, read_values)))


def changed_digests(
    session: Session,
    prefill: Prefill,
    read_values: ReadValues,
    versions: Mapping[RecordKey, int] | None = None,
) -> dict[str, str]:
    """Return by key the salted digests of the values that are others now, "" for one that is gone.

    What can't be told now is not among them. ``versions`` are the current ones, if known.
    """
    fields = kept(prefill)
    known = current_versions(session, sources(fields).keys()) if versions is None else versions
    outdated = [
        key
        for key, field in fields.items()
        if field.source and known.get(field.source) != field.version
    ]
    values = read_values(session, prefill, outdated) if outdated else {}
    return differing(fields, values)


def differing(fields: Mapping[str, Kept], values: Mapping[str, Any]) -> dict[str, str]:
    """Return by key the digests of those ``values`` that were given otherwise."""
    digests = {
        key: "" if value is None else fields[key].digest_of(key, value)
        for key, value in values.items()
    }
    return {key: made for key, made in digests.items() if made != fields[key].digest}


def close(session: Session, principal: Principal, prefill_id: str) -> dict[str, Any]:
    """End a prefill, its case being decided: nobody watches it or may verify by it any more.

    Closing again says when it was closed. Raises NotFound for a prefill of another client.
    """
    prefill = require_prefill(session, principal, prefill_id)
    session.execute(
        sa.update(Prefill)
        .where(Prefill.id == prefill.id, Prefill.closed_at.is_(None))
        .values(closed_at=now())
        .execution_options(synchronize_session=False)
    )
    session.refresh(prefill)
    return {"id": prefill.id, "case": prefill.case, "closed_at": prefill.closed_at}


def _tag(state: str, digests: Mapping[str, str] | Collection[str]) -> str:
    told = orjson.dumps([state, digests], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(told).hexdigest()[:32]
