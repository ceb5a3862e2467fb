"""Clients whose tokens hang on a certificate: Authlib's own client, and curl."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import time
from typing import Any

import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT

from tests.interop.authority import Held
from tests.interop.served import BY_CERTIFICATE, KEYS, LOOKUP, NAME, PURPOSE, Served

_BODY = ("--json", json.dumps(LOOKUP), *(f"-H{name}: {value}" for name, value in PURPOSE.items()))
_FORM = ("-d", "grant_type=client_credentials", "-d", f"client_id={BY_CERTIFICATE}")


@pytest.fixture(scope="module")
def own(server: Served) -> Held:
    """Give the certificate that the client is registered by."""
    return server.authority.client(BY_CERTIFICATE)


@pytest.fixture(scope="module")
def other(server: Served) -> Held:
    """Give another client's, by the same authority."""
    return server.authority.client("another")


def _curl(
    server: Served, path: str, *more: str, held: Held | None = None, address: str = ""
) -> tuple[int, Any]:
    """Return the status and the JSON that curl hears, showing the certificate that is ``held``."""
    shown = ("--cert", str(held.certificate), "--key", str(held.key)) if held else ()
    run = subprocess.run(  # noqa: S603 - our own arguments
        [
            *("curl", "-sS", "-m", "20", "--noproxy", "*", "--cacert", str(server.authority.file)),
            *(*shown, *more, "-w", "\n%{http_code}", (address or server.issuer) + path),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    body, _, status = run.stdout.rpartition("\n")
    return int(status), json.loads(body)


def _told(held: Held) -> str:
    """Return a certificate as only a proxy may tell it."""
    der = ssl.PEM_cert_to_DER_cert(held.certificate.read_text())
    return f":{base64.b64encode(der).decode()}:"


def _token(server: Served, own: Held) -> str:
    status, answer = _curl(server, "/oauth/token", *_FORM, held=own)
    assert (status, answer["token_type"]) == (200, "Bearer"), answer
    return str(answer["access_token"])


def _ask(server: Served, token: str, held: Held | None) -> tuple[int, Any]:
    bearer = f"-HAuthorization: Bearer {token}"
    return _curl(server, "/v1/citizens/lookup", bearer, *_BODY, held=held)


def test_no_certificate_and_another_one_get_no_token(server: Served, other: Held) -> None:
    for held in (None, other):
        status, answer = _curl(server, "/oauth/token", *_FORM, held=held)
        assert (status, answer["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("name", ["Client-Cert", "client_cert", "CLIENT-CERT"])
def test_a_certificate_that_a_client_merely_tells_is_not_believed(
    server: Served, own: Held, other: Held, name: str
) -> None:
    header = f"-H{name}: {_told(own)}"
    for held in (None, other):
        status, answer = _curl(server, "/oauth/token", *_FORM, header, held=held)
        assert (status, answer["error"]) == (401, "invalid_client")
    # That it is the terminator who is believed, and nobody who comes through it.
    behind = f"http://127.0.0.1:{server.behind}"
    status, _ = _curl(
        server, "/oauth/token", *_FORM, f"-HClient-Cert: {_told(own)}", address=behind
    )
    assert status == 200


def test_a_bound_token_works_with_its_certificate_alone(
    server: Served, own: Held, other: Held
) -> None:
    token = _token(server, own)
    status, answer = _ask(server, token, own)
    assert (status, answer["results"][0]["record"]["name"]["full"]) == (200, NAME)
    for held in (None, other):
        status, answer = _ask(server, token, held)
        assert (status, answer["code"]) == (401, "unauthenticated")
    assert _ask(server, token, own)[0] == 200


def test_authlibs_client_authenticates_by_key_and_binds_by_certificate(
    server: Served, own: Held, other: Held
) -> None:
    client_id = "form-es256"
    key = KEYS[client_id]
    with OAuth2Session(client_id, key, token_endpoint_auth_method="private_key_jwt") as client:  # noqa: S106 - the name of a method
        client.trust_env = False
        client.verify = str(server.authority.file)
        client.cert = tuple(map(str, own))
        told = client.get(
            f"{server.issuer}/.well-known/oauth-authorization-server", withhold_token=True
        ).json()
        # The issuer as audience, and a short life, as FAPI 2.0 has them; its own last an hour.
        soon = {"exp": int(time.time()) + 60}
        client.register_client_auth_method(PrivateKeyJWT(told["issuer"], soon, alg="ES256"))
        token = client.fetch_token(
            told["token_endpoint"], grant_type="client_credentials", scope="citizens:read"
        )
        assert token["token_type"] == "Bearer"  # noqa: S105 - a kind of token
        answer = client.post(server.lookup, json=LOOKUP, headers=PURPOSE)
        assert answer.status_code == 200, answer.text
        assert answer.json()["results"][0]["record"]["name"]["full"] == NAME
    assert _ask(server, token["access_token"], other)[0] == 401
