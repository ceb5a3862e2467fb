"""Token introspection, RFC 7662, and its answer as a signed JWT, RFC 9701."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from authlib.oauth2 import rfc7662
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from auth.oauth.issued import IssuedToken, find_token
from auth.tokens import TokenVerifier
from registry.kernel.clock import now

MEDIA_TYPE = "application/token-introspection+jwt"
TYPE = "token-introspection+jwt"
ANY_TOKEN = "tokens:introspect"  # noqa: S105 - a scope

# Makes a signed JWT of a header type and claims.
Sign = Callable[[str, dict[str, Any]], str]


class IntrospectionEndpoint(rfc7662.IntrospectionEndpoint):  # type: ignore[misc]  # no types
    """``POST /oauth/introspect``: what a token says, to whom it is meant for.

    A client sees its own tokens, and a gateway in front of the API, which has the scope
    ``tokens:introspect``, every token. Anything else is ``{"active": false}``, so that nobody
    learns whether another's token exists (section 4).
    """

    def __init__(self, server: Any, issuer: str, verifier: TokenVerifier, sign: Sign) -> None:
        super().__init__(server)
        self._issuer = issuer
        self._verifier = verifier
        self._sign = sign

    def create_endpoint_response(self, request: Any) -> tuple[int, Any, list[tuple[str, str]]]:
        """Answer plainly, or signed for the caller where it accepts that (RFC 9701 section 4)."""
        status, body, headers = super().create_endpoint_response(request)
        accepted = parse_accept_header(request.headers.get("Accept") or "*/*", MIMEAccept)
        if accepted.best_match(["application/json", MEDIA_TYPE]) != MEDIA_TYPE:
            return status, body, headers
        claims = {
            "iss": self._issuer,
            "aud": request.client.client_id,
            "iat": int(now().timestamp()),
            "token_introspection": body,
        }
        kept = [(name, value) for name, value in headers if name != "Content-Type"]
        return status, self._sign(TYPE, claims), [*kept, ("Content-Type", MEDIA_TYPE)]

    def check_params(self, request: Any, client: Any) -> None:
        """Ask for nothing more: the form was checked, and a hint may be of any kind."""

    def query_token(self, token_string: str, token_type_hint: str | None) -> IssuedToken | None:
        """Find the token; the hint may be wrong (RFC 7662 section 2.1) and isn't needed."""
        del token_type_hint
        return find_token(self._verifier, token_string)

    def check_permission(self, token: IssuedToken, client: Any, request: Any) -> bool:
        """Say whether ``client`` may know what the token says."""
        del request
        return token.check_client(client) or ANY_TOKEN in client.row.scopes

    def introspect_token(self, token: IssuedToken) -> dict[str, Any]:
        """Return the members of RFC 7662 section 2.2."""
        said = token.token
        return {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": said.subject,
            "client_id": said.client_id,
            "scope": " ".join(sorted(said.scopes)),
            "token_type": said.binding.token_type if said.binding else "Bearer",
            "iat": int(said.issued_at),
            "exp": int(said.expires_at),
            "jti": said.jti,
            **({"cnf": said.binding.cnf} if said.binding else {}),
            # RFC 9470 section 6.2, RFC 9396 section 9.2, RFC 8693 section 4.1.
            **(said.authentication.claims if said.authentication else {}),
            **({"authorization_details": list(said.details)} if said.details else {}),
            **({"act": {"sub": said.actor.subject}} if said.actor else {}),
        }
