"""Whether somebody proved who they are by more than one factor, which approving asks for."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlencode

from registry.kernel.settings import Settings


def is_multi_factor(acr: str, amr: Collection[str], settings: Settings) -> bool:
    """Say whether ``acr`` is one of ``signin_mfa_acr``, or ``amr`` says ``mfa`` (RFC 8176).

    >>> is_multi_factor("", ["pwd"], Settings()), is_multi_factor("", ["pwd", "mfa"], Settings())
    (False, True)
    """
    return (bool(acr) and acr in settings.signin_mfa_acr.split()) or "mfa" in amr


def step_up_path(return_to: str) -> str:
    """Return the path by which a signed-in person proves more and comes back to ``return_to``."""
    return "/signin?" + urlencode({"return_to": return_to, "step_up": "1"})
