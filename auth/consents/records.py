"""Records of consent: what was asked, what was decided, and taking it back.

Law 91/2025/QH15 asks that consent is shown, is for a purpose, and is withdrawn as easily as it is
given. A withdrawal ends the grant, and so every token that rests on it, within a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from auth.consents.events import add_event
from auth.consents.models import ConsentRecord, State, Via
from auth.grants.grants import revoke_grant
from auth.grants.models import Grant
from auth.models import Client
from registry.kernel.clock import now
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, NotFound, Text

NOTICE_VERSION = "2026-11"
"""Which words the page says it with; another version has another text."""

_NOT_GIVEN = Text(
    "Chỉ rút lại được sự đồng ý đang có hiệu lực.", "Only a consent in force can be withdrawn."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to one person: who asks, for what, by which law, and until when it stands.

    ``origin`` is the digest of the pushed request or the id of the invitation.
    """

    origin: str
    person_id: str
    client_id: str
    procedure: str
    role: str
    scopes: Sequence[str]
    details: Sequence[Mapping[str, Any]]
    agreement_id: str | None
    legal_basis: str
    language: str
    via: Via
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """A record as it stands now; ``state`` counts the time that has passed.

    ``people`` are record ids by role, which are for the person alone. ``case`` is the case that
    the consent serves, once it has one; ``ended_at`` is when its grant was revoked, by whomever.
    """

    id: str
    person_id: str
    client_id: str
    client_name: str
    procedure: str
    role: str
    state: State
    grant_id: str | None
    case: str | None
    scopes: tuple[str, ...]
    details: tuple[dict[str, Any], ...]
    people: Mapping[str, list[str]]
    legal_basis: str
    notice_version: str
    language: str
    via: Via
    requested_at: datetime
    decided_at: datetime | None
    expires_at: datetime
    withdrawn_at: datetime | None
    ended_at: datetime | None


def record_request(session: Session, asked: Asked) -> None:
    """Keep that a person is asked, unless this question to them is kept already."""
    _keep(session, asked, {"state": "REQUESTED"})


def record_notice(session: Session, asked: Asked) -> None:
    """Keep that data was given by law and without consent, so that the person finds it.

    Law 91/2025/QH15, article 19: a purpose, a log and a notice remain. Once for each ``origin``.
    """
    _keep(session, asked, {"state": "INAPPLICABLE", "decided_at": now()})


def _keep(session: Session, asked: Asked, more: dict[str, Any]) -> None:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row: dict[str, Any] = {
        "id": new_id(),
        "origin": asked.origin,
        "person_id": asked.person_id,
        "client_id": asked.client_id,
        "procedure": asked.procedure,
        "role": asked.role,
        "scopes": list(asked.scopes),
        "details": list(asked.details),
        "people": {},
        "agreement_id": asked.agreement_id,
        "legal_basis": asked.legal_basis,
        "notice_version": NOTICE_VERSION,
        "language": asked.language,
        "via": asked.via,
        "requested_at": now(),
        "expires_at": asked.expires_at,
        **more,
    }
    statement = insert(ConsentRecord).values(row).on_conflict_do_nothing()
    made = session.scalar(statement.returning(ConsentRecord.id))
    if made is not None:
        add_event(session, made, asked.client_id, more["state"])


def record_decision(session: Session, asked: Asked, grant: Grant | None) -> str:
    """Keep what the person decided, and return the consent's id; no ``grant`` is a no.

    Raises Conflict if the question is decided already.
    """
    record_request(session, asked)
    state: State = "DECLINED" if grant is None else "APPROVED"
    values: dict[str, Any] = {
        "state": state,
        "decided_at": now(),
        "language": asked.language,
        "agreement_id": asked.agreement_id,
        "legal_basis": asked.legal_basis,
    }
    if grant is not None:
        values |= {
            "grant_id": grant.id,
            "details": grant.details,
            "people": grant.people or {},
            "expires_at": grant.expires_at,
        }
    decided: str | None = session.scalar(
        sa.update(ConsentRecord)
        .where(
            ConsentRecord.origin == asked.origin,
            ConsentRecord.person_id == asked.person_id,
            ConsentRecord.state == "REQUESTED",
        )
        .values(values)
        .returning(ConsentRecord.id)
    )
    if decided is None:
        raise Conflict
    add_event(session, decided, asked.client_id, state)
    return decided


def list_consents(session: Session, person_id: str) -> list[Consent]:
    """Return all that a person was asked, the newest first."""
    query = _query().where(ConsentRecord.person_id == person_id)
    rows = session.execute(query.order_by(ConsentRecord.id.desc()))
    return [_shape(*row) for row in rows]


def find_consent(session: Session, person_id: str, consent_id: str) -> Consent | None:
    """Return a consent if it is the person's own."""
    try:
        key = str(UUID(consent_id))
    except ValueError:
        return None
    query = _query().where(ConsentRecord.id == key, ConsentRecord.person_id == person_id)
    row = session.execute(query).one_or_none()
    return _shape(*row) if row else None


def find_consent_of_grant(session: Session, grant_id: str) -> Consent | None:
    """Return the consent that a grant rests on; for whoever writes what a client has read by it."""
    row = session.execute(_query().where(ConsentRecord.grant_id == grant_id)).one_or_none()
    return _shape(*row) if row else None


def withdraw(session: Session, person_id: str, consent_id: str) -> Consent:
    """Take a consent back: its grant and all that rests on it end now. A second time is the same.

    Raises NotFound where it isn't the person's own, and Conflict for one that was not given or is
    over.
    """
    found = find_consent(session, person_id, consent_id)
    if found is None:
        raise NotFound
    grant_id = session.scalar(
        sa.update(ConsentRecord)
        .where(
            ConsentRecord.id == found.id,
            ConsentRecord.person_id == person_id,
            ConsentRecord.state == "APPROVED",
            ConsentRecord.expires_at > now(),
        )
        .values(state="REVOKED", withdrawn_at=now())
        .returning(ConsentRecord.grant_id)
    )
    if grant_id is not None:
        revoke_grant(session, grant_id)
        add_event(session, found.id, found.client_id, "REVOKED")
    after = find_consent(session, person_id, consent_id)
    if after is None or after.state != "REVOKED":
        raise Conflict(_NOT_GIVEN)
    return after


def _query() -> sa.Select[ConsentRecord, str, str | None, datetime | None]:
    return (
        sa.select(ConsentRecord, Client.name, Grant.case, Grant.revoked_at)
        .join(Client, Client.id == ConsentRecord.client_id)
        .outerjoin(Grant, Grant.id == ConsentRecord.grant_id)
        .execution_options(populate_existing=True)
    )


def _shape(
    row: ConsentRecord, client_name: str, case: str | None, ended_at: datetime | None
) -> Consent:
    return Consent(
        row.id,
        row.person_id,
        row.client_id,
        client_name,
        row.procedure,
        row.role,
        _state(row, ended_at),
        row.grant_id,
        case,
        tuple(row.scopes),
        tuple(row.details),
        row.people,
        row.legal_basis,
        row.notice_version,
        row.language,
        row.via,  # type: ignore[arg-type]  # the table's check holds it
        row.requested_at,
        row.decided_at,
        row.expires_at,
        row.withdrawn_at,
        ended_at,
    )


def _state(row: ConsentRecord, ended_at: datetime | None) -> State:
    """Return the state of now: time passes, and a grant may end without the person's doing."""
    if row.state == "APPROVED" and ended_at is not None:
        return "INAPPLICABLE"
    if row.state in {"REQUESTED", "APPROVED"} and row.expires_at <= now():
        return "EXPIRED"
    return row.state  # type: ignore[return-value]  # the table's check holds it
