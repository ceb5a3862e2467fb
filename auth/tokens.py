"""Access tokens: JWTs by RFC 9068, signed ES256, checked once and then remembered briefly."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, NamedTuple

from joserfc import jwt
from joserfc.errors import JoseError

from auth.agreements import list_agreements
from auth.bindings import Binding
from auth.clients import generation, list_clients, slowed_clients
from auth.grants.grants import authentication_of, find_live_grant
from auth.keys import KeyRing
from auth.principals import Actor, Agreement, Authentication
from auth.revocations import Kind, Revoked, list_revoked, revocations_so_far
from registry.kernel.clock import now, today
from registry.kernel.db import Database, new_id
from registry.kernel.errors import Unauthenticated

TYPE = "at+jwt"
# What everything that this server signs is signed by.
ALGORITHM = "ES256"
_LONGEST_TOKEN = 4096
_REMEMBERED = 10_000
_REMEMBER_SECONDS = 60
# How long a worker may go without asking whether a client or agreement has changed.
_FRESH_SECONDS = 0.5
# How far ahead the clock of another worker's machine may be.
_AHEAD_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Token:
    """What a valid token says; ``expires_at`` and ``issued_at`` are in seconds since 1970.

    ``grant_id`` is what a person granted, and ``person_id`` who (a record id that the token itself
    doesn't tell); None where the client asks for itself. Whoever lets it in has to hold
    ``binding`` against the sender, None being anybody's. ``authentication`` is how the person has
    signed in, which nothing renews but signing in again; where an ``actor`` acts for the person it
    is the actor's. ``details`` are the authorization details (RFC 9396).
    """

    client_id: str
    scopes: frozenset[str]
    expires_at: float
    issued_at: float
    jti: str
    subject: str
    grant_id: str | None = None
    person_id: str | None = None
    binding: Binding | None = None
    authentication: Authentication | None = None
    details: tuple[dict[str, Any], ...] = ()
    actor: Actor | None = None

    @property
    def rests_on(self) -> tuple[tuple[Kind, str | None], ...]:
        """What ends the token if it is revoked."""
        own: tuple[tuple[Kind, str | None], ...] = (("token", self.jti), ("grant", self.grant_id))
        if self.actor is None:
            return own
        return (*own, ("token", self.actor.jti), ("grant", self.actor.grant_id))


class Pace(NamedTuple):
    """How often a client may call: None a minute is what the settings say, 0 is without a limit.

    Until ``slowed_until``, in seconds since 1970, it is a part of that.
    """

    calls_per_minute: int | None
    slowed_until: float


_UNKNOWN = Pace(None, 0.0)


def issue(
    keys: KeyRing,
    issuer: str,
    scopes: Sequence[str],
    seconds: int,
    *,
    binding: Binding | None,
    **more: Any,
) -> str:
    """Return a signed access token for the API itself, living ``seconds`` from now.

    ``more`` are the claims that tell whose it is: ``client_id`` and ``sub``, and for what a person
    granted also ``grant_id``, ``authorization_details``, ``acr`` and ``auth_time``.
    """
    issued = int(now().timestamp())
    claims = {
        "iss": issuer,
        "aud": issuer,
        "scope": " ".join(scopes),
        "iat": issued,
        "exp": issued + seconds,
        "jti": new_id(),
    }
    bound = {"cnf": binding.cnf} if binding else {}
    return keys.sign(TYPE, claims | more | bound)


class TokenVerifier:
    """Checks tokens, and knows which clients and agreements hold now.

    A token is verified once and remembered under its whole text, for a minute at most. What is
    remembered ends with the generation of clients and agreements it was made under, and that
    number is read again every half second: a disabled client is out within one second.
    """

    def __init__(self, keys: KeyRing, issuer: str, database: Database) -> None:
        self._keys = keys
        self._issuer = issuer
        self._database = database
        self._lock = Lock()
        self._remembered: dict[str, tuple[Token, float]] = {}
        self._edition = keys.edition
        self._generation = -1
        self._asked = float("-inf")
        self._enabled: frozenset[str] = frozenset()
        self._agreements: dict[tuple[str, str], list[Agreement]] = {}
        self._revocations = -1
        self._revoked: Revoked = frozenset()
        self._paces: dict[str, Pace] = {}

    def verify(self, text: str) -> Token:
        """Return what the token says. Raises Unauthenticated for any token that isn't ours now."""
        self.look()
        moment = now().timestamp()
        known = self._remembered.get(text)
        if known is None or moment >= known[1]:
            token = self._check(text, moment)
            with self._lock:
                if len(self._remembered) >= _REMEMBERED:
                    self._remembered.clear()
                self._remembered[text] = (token, min(token.expires_at, moment + _REMEMBER_SECONDS))
        else:
            token = known[0]
        if token.client_id not in self._enabled or self._is_revoked(token):
            raise Unauthenticated(error="invalid_token")
        return token

    def _is_revoked(self, token: Token) -> bool:
        # By its id, never by its text: the same token can be written in several ways.
        revoked = self._revoked
        return bool(revoked) and any(each in revoked for each in token.rests_on)

    def agreement(self, client_id: str, procedure: str) -> Agreement | None:
        """Return the agreement in force today for the client and procedure, or None."""
        self.look()
        day = today()
        held = self._agreements.get((client_id, procedure), ())
        return next((agreement for agreement in held if agreement.in_force(day)), None)

    def pace(self, client_id: str) -> Pace:
        """Return how often a client may call, as the last look found it."""
        return self._paces.get(client_id, _UNKNOWN)

    def look(self) -> float:
        """Look whether clients or agreements have changed, unless that is fresh.

        Return which look holds now, on a clock of this process: what was found out under an
        earlier one has to be found out again.
        """
        moment = time.monotonic()
        if moment - self._asked < _FRESH_SECONDS:
            return self._asked
        with self._lock:
            # Another thread may have asked while this one waited.
            moment = time.monotonic()
            if moment - self._asked >= _FRESH_SECONDS:
                self._read()
                self._asked = moment
            return self._asked

    def _read(self) -> None:
        if self._keys.edition != self._edition:
            # A key may have been revoked, and what it signed must be looked at again.
            self._remembered, self._edition = {}, self._keys.edition
        with self._database.reading() as session:
            number = generation(session)
            if number != self._generation:
                clients = list_clients(session)
                self._enabled = frozenset(c.id for c in clients if c.disabled_at is None)
                slowed = slowed_clients(session)
                self._paces = {
                    c.id: Pace(c.calls_per_minute, slowed.get(c.id, 0.0)) for c in clients
                }
                agreements: dict[tuple[str, str], list[Agreement]] = {}
                for agreement in list_agreements(session):
                    key = agreement.client_id, agreement.procedure
                    agreements.setdefault(key, []).insert(0, agreement)
                self._agreements = agreements
                self._generation = number
            number = revocations_so_far(session)
            if number != self._revocations:
                self._revoked = list_revoked(session)
                self._revocations = number

    def _check(self, text: str, moment: float) -> Token:
        if len(text) > _LONGEST_TOKEN:
            raise Unauthenticated(error="invalid_token")
        try:
            decoded = jwt.decode(text, self._keys.verifying, algorithms=[ALGORITHM])
            token = self._claims(decoded.header, decoded.claims, moment)
        except (JoseError, ValueError, KeyError, TypeError, RecursionError):
            raise Unauthenticated(error="invalid_token") from None
        return self._of_person(token) if token.grant_id else token

    def _of_person(self, token: Token) -> Token:
        """Find who granted it, once for as long as the token is remembered."""
        with self._database.reading() as session:
            grant = find_live_grant(session, str(token.grant_id))
            actor = Actor(**grant.actor["by"]) if grant and grant.actor else None
            over = actor is not None and find_live_grant(session, actor.grant_id) is None
        if grant is None or over:
            raise Unauthenticated(error="invalid_token")
        how = authentication_of(grant)
        return replace(token, person_id=grant.person_id, authentication=how, actor=actor)

    def _claims(self, header: dict[str, Any], claims: dict[str, Any], moment: float) -> Token:
        """RFC 9068 section 4: the type, issuer and audience are ours, and it is not over."""
        ours = (
            header.get("typ") == TYPE
            # No extension is understood, so none may be critical (RFC 7515 section 4.1.11).
            and "crit" not in header
            and claims["iss"] == self._issuer
            and claims["aud"] == self._issuer
            and claims["iat"] <= moment + _AHEAD_SECONDS
            and moment < claims["exp"]
        )
        if not ours:
            raise ValueError("not a token for this service")
        return Token(
            claims["client_id"],
            frozenset(claims["scope"].split()),
            claims["exp"],
            claims["iat"],
            claims["jti"],
            claims["sub"],
            claims.get("grant_id"),
            binding=Binding.of(claims),
            details=tuple(claims.get("authorization_details", ())),
        )
