"""The authorization server: Authlib's client_credentials grant, with our own client checks."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Mapping
from typing import Any

import flask
import orjson
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload, FlaskOAuth2Request
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
    grants,
)
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from auth.client_keys import ClientKeys
from auth.clients import digest, may_be_client_id
from auth.keys import KeyRing
from auth.models import Client
from auth.once import use_once
from auth.scopes import SCOPES
from auth.tokens import issue
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.settings import Settings

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS = ("ES256", "PS256", "Ed25519", "EdDSA")
GRANTS = ("client_credentials",)
_LONGEST_ASSERTION = 4096
_ASSERTION_SECONDS = 300
_AHEAD_SECONDS = 10
# Scheme and text of every failed client authentication: they must not tell failures apart.
_FAILED = "client authentication failed"
_SECURE = "https://issuer.invalid/oauth/token"


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


class _Form(FlaskOAuth2Payload):  # type: ignore[misc]  # the library has no types
    """The parameters of a token request: those of the body alone, never of the URL."""

    @property
    def data(self) -> Any:
        return self._request.form


class _Request(FlaskOAuth2Request):  # type: ignore[misc]
    """A token request under the address that clients use, whatever a proxy makes of it."""

    def __init__(self, request: flask.Request) -> None:
        # The library refuses an address without TLS. Ours is decided once, by the settings; what
        # it would see here is the way from the proxy.
        super(FlaskOAuth2Request, self).__init__(request.method, _SECURE, headers=request.headers)
        self._request = request
        self.payload = _Form(request)


class _Server(AuthorizationServer):  # type: ignore[misc]
    """Reads token requests strictly, and answers every failed authentication alike."""

    def create_oauth2_request(self, request: Any) -> _Request:
        del request
        return _Request(flask.request)

    def create_token_response(self, request: Any = None) -> flask.Response:
        try:
            _check_form(flask.request)
        except OAuth2Error as error:
            return self.handle_error_response(request, error)  # type: ignore[no-any-return]
        return super().create_token_response(request)  # type: ignore[no-any-return]

    def authenticate_client(self, request: Any, methods: Any, endpoint: str = "token") -> Any:
        try:
            return super().authenticate_client(request, methods, endpoint)
        except (InvalidClientError, ValueError):
            # A ValueError is what the library makes of credentials that are no text.
            raise InvalidClientError(status_code=401, description=_FAILED) from None


def _check_form(request: flask.Request) -> None:
    """Raise for a request that RFC 6749 sections 2.3 and 3.2 don't allow."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise InvalidRequestError(
            "the body must be application/x-www-form-urlencoded", status_code=415
        )
    if request.args:
        raise InvalidRequestError("parameters belong in the body, never in the URL")
    if any(len(values) > 1 for values in request.form.listvalues()):
        raise InvalidRequestError("a parameter is given twice")
    if not request.form.get("grant_type"):
        raise InvalidRequestError("grant_type is missing")
    credentials = ("client_assertion" in request.form, "client_secret" in request.form)
    if sum((*credentials, "Authorization" in request.headers)) > 1:
        raise InvalidRequestError("more than one way of client authentication")


def methods(settings: Settings) -> tuple[str, ...]:
    """Return the ways in which a client may authenticate: by secret in the demo alone."""
    secret = () if settings.production else ("client_secret_basic",)
    return ("private_key_jwt", *secret)


def build(settings: Settings, database: Database, keys: KeyRing) -> AuthorizationServer:
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
    return server


def _by_assertion(settings: Settings, database: Database) -> Callable[[Any, Any], _Known | None]:
    held = ClientKeys(settings)

    def authenticate(find: Callable[[str], _Known | None], request: Any) -> _Known | None:
        form = request.form
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            return None
        text = form.get("client_assertion", "")
        subject, kid = _claimed(text)
        client = find(subject)
        keys = held.keys_of(client.row, kid) if client else None
        if client is None or keys is None:
            return None
        claims = _checked(text, client, keys, settings.issuer)
        if claims is None or form.get("client_id", client.client_id) != client.client_id:
            return None
        fresh = use_once(database, "assertion", client.client_id, claims["jti"], claims["exp"])
        return client if fresh else None

    return authenticate


def _claimed(text: str) -> tuple[str, str | None]:
    """Return whose key to try, and which; nothing else is believed of an unchecked assertion."""
    try:
        if len(text) > _LONGEST_ASSERTION:
            return "", None
        parts = jws.extract_compact(text.encode())
        subject, kid = orjson.loads(parts.payload)["sub"], parts.headers().get("kid")
    except (JoseError, ValueError, KeyError, TypeError, RecursionError):
        return "", None
    return subject if isinstance(subject, str) else "", kid if isinstance(kid, str) else None


def _checked(text: str, client: _Known, keys: KeySet, issuer: str) -> Mapping[str, Any] | None:
    """Check an assertion by RFC 7523 and FAPI 2.0: our issuer alone as audience, a short life."""
    try:
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


def metadata(settings: Settings) -> dict[str, Any]:
    """Return the server's metadata by RFC 8414, made from what is enforced."""
    issuer = settings.issuer
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "grant_types_supported": list(GRANTS),
        # Required by RFC 8414, though there is no authorization endpoint that could answer.
        "response_types_supported": ["none"],
        "scopes_supported": sorted(SCOPES),
        "token_endpoint_auth_methods_supported": list(methods(settings)),
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "service_documentation": f"{issuer}/docs",
    }
