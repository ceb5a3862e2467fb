"""Nonces for proofs (RFC 9449 sections 8 and 9): made and checked by every worker, kept by none."""

from __future__ import annotations

import hmac

from auth.once import shared_secret
from registry.kernel.clock import now
from registry.kernel.db import Database

_WINDOW_SECONDS = 300
_LONGEST = 100


class Nonces:
    """``window.mac``: the number of a window of five minutes, and the proof that we named it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._secret = b""
        self._made = (-1, "")

    def current(self) -> str:
        """Return the nonce of this window. May raise the database's errors the first time."""
        window = _window()
        if self._made[0] != window:
            self._made = window, self._of(window)
        return self._made[1]

    def are_ours(self, nonce: str) -> bool:
        """Say whether the nonce was made here, in this window or in the one before."""
        given = nonce[:_LONGEST].encode("utf-8", "replace")
        window = _window()
        return any(
            hmac.compare_digest(given, self._of(each).encode()) for each in (window, window - 1)
        )

    def _of(self, window: int) -> str:
        # A database that holds none yet may still be migrated, so it is asked for late.
        self._secret = self._secret or shared_secret(self._database, "dpop-nonce")
        return f"{window}.{hmac.digest(self._secret, str(window).encode(), 'sha256').hex()[:32]}"


def _window() -> int:
    return int(now().timestamp()) // _WINDOW_SECONDS
