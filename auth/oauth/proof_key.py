"""PKCE, RFC 7636: S256 alone, and never left out (FAPI 2.0 section 5.3.2.2)."""

from __future__ import annotations

import hmac
from typing import Any

from authlib.oauth2 import rfc7636
from authlib.oauth2.rfc6749 import InvalidRequestError


def _same_s256(verifier: str, challenge: str) -> bool:
    return hmac.compare_digest(rfc7636.create_s256_code_challenge(verifier), challenge)


class ProofKey(rfc7636.CodeChallenge):  # type: ignore[misc]  # the library has no types
    """Authlib's extension, strict: it asks public clients alone, and takes ``plain``."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)
    CODE_CHALLENGE_METHODS = {"S256": _same_s256}  # noqa: RUF012 - as the library declares it

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Refuse a request without an S256 challenge (section 4.4.1)."""
        form = grant.request.payload.data
        if not form.get("code_challenge"):
            raise InvalidRequestError("code_challenge is missing")
        if form.get("code_challenge_method") != "S256":
            raise InvalidRequestError("code_challenge_method must be S256")
        super().validate_code_challenge(grant, redirect_uri)

    def get_authorization_code_challenge_method(self, authorization_code: Any) -> str:
        """Return S256: no other is ever kept."""
        del authorization_code
        return "S256"
