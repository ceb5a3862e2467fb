"""The relying party: sends people to the provider and believes what it then says of them.

Authorization code with PKCE (RFC 7636), state and nonce (OpenID Connect Core 1.0 section 3.1); the
client authenticates by secret if one is set, else by an assertion of our own key (RFC 7523).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from auth.keys import KeyRing
from auth.signin.attempts import Attempt
from auth.signin.discovery import Discovery, Provider
from auth.signin.id_tokens import Expected, NotBelieved, Proof, check
from auth.signin.outbound import Outbound, ProviderFailed
from auth.signin.refusals import DECLINED, DOWN, NOT_BELIEVED, SignInRefused
from registry.kernel.clock import now
from registry.kernel.db import new_id
from registry.kernel.settings import Settings

CALLBACK = "/signin/callback"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 60
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in, as the provider says; ``number`` is the personal-number claim, if any."""

    issuer: str
    subject: str
    name: str
    number: str | None
    acr: str
    amr: tuple[str, ...]
    auth_time: datetime


class RelyingParty:
    """Talks to the one provider of the settings."""

    def __init__(self, settings: Settings, keys: KeyRing, outbound: Outbound | None = None) -> None:
        self._settings = settings
        self._keys = keys
        self._outbound = outbound or Outbound()
        self._discovery = Discovery(settings.signin_issuer, self._outbound)
        self.redirect_uri = settings.issuer + CALLBACK
        self.close = self._outbound.close

    def address(self, attempt: Attempt, *, step_up: bool = False) -> str:
        """Return where the browser goes to sign in; raises SignInRefused if nobody answers.

        With ``step_up`` the provider is asked for a value of ``signin_mfa_acr``; whether it gave
        one is for `auth.signin.step_up.is_multi_factor` to say.
        """
        asked = {
            "response_type": "code",
            "client_id": self._settings.signin_client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self._settings.signin_scope,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": create_s256_code_challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        if step_up:
            asked["prompt"] = "login"
            if self._settings.signin_mfa_acr:
                asked["acr_values"] = self._settings.signin_mfa_acr
        provider = self._provider()
        if provider.takes_claims:
            asked["claims"] = self._wanted(step_up=step_up)
        endpoint = provider.authorization_endpoint
        return endpoint + ("&" if "?" in endpoint else "?") + urlencode(asked)

    def _wanted(self, *, step_up: bool) -> str:
        """Return the claims to ask for in the ID token (OpenID Connect Core section 5.5).

        Without being asked, a provider need not say how somebody proved who they are.
        """
        values = self._settings.signin_mfa_acr.split()
        needed = {"essential": True, "values": values} if step_up and values else None
        person = self._settings.signin_person_claim
        claims = {"acr": needed, "amr": None, "auth_time": None, person: None}
        return orjson.dumps({"id_token": claims}).decode()

    def identify(self, answer: Mapping[str, str], attempt: Attempt) -> Identity:
        """Return who signed in by the provider's answer to the browser; raises SignInRefused."""
        provider = self._provider()
        # RFC 9207 section 2.4: before anything else is believed, an error too.
        said = answer.get("iss")
        if (said is None and provider.names_itself) or (said or provider.issuer) != provider.issuer:
            raise SignInRefused(NOT_BELIEVED, "iss of the callback")
        if "error" in answer:
            raise SignInRefused(DECLINED)
        try:
            tokens = self._exchange(provider, answer.get("code", ""), attempt)
            expected = Expected(provider.issuer, self._settings.signin_client_id, attempt.nonce)
            proof = check(tokens.get("id_token"), self._discovery.key, expected)
            claims = self._claims(provider, proof, tokens)
        except (NotBelieved, ProviderFailed) as error:
            raise SignInRefused(NOT_BELIEVED, str(error)) from None
        number, name = claims.get(self._settings.signin_person_claim), claims.get("name")
        return Identity(
            provider.issuer,
            proof.subject,
            name[:_LONGEST_NAME] if isinstance(name, str) else "",
            number if isinstance(number, str) else None,
            proof.acr,
            proof.amr,
            proof.auth_time,
        )

    def _provider(self) -> Provider:
        try:
            return self._discovery.provider()
        except ProviderFailed as error:
            raise SignInRefused(DOWN, str(error)) from None

    def _exchange(self, provider: Provider, code: str, attempt: Attempt) -> dict[str, Any]:
        if not code:
            raise NotBelieved("code")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        headers: dict[str, str] = {}
        if self._settings.signin_client_secret:
            # RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
            parts = self._settings.signin_client_id, self._settings.signin_client_secret
            pair = ":".join(quote(part, "") for part in parts)
            headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
        else:
            form |= {
                "client_id": self._settings.signin_client_id,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": self._assertion(provider.issuer),
            }
        return self._outbound.post(provider.token_endpoint, form, headers)

    def _assertion(self, audience: str) -> str:
        issued = int(now().timestamp())
        claims = {
            "iss": self._settings.signin_client_id,
            "sub": self._settings.signin_client_id,
            "aud": audience,
            "iat": issued,
            "exp": issued + _ASSERTION_SECONDS,
            "jti": new_id(),
        }
        return self._keys.sign("JWT", claims)

    def _claims(
        self, provider: Provider, proof: Proof, tokens: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return the claims of the ID token, from userinfo where the number is not in it."""
        token = tokens.get("access_token")
        wanted = self._settings.signin_person_claim not in proof.claims
        if not wanted or not provider.userinfo_endpoint or not isinstance(token, str):
            return proof.claims
        if not token.isascii() or not token.isprintable():
            raise NotBelieved("access_token")
        headers = {"Authorization": f"Bearer {token}"}
        told = self._outbound.get(provider.userinfo_endpoint, headers)
        # Core section 5.3.2: another's claims must not become this person's.
        if told.get("sub") != proof.subject:
            raise NotBelieved("sub of userinfo")
        return {**proof.claims, **told}
