"""The metadata lists what is enforced, and nothing else (RFC 8414)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from auth.scopes import SCOPES
from auth.server import ASSERTION_TYPE, metadata
from registry.kernel.settings import Settings
from tests.auth.signing import EC, ED, RSA, assertion, proof, register
from tests.conftest import Service

PATH = "/.well-known/oauth-authorization-server"


def test_it_is_valid_by_the_standard(service: Service, tmp_path: Path) -> None:
    told = service.app.test_client().get(PATH).get_json()
    AuthorizationServerMetadata(told).validate()
    abroad = Settings(
        environment="production",
        issuer="https://sogoc.example.vn",
        key_file=str(tmp_path / "k.json"),
    )
    AuthorizationServerMetadata(metadata(abroad)).validate()


def test_a_client_built_from_it_alone_gets_a_token(service: Service) -> None:
    register(service)
    client = service.app.test_client()
    told = client.get(PATH).get_json()
    keys: dict[str, Any] = {"ES256": EC, "PS256": RSA, "Ed25519": ED, "EdDSA": ED}
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    for alg in told["token_endpoint_auth_signing_alg_values_supported"]:
        form = {
            "grant_type": told["grant_types_supported"][0],
            "scope": " ".join(told["scopes_supported"]),
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion(keys[alg], alg, aud=told["issuer"]),
        }
        path = told["token_endpoint"].removeprefix(told["issuer"])
        answer = client.post(path, data=form, headers={"DPoP": proof()})
        assert answer.status_code == 200, (alg, answer.get_json())
        assert set(answer.get_json()["scope"].split()) == SCOPES.keys()
    assert client.get(told["jwks_uri"].removeprefix(told["issuer"])).status_code == 200
    assert client.get(told["service_documentation"].removeprefix(told["issuer"])).status_code == 200


def test_it_promises_no_endpoint_that_is_not_there(service: Service) -> None:
    told = service.app.test_client().get(PATH).get_json()
    assert told["grant_types_supported"] == ["client_credentials"]
    assert {name for name in told if name.endswith(("_endpoint", "_uri"))} == {
        "token_endpoint",
        "jwks_uri",
    }
