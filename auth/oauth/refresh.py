"""Refresh tokens, RFC 6749 section 6: bound to client and key, and not rotated.

FAPI 2.0 section 5.3.2.1-9 asks for none: a client that loses an answer would lose its access. One
that comes from a rotating server keeps that way until it has moved over; there a token that comes
twice ends the grant (RFC 9700 section 4.14.2), but for one retry within a minute.
"""

from __future__ import annotations

import hmac
from typing import Any

from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    UnauthorizedClientError,
    grants,
)
from sqlalchemy.orm import Session

from auth.bindings import Binding
from auth.grants.credentials import (
    find_refresh_token,
    issue_refresh_token,
    retry_refresh_token,
    rotate_refresh_token,
)
from auth.grants.grants import find_live_grant, revoke_grant
from auth.grants.models import Grant, RefreshToken
from auth.oauth.answers import TokenAnswers
from registry.kernel.db import Database


class RefreshGrant(grants.RefreshTokenGrant):  # type: ignore[misc]  # the library has no types
    """Issues another access token on a grant that still holds."""

    database: Database
    answers: TokenAnswers

    def validate_token_request(self) -> None:
        """Authenticate the client and read the form; the rest is one transaction."""
        client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError
        if not self.request.form.get("refresh_token"):
            raise InvalidRequestError("refresh_token is missing")
        self.request.client = client

    def create_token_response(self) -> tuple[int, Any, list[tuple[str, str]]]:
        """Answer with an access token, and a new refresh token only where the client rotates."""
        request = self.request
        token = request.form["refresh_token"]
        with self.database.transaction() as session:
            row = find_refresh_token(session, token, request.client.client_id)
            grant = find_live_grant(session, row.grant_id) if row else None
            if row is not None and grant is not None:
                _check_binding(row, request.client.binding)
                refresh = self._next(session, grant, token)
        if row is None or grant is None or refresh is None:
            raise InvalidGrantError("the refresh token is unknown, used or over")
        again = refresh if request.client.row.rotates_refresh else None
        answer = self.answers.of_grant(request, grant, again, None)
        return 200, answer, self.TOKEN_RESPONSE_HEADER

    def _next(self, session: Session, grant: Grant, token: str) -> str | None:
        if not self.request.client.row.rotates_refresh:
            return token
        binding = self.request.client.binding
        if rotate_refresh_token(session, token) or retry_refresh_token(session, token):
            return issue_refresh_token(session, grant, str(binding) if binding else None)
        revoke_grant(session, grant.id)
        return None


def _check_binding(row: RefreshToken, binding: Binding | None) -> None:
    if row.binding is not None and not hmac.compare_digest(row.binding, str(binding)):
        raise InvalidGrantError("the refresh token is bound to another key")
