"""What a request asks of the sign-in itself: prompt, max_age, acr_values.

OpenID Connect Core section 3.1.2.1 and RFC 9470 section 4. A sign-in never becomes younger by
waiting: what was asked for is met by one that is young enough, or that came after the request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError

from auth.grants.grants import Grantor
from registry.kernel.clock import now
from registry.kernel.settings import Settings

PROMPTS = ("none", "login", "consent")
# When a request was pushed, beside its parameters; no client can name it.
PUSHED_AT = "sogoc.pushed_at"
_LONGEST_AGE = 10


def read_wishes(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what to keep beside a request's parameters. Raises InvalidRequestError."""
    prompts = form.get("prompt", "").split()
    if not set(prompts) <= set(PROMPTS) or ("none" in prompts and len(prompts) > 1):
        raise InvalidRequestError(f"prompt must be of {' '.join(PROMPTS)}, none by itself")
    age = form.get("max_age")
    if age is not None and not (age.isascii() and age.isdigit() and len(age) <= _LONGEST_AGE):
        raise InvalidRequestError("max_age must be a number of seconds")
    return {PUSHED_AT: int(now().timestamp())}


def unmet(parameters: Mapping[str, Any], person: Grantor, settings: Settings) -> str | None:
    """Return as an OAuth error what the person's sign-in lacks for a request; None if nothing.

    ``login_required`` for one that is too old, ``unmet_authentication_requirements`` for another
    acr than was asked for. Of ``acr_values`` only those count that a sign-in here can have, for
    the parameter asks for a voluntary claim.
    """
    if not _young(parameters, person.auth_time.timestamp()):
        return "login_required"
    wanted = parameters.get("acr_values", "").split()
    possible = set(wanted) & set(settings.signin_mfa_acr.split())
    if possible and person.acr not in wanted:
        return "unmet_authentication_requirements"
    return None


def _young(parameters: Mapping[str, Any], auth_time: float) -> bool:
    if auth_time >= parameters.get(PUSHED_AT, float("inf")):
        return True
    if "login" in parameters.get("prompt", "").split():
        return False
    age = parameters.get("max_age")
    return age is None or now().timestamp() - auth_time <= int(age)
