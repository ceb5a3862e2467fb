"""The authorization code grant, RFC 6749 section 4.1: one use, even of many at once."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, grants

from auth.grants.credentials import find_code, issue_refresh_token, redeem_code
from auth.grants.grants import find_live_grant, revoke_grant
from auth.grants.models import AuthorizationCode
from auth.oauth.answers import TokenAnswers
from registry.kernel.db import Database


class _Code:
    """A code in the shape that Authlib asks for."""

    def __init__(self, row: AuthorizationCode) -> None:
        self.row = row
        self.code_challenge = row.code_challenge

    def get_redirect_uri(self) -> str:
        return self.row.redirect_uri


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]  # the library has no types
    """Authlib's grant, which asks, issues and only then deletes, made to use the code up first.

    A code that comes again ends whatever it has issued (section 4.1.2).
    """

    database: Database
    answers: TokenAnswers

    def query_authorization_code(self, code: str, client: Any) -> _Code | None:
        """Find the client's code, used ones too."""
        with self.database.reading() as session:
            row = find_code(session, code, client.client_id)
        return _Code(row) if row else None

    def create_token_response(self) -> tuple[int, Any, list[tuple[str, str]]]:
        """Use the code up and issue on its grant, in one transaction; or end the grant."""
        request = self.request
        row: AuthorizationCode = request.authorization_code.row
        binding = request.client.binding
        if row.jkt is not None and (binding is None or str(binding) != f"jkt:{row.jkt}"):
            # RFC 9449 section 10: the key was named when the request was pushed.
            raise InvalidGrantError("the code is bound to another key")
        with self.database.transaction() as session:
            grant = None
            if redeem_code(session, request.form["code"]):
                grant = find_live_grant(session, row.grant_id)
            refresh = None
            if grant is None:
                revoke_grant(session, row.grant_id)
            elif request.client.check_grant_type("refresh_token"):
                refresh = issue_refresh_token(session, grant, str(binding) if binding else None)
        if grant is None:
            raise InvalidGrantError("the code is used or over")
        answer = self.answers.of_grant(request, grant, refresh, row.nonce)
        return 200, answer, self.TOKEN_RESPONSE_HEADER
