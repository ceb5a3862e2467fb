"""The authorization server: Authlib's client_credentials grant, with our own client checks."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Mapping
from typing import Any

import flask
import orjson
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    InvalidClientError,
    InvalidScopeError,
    grants,
)
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from auth.clients import digest, may_be_client_id
from auth.keys import KeyRing
from auth.models import Client
from auth.oauth.introspection import IntrospectionEndpoint
from auth.oauth.metadata import ASSERTION_ALGORITHMS, GRANTS, methods
from auth.oauth.requests import FormRequest, check_form
from auth.oauth.revocation import RevocationEndpoint
from auth.once import use_once
from auth.tokens import TokenVerifier, issue, sign_jwt
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.settings import Settings

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_ASSERTION = 4096
_ASSERTION_SECONDS = 300
_AHEAD_SECONDS = 10
# Scheme and text of every failed client authentication: they must not tell failures apart.
_FAILED = "client authentication failed"


class _Registry(jws.JWSRegistry):
    """The signatures that are believed; the older name of Ed25519 without the library's warning."""

    def get_alg(self, name: str) -> Any:
        if name == "EdDSA":
            return self.algorithms[name]
        return super().get_alg(name)


_REGISTRY = _Registry(algorithms=ASSERTION_ALGORITHMS)


class _Known:
    """A client in the shape that Authlib asks for."""

    def __init__(self, row: Client) -> None:
        self.client_id = row.id
        self.row = row

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method == self.row.auth_method and self.row.disabled_at is None

    def check_client_secret(self, secret: str) -> bool:
        kept = self.row.secret_sha256 or ""
        return hmac.compare_digest(digest(secret), kept)

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in GRANTS

    def get_allowed_scope(self, scope: str | None) -> str:
        """All of the client's scopes if it names none; never silently fewer than it named."""
        wanted = set(scope.split()) if scope else set(self.row.scopes)
        if not wanted or not wanted <= set(self.row.scopes):
            raise InvalidScopeError
        return " ".join(sorted(wanted))


class _Server(AuthorizationServer):  # type: ignore[misc]
    """Reads token requests strictly, and answers every failed authentication alike."""

    def create_oauth2_request(self, request: Any) -> FormRequest:
        del request
        return FormRequest(flask.request)

    def create_token_response(self, request: Any = None) -> flask.Response:
        try:
            check_form(flask.request, ["grant_type"])
        except OAuth2Error as error:
            return self.handle_error_response(request, error)  # type: ignore[no-any-return]
        return super().create_token_response(request)  # type: ignore[no-any-return]

    def create_endpoint_response(self, name: str, request: Any = None) -> flask.Response:
        try:
            check_form(flask.request, ["token"])
        except OAuth2Error as error:
            return self.handle_error_response(request, error)  # type: ignore[no-any-return]
        return super().create_endpoint_response(name, request)  # type: ignore[no-any-return]

    def authenticate_client(self, request: Any, methods: Any, endpoint: str = "token") -> Any:
        try:
            return super().authenticate_client(request, methods, endpoint)
        except (InvalidClientError, ValueError):
            # A ValueError is what the library makes of credentials that are no text.
            raise InvalidClientError(status_code=401, description=_FAILED) from None


def build(
    settings: Settings, database: Database, keys: KeyRing, verifier: TokenVerifier
) -> AuthorizationServer:
    """Return the server for ``settings``; it is asked for a token response inside a request."""
    # At DEBUG the library writes whole tokens.
    logging.getLogger("authlib").setLevel(logging.INFO)

    def find(client_id: str) -> _Known | None:
        if not may_be_client_id(client_id):
            return None
        with database.reading() as session:
            row = session.get(Client, client_id)
        return _Known(row) if row else None

    def token(client: _Known, scope: str | None, **_: Any) -> dict[str, Any]:
        allowed = client.get_allowed_scope(scope)
        seconds = settings.access_token_seconds
        return {
            "access_token": issue(
                keys, settings.issuer, client.client_id, allowed.split(), seconds
            ),
            "token_type": "Bearer",
            "expires_in": seconds,
            "scope": allowed,
        }

    class ClientCredentials(grants.ClientCredentialsGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = methods(settings)

    server = _Server(query_client=find, save_token=lambda *_: None)
    server.register_client_auth_method("private_key_jwt", _by_assertion(settings, database))
    server.register_token_generator("default", token)
    server.register_grant(ClientCredentials)

    def sign(kind: str, claims: dict[str, Any]) -> str:
        return sign_jwt(keys, kind, claims)

    for endpoint in (
        RevocationEndpoint(server, database, verifier),
        IntrospectionEndpoint(server, settings.issuer, verifier, sign),
    ):
        endpoint.CLIENT_AUTH_METHODS = methods(settings)
        server.register_endpoint(endpoint)
    return server


def _by_assertion(settings: Settings, database: Database) -> Callable[[Any, Any], _Known | None]:
    def authenticate(find: Callable[[str], _Known | None], request: Any) -> _Known | None:
        form = request.form
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            return None
        text = form.get("client_assertion", "")
        client = find(_claimed_subject(text))
        if client is None or not client.row.jwks:
            return None
        claims = _checked(text, client, settings.issuer)
        if claims is None or form.get("client_id", client.client_id) != client.client_id:
            return None
        fresh = use_once(database, "assertion", client.client_id, claims["jti"], claims["exp"])
        return client if fresh else None

    return authenticate


def _claimed_subject(text: str) -> str:
    """Return whose keys to try; nothing else is believed of an unchecked assertion."""
    try:
        if len(text) > _LONGEST_ASSERTION:
            return ""
        subject = orjson.loads(jws.extract_compact(text.encode()).payload)["sub"]
    except (JoseError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return subject if isinstance(subject, str) else ""


def _checked(text: str, client: _Known, issuer: str) -> Mapping[str, Any] | None:
    """Check an assertion by RFC 7523 and FAPI 2.0: our issuer alone as audience, a short life."""
    try:
        keys = KeySet.import_key_set(client.row.jwks)  # type: ignore[arg-type]
        claims = jwt.decode(text, keys, registry=_REGISTRY).claims
        issued, expires = _seconds(claims["iat"]), _seconds(claims["exp"])
        earliest = _seconds(claims.get("nbf", issued))
        jti = claims["jti"]
    except (JoseError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    moment = now().timestamp()
    fine = (
        claims.get("iss") == client.client_id
        and claims.get("sub") == client.client_id
        and claims.get("aud") == issuer
        and isinstance(jti, str)
        and bool(jti)
        and issued <= moment + _AHEAD_SECONDS
        and earliest <= moment + _AHEAD_SECONDS
        and moment < expires <= issued + _ASSERTION_SECONDS
    )
    return claims if fine else None


def _seconds(value: Any) -> float:
    """Return a NumericDate; raises TypeError for what merely looks like one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)
