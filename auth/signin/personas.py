"""The demo's own OpenID provider: made-up people to sign in as, without a password.

It is a provider like any other (authorization code, PKCE, private_key_jwt, pairwise subjects), so
that the demo signs in by the very code that production does. Settings turn it on in a demo alone.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet
from sqlalchemy.orm import Session

from auth.keys import KeyRing
from auth.once import use_once
from auth.scopes import ASSIST
from auth.signin.relying_party import ASSERTION_TYPE, CALLBACK
from auth.signin.staff import add_staff
from registry.kernel.clock import now
from registry.kernel.db import Database, new_id
from registry.kernel.errors import Conflict, Text
from registry.kernel.settings import PERSONA_PATH, Settings

MULTI_FACTOR = "urn:sogoc:demo:multi-factor"
ONE_FACTOR = "urn:sogoc:demo:one-factor"
ASKED = (
    *("client_id", "redirect_uri", "response_type", "scope", "state", "nonce"),
    *("code_challenge", "code_challenge_method"),
)
_CODE_TYPE = "persona-code+jwt"
_CODE_SECONDS, _TOKEN_SECONDS = 60, 300
_CHALLENGE = re.compile(r"[0-9A-Za-z_-]{43}")
_LONGEST_VALUE = 500


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody to sign in as; ``personal_id`` is that of a made-up citizen, None for staff."""

    key: str
    name: str
    about: Text
    personal_id: str | None = None
    roles: tuple[str, ...] = ()
    multi_factor: bool = True


STAFF = (
    Persona(
        "steward",
        "Phạm Thu Hà",
        Text("Cán bộ dữ liệu: nộp tệp.", "A data steward: submits files."),
        roles=("datasets:submit",),
        multi_factor=False,
    ),
    Persona(
        "approver",
        "Lê Quang Dũng",
        Text("Người duyệt: xác thực hai yếu tố.", "An approver: signs in by two factors."),
        roles=("datasets:approve",),
    ),
    Persona(
        "officer",
        "Nguyễn Thị Thanh Tâm",
        Text(
            "Cán bộ một cửa: làm giúp người dân tại quầy.",
            "An officer at the counter: helps citizens with their forms.",
        ),
        roles=(ASSIST,),
    ),
)
"""The personas of staff, who are in no register; citizens are handed to the provider."""


class PersonaRefused(Exception):
    """A request that the provider does not answer; ``error`` is the code of RFC 6749."""

    def __init__(self, error: str, status: int = 400) -> None:
        self.error = error
        self.status = status
        super().__init__(error)


def subject_of(issuer: str, persona: Persona) -> str:
    """Return the persona's subject towards the one client: it tells nothing of the person."""
    return hashlib.sha256(f"{issuer}\0{persona.key}".encode()).hexdigest()[:32]


def add_staff_personas(session: Session, issuer: str) -> None:
    """Let the personas of staff work here, under the provider's ``issuer``, if they don't yet."""
    for persona in STAFF:
        with suppress(Conflict):
            add_staff(session, persona.name, issuer, subject_of(issuer, persona), persona.roles)


class PersonaProvider:
    """The provider's protocol; ``client_keys`` are those of the registry as its client.

    ``citizens`` are the personas that are shown first; those of staff come after them.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        client_keys: KeyRing,
        citizens: Sequence[Persona],
    ) -> None:
        self.personas = (*citizens, *STAFF)
        self.issuer = settings.issuer + PERSONA_PATH
        self._client_id = settings.signin_client_id
        self._redirect_uri = settings.issuer + CALLBACK
        self._person_claim = settings.signin_person_claim
        self._database = database
        self._client_keys = client_keys
        # Keys of its own: what it signs is worth nothing as an access token of the registry.
        self._keys = KeyRing.open(
            Path(settings.key_file).with_name("persona-keys.json"), settings.key_secret
        )

    def metadata(self) -> dict[str, Any]:
        """Return what the provider says of itself (OpenID Connect Discovery 1.0 section 3)."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "acr_values_supported": [ONE_FACTOR, MULTI_FACTOR],
            "authorization_response_iss_parameter_supported": True,
        }

    def jwks(self) -> dict[str, Any]:
        """Return the provider's public keys."""
        return self._keys.public()

    def check_request(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the parameters of an authorization request; raises PersonaRefused.

        There is one client, so nobody is ever sent anywhere but to its one address.
        """
        asked = {name: given.get(name, "") for name in ASKED}
        fine = (
            asked["client_id"] == self._client_id
            and asked["redirect_uri"] == self._redirect_uri
            and asked["response_type"] == "code"
            and "openid" in asked["scope"].split()
            and asked["code_challenge_method"] == "S256"
            and _CHALLENGE.fullmatch(asked["code_challenge"])
            and all(0 < len(value) <= _LONGEST_VALUE for value in asked.values())
        )
        if not fine:
            raise PersonaRefused("invalid_request")
        return asked

    def answer(self, given: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Return where a browser that chose a persona goes, and with which parameters."""
        asked = self.check_request(given)
        if given.get("persona") not in {persona.key for persona in self.personas}:
            raise PersonaRefused("invalid_request")
        issued = int(now().timestamp())
        claims = {
            "persona": given["persona"],
            "nonce": asked["nonce"],
            "challenge": asked["code_challenge"],
            "exp": issued + _CODE_SECONDS,
            "jti": new_id(),
        }
        code = self._keys.sign(_CODE_TYPE, claims)
        return self._redirect_uri, {"code": code, "state": asked["state"], "iss": self.issuer}

    def tokens(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Return the tokens for a code; raises PersonaRefused (RFC 6749 section 5.2)."""
        self._authenticate(form)
        if form.get("grant_type") != "authorization_code":
            raise PersonaRefused("unsupported_grant_type")
        code = _claims(form.get("code", ""), self._keys.verifying, _CODE_TYPE)
        challenge = create_s256_code_challenge(form.get("code_verifier", ""))
        right = (
            code
            and code["exp"] > now().timestamp()
            and form.get("redirect_uri") == self._redirect_uri
            and hmac.compare_digest(challenge, code["challenge"])
            and use_once(self._database, "assertion", self.issuer, code["jti"], code["exp"])
        )
        if not code or not right:
            raise PersonaRefused("invalid_grant")
        persona = next(known for known in self.personas if known.key == code["persona"])
        return {
            "access_token": new_id(),
            "token_type": "Bearer",
            "expires_in": _TOKEN_SECONDS,
            "id_token": self._id_token(persona, code["nonce"]),
        }

    def _id_token(self, persona: Persona, nonce: str) -> str:
        issued = int(now().timestamp())
        claims = {
            "iss": self.issuer,
            "sub": subject_of(self.issuer, persona),
            "aud": self._client_id,
            "iat": issued,
            "exp": issued + _TOKEN_SECONDS,
            "auth_time": issued,
            "nonce": nonce,
            "name": persona.name,
            "acr": MULTI_FACTOR if persona.multi_factor else ONE_FACTOR,
            "amr": ["pwd", "otp", "mfa"] if persona.multi_factor else ["pwd"],
        }
        if persona.personal_id:
            claims[self._person_claim] = persona.personal_id
        return self._keys.sign("JWT", claims)

    def _authenticate(self, form: Mapping[str, str]) -> None:
        text = form.get("client_assertion", "")
        said = _claims(text, self._client_keys.verifying, "JWT")
        right = (
            said
            and form.get("client_assertion_type") == ASSERTION_TYPE
            and said.get("iss") == said.get("sub") == self._client_id
            and said.get("aud") == self.issuer
            and said.get("exp", 0) > now().timestamp()
            and use_once(self._database, "assertion", self.issuer, said["jti"], said["exp"])
        )
        if not right:
            raise PersonaRefused("invalid_client", 401)


def _claims(text: str, keys: Key | KeySet, kind: str) -> dict[str, Any] | None:
    """Return the claims of a token of ours, None for anything else."""
    try:
        token = jwt.decode(text, keys, algorithms=["ES256"])
    except (JoseError, ValueError, TypeError):
        return None
    return dict(token.claims) if token.header.get("typ") == kind else None
