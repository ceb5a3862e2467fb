"""Pushed authorization requests, RFC 9126: the only way to ask a person for anything."""

from __future__ import annotations

from typing import Any

from authlib.consts import default_json_headers
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError, TokenEndpoint, UnauthorizedClientError

from auth.bindings import Binding
from auth.grants.pushed import PUSHED_SECONDS, push
from auth.oauth.authentication import read_wishes
from auth.oauth.details import Find, read_details
from auth.oauth.metadata import RESPONSE_MODE
from registry.kernel.db import Database

ENDPOINT = "pushed_authorization_request"
# What authenticates the client is not part of what it asks (RFC 9126 section 2.1).
_CREDENTIALS = frozenset({"client_assertion", "client_assertion_type", "client_secret"})
_LONGEST = 2000
_BOUND = 16_384


class PushedRequestEndpoint(TokenEndpoint):  # type: ignore[misc]  # the library has no types
    """``POST /oauth/par``: everything is checked here, where nobody but the client can see it."""

    ENDPOINT_NAME = ENDPOINT

    def __init__(self, server: Any, database: Database, find: Find) -> None:
        super().__init__(server)
        self._database = database
        self._find = find

    def create_endpoint_response(self, request: Any) -> tuple[int, Any, list[tuple[str, str]]]:
        """Answer 201 with a ``request_uri`` for 90 seconds (section 2.2)."""
        client = self.authenticate_endpoint_client(request)
        form = request.form
        self._check(form, client)
        try:
            self.server.get_authorization_grant(request).validate_authorization_request()
        except OAuth2Error as error:
            # The client itself is asking, so the answer goes nowhere else (section 2.3).
            error.redirect_uri = None
            raise
        parameters = {name: form[name] for name in form if name not in _CREDENTIALS}
        details = form.get("authorization_details")
        kept: dict[str, Any] = parameters | read_wishes(form)
        kept["authorization_details"] = (
            read_details(details, client.client_id, self._find) if details else []
        )
        with self._database.transaction() as session:
            uri = push(session, client.client_id, kept, _jkt(form, client.binding))
        body = {"request_uri": uri, "expires_in": PUSHED_SECONDS}
        return 201, body, default_json_headers

    @staticmethod
    def _check(form: Any, client: Any) -> None:
        if "request_uri" in form:
            raise InvalidRequestError("a pushed request holds its parameters itself")
        if "request" in form:
            # OpenID Connect Core section 3.1.2.6.
            raise OAuth2Error("request objects are not read", error="request_not_supported")
        for name in ("redirect_uri", "response_type"):
            if name not in form:
                raise InvalidRequestError(f"{name} is missing")
        if form.get("response_mode", RESPONSE_MODE) != RESPONSE_MODE:
            raise InvalidRequestError(f"response_mode must be {RESPONSE_MODE}")
        if form.get("client_id") != client.client_id:
            raise InvalidRequestError("client_id must be the client's own")
        if not client.check_grant_type("authorization_code"):
            raise UnauthorizedClientError
        # The library would repeat these two in its answer, whatever is in them.
        if form["response_type"] != "code":
            raise OAuth2Error(status_code=400, error="unsupported_response_type")
        if not client.check_redirect_uri(form["redirect_uri"]):
            raise InvalidRequestError("redirect_uri is not registered")
        if any(
            len(value) > (_BOUND if name == "authorization_details" else _LONGEST)
            for name, value in form.items()
            if name not in _CREDENTIALS
        ):
            raise InvalidRequestError("a parameter is too long")


def _jkt(form: Any, binding: Binding | None) -> str | None:
    """Return the thumbprint that the code will be bound to (RFC 9449 section 10.1)."""
    proven = binding.value if binding and binding.kind == "jkt" else None
    named = form.get("dpop_jkt")
    if named and proven and named != proven:
        raise InvalidRequestError("dpop_jkt is not the key of the proof")
    return named or proven
