"""Tokens of ours, in the shape in which Authlib's endpoints handle one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from auth.tokens import Token, TokenVerifier
from registry.kernel.errors import Unauthenticated


class IssuedToken:
    """A token that is valid now."""

    def __init__(self, token: Token) -> None:
        self.token = token

    def check_client(self, client: Any) -> bool:
        """Say whether it was issued to ``client``."""
        return bool(client.client_id == self.token.client_id)

    def is_expired(self) -> bool:
        """Say that it is not: what is over is never found."""
        return False

    def is_revoked(self) -> bool:
        """Say that it is not: what is revoked is never found."""
        return False


@dataclass(frozen=True, slots=True)
class IssuedRefreshToken:
    """A refresh token that is not over: which grant it rests on, and whose that is."""

    grant_id: str
    client_id: str

    def check_client(self, client: Any) -> bool:
        """Say whether it was issued to ``client``."""
        return bool(client.client_id == self.client_id)


def find_token(verifier: TokenVerifier, text: str) -> IssuedToken | None:
    """Return the token if it is one of ours and counts now."""
    try:
        return IssuedToken(verifier.verify(text))
    except Unauthenticated:
        return None
