"""Whom a provider's subject stands for: a member of staff, or the person of a citizen's record.

The subject is the provider's own name for a person towards us alone (pairwise, OpenID Connect Core
section 8.1). The personal number leads to the record once, at the first sign-in; afterwards the
subject does, and the number is neither needed nor kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.signin.models import ProviderSubject, StaffMember
from auth.signin.refusals import DISABLED, UNKNOWN_PERSON, SignInRefused
from auth.signin.relying_party import Identity
from registry.kernel.clock import now

FindPerson = Callable[[Session, str], str | None]
"""Returns the record id of the person with a personal number, or None."""

_NUMBER = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True)
class Person:
    """Who signs in: a citizen's record id, or the id of a member of staff."""

    id: str
    staff: bool
    name: str


def require_person(session: Session, identity: Identity, find_person: FindPerson) -> Person:
    """Return who the provider's subject is; raises SignInRefused for nobody or a disabled one."""
    member = session.scalars(
        sa.select(StaffMember).where(
            StaffMember.issuer == identity.issuer, StaffMember.subject == identity.subject
        )
    ).one_or_none()
    if member is not None:
        if member.disabled_at is not None:
            raise SignInRefused(DISABLED)
        return Person(member.id, staff=True, name=member.name)
    record_id = _linked(session, identity) or _link(session, identity, find_person)
    return Person(record_id, staff=False, name=identity.name)


def _linked(session: Session, identity: Identity) -> str | None:
    return session.scalar(
        sa.select(ProviderSubject.person_id).where(
            ProviderSubject.issuer == identity.issuer, ProviderSubject.subject == identity.subject
        )
    )


def _link(session: Session, identity: Identity, find_person: FindPerson) -> str:
    number = identity.number or ""
    record_id = find_person(session, number) if _NUMBER.fullmatch(number) else None
    if record_id is None:
        raise SignInRefused(UNKNOWN_PERSON)
    try:
        with session.begin_nested():
            session.execute(
                sa.insert(ProviderSubject).values(
                    issuer=identity.issuer,
                    subject=identity.subject,
                    person_id=record_id,
                    linked_at=now(),
                )
            )
    except sa.exc.IntegrityError:
        # The same person came in by two windows at once; the first link is the one.
        return _linked(session, identity) or record_id
    return record_id
