"""Access tokens: JWTs by RFC 9068, signed ES256, checked once and then remembered briefly."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from auth.bindings import Binding
from auth.clients import generation, list_agreements, list_clients
from auth.grants.grants import find_live_grant
from auth.keys import KeyRing
from auth.principals import Agreement
from auth.revocations import Revoked, list_revoked, revocations_so_far
from registry.kernel.clock import now, today
from registry.kernel.db import Database, new_id
from registry.kernel.errors import Unauthenticated

TYPE = "at+jwt"
_ALGORITHMS = ["ES256"]
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
    ``binding`` against the sender, None being anybody's.
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
    return sign_jwt(keys, TYPE, claims | more | bound)


def sign_jwt(keys: KeyRing, kind: str, claims: dict[str, Any]) -> str:
    """Return ``claims`` as a JWT of the header type ``kind`` (RFC 8725 section 3.11)."""
    signing = keys.signing
    return jwt.encode({"alg": _ALGORITHMS[0], "typ": kind, "kid": signing.kid}, claims, signing)


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
        self._generation = -1
        self._asked = float("-inf")
        self._enabled: frozenset[str] = frozenset()
        self._agreements: dict[tuple[str, str], list[Agreement]] = {}
        self._revocations = -1
        self._revoked: Revoked = frozenset()

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
        return bool(revoked) and (
            ("token", token.jti) in revoked or ("grant", token.grant_id) in revoked
        )

    def agreement(self, client_id: str, procedure: str) -> Agreement | None:
        """Return the agreement in force today for the client and procedure, or None."""
        self.look()
        day = today()
        held = self._agreements.get((client_id, procedure), ())
        return next((agreement for agreement in held if agreement.in_force(day)), None)

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
        with self._database.reading() as session:
            number = generation(session)
            if number != self._generation:
                clients = list_clients(session)
                self._enabled = frozenset(c.id for c in clients if c.disabled_at is None)
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
            decoded = jwt.decode(text, self._keys.verifying, algorithms=_ALGORITHMS)
            token = self._claims(decoded.header, decoded.claims, moment)
        except (JoseError, ValueError, KeyError, TypeError, RecursionError):
            raise Unauthenticated(error="invalid_token") from None
        return self._of_person(token) if token.grant_id else token

    def _of_person(self, token: Token) -> Token:
        """Find who granted it, once for as long as the token is remembered."""
        with self._database.reading() as session:
            grant = find_live_grant(session, str(token.grant_id))
        if grant is None:
            raise Unauthenticated(error="invalid_token")
        return replace(token, person_id=grant.person_id)

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
        )
