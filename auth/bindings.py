"""Whom a token belongs to: the key or the certificate that must come with it (RFC 7800)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

Kind = Literal["jkt", "x5t#S256"]


@dataclass(frozen=True, slots=True)
class Binding:
    """What a sender must hold: ``value`` is a SHA-256 digest in base64url without padding.

    ``jkt`` is the thumbprint of a key (RFC 9449 section 6.1), ``x5t#S256`` the digest of a whole
    certificate (RFC 8705 section 3.1).
    """

    kind: Kind
    value: str

    @property
    def cnf(self) -> dict[str, str]:
        """The claim ``cnf`` of a token."""
        return {self.kind: self.value}

    @property
    def token_type(self) -> str:
        """The type of a token; one that is bound to a certificate is a bearer's by RFC 8705."""
        return "DPoP" if self.kind == "jkt" else "Bearer"

    def __str__(self) -> str:
        """Return it as one text, to be kept with a refresh token."""
        return f"{self.kind}:{self.value}"

    @classmethod
    def of(cls, claims: Mapping[str, object]) -> Binding | None:
        """Return the binding that the claims of a token of ours name, None for a plain token.

        Raises ValueError for a binding of any other kind: what can't be checked is not let in.
        """
        if "cnf" not in claims:
            return None
        cnf = claims["cnf"]
        if not isinstance(cnf, dict) or len(cnf) != 1:
            raise ValueError("cnf names no binding")
        [(kind, value)] = cnf.items()
        if kind not in get_args(Kind) or not isinstance(value, str):
            raise ValueError("cnf names an unknown binding")
        return cls(cast("Kind", kind), value)
