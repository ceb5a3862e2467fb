"""Token revocation, RFC 7009: a client gives up a token of its own."""

from __future__ import annotations

from typing import Any

from authlib.oauth2 import rfc7009

from auth.grants.credentials import find_grant_of_refresh_token
from auth.grants.grants import revoke_grant
from auth.oauth.issued import IssuedToken, find_token
from auth.revocations import revoke_token
from auth.tokens import TokenVerifier
from registry.kernel.db import Database


class _Refresh:
    """A refresh token, by the grant that it rests on."""

    def __init__(self, grant_id: str, client_id: str) -> None:
        self.grant_id = grant_id
        self._client_id = client_id

    def check_client(self, client: Any) -> bool:
        return bool(client.client_id == self._client_id)


class RevocationEndpoint(rfc7009.RevocationEndpoint):  # type: ignore[misc]  # no types
    """``POST /oauth/revoke``: 200 also for what is no token (section 2.2).

    Another client's token is ``invalid_grant`` and stays. What is revoked is refused by every
    worker within a second. With a refresh token ends all that rests on its grant (section 2.1).
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
        with self._database.reading() as session:
            grant = find_grant_of_refresh_token(session, token_string)
        if grant is not None:
            return _Refresh(grant.id, grant.client_id)
        return find_token(self._verifier, token_string)

    def revoke_token(self, token: IssuedToken | _Refresh, request: Any) -> None:
        """End the token, durable before the answer."""
        del request
        with self._database.transaction() as session:
            if isinstance(token, _Refresh):
                revoke_grant(session, token.grant_id)
            else:
                revoke_token(session, token.token.jti, token.token.expires_at)
