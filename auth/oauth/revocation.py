"""Token revocation, RFC 7009: a client gives up a token of its own."""

from __future__ import annotations

from typing import Any

from authlib.oauth2 import rfc7009

from auth.grants.credentials import grant_of_refresh_token
from auth.grants.grants import revoke_grant
from auth.grants.models import Grant
from auth.oauth.issued import IssuedToken, find_token
from auth.revocations import revoke_token
from auth.tokens import TokenVerifier
from registry.kernel.db import Database


class _Refresh:
    """The grant behind a refresh token, in the shape that Authlib asks for."""

    def __init__(self, grant: Grant) -> None:
        self.grant = grant

    def check_client(self, client: Any) -> bool:
        return bool(client.client_id == self.grant.client_id)


class RevocationEndpoint(rfc7009.RevocationEndpoint):  # type: ignore[misc]  # no types
    """``POST /oauth/revoke``: 200 also for what is no token (section 2.2).

    Another client's token is ``invalid_grant`` and stays. What is revoked is refused by every
    worker within a second; with a refresh token go all tokens of its grant (section 2.1).
    """

    def __init__(self, server: Any, database: Database, verifier: TokenVerifier) -> None:
        super().__init__(server)
        self._database = database
        self._verifier = verifier

    def check_params(self, request: Any, client: Any) -> None:
        """Ask for nothing more: the form was checked, and a hint may be of any kind."""

    def query_token(
        self, token_string: str, token_type_hint: str | None
    ) -> IssuedToken | _Refresh | None:
        """Find the token; the hint may be wrong (section 2.1) and isn't needed."""
        del token_type_hint
        found = find_token(self._verifier, token_string)
        if found is not None:
            return found
        with self._database.reading() as session:
            grant = grant_of_refresh_token(session, token_string)
        return _Refresh(grant) if grant else None

    def revoke_token(self, token: IssuedToken | _Refresh, request: Any) -> None:
        """End the token, durable before the answer."""
        del request
        with self._database.transaction() as session:
            if isinstance(token, _Refresh):
                revoke_grant(session, token.grant.id)
            else:
                revoke_token(session, token.token.jti, token.token.expires_at)
