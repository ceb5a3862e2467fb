"""Certificates from a proxy (RFC 8705, RFC 9440): believed of whom is listed alone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from werkzeug.test import TestResponse

from auth.clients import create_client
from auth.oauth.certificates import Proxies
from registry.app import create_app
from registry.kernel.clock import fixed, now
from registry.kernel.errors import Invalid
from registry.kernel.settings import Settings, SettingsError
from tests.auth.signing import ask, assertion, proof, register
from tests.conftest import Service

PROXY, STRANGER = "10.1.2.3", "10.2.0.1"
SUBJECT = "CN=Chi cục thuế,O=Bộ Tài chính,C=VN"


@dataclass(frozen=True)
class Held:
    """A certificate and its key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def header(self) -> str:
        return f":{base64.b64encode(self.der).decode()}:"

    @property
    def jwk(self) -> dict[str, Any]:
        return dict(ECKey.import_key(self.key.public_key()).as_dict(private=False))


def held(
    subject: str = SUBJECT, dns: str = "tax.example.vn", key: Any = None, days: int = 30
) -> Held:
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string(subject)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=30))
        .not_valid_after(now() + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(dns)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Held(key, made)


OURS, OTHER = held(), held()


@pytest.fixture
def behind(service: Service) -> Iterator[Service]:
    """Give the service behind a proxy of a listed network, with a client for each way."""
    settings = replace(
        service.app.extensions["sogoc"].settings, trusted_proxies="192.0.2.7, 10.1.0.0/16"
    )
    register(service)
    with service.database.transaction() as session:
        scopes = ["citizens:read"]
        jwks = {"keys": [OURS.jwk]}
        x5c = {"keys": [OURS.jwk | {"x5c": [base64.b64encode(OURS.der).decode()]}]}
        create_client(session, "by-subject", "x", scopes, tls_subject_dn=SUBJECT)
        create_client(session, "by-name", "x", scopes, tls_san_dns="TAX.example.vn")
        create_client(session, "by-key", "x", scopes, jwks, tls_self_signed=True)
        create_client(session, "by-x5c", "x", scopes, x5c, tls_self_signed=True)
    app = create_app(settings, service.database)
    yield Service(app, service.database, service.secret)
    app.extensions["sogoc"].hot_lookup.close()


def _token(
    service: Service, client: str, header: str | None, peer: str = PROXY, **more: str
) -> TestResponse:
    return service.app.test_client().post(
        "/oauth/token",
        data={"grant_type": "client_credentials", "client_id": client},
        headers=({} if header is None else {"Client-Cert": header}) | more,
        environ_base={"REMOTE_ADDR": peer},
    )


def _failed(answer: TestResponse) -> None:
    assert answer.status_code == 401
    assert answer.get_json() == {
        "error": "invalid_client",
        "error_description": "client authentication failed",
    }


def _own(
    service: Service, token: str, header: str | None, peer: str = PROXY, scheme: str = "Bearer"
) -> TestResponse:
    return service.app.test_client().get(
        "/v1/me/agreement",
        headers={"Authorization": f"{scheme} {token}"}
        | ({} if header is None else {"Client-Cert": header}),
        environ_base={"REMOTE_ADDR": peer},
    )


WAYS = ["by-subject", "by-name", "by-key", "by-x5c"]


@pytest.mark.parametrize("client", WAYS)
def test_a_certificate_from_an_address_that_is_not_listed_is_ignored(
    behind: Service, client: str
) -> None:
    for peer in (STRANGER, "127.0.0.1", "192.0.2.8", "::1", "", "proxy", "10.1.2.3.evil"):
        _failed(_token(behind, client, OURS.header, peer))
    assert _token(behind, client, OURS.header).status_code == 200


def test_without_a_list_no_certificate_is_believed(service: Service) -> None:
    register(service)
    for peer in ("127.0.0.1", PROXY):
        sent = {"Client-Cert": OURS.header}
        answer = service.app.test_client().post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            headers=sent,
            auth=("ward-office", service.secret),
            environ_base={"REMOTE_ADDR": peer},
        )
        assert _cnf(service, answer.get_json()["access_token"]) is None
    told = ask(service, assertion(), {"Client-Cert": OURS.header})
    assert (told.status_code, told.get_json()["error"]) == (400, "invalid_dpop_proof")


def _cnf(service: Service, token: str) -> Any:
    keys = KeySet.import_key_set(service.app.test_client().get("/oauth/jwks").get_json())
    return jwt.decode(token, keys, algorithms=["ES256"]).claims.get("cnf")


@pytest.mark.parametrize("client", ["by-key", "by-x5c"])
def test_the_certificate_of_another_key_is_refused(behind: Service, client: str) -> None:
    _failed(_token(behind, client, OTHER.header))


def test_another_certificate_of_the_key_is_not_the_one_that_was_registered(behind: Service) -> None:
    again = held(key=OURS.key)
    _failed(_token(behind, "by-x5c", again.header))
    assert _token(behind, "by-key", again.header).status_code == 200


@pytest.mark.parametrize(
    "subject", ["CN=Chi cục thuế", "CN=Chi cục Thuế,O=Bộ Tài chính,C=VN", f"OU=x,{SUBJECT}"]
)
def test_another_subject_is_refused(behind: Service, subject: str) -> None:
    _failed(_token(behind, "by-subject", held(subject).header))


def test_another_name_is_refused(behind: Service) -> None:
    for dns in ("tax.example.vn.evil.example", "x.tax.example.vn", "*.example.vn"):
        _failed(_token(behind, "by-name", held(dns=dns).header))


def test_a_certificate_out_of_its_dates_is_refused(behind: Service) -> None:
    for client in WAYS:
        _failed(_token(behind, client, held(days=-1, key=OURS.key).header))
    for days in (31, -31):
        with fixed(now() + timedelta(days=days)):
            _failed(_token(behind, "by-subject", OURS.header))


@pytest.mark.parametrize(
    "header",
    [None, "", ":", "::", ":!:", OURS.header[1:], OURS.header[:-1], ":AAAA:", OURS.header * 2],
    ids=range(9),
)
def test_what_is_no_certificate_is_refused(behind: Service, header: str | None) -> None:
    _failed(_token(behind, "by-subject", header))


def test_a_certificate_is_no_way_in_for_clients_of_another(behind: Service) -> None:
    for client in ("tax-office", "ward-office", "nobody", "", "no\u0000body"):
        _failed(_token(behind, client, OURS.header))


@pytest.mark.parametrize("client", WAYS)
def test_a_token_is_bound_to_the_certificate(behind: Service, client: str) -> None:
    told = _token(behind, client, OURS.header).get_json()
    token = told["access_token"]
    assert told.get("token_type") == "Bearer"
    digest = base64.urlsafe_b64encode(hashlib.sha256(OURS.der).digest()).rstrip(b"=").decode()
    assert _cnf(behind, token) == {"x5t#S256": digest}
    assert _own(behind, token, OURS.header).status_code == 200
    refused = [
        _own(behind, token, None),
        _own(behind, token, OTHER.header),
        _own(behind, token, held(key=OURS.key).header),
        _own(behind, token, OURS.header, STRANGER),
        _own(behind, token, OURS.header, scheme="DPoP"),
    ]
    for answer in refused:
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_client_with_a_key_may_bind_its_tokens_to_a_certificate(behind: Service) -> None:
    form = {"client_assertion": assertion()}
    answer = behind.app.test_client().post(
        "/oauth/token",
        data=form
        | {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        },
        headers={"Client-Cert": OURS.header},
        environ_base={"REMOTE_ADDR": "::ffff:10.1.9.9"},
    )
    assert answer.get_json().get("token_type") == "Bearer"
    assert set(_cnf(behind, answer.get_json()["access_token"])) == {"x5t#S256"}


def test_a_proof_comes_before_a_certificate(behind: Service) -> None:
    told = _token(behind, "by-subject", OURS.header, DPoP=proof()).get_json()
    assert told.get("token_type") == "DPoP"
    assert set(_cnf(behind, told["access_token"])) == {"jkt"}
    refused = _token(behind, "by-subject", OURS.header, DPoP="x")
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_dpop_proof")


def test_the_metadata_says_so_where_it_is_so(service: Service, behind: Service) -> None:
    told = [
        each.app.test_client().get("/.well-known/oauth-authorization-server").get_json()
        for each in (service, behind)
    ]
    assert [t["tls_client_certificate_bound_access_tokens"] for t in told] == [False, True]
    methods = [set(t["token_endpoint_auth_methods_supported"]) for t in told]
    assert methods[1] - methods[0] == {"tls_client_auth", "self_signed_tls_client_auth"}
    AuthorizationServerMetadata(told[1]).validate()


@pytest.mark.parametrize(
    "parts",
    [
        {"tls_subject_dn": "no name"},
        {"tls_subject_dn": ""},
        {"tls_subject_dn": SUBJECT, "tls_san_dns": "tax.example.vn"},
        {"tls_subject_dn": SUBJECT, "jwks": {"keys": [OURS.jwk]}},
        {"tls_self_signed": True},
    ],
    ids=range(5),
)
def test_a_client_has_one_way_to_authenticate(service: Service, parts: dict[str, Any]) -> None:
    with service.database.transaction() as session, pytest.raises(Invalid):
        create_client(session, "other", "x", ["citizens:read"], **parts)


def test_proxies_are_addresses_or_networks() -> None:
    for wrong in ("proxy.example.vn", "10.0.0.1/8", "10.0.0.1;10.0.0.2", "*"):
        with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
            Settings(environment="demo", trusted_proxies=wrong)
    listed = Proxies("10.0.0.0/8, 2001:db8::1,")
    assert listed.include("10.9.9.9")
    assert listed.include("2001:db8::1")
    assert not listed.include("11.0.0.1")
    assert not Proxies("").include("127.0.0.1")
