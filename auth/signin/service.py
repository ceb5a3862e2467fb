"""Signing in as a whole: the provider, the tables and the settings, for the routes to use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auth.keys import KeyRing
from auth.signin import attempts, sessions
from auth.signin.people import FindPerson, require_person
from auth.signin.refusals import OFF, STATE, SignInRefused
from auth.signin.relying_party import RelyingParty
from auth.signin.sessions import SignedIn
from registry.kernel.db import Database
from registry.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class Arrival:
    """A sign-in that came back: the new session's cookie, and where to go on."""

    token: str
    return_to: str


class SignIn:
    """Found at ``app.extensions["sogoc-signin"]``. Every transaction ends before a call does
    begin, so that a slow provider holds no lock of ours.
    """

    def __init__(
        self, settings: Settings, database: Database, keys: KeyRing, find_person: FindPerson
    ) -> None:
        self.settings = settings
        self._database = database
        self._find_person = find_person
        self._provider = RelyingParty(settings, keys)
        self.close = self._provider.close

    def depart(self, browser: str, return_to: str, *, step_up: bool = False) -> str:
        """Begin a sign-in of a browser; return the provider's address for it.

        Raises SignInRefused.
        """
        if not self.settings.signin_issuer:
            raise SignInRefused(OFF)
        with self._database.transaction() as session:
            attempt = attempts.begin(session, browser, return_to)
        return self._provider.address(attempt, step_up=step_up)

    def arrive(self, browser: str, answer: Mapping[str, str], before: str) -> Arrival:
        """Finish the sign-in that ``answer``, the query of the callback, names by its state.

        ``before`` is the cookie of the session to end, if any. Raises SignInRefused.
        """
        if not self.settings.signin_issuer:
            raise SignInRefused(OFF)
        if not browser:
            raise SignInRefused(STATE, "no cookie")
        # Kept on its own and first: whatever comes of it, this state has been used.
        with self._database.transaction() as session:
            attempt = attempts.finish(session, browser, answer.get("state", ""))
        identity = self._provider.identify(answer, attempt)
        with self._database.transaction() as session:
            person = require_person(session, identity, self._find_person)
            token = sessions.open_session(session, person, identity, before)
        return Arrival(token, attempt.return_to)

    def who(self, token: str) -> SignedIn | None:
        """Return who is signed in by the cookie ``token``, "" being nobody."""
        if not token:
            return None
        with self._database.transaction() as session:
            return sessions.find_session(session, token)

    def leave(self, token: str) -> None:
        """End the session of the cookie ``token``."""
        with self._database.transaction() as session:
            sessions.close_session(session, token)
