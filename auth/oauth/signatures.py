"""Which signatures are believed of others, and the library's registry for them."""

from __future__ import annotations

from typing import Any

from joserfc import jws


class SignatureRegistry(jws.JWSRegistry):
    """The signatures that are believed; the older name of Ed25519 without the library's warning.

    RFC 9864 renames EdDSA, and clients of both names are there.
    """

    def get_alg(self, name: str) -> Any:
        """Return the algorithm of that name; raises JoseError if it is not allowed."""
        if name == "EdDSA" and name in (self.allowed or ()):
            return self.algorithms[name]
        return super().get_alg(name)
