"""The metadata lists what is enforced, and nothing else (RFC 8414)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc import jws

from auth.oauth.assertions import ASSERTION_TYPE
from auth.oauth.metadata import GRANTS, metadata
from auth.scopes import SCOPES
from registry.kernel.settings import Settings
from tests.auth.grants import Form, form_of
from tests.auth.signing import EC, ED, RSA, assertion, proof, register
from tests.conftest import ISSUER, Service

PATH = "/.well-known/oauth-authorization-server"


@pytest.fixture
def form(service: Service) -> Iterator[Form]:
    with form_of(service) as made:
        yield made


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
    # What only a person can give is not for a client alone.
    own = sorted(set(told["scopes_supported"]) - {"openid"})
    for alg in told["token_endpoint_auth_signing_alg_values_supported"]:
        form = {
            "grant_type": told["grant_types_supported"][0],
            "scope": " ".join(own),
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion(keys[alg], alg, aud=told["issuer"]),
        }
        path = told["token_endpoint"].removeprefix(told["issuer"])
        answer = client.post(path, data=form, headers={"DPoP": proof()})
        assert answer.status_code == 200, (alg, answer.get_json())
        assert answer.get_json()["scope"].split() == own
    assert client.get(told["jwks_uri"].removeprefix(told["issuer"])).status_code == 200
    assert client.get(told["service_documentation"].removeprefix(told["issuer"])).status_code == 200


def test_it_promises_no_endpoint_that_is_not_there(service: Service) -> None:
    told = service.app.test_client().get(PATH).get_json()
    assert told["grant_types_supported"] == list(GRANTS)
    assert told["response_modes_supported"] == ["query"]
    promised = {told[name] for name in told if name.endswith(("_endpoint", "_uri"))}
    routes = {f"{ISSUER}{rule.rule}" for rule in service.app.url_map.iter_rules()}
    assert promised <= routes
    assert f"{ISSUER}/oauth/revoke" in promised


def test_the_api_names_its_authorization_server_where_it_refuses(service: Service) -> None:
    client = service.app.test_client()
    challenge = client.get("/v1/me/agreement").headers["WWW-Authenticate"]
    address = challenge.partition('resource_metadata="')[2].partition('"')[0]
    told = client.get(address.removeprefix(ISSUER)).get_json()
    assert told["resource"] == ISSUER
    assert told["authorization_servers"] == [client.get(PATH).get_json()["issuer"]]
    assert set(told["scopes_supported"]) == SCOPES.keys()


def test_it_names_the_signatures_of_id_tokens(form: Form) -> None:
    # A client that is not told expects RS256, and refuses ours.
    told = form.service.app.test_client().get(PATH).get_json()
    issued = form.redeem(form.agree()["code"]).get_json()
    header = jws.extract_compact(issued["id_token"].encode()).headers()
    assert header["alg"] in told["id_token_signing_alg_values_supported"]
