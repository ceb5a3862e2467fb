"""The authorization server: Authlib's client_credentials grant, with our own client checks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import flask
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    InvalidClientError,
    grants,
)

from auth.bindings import Binding
from auth.clients import may_be_client_id
from auth.keys import KeyRing
from auth.models import Client
from auth.oauth import tls_clients
from auth.oauth.answers import TokenAnswers
from auth.oauth.assertions import by_assertion
from auth.oauth.clients import KnownClient
from auth.oauth.code import CodeGrant
from auth.oauth.dpop import ProofRefused
from auth.oauth.exchange import ExchangeGrant, MayActFor
from auth.oauth.introspection import IntrospectionEndpoint
from auth.oauth.metadata import methods
from auth.oauth.proof_key import ProofKey
from auth.oauth.pushed import ENDPOINT as PUSHED
from auth.oauth.pushed import PushedRequestEndpoint
from auth.oauth.refresh import RefreshGrant
from auth.oauth.revocation import RevocationEndpoint
from auth.oauth.senders import Senders, Sent
from auth.requests import FormRequest, check_form
from auth.tokens import TokenVerifier
from registry.kernel.db import Database
from registry.kernel.settings import Settings

# Scheme and text of every failed client authentication: they must not tell failures apart.
_REQUIRED = {PUSHED: ["client_id"]}
# Where a proof or certificate of the request decides whose the tokens are.
_BINDING = frozenset({"token", PUSHED})
_FAILED = "client authentication failed"


class _Server(AuthorizationServer):  # type: ignore[misc]
    """Reads token requests strictly, and answers every failed authentication alike."""

    def __init__(self, find: Callable[[str], KnownClient | None], senders: Senders) -> None:
        super().__init__(query_client=find, save_token=lambda *_: None)
        self._senders = senders

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
            check_form(flask.request, _REQUIRED.get(name, ["token"]))
        except OAuth2Error as error:
            return self.handle_error_response(request, error)  # type: ignore[no-any-return]
        return super().create_endpoint_response(name, request)  # type: ignore[no-any-return]

    def authenticate_client(self, request: Any, methods: Any, endpoint: str = "token") -> Any:
        try:
            client = super().authenticate_client(request, methods, endpoint)
        except (InvalidClientError, ValueError):
            # A ValueError is what the library makes of credentials that are no text.
            raise InvalidClientError(status_code=401, description=_FAILED) from None
        if endpoint in _BINDING:
            client.binding = self._binding()
        if endpoint == "token" and client.binding is None:
            _refuse_unbound(request.auth_method)
        return client

    def _binding(self) -> Binding | None:
        try:
            return self._senders.binding(Sent(flask.request.environ))
        except ProofRefused as refused:
            raise OAuth2Error(refused.reason.en, status_code=400, error=refused.error) from None


def _refuse_unbound(method: str) -> None:
    """Raise for a token that anybody could use: only the sandbox's secrets get one."""
    if method != "client_secret_basic":
        raise OAuth2Error(
            "a DPoP proof or a client certificate is needed",
            status_code=400,
            error="invalid_dpop_proof",
        )


def build(  # noqa: PLR0913 - one parameter for each part that it puts together
    settings: Settings,
    database: Database,
    keys: KeyRing,
    verifier: TokenVerifier,
    senders: Senders,
    *,
    may_act_for: MayActFor,
) -> AuthorizationServer:
    """Return the server for ``settings``; it is asked for a token response inside a request.

    ``may_act_for`` knows who may act for whom, which the registers know and this package doesn't.
    """
    # At DEBUG the library writes whole tokens.
    logging.getLogger("authlib").setLevel(logging.INFO)

    def find(client_id: str) -> KnownClient | None:
        if not may_be_client_id(client_id):
            return None
        with database.reading() as session:
            row = session.get(Client, client_id)
        return KnownClient(row) if row else None

    answers = TokenAnswers(settings, database, keys, verifier)

    class ClientCredentials(grants.ClientCredentialsGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = methods(settings)

    server = _Server(find, senders)
    server.register_client_auth_method("private_key_jwt", by_assertion(settings, database))
    for method in tls_clients.METHODS:
        check = tls_clients.by_certificate(
            method, lambda: senders.certificate(Sent(flask.request.environ))
        )
        server.register_client_auth_method(method, check)
    server.register_token_generator("default", answers.of_client)
    server.register_grant(ClientCredentials)
    _register_grants_of_people(server, settings, database, answers)
    server.register_grant(_exchange(settings, database, answers, verifier, may_act_for))

    for endpoint in (
        RevocationEndpoint(server, database, verifier),
        IntrospectionEndpoint(server, settings.issuer, verifier, keys.sign),
        PushedRequestEndpoint(server, database, verifier.agreement),
    ):
        endpoint.CLIENT_AUTH_METHODS = methods(settings)
        server.register_endpoint(endpoint)
    return server


def _exchange(
    settings: Settings,
    database: Database,
    answers: TokenAnswers,
    verifier: TokenVerifier,
    may_act_for: MayActFor,
) -> type[ExchangeGrant]:
    class Exchange(ExchangeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = methods(settings)

    Exchange.database, Exchange.answers, Exchange.verifier = database, answers, verifier
    Exchange.may_act_for = staticmethod(may_act_for)
    return Exchange


def _register_grants_of_people(
    server: AuthorizationServer, settings: Settings, database: Database, answers: TokenAnswers
) -> None:
    class Code(CodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = methods(settings)

    class Refresh(RefreshGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = methods(settings)

    for grant in (Code, Refresh):
        grant.database = database
        grant.answers = answers
    server.register_grant(Code, [ProofKey()])
    server.register_grant(Refresh)
