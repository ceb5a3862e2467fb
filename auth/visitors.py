"""Who sits in front of a browser that asks the authorization endpoint: whoever has signed in."""

from __future__ import annotations

from urllib.parse import urlencode

from auth.grants.grants import Grantor
from auth.signin import cookies
from auth.signin.door import sign_in
from auth.signin.step_up import step_up_path


class SignedInVisitors:
    """Knows visitors by their session, and sends others to the provider."""

    def person(self) -> Grantor | None:
        """Return who is signed in in this request."""
        here = sign_in()
        found = here.who(cookies.read(here.settings, cookies.SESSION))
        if found is None:
            return None
        return Grantor(
            found.person.id, found.person.name, found.auth_time, found.acr, found.amr, found.roles
        )

    def address(self, return_to: str, *, again: bool = False) -> str | None:
        """Return the path that signs a person in and comes back; None without a provider."""
        if not sign_in().settings.signin_issuer:
            return None
        if again:
            return step_up_path(return_to)
        return f"/signin?{urlencode({'return_to': return_to})}"
