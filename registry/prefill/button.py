"""The button: a page of any registered origin lets its form be filled, without code of its own.

The page holds no secret and gets no token. This server pushes the request in the name of the
client whose origin it is, the person agrees on our own page, and the filled fields go to that
origin alone. Everything else is as for any client: agreement, consent, log, limits, receipt.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy.orm import Session

from auth.clients import digest
from auth.grants.credentials import find_code, redeem_code
from auth.grants.grants import find_live_grant
from auth.grants.models import Grant
from auth.grants.pushed import push
from auth.models import Client
from auth.principals import Agreement, Principal, Purpose
from registry.kernel.clock import now
from registry.kernel.errors import ConsentNeeded, NoAgreement, Refused, Text
from registry.prefill.kept import require_open, require_prefill
from registry.prefill.models import ButtonVisit
from registry.prefill.shapes import Profile

DONE = "/button/done"
_SCOPE = "prefill:read"
# As long as a person may take to sign in and to decide.
_VISIT = timedelta(minutes=30)
_STRANGE = Text(
    "Trang này chưa được đăng ký để điền sẵn: hãy báo cho cơ quan quản lý trang.",
    "This page is not registered for prefilling: tell the agency that runs it.",
)
_OVER = Text(
    "Lần điền sẵn này đã xong hoặc quá hạn: hãy quay lại biểu mẫu và bấm lại.",
    "This visit is done or over: go back to the form and press the button again.",
)
_ENDED = Text(
    "Sự đồng ý đã được rút hoặc đã hết hạn: hãy bấm điền sẵn để xin đồng ý lại.",
    "The consent was withdrawn or is over: press the button to ask again.",
)


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press of the button: which page of which client, for which procedure and case.

    ``page_state`` comes back to the page as it is. ``return_path`` is where a page without script
    wants the answer posted, "" where a script waits for it. ``language`` is that of the page.
    """

    client_id: str
    origin: str
    procedure: str
    case: str
    page_state: str
    return_path: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Here:
    """Where a button is pressed: this server's address, and a secret that the browser keeps."""

    issuer: str
    browser: str


def begin(
    session: Session, pressed: Pressed, profile: Profile, agreement: Agreement | None, here: Here
) -> str:
    """Push the request of a page; return its ``request_uri``, for this browser to open.

    What the agreement doesn't hold is not asked for. Raises Refused for a client or an origin that
    is not registered, and NoAgreement.
    """
    require_origin(session, pressed.client_id, pressed.origin)
    if agreement is None:
        raise NoAgreement(client=pressed.client_id)
    details = _within(profile.details(pressed.procedure), agreement)
    if not details:
        raise NoAgreement(client=pressed.client_id)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    session.execute(sa.delete(ButtonVisit).where(ButtonVisit.expires_at < now()))
    session.add(
        ButtonVisit(
            sha256=digest(state),
            browser=digest(here.browser),
            client_id=pressed.client_id,
            procedure=pressed.procedure,
            case=pressed.case,
            origin=pressed.origin,
            page_state=pressed.page_state,
            return_path=pressed.return_path,
            code_verifier=verifier,
            expires_at=now() + _VISIT,
        )
    )
    parameters: dict[str, Any] = {
        "response_type": "code",
        "client_id": pressed.client_id,
        "redirect_uri": here.issuer + DONE,
        "scope": _SCOPE,
        "state": state,
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
        "authorization_details": details,
        **({"ui_locales": pressed.language} if pressed.language else {}),
    }
    return push(session, pressed.client_id, parameters, None)


def require_origin(session: Session, client_id: str, origin: str) -> Client:
    """Return the client if pages of ``origin`` may carry its button; raises Refused."""
    client = session.get(Client, client_id)
    if client is None or client.disabled_at is not None or origin not in client.button_origins:
        raise Refused(_STRANGE)
    return client


def is_registered(session: Session, origin: str) -> bool:
    """Say whether pages of ``origin`` may carry the button of any client."""
    enabled = sa.select(Client.button_origins).where(Client.disabled_at.is_(None))
    return any(origin in origins for origins in session.scalars(enabled))


def find_visit(session: Session, state: str, browser: str) -> ButtonVisit:
    """Return a visit that waits, and let it wait; raises Refused as `finish_visit` does."""
    found = session.scalar(sa.select(ButtonVisit).where(*_waiting(state, browser)))
    if found is None:
        raise Refused(_OVER)
    return found


def finish_visit(session: Session, state: str, browser: str) -> ButtonVisit:
    """Use a visit up and return it; raises Refused for one that is unknown, used or over."""
    found: ButtonVisit | None = session.scalar(
        sa.delete(ButtonVisit).where(*_waiting(state, browser)).returning(ButtonVisit)
    )
    if found is None:
        raise Refused(_OVER)
    return found


def _waiting(state: str, browser: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ButtonVisit.sha256 == digest(state),
        ButtonVisit.browser == digest(browser),
        ButtonVisit.expires_at > now(),
    )


def redeem(session: Session, visit: ButtonVisit, code: str) -> Grant:
    """Use the code of a visit up and return what was granted; raises Refused."""
    row = find_code(session, code, visit.client_id)
    challenge = create_s256_code_challenge(visit.code_verifier)
    mine = row is not None and row.code_challenge == challenge
    if row is None or not mine or not redeem_code(session, code):
        raise Refused(_OVER)
    grant = find_live_grant(session, row.grant_id)
    if grant is None:
        raise Refused(_OVER)
    return grant


def standing(session: Session, principal: Principal, prefill_id: str) -> Grant:
    """Return the consent behind an open prefill of the principal's, while it stands.

    Raises NotFound for another's prefill, Conflict for one that is over, and ConsentNeeded.
    """
    prefill = require_prefill(session, principal, prefill_id)
    require_open(prefill)
    grant = find_live_grant(session, prefill.grant_id) if prefill.grant_id else None
    if grant is None:
        raise ConsentNeeded(_ENDED)
    return grant


def asks_for(
    client_id: str, purpose: Purpose, agreement: Agreement, trace: str, grant: Grant | None = None
) -> Principal:
    """Return the principal in whose name a page of the client's asks."""
    return Principal(
        client_id,
        frozenset({_SCOPE}),
        trace,
        purpose=purpose,
        agreement=agreement,
        person_id=grant.person_id if grant else None,
        grant_id=grant.id if grant else None,
    )


def _within(details: list[dict[str, Any]], agreement: Agreement) -> list[dict[str, Any]]:
    """Return the details as far as the agreement holds their attributes."""
    found = []
    for detail in details:
        held = [each for each in detail["attributes"] if agreement.holds(each)]
        if held:
            optional = [each for each in detail["optional"] if each in held]
            found.append({**detail, "attributes": held, "optional": optional})
    return found
