"""Grants: what one person lets one client do. Everything that is issued ends with its grant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from auth.grants.models import Grant, PairwiseSubject
from auth.principals import Actor, Authentication
from auth.revocations import revoke_tokens_of_grant
from registry.kernel.clock import now
from registry.kernel.db import new_id


@dataclass(frozen=True, slots=True)
class Grantor:
    """A person who has proved who they are: a citizen's record id, or a staff member's id.

    ``acr`` and ``amr`` are how (OpenID Connect Core section 2), ``auth_time`` when; ``roles`` the
    scopes that only such a staff member may grant.
    """

    person_id: str
    name: str
    auth_time: datetime
    acr: str
    amr: tuple[str, ...]
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person lets a client do: its scopes and authorization details (RFC 9396).

    ``people`` are the record ids chosen for roles, ``case`` the case if it is known already.
    """

    client_id: str
    scopes: Sequence[str]
    details: Sequence[Mapping[str, Any]]
    people: Mapping[str, Sequence[str]] = field(default_factory=dict)
    case: str | None = None


def make_grant(session: Session, sector: str, person: Grantor, terms: Terms, days: int) -> Grant:
    """Keep that ``person`` agrees to ``terms``; the grant ends after ``days``.

    ``sector`` is whose pairwise subject the client sees.
    """
    grant = Grant(
        id=new_id(),
        client_id=terms.client_id,
        person_id=person.person_id,
        subject=subject_of(session, sector, person.person_id),
        scopes=sorted(set(terms.scopes)),
        details=[dict(detail) for detail in terms.details],
        people={role: sorted(chosen) for role, chosen in terms.people.items()} or None,
        case=terms.case,
        auth_time=person.auth_time,
        acr=person.acr,
        amr=list(person.amr),
        created_at=now(),
        expires_at=now() + timedelta(days=days),
    )
    session.add(grant)
    session.flush()
    return grant


@dataclass(frozen=True, slots=True)
class ActsFor:
    """For whom somebody acts, by which right, begun by which token (its ``jti``), until when."""

    person_id: str
    ground: str
    jti: str
    until: datetime


def make_acting_grant(session: Session, sector: str, of: Grant, acts: ActsFor) -> Grant:
    """Keep that the person of the grant ``of`` acts for another; its client is the same.

    How the person has signed in is how the actor has. The scopes and details are the caller's to
    narrow; they begin empty.
    """
    actor = Actor(of.person_id, of.subject, of.id, acts.jti)
    grant = Grant(
        id=new_id(),
        client_id=of.client_id,
        person_id=acts.person_id,
        subject=subject_of(session, sector, acts.person_id),
        scopes=[],
        details=[],
        actor={"by": asdict(actor), "ground": acts.ground},
        auth_time=of.auth_time,
        acr=of.acr,
        amr=of.amr,
        created_at=now(),
        expires_at=acts.until,
    )
    session.add(grant)
    return grant


def authentication_of(grant: Grant) -> Authentication:
    """Return how the person of a grant had signed in when they gave it."""
    auth_time = int(grant.auth_time.timestamp())
    return Authentication(grant.subject, grant.acr, tuple(grant.amr), auth_time)


def find_live_grant(session: Session, grant_id: str) -> Grant | None:
    """Return the grant unless it is revoked or over."""
    grant = session.get(Grant, grant_id)
    live = grant is not None and grant.revoked_at is None and grant.expires_at > now()
    return grant if live else None


def bind_case(session: Session, grant_id: str, case: str) -> bool:
    """Say whether a live grant serves ``case``; the first case to ask is the one it serves.

    One consent is for one case. Of any number of cases that ask at once, one is told True.
    """
    statement = (
        sa.update(Grant)
        .where(
            Grant.id == grant_id,
            sa.or_(Grant.case.is_(None), Grant.case == case),
            Grant.revoked_at.is_(None),
            Grant.expires_at > now(),
        )
        .values(case=case)
        .returning(Grant.id)
    )
    return session.scalar(statement) is not None


def revoke_grant(session: Session, grant_id: str) -> None:
    """End a grant with its codes, refresh tokens and access tokens, within a second everywhere."""
    session.execute(
        sa.update(Grant)
        .where(Grant.id == grant_id, Grant.revoked_at.is_(None))
        .values(revoked_at=now())
    )
    revoke_tokens_of_grant(session, grant_id)


def revoke_grants_of_person(session: Session, person_id: str) -> None:
    """End every grant of a person, such as a staff member who leaves."""
    query = sa.select(Grant.id).where(Grant.person_id == person_id, Grant.revoked_at.is_(None))
    for grant_id in session.scalars(query).all():
        revoke_grant(session, grant_id)


def subject_of(session: Session, sector: str, person_id: str) -> str:
    """Return what the clients of ``sector`` know the person by: random, and nobody else's."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    made = {"sector": sector, "person_id": person_id, "subject": new_id()}
    session.execute(insert(PairwiseSubject).values(made).on_conflict_do_nothing())
    subject = session.scalar(
        sa.select(PairwiseSubject.subject).where(
            PairwiseSubject.sector == sector, PairwiseSubject.person_id == person_id
        )
    )
    if subject is None:
        raise LookupError("a pairwise subject vanished")
    return subject
