"""What the token endpoint answers: RFC 6749 section 5.1, with RFC 9396 and OpenID Connect."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, InvalidScopeError
from authlib.oidc.core.util import create_half_hash

from auth.bindings import Binding
from auth.grants.grants import authentication_of
from auth.grants.models import Grant
from auth.keys import KeyRing
from auth.oauth.clients import OF_PEOPLE, KnownClient
from auth.oauth.details import narrowed
from auth.oauth.metadata import ACCESS_TOKEN
from auth.tokens import TokenVerifier, issue
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.settings import LONGEST_TOKEN_SECONDS, Settings


class TokenAnswers:
    """Makes tokens of clients themselves and of what people granted."""

    def __init__(
        self, settings: Settings, database: Database, keys: KeyRing, verifier: TokenVerifier
    ) -> None:
        self._settings = settings
        self.issuer = settings.issuer
        self._database = database
        self._keys = keys
        self._verifier = verifier

    def of_client(self, client: KnownClient, scope: str | None, **_: Any) -> dict[str, Any]:
        """Answer a client that asks for itself; the signature is that of Authlib's generators."""
        allowed = client.get_allowed_scope(scope)
        if not OF_PEOPLE.isdisjoint(allowed.split()):
            raise InvalidScopeError
        of = {"client_id": client.client_id, "sub": client.client_id}
        return self._answer(allowed.split(), client.binding, of)

    def of_grant(
        self, request: Any, grant: Grant, refresh: str | None, nonce: str | None
    ) -> dict[str, Any]:
        """Answer on a grant, with what the request asks of it and never more."""
        scopes = request.form.get("scope", "").split() or grant.scopes
        if not set(scopes) <= set(grant.scopes):
            raise InvalidScopeError
        asked = request.form.get("authorization_details")
        details = (
            narrowed(asked, grant.details, grant.client_id, self._verifier.agreement)
            if asked
            else grant.details
        )
        more = {"authorization_details": details} if details else {}
        how = authentication_of(grant).claims
        of = {"client_id": grant.client_id, "sub": grant.subject, "grant_id": grant.id}
        answer = self._answer(sorted(scopes), request.client.binding, {**of, **how, **more}) | more
        if refresh is not None:
            answer["refresh_token"] = refresh
        if "openid" in scopes:
            alg = request.client.row.id_token_alg
            at_hash = create_half_hash(answer["access_token"], alg).decode()
            answer["id_token"] = self._id_token(grant, {**how, "at_hash": at_hash}, nonce, alg)
        return answer

    def of_exchange(self, client: KnownClient, grant: Grant) -> dict[str, Any]:
        """Answer on a grant by which somebody acts for another (RFC 8693 section 2.2.1)."""
        left = int(grant.expires_at.timestamp() - now().timestamp())
        if left < 1 or grant.actor is None:
            raise InvalidRequestError("the subject token is over")
        more = {"authorization_details": grant.details} if grant.details else {}
        claims = {
            "client_id": grant.client_id,
            "sub": grant.subject,
            "grant_id": grant.id,
            "act": {"sub": grant.actor["by"]["subject"]},
            **authentication_of(grant).claims,
            **more,
        }
        answer = self._answer(grant.scopes, client.binding, claims, left)
        return answer | {"issued_token_type": ACCESS_TOKEN} | more

    def _answer(
        self,
        scopes: list[str],
        binding: Binding | None,
        claims: dict[str, Any],
        most: int = LONGEST_TOKEN_SECONDS,
    ) -> dict[str, Any]:
        seconds = min(self._settings.access_token_seconds, most)
        token = issue(self._keys, self.issuer, scopes, seconds, binding=binding, **claims)
        return {
            "access_token": token,
            "token_type": binding.token_type if binding else "Bearer",
            "expires_in": seconds,
            "scope": " ".join(scopes),
        }

    def _id_token(self, grant: Grant, how: dict[str, Any], nonce: str | None, alg: str) -> str:
        """OpenID Connect Core section 2."""
        issued = int(now().timestamp())
        claims = {
            "iss": self._settings.issuer,
            "aud": grant.client_id,
            "sub": grant.subject,
            "iat": issued,
            "exp": issued + self._settings.access_token_seconds,
            "amr": grant.amr,
            **how,
            **({"nonce": nonce} if nonce else {}),
        }
        return self._keys.sign("JWT", claims, alg)
