"""The release of a prefill: its row and its receipt, in the transaction that read the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.kernel.clock import now
from registry.kernel.db import new_id
from registry.kernel.errors import PurposeMissing
from registry.kernel.settings import LONGEST_RECEIPT_DAYS
from registry.prefill.kept import Kept, sources, versions_tag
from registry.prefill.models import Prefill
from registry.prefill.receipts import Given, Receipt, Sign, make_receipt, new_salt


@dataclass(frozen=True, slots=True)
class Filled:
    """One field of the profile as it is given; ``value`` is None where it is not.

    ``type`` is one of `registry.prefill.canonical.TYPES` or ``list:`` with one, ``state`` and
    ``lock`` are the leaf's, ``transform`` is what made the value of the attribute's. What only
    the person types is here too, without register and record: what comes back is told apart.
    """

    role: str
    type: str
    state: str
    lock: str
    value: Any = None
    register: str = ""
    path: str = ""
    record: str = ""
    version: int | None = None
    transform: str = "plain"


@dataclass(frozen=True, slots=True)
class Release:
    """What is given for one case: by which profile, on whose grant, and until when.

    Whenever that is, it is over when the keys that signed for it may be. ``person_id`` is whose
    form it is, where that is not the person of the token.
    """

    profile: str
    profile_version: str
    legal_basis: str
    subject: str
    grant_id: str | None
    expires_at: datetime
    fields: Mapping[str, Filled]
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """What goes to the form: the receipt, and beside it the salt of each value given."""

    id: str
    expires_at: datetime
    receipt: str
    salts: Mapping[str, str]


def release(
    session: Session, principal: Principal, sign: Sign, issuer: str, what: Release
) -> Released:
    """Write down what is given, without any value, and sign the receipt.

    Raises PurposeMissing where the request names no procedure and case. The caller has read the
    values, and logged that, in the same transaction.
    """
    if principal.purpose is None:
        raise PurposeMissing
    fields = {key: _kept(key, filled) for key, filled in what.fields.items()}
    moment = now()
    row = Prefill(
        id=new_id(),
        client_id=principal.client_id,
        person_id=what.person_id or principal.person_id,
        actor_id=principal.actor.person_id if principal.actor else None,
        grant_id=what.grant_id,
        procedure=principal.purpose.procedure,
        profile=what.profile,
        profile_version=what.profile_version,
        case=principal.purpose.case,
        legal_basis=what.legal_basis,
        created_at=moment,
        expires_at=min(what.expires_at, moment + timedelta(days=LONGEST_RECEIPT_DAYS)),
        fields={key: field.to_json() for key, field in fields.items()},
        seen=versions_tag(sources(fields)),
        told={},
        verifications=0,
    )
    session.add(row)
    # Before the signature: what the database refuses is never signed for.
    session.flush()
    receipt = make_receipt(sign, _receipt(issuer, row, what.subject, fields))
    salts = {key: field.salt for key, field in fields.items() if field.salt}
    return Released(row.id, row.expires_at, receipt, salts)


def _kept(key: str, filled: Filled) -> Kept:
    given = filled.value is not None
    made = Kept(
        filled.register,
        filled.path,
        filled.record,
        filled.version,
        filled.role,
        filled.type,
        "",
        new_salt() if given else "",
        filled.state,
        filled.lock,
        filled.transform,
    )
    return made.with_value(key, filled.value) if given else made


def _receipt(issuer: str, row: Prefill, subject: str, fields: Mapping[str, Kept]) -> Receipt:
    return Receipt(
        issuer,
        row.client_id,
        subject,
        row.id,
        int(row.created_at.timestamp()),
        int(row.expires_at.timestamp()),
        row.procedure,
        row.profile,
        row.profile_version,
        row.case,
        {
            key: Given(
                field.digest, field.state, field.lock, field.register, field.record, field.version
            )
            for key, field in fields.items()
        },
    )
