"""What is kept of each field of a prefill, and the way to one prefill by who may ask for it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson
from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.kernel.access_log import Asker, record_accesses
from registry.kernel.clock import now
from registry.kernel.errors import Conflict, NotFound, Text
from registry.prefill.canonical import CanonicalError, canonical
from registry.prefill.models import Prefill
from registry.prefill.receipts import digest
from registry.prefill.versions import RecordKey

_CLOSED = Text(
    "Lần điền sẵn này đã đóng: hãy điền sẵn lại với POST /v1/prefill.",
    "This prefill is closed: prefill again with POST /v1/prefill.",
)
_EXPIRED = Text(
    "Lần điền sẵn này đã hết hạn: hãy điền sẵn lại với POST /v1/prefill.",
    "This prefill has expired: prefill again with POST /v1/prefill.",
)
_OTHER_CASE = Text(
    "Lần điền sẵn này thuộc hồ sơ khác: hãy gửi Sogoc-Procedure và Sogoc-Case của hồ sơ ấy.",
    "This prefill belongs to another case: send the Sogoc-Procedure and Sogoc-Case of that one.",
)

ReadValues = Callable[[Session, Prefill, Collection[str]], Mapping[str, Any]]
"""Reads what the registers answer today for some fields of a prefill: value by key, None where
they have none now; a key that can't be told now is absent. It writes no access row."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One field as it was given: its source, the digest of its value and the salt in it.

    ``digest`` is empty where no value was given. ``version`` is None where the registry keeps no
    copy. ``transform`` names what makes the form's value of the attribute's.
    """

    register: str
    path: str
    record: str
    version: int | None
    role: str
    type: str
    digest: str
    salt: str
    state: str
    lock: str
    transform: str = "plain"

    @property
    def source(self) -> RecordKey | None:
        """The record behind a value that was given, if its versions can be watched."""
        return (self.register, self.record) if self.digest and self.version is not None else None

    def same(self, key: str, value: Any) -> bool:
        """Say whether ``value``, however written, is the one that was given."""
        return self.digest != "" and self.digest_of(key, value) == self.digest

    def digest_of(self, key: str, value: Any) -> str:
        """Return the salted digest of a value; of what is none of the type, as it is written."""
        try:
            text = canonical(value, self.type)
        except CanonicalError:
            # No canonical text begins so, and JSON keeps two such values apart.
            text = "\x00" + json.dumps(value, default=str, sort_keys=True)
        return digest(self.salt, key, text)

    def with_value(self, key: str, value: Any) -> Kept:
        """Return the field with the digest of the value that is given in it."""
        return replace(self, digest=self.digest_of(key, value))

    def to_json(self) -> dict[str, Any]:
        """Return what the column ``prefill.fields`` holds of the field."""
        return asdict(self)


def kept(prefill: Prefill) -> dict[str, Kept]:
    """Return the fields of a prefill by key."""
    return {key: Kept(**told) for key, told in prefill.fields.items()}


def sources(fields: Mapping[str, Kept]) -> dict[RecordKey, int | None]:
    """Return the records that values came from, with their versions at that time."""
    return {field.source: field.version for field in fields.values() if field.source}


def versions_tag(versions: Mapping[RecordKey, int | None]) -> str:
    """Return a tag of record versions; it stays in the house, since it tells more than values."""
    told = sorted([*key, version] for key, version in versions.items())
    return hashlib.sha256(orjson.dumps(told)).hexdigest()[:32]


def require_prefill(session: Session, principal: Principal, prefill_id: str) -> Prefill:
    """Return a prefill of the client's own. Raises NotFound for any other, as if there were none.

    Where a person stands behind the request, it is theirs too. Raises Conflict where the request
    names another procedure or case than the prefill's.
    """
    try:
        found = session.get(Prefill, str(uuid.UUID(prefill_id)))
    except ValueError:
        raise NotFound from None
    if found is None:
        raise NotFound
    person = principal.person_id
    if found.client_id != principal.client_id or (person and person != found.person_id):
        raise NotFound(subject=found.person_id)
    purpose = principal.purpose
    if purpose and (purpose.procedure, purpose.case) != (found.procedure, found.case):
        raise Conflict(_OTHER_CASE)
    return found


def require_open(prefill: Prefill) -> None:
    """Raise Conflict, saying what to do, for a prefill that is closed or over."""
    state = state_of(prefill)
    if state != "open":
        raise Conflict(_CLOSED if state == "closed" else _EXPIRED)


def state_of(prefill: Prefill) -> str:
    """Return ``open``, ``closed`` or ``expired``."""
    if prefill.closed_at is not None:
        return "closed"
    return "open" if now() < prefill.expires_at else "expired"


def record_look(
    session: Session, principal: Principal, prefill: Prefill, fields: Mapping[str, Kept]
) -> None:
    """Write the access rows of an answer that tells how given values stand to the registers."""
    record_told(session, principal.asker, prefill, fields.values())


def record_told(session: Session, asker: Asker, prefill: Prefill, fields: Iterable[Kept]) -> None:
    """Write the access rows of an answer that tells of some fields: one for each person."""
    given = [field for field in fields if field.digest]
    people = {field.record for field in given if field.register == "citizens"}
    people |= {prefill.person_id} if prefill.person_id else set()
    paths = {f"{field.register}:{field.path}" for field in given}
    record_accesses(session, asker, paths, [("delivered", who) for who in sorted(people)])
