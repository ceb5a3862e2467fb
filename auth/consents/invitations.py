"""Invitations: another person's own consent, by a code that is used once.

A second adult of a form gets the code from whoever fills it in, a citizen at a counter from the
officer. Whoever types it has signed in first, and decides on a page like any other.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.consents.codes import key_of, new_code
from auth.consents.models import ConsentInvitation, State, Via
from auth.grants.grants import Grantor, Terms, find_live_grant, make_grant
from auth.grants.models import Grant
from registry.kernel.clock import now
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, NotFound, Refused, Text

_LIVES = {"invitation": timedelta(hours=24), "counter": timedelta(minutes=15)}
_OTHERS = Text(
    "Mã này dành cho người khác: hãy đưa mã cho người được mời.",
    "This code is meant for somebody else: give it to whom it is for.",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What another person is to be asked, for one case.

    ``expected_person_id`` is who alone may answer, None where whoever holds the code may.
    """

    client_id: str
    procedure: str
    case: str
    role: str
    details: Sequence[Mapping[str, Any]]
    expected_person_id: str | None = None
    scopes: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation: its code is told once, and kept nowhere."""

    id: str
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """Who has accepted an invitation, and the live grant that they gave."""

    person_id: str
    grant_id: str
    details: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """How an invitation stands, in the words for consents: REQUESTED until it is decided."""

    id: str
    role: str
    state: State
    expires_at: datetime


def invite(session: Session, wanted: Wanted, inviting_grant_id: str) -> Invited:
    """Invite another person into the case of a grant, for 24 hours.

    Raises Refused unless the grant is live and the same client's.
    """
    grant = find_live_grant(session, inviting_grant_id)
    if grant is None or grant.client_id != wanted.client_id:
        raise Refused
    return _invite(session, wanted, "invitation", grant.person_id, inviting_grant_id)


def invite_at_counter(session: Session, wanted: Wanted, officer_id: str) -> Invited:
    """Invite the citizen who stands before an officer (their staff id), for 15 minutes."""
    return _invite(session, wanted, "counter", officer_id, None)


def _invite(
    session: Session, wanted: Wanted, via: Via, by: str, inviting_grant_id: str | None
) -> Invited:
    code = new_code()
    row = ConsentInvitation(
        id=new_id(),
        code_key=key_of(code),
        client_id=wanted.client_id,
        procedure=wanted.procedure,
        case=wanted.case,
        role=wanted.role,
        scopes=sorted(wanted.scopes),
        details=[dict(detail) for detail in wanted.details],
        via=via,
        inviting_grant_id=inviting_grant_id,
        invited_by=by,
        expected_person_id=wanted.expected_person_id,
        created_at=now(),
        expires_at=now() + _LIVES[via],
    )
    session.add(row)
    session.flush()
    return Invited(row.id, code, row.expires_at)


def open_invitation(session: Session, code: str, person: Grantor) -> ConsentInvitation:
    """Return the invitation that waits behind a code, for the person to decide on.

    Raises NotFound for a code that is wrong, used or over, or whose inviting consent has ended,
    and Refused for one that is meant for somebody else, without saying for whom. The caller
    counts wrong codes (`auth.consents.codes.may_try`).
    """
    key = key_of(code) or ""
    found = session.scalar(
        sa.select(ConsentInvitation).where(ConsentInvitation.code_key == key, *_waiting())
    )
    # The index found a digest, and so told nothing of a code by the time that it took.
    same = found is not None and hmac.compare_digest(found.code_key, key)
    if found is None or not same or not _still_invited(session, found):
        raise NotFound
    if not _is_for(found, person.person_id):
        raise Refused(_OTHERS)
    return found


def _waiting() -> tuple[sa.ColumnElement[bool], ...]:
    return ConsentInvitation.decided_at.is_(None), ConsentInvitation.expires_at > now()


def _still_invited(session: Session, invitation: ConsentInvitation) -> bool:
    inviting = invitation.inviting_grant_id
    return inviting is None or find_live_grant(session, inviting) is not None


def _is_for(invitation: ConsentInvitation, person_id: str) -> bool:
    """Say whether a person may answer: never whoever invites, nor another than is expected."""
    if person_id == invitation.invited_by:
        return False
    return invitation.expected_person_id in {None, person_id}


def accept(  # noqa: PLR0913 - who, of what, and the two that every grant is made with
    session: Session,
    invitation: ConsentInvitation,
    person: Grantor,
    terms: Terms,
    *,
    sector: str,
    days: int,
) -> Grant:
    """Use the invitation up and return the person's own grant, which serves its case alone.

    ``terms`` are what they agreed to of it. Of any number at once one succeeds. Raises Conflict
    if it is decided or over, Refused if it is another's.
    """
    if not _still_invited(session, invitation):
        raise Conflict
    _decide(session, invitation, person)
    grant = make_grant(session, sector, person, terms, days)
    session.execute(
        sa.update(ConsentInvitation)
        .where(ConsentInvitation.id == invitation.id)
        .values(grant_id=grant.id)
    )
    return grant


def decline(session: Session, invitation: ConsentInvitation, person: Grantor) -> None:
    """Use the invitation up with a no. Raises as `accept` does."""
    _decide(session, invitation, person)


def _decide(session: Session, invitation: ConsentInvitation, person: Grantor) -> None:
    if not _is_for(invitation, person.person_id):
        raise Refused(_OTHERS)
    decided = session.scalar(
        sa.update(ConsentInvitation)
        .where(ConsentInvitation.id == invitation.id, *_waiting())
        .values(decided_at=now(), person_id=person.person_id)
        .returning(ConsentInvitation.id)
    )
    if decided is None:
        raise Conflict


def find_accepted(session: Session, inviting_grant_id: str, role: str) -> list[Accepted]:
    """Return who has accepted for a role, and whose consent still stands, in the order asked."""
    rows = session.scalars(
        sa.select(Grant)
        .join(ConsentInvitation, ConsentInvitation.grant_id == Grant.id)
        .where(
            ConsentInvitation.inviting_grant_id == inviting_grant_id,
            ConsentInvitation.role == role,
            Grant.revoked_at.is_(None),
            Grant.expires_at > now(),
        )
        .order_by(ConsentInvitation.id)
    )
    return [Accepted(grant.person_id, grant.id, tuple(grant.details)) for grant in rows]


def find_accepted_by(session: Session, invitation_id: str, officer_id: str) -> Accepted | None:
    """Return who accepted the invitation that an officer made at a counter, while it stands."""
    grant = session.scalar(
        sa.select(Grant)
        .join(ConsentInvitation, ConsentInvitation.grant_id == Grant.id)
        .where(
            ConsentInvitation.id == invitation_id,
            ConsentInvitation.invited_by == officer_id,
            ConsentInvitation.via == "counter",
            Grant.revoked_at.is_(None),
            Grant.expires_at > now(),
        )
    )
    return Accepted(grant.person_id, grant.id, tuple(grant.details)) if grant else None


def list_declined(session: Session, inviting_grant_id: str) -> list[tuple[str, str]]:
    """Return (role, person) of everybody who declined an invitation of a grant."""
    table = ConsentInvitation
    rows = session.execute(
        sa.select(table.role, table.person_id).where(
            table.inviting_grant_id == inviting_grant_id,
            table.decided_at.is_not(None),
            table.grant_id.is_(None),
        )
    )
    return [(role, str(person)) for role, person in rows]


def list_invitations(session: Session, inviting_grant_id: str) -> list[Sent]:
    """Return how the invitations of a grant stand, in the order in which they were made."""
    rows = session.execute(
        sa.select(ConsentInvitation, Grant)
        .outerjoin(Grant, Grant.id == ConsentInvitation.grant_id)
        .where(ConsentInvitation.inviting_grant_id == inviting_grant_id)
        .order_by(ConsentInvitation.id)
    )
    return [
        Sent(invitation.id, invitation.role, _state(invitation, grant), invitation.expires_at)
        for invitation, grant in rows
    ]


def _state(invitation: ConsentInvitation, grant: Grant | None) -> State:
    if grant is not None:
        if grant.revoked_at is not None:
            return "REVOKED"
        return "APPROVED" if grant.expires_at > now() else "EXPIRED"
    if invitation.decided_at is not None:
        return "DECLINED"
    return "REQUESTED" if invitation.expires_at > now() else "EXPIRED"
