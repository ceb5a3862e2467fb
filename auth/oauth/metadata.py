"""What the server says of itself: RFC 8414 and RFC 9728, made from what is enforced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auth.key_file import ALGORITHMS as SIGNED
from auth.oauth import tls_clients
from auth.oauth.authentication import PROMPTS
from auth.oauth.dpop import ALGORITHMS
from auth.oauth.userinfo import ENCRYPTION_ALGORITHMS, ENCRYPTION_METHODS
from auth.scopes import SCOPES
from auth.tokens import ALGORITHM
from registry.kernel.settings import Settings

RESOURCE_METADATA_PATH = "/.well-known/oauth-protected-resource"
ASSERTION_ALGORITHMS = ("ES256", "PS256", "Ed25519", "EdDSA")
# RFC 8693 sections 2.1 and 3.
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a type
GRANTS = ("client_credentials", "authorization_code", "refresh_token", EXCHANGE)
DETAILS = "sogoc_prefill"
# How a code comes back. Left out of the metadata, it would promise "fragment" too (RFC 8414).
RESPONSE_MODE = "query"
_CLAIMS = ("sub", "iss", "aud", "exp", "iat", "acr", "amr", "auth_time", "nonce", "at_hash")
# Where clients come by themselves.
_AT_THE_SERVER = {
    "pushed_authorization_request_endpoint": "/oauth/par",
    "token_endpoint": "/oauth/token",
    "revocation_endpoint": "/oauth/revoke",
    "introspection_endpoint": "/oauth/introspect",
}
_AUTHENTICATED = ("token", "revocation", "introspection")


def methods(settings: Settings) -> tuple[str, ...]:
    """Return the ways in which a client may authenticate: by secret in the demo alone.

    By certificate only where some proxy is believed to hand one on.
    """
    secret = () if settings.production else ("client_secret_basic",)
    certificate = tls_clients.METHODS if settings.trusted_proxies else ()
    return ("private_key_jwt", *certificate, *secret)


def metadata(settings: Settings) -> dict[str, Any]:
    """Return the server's metadata by RFC 8414."""
    issuer = settings.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "require_pushed_authorization_requests": True,
        "authorization_response_iss_parameter_supported": True,
        "code_challenge_methods_supported": ["S256"],
        "authorization_details_types_supported": [DETAILS],
        **{name: f"{issuer}{path}" for name, path in _AT_THE_SERVER.items()},
        "jwks_uri": f"{issuer}/oauth/jwks",
        "grant_types_supported": list(GRANTS),
        "response_types_supported": ["code"],
        "response_modes_supported": [RESPONSE_MODE],
        "scopes_supported": sorted(SCOPES),
        **{
            f"{endpoint}_endpoint_{name}": list(values)
            for endpoint in _AUTHENTICATED
            for name, values in (
                ("auth_methods_supported", methods(settings)),
                ("auth_signing_alg_values_supported", ASSERTION_ALGORITHMS),
            )
        },
        "introspection_signing_alg_values_supported": [ALGORITHM],
        # Without it a client expects the default of OpenID Connect Discovery, RS256.
        "id_token_signing_alg_values_supported": list(SIGNED),
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": bool(settings.trusted_proxies),
        **_aliases(settings, _AT_THE_SERVER),
        "service_documentation": f"{issuer}/docs",
    }


def _aliases(settings: Settings, endpoints: Mapping[str, str]) -> dict[str, Any]:
    """RFC 8705 section 5: where a client shows its certificate, without a browser being asked."""
    if settings.mtls_url is None:
        return {}
    aliases = {name: f"{settings.mtls_url}{path}" for name, path in endpoints.items()}
    return {"mtls_endpoint_aliases": aliases}


def openid_metadata(settings: Settings) -> dict[str, Any]:
    """Return the same with what OpenID Connect Discovery section 3 adds to it."""
    acr = settings.signin_mfa_acr.split()
    return {
        **metadata(settings),
        "userinfo_endpoint": f"{settings.issuer}/oauth/userinfo",
        **_aliases(settings, {**_AT_THE_SERVER, "userinfo_endpoint": "/oauth/userinfo"}),
        "subject_types_supported": ["pairwise"],
        "userinfo_signing_alg_values_supported": list(SIGNED),
        "userinfo_encryption_alg_values_supported": list(ENCRYPTION_ALGORITHMS),
        "userinfo_encryption_enc_values_supported": list(ENCRYPTION_METHODS),
        "claims_supported": list(_CLAIMS),
        **({"acr_values_supported": acr} if acr else {}),
        "prompt_values_supported": list(PROMPTS),
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        # By reference to what others host; a pushed request has an address of ours.
        "request_uri_parameter_supported": False,
    }


def resource_metadata(settings: Settings) -> dict[str, Any]:
    """Return the metadata of the API as a protected resource by RFC 9728 section 2."""
    issuer = settings.issuer
    return {
        "resource": issuer,
        "resource_name": "Sổ Gốc",
        "authorization_servers": [issuer],
        "scopes_supported": sorted(SCOPES),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": bool(settings.trusted_proxies),
        "resource_documentation": f"{issuer}/docs",
    }
