"""Token revocation, RFC 7009: a client gives up a token of its own."""

from __future__ import annotations

from typing import Any

from authlib.oauth2 import rfc7009

from auth.grants.credentials import grant_of_refresh_token
from auth.grants.grants import revoke_grant
from auth.oauth.issued import IssuedRefreshToken, IssuedToken, find_token
from auth.revocations import revoke_token
from auth.tokens import TokenVerifier
from registry.kernel.db import Database


class RevocationEndpoint(rfc7009.RevocationEndpoint):  # type: ignore[misc]  # no types
    """``POST /oauth/revoke``: 200 also for what is no token (section 2.2).

    Another client's token is ``invalid_grant`` and stays. What is revoked is refused by every
    worker within a second. A refresh token takes with it what else its grant has issued, which
    section 2.1 asks for; an access token goes alone.
    """

    def __init__(self, server: Any, database: Database, verifier: TokenVerifier) -> None:
        super().__init__(server)
        self._database = database
        self._verifier = verifier

    def check_params(self, request: Any, client: Any) -> None:
        """Ask for nothing more: the form was checked, and a hint may be of any kind."""

    def query_token(
        self, token_string: str, token_type_hint: str | None
    ) -> IssuedToken | IssuedRefreshToken | None:
        """Find the token; the hint may be wrong (section 2.1) and isn't needed."""
        del token_type_hint
        found = find_token(self._verifier, token_string)
        if found is not None:
            return found
        with self._database.reading() as session:
            grant = grant_of_refresh_token(session, token_string)
            return IssuedRefreshToken(grant.id, grant.client_id) if grant else None

    def revoke_token(self, token: IssuedToken | IssuedRefreshToken, request: Any) -> None:
        """End the token, durable before the answer."""
        del request
        with self._database.transaction() as session:
            if isinstance(token, IssuedRefreshToken):
                revoke_grant(session, token.grant_id)
                return
            revoke_token(session, token.token.jti, token.token.expires_at)
