"""Whether somebody proved who they are by more than one factor, which approving asks for.

Step-up authentication by RFC 9470.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from auth.principals import Authentication
from registry.kernel.clock import now
from registry.kernel.errors import StepUpNeeded
from registry.kernel.settings import Settings

# A working day: for how long a sign-in is proof enough to decide by.
LONGEST_AGE = 12 * 3600


def is_multi_factor(acr: str, amr: Collection[str], settings: Settings) -> bool:
    """Say whether ``acr`` is one of ``signin_mfa_acr``, or ``amr`` says ``mfa`` (RFC 8176).

    >>> is_multi_factor("", ["pwd"], Settings()), is_multi_factor("", ["pwd", "mfa"], Settings())
    (False, True)
    """
    return (bool(acr) and acr in settings.signin_mfa_acr.split()) or "mfa" in amr


def require_multi_factor(person: Authentication | None, settings: Settings) -> None:
    """Raise StepUpNeeded unless ``person`` signed in by several factors, `LONGEST_AGE` ago at most.

    Without a person, where a client asks for itself, a demo alone goes on: nobody is in front of
    its scripts, and its data is made up. The error says by RFC 9470 section 3 what to ask for.
    """
    if person is None:
        enough = not settings.production
    else:
        young = now().timestamp() - person.auth_time <= LONGEST_AGE
        enough = young and is_multi_factor(person.acr, person.amr, settings)
    if not enough:
        acr = settings.signin_mfa_acr
        wanted: dict[str, Any] = {"acr_values": acr} if acr else {}
        raise StepUpNeeded(error="insufficient_user_authentication", **wanted, max_age=LONGEST_AGE)


def step_up_path(return_to: str) -> str:
    """Return the path by which a signed-in person proves more and comes back to ``return_to``."""
    return "/signin?" + urlencode({"return_to": return_to, "step_up": "1"})
