"""What a form is answered: its leaves, the papers still needed, and the receipt for all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.kernel.clock import now, today
from registry.prefill.filling import Form, fill_form, papers, with_grounds
from registry.prefill.leaves import Leaf
from registry.prefill.receipts import Sign
from registry.prefill.releasing import Filled, Release, release
from registry.prefill.subjects import AWAITING, DECLINED, Member, consents_alone


@dataclass(frozen=True, slots=True)
class Terms:
    """What a release rests on beside the principal: whose form it is, and the consent behind it.

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


def fill(
    session: Session, principal: Principal, form: Form, terms: Terms, house: House
) -> dict[str, Any]:
    """Fill a form and return the answer with its receipt; what was given is kept, without values.

    The receipt has a salted digest of every value; the salts are in the answer and not in it. If
    anything fails, neither data nor receipt nor row is there.
    """
    leaves = with_grounds(form.profile, fill_form(session, principal, form))
    ends = now() + timedelta(days=house.days)
    made = release(
        session,
        principal,
        house.sign,
        house.issuer,
        Release(
            form.profile.id,
            form.profile.version,
            principal.asker.legal_basis,
            terms.subject,
            terms.grant_id,
            ends,
            {key: _filled(leaf) for key, leaf in leaves.items()},
            terms.person_id,
        ),
    )
    return {
        "id": made.id,
        "procedure": principal.asker.procedure,
        "profile": form.profile.id,
        "profile_version": form.profile.version,
        "case": principal.asker.case,
        "expires_at": made.expires_at.isoformat(timespec="seconds"),
        "fields": {key: leaf.to_json(today()) for key, leaf in leaves.items()},
        "papers": papers(form.profile, leaves),
        "participants": _participants(form),
        "receipt": made.receipt,
        "salts": dict(made.salts),
    }


def _filled(leaf: Leaf) -> Filled:
    field, source = leaf.field, leaf.source
    # An answer of yes or no is of no record: nothing could be compared with it later.
    plain = bool(field.attribute) and not field.predicate
    return Filled(
        role=field.role,
        type=field.type,
        state=leaf.state,
        lock=leaf.lock,
        value=leaf.value,
        register=field.register if plain else "",
        path=field.path if plain else field.predicate,
        record=source.record_id if source else "",
        version=source.life.version if source else None,
        transform=field.transform,
    )


def _participants(form: Form) -> list[dict[str, Any]]:
    """Return how those stand who consent for themselves; nobody is named who has not."""
    return [
        {"role": role.id, "number": number, "state": _state(member)}
        for role in form.profile.roles
        if consents_alone(role)
        for number, member in enumerate(form.members[role.id])
    ]


def _state(member: Member) -> str:
    return member.reason if member.reason in {AWAITING, DECLINED} else "consented"
