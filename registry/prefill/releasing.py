"""Releasing what fills a form: the row, the receipt and the access rows in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.kernel.clock import now, today
from registry.kernel.db import new_id
from registry.prefill.filling import Form, fill_form, papers, with_grounds
from registry.prefill.kept import Kept, sources, versions_tag
from registry.prefill.leaves import Leaf
from registry.prefill.models import Prefill
from registry.prefill.receipts import Given, Receipt, Sign, make_receipt, new_salt
from registry.prefill.subjects import AWAITING, DECLINED, Member


@dataclass(frozen=True, slots=True)
class Terms:
    """What a release rests on beside the principal: the consent behind it, if there is one.

    ``subject`` is what the client knows the person by, "" without a consent.
    """

    person_id: str
    grant_id: str | None
    subject: str


@dataclass(frozen=True, slots=True)
class House:
    """What signs, in whose name, and for how many days a prefill may be verified."""

    sign: Sign
    issuer: str
    days: int


def release(
    session: Session, principal: Principal, form: Form, terms: Terms, house: House
) -> dict[str, Any]:
    """Fill a form and return the answer with its receipt; what was given is kept, without values.

    The receipt has a salted digest of every value; the salts are in the answer and not in it. If
    anything fails, neither data nor receipt nor row is there.
    """
    leaves = with_grounds(form.profile, fill_form(session, principal, form))
    fields = {key: _kept(key, leaf) for key, leaf in leaves.items()}
    row = _row(principal, form, terms, fields, house.days)
    session.add(row)
    session.flush()
    receipt = make_receipt(house.sign, _receipt(row, terms, house.issuer, fields))
    return {
        "id": row.id,
        "procedure": row.procedure,
        "profile": row.profile,
        "profile_version": row.profile_version,
        "case": row.case,
        "expires_at": row.expires_at.isoformat(timespec="seconds"),
        "fields": {key: leaf.to_json(today()) for key, leaf in leaves.items()},
        "papers": papers(form.profile, leaves),
        "participants": _participants(form),
        "receipt": receipt,
        "salts": {key: field.salt for key, field in fields.items() if field.digest},
    }


def _row(
    principal: Principal, form: Form, terms: Terms, fields: Mapping[str, Kept], days: int
) -> Prefill:
    asker = principal.asker
    return Prefill(
        id=new_id(),
        client_id=principal.client_id,
        person_id=terms.person_id,
        actor_id=principal.actor.person_id if principal.actor else None,
        grant_id=terms.grant_id,
        procedure=asker.procedure,
        profile=form.profile.id,
        profile_version=form.profile.version,
        case=asker.case,
        legal_basis=asker.legal_basis,
        created_at=now(),
        expires_at=now() + timedelta(days=days),
        fields={key: field.to_json() for key, field in fields.items()},
        seen=versions_tag(sources(fields)),
        told={},
        verifications=0,
    )


def _kept(key: str, leaf: Leaf) -> Kept:
    source = leaf.source
    kept = Kept(
        register=leaf.field.register,
        path=leaf.field.path or leaf.field.predicate,
        record=source.record_id if source else "",
        version=source.life.version if source else None,
        role=leaf.field.role,
        type=leaf.field.type,
        digest="",
        salt=new_salt(),
        state=leaf.state,
        lock=leaf.lock,
        transform=leaf.field.transform,
    )
    return kept.given(key, leaf.value) if leaf.value is not None else kept


def _receipt(row: Prefill, terms: Terms, issuer: str, fields: Mapping[str, Kept]) -> Receipt:
    return Receipt(
        issuer=issuer,
        client_id=row.client_id,
        subject=terms.subject,
        prefill_id=row.id,
        issued_at=int(row.created_at.timestamp()),
        expires_at=int(row.expires_at.timestamp()),
        procedure=row.procedure,
        profile=row.profile,
        profile_version=row.profile_version,
        case=row.case,
        fields={
            key: Given(f.digest, f.state, f.lock, f.register, f.record, f.version)
            for key, f in fields.items()
        },
    )


def _participants(form: Form) -> list[dict[str, Any]]:
    """Return how those stand who consent for themselves; nobody is named who has not."""
    return [
        {"role": role.id, "number": number, "state": _state(member)}
        for role in form.profile.roles
        if role.consent == "own" or role.who == "household"
        for number, member in enumerate(form.members[role.id])
    ]


def _state(member: Member) -> str:
    return member.reason if member.reason in {AWAITING, DECLINED} else "consented"
