"""Clients in the shape that Authlib asks for."""

from __future__ import annotations

import hmac

from authlib.oauth2.rfc6749 import InvalidScopeError

from auth.bindings import Binding
from auth.clients import digest
from auth.models import Client

# What only a person can give.
OF_PEOPLE = frozenset({"openid"})


class KnownClient:
    """A registered client; ``binding`` is what the tokens of its request are bound to."""

    def __init__(self, row: Client) -> None:
        self.client_id = row.id
        self.row = row
        self.binding: Binding | None = None

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Say whether it may authenticate by ``method``, at any endpoint."""
        return method == self.row.auth_method and self.row.disabled_at is None

    def check_client_secret(self, secret: str) -> bool:
        """Say whether ``secret`` is the client's, in the same time whatever it is."""
        kept = self.row.secret_sha256 or ""
        return hmac.compare_digest(digest(secret), kept)

    def check_grant_type(self, grant_type: str) -> bool:
        """Say whether it is registered for ``grant_type``."""
        return grant_type in self.row.grant_types

    def check_response_type(self, response_type: str) -> bool:
        """Say whether it may ask for ``response_type``: a code, and nothing in the browser."""
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Say whether ``redirect_uri`` is registered, letter for letter (RFC 9700 section 2.1)."""
        return redirect_uri in self.row.redirect_uris

    def get_default_redirect_uri(self) -> None:
        """Return None: a request names its redirect URI."""

    def get_allowed_scope(self, scope: str | None) -> str:
        """All of the client's own scopes if it names none; never silently fewer than it named."""
        own = set(self.row.scopes)
        wanted = set(scope.split()) if scope else own - OF_PEOPLE
        if not wanted or not wanted <= own:
            raise InvalidScopeError
        return " ".join(sorted(wanted))
