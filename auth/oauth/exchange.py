"""Token exchange, RFC 8693: one person acts for another, and every token says so.

A parent for a child, a guardian for a ward, an officer at the counter for a citizen. RFC 8693 has
no parameter that names whom somebody acts for: ``sogoc_subject`` is that person's record id.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    BaseGrant,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    TokenEndpointMixin,
    UnauthorizedClientError,
)
from sqlalchemy.orm import Session

from auth.grants.grants import ActsFor, find_live_grant, make_acting_grant
from auth.grants.models import Grant
from auth.oauth.answers import TokenAnswers
from auth.oauth.clients import OF_PEOPLE, KnownClient
from auth.oauth.details import Details, InvalidAuthorizationDetails, narrowed
from auth.oauth.metadata import ACCESS_TOKEN, EXCHANGE
from auth.scopes import ASSIST, STAFF_SCOPES
from auth.tokens import Token, TokenVerifier
from registry.kernel.db import Database
from registry.kernel.errors import Unauthenticated

# Says by which right one person may act for another, both by record id or staff id; None: by none.
MayActFor = Callable[[Session, str, str], str | None]
# The right of an officer at the counter, who needs the role and says for which procedure.
OFFICER = "officer"
_REFUSED = ("actor_token", "actor_token_type")
_NEEDED = ("subject_token", "subject_token_type", "sogoc_subject")


class InvalidTarget(OAuth2Error):  # type: ignore[misc]  # the library has no types
    """RFC 8693 section 2.2.2: there is one target, the API itself."""

    error = "invalid_target"


class ExchangeGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]  # no types
    """Issues an access token of the person acted for, never wider or longer than the actor's."""

    GRANT_TYPE = EXCHANGE
    database: Database
    answers: TokenAnswers
    verifier: TokenVerifier
    may_act_for: MayActFor

    def validate_token_request(self) -> None:
        """Authenticate the client and read the form by RFC 8693 section 2.1."""
        client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError
        form = self.request.form
        for name in _NEEDED:
            if not form.get(name):
                raise InvalidRequestError(f"{name} is missing")
        if any(name in form for name in _REFUSED):
            raise InvalidRequestError("who acts is the person of the subject token")
        types = {form["subject_token_type"], form.get("requested_token_type", ACCESS_TOKEN)}
        if types != {ACCESS_TOKEN}:
            raise InvalidRequestError(f"the only token type is {ACCESS_TOKEN}")
        targets = {form[name] for name in ("resource", "audience") if name in form}
        if not targets <= {self.answers.issuer}:
            raise InvalidTarget("the only target is this API")
        self.request.client = client

    def create_token_response(self) -> tuple[int, Any, list[tuple[str, str]]]:
        """Answer with an access token alone: it ends with the actor's, and is not refreshed."""
        client = self.request.client
        token = self._subject_token(client)
        subject = _record_id(self.request.form["sogoc_subject"])
        scopes, details = self._scopes(token), self._details(token)
        with self.database.transaction() as session:
            ground = type(self).may_act_for(session, str(token.person_id), subject)
            if ground is None or (ground == OFFICER and ASSIST not in token.scopes):
                raise InvalidGrantError("the person may not act for that subject")
            if ground == OFFICER and not details:
                raise InvalidAuthorizationDetails("an officer acts for a procedure")
            grant = self._grant(session, token, subject, ground)
            grant.scopes, grant.details = scopes, details
        return 200, self.answers.of_exchange(client, grant), self.TOKEN_RESPONSE_HEADER

    def _subject_token(self, client: KnownClient) -> Token:
        """Return the token, which is a person's own, of this client and held by this sender."""
        try:
            token = self.verifier.verify(self.request.form["subject_token"])
        except Unauthenticated:
            raise InvalidRequestError("the subject token is not valid") from None
        if token.client_id != client.client_id or token.grant_id is None:
            raise InvalidRequestError("the subject token is no person's token of this client")
        if token.actor is not None:
            raise InvalidRequestError("who acts for somebody hands that on to nobody")
        if not hmac.compare_digest(str(token.binding), str(client.binding)):
            raise InvalidRequestError("the subject token is bound to another key")
        return token

    def _scopes(self, token: Token) -> list[str]:
        """Return what is asked of the token's scopes; roles of staff and identity stay behind."""
        own = token.scopes - STAFF_SCOPES - OF_PEOPLE
        wanted = set(self.request.form.get("scope", "").split()) or own
        if not wanted or not wanted <= own:
            raise InvalidScopeError
        return sorted(wanted)

    def _details(self, token: Token) -> Details:
        """Return what is asked of the token's details, as far as the agreement holds it now."""
        granted = list(token.details)
        asked = self.request.form.get("authorization_details")
        if not asked and not granted:
            return []
        find = self.verifier.agreement
        return narrowed(asked or orjson.dumps(granted).decode(), granted, token.client_id, find)

    def _grant(self, session: Session, token: Token, subject: str, ground: str) -> Grant:
        of = find_live_grant(session, str(token.grant_id))
        if of is None:
            raise InvalidRequestError("the subject token is not valid")
        row = self.request.client.row
        until = datetime.fromtimestamp(token.expires_at, UTC)
        acts = ActsFor(subject, ground, token.jti, until)
        return make_acting_grant(session, row.sector or row.id, of, acts)


def _record_id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise InvalidRequestError("sogoc_subject must be a record id") from None
