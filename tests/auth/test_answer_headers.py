"""What every answer carries, whichever way it came; and where certificates are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from auth.oauth.metadata import metadata, openid_metadata
from registry.app import create_app
from registry.kernel.settings import Settings, SettingsError
from tests.auth.signing import HOLDER, assertion, proof, register
from tests.auth.test_certificates import OURS
from tests.conftest import PURPOSE, Service

HTTPS = "https://sogoc.example.vn"
MTLS = "mtls.sogoc.example.vn"
PROXY = "192.0.2.7"
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
WAYS = (
    ("GET", "/healthz"),
    ("GET", "/docs"),
    ("GET", "/docs/swagger-ui.css"),
    ("GET", "/oauth/jwks"),
    ("GET", "/oauth/authorize"),
    ("POST", "/oauth/token"),
    ("GET", "/v1/nothing"),
    ("GET", "/v1/me/agreement"),
)


@contextmanager
def _served(service: Service, **changed: Any) -> Iterator[Service]:
    settings = replace(service.app.extensions["sogoc"].settings, **changed)
    app = create_app(settings, service.database)
    try:
        yield Service(app, service.database, service.secret)
    finally:
        app.extensions["sogoc"].hot_lookup.close()
        app.extensions["sogoc"].pulse.close()


@pytest.mark.parametrize("issuer", [HTTPS, "http://127.0.0.1:8000"])
def test_every_answer_carries_them(service: Service, issuer: str) -> None:
    strict = "max-age=63072000; includeSubDomains" if issuer == HTTPS else None
    with _served(service, issuer=issuer) as served:
        answers = [served.app.test_client().open(path, method=how) for how, path in WAYS]
        question = {"identifiers": ["900190000001"], "fields": ["sex"]}
        # The short way, and Flask's own for the same route.
        for body in (question, question | {"as_of": "2020-01-01"}):
            answers.append(served.call("POST", "/v1/citizens/lookup", json=body))
            assert answers[-1].status_code == 200
        for answer in answers:
            told = {name: answer.headers.get(name) for name in EVERYWHERE}
            assert told == EVERYWHERE, answer.request.path
            assert answer.headers.get("Strict-Transport-Security") == strict
            for name in (*EVERYWHERE, "Content-Security-Policy"):
                assert len(answer.headers.getlist(name)) == 1
            answer.close()


@pytest.mark.parametrize(
    "changed",
    [
        {"mtls_host": MTLS},
        {"mtls_host": "sogoc.example.vn", "trusted_proxies": PROXY},
        {"mtls_host": "MTLS.example.vn", "trusted_proxies": PROXY},
        {"mtls_host": f"https://{MTLS}", "trusted_proxies": PROXY},
        {"mtls_host": f"{MTLS}/x", "trusted_proxies": PROXY},
    ],
)
def test_a_host_of_mutual_tls_that_can_not_work_stops_the_start(changed: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="SOGOC_MTLS_HOST"):
        Settings(issuer=HTTPS, **changed)  # type: ignore[arg-type]


def test_without_such_a_host_no_alias_is_offered() -> None:
    settings = Settings(issuer=HTTPS, trusted_proxies=PROXY)
    for told in (metadata(settings), openid_metadata(settings)):
        assert "mtls_endpoint_aliases" not in told


def test_the_aliases_are_the_endpoints_where_clients_come_by_themselves(service: Service) -> None:
    changed = {"issuer": HTTPS, "mtls_host": MTLS, "trusted_proxies": PROXY}
    with _served(service, **changed) as served:
        client = served.app.test_client()
        for path in ("oauth-authorization-server", "openid-configuration"):
            told = client.get(f"/.well-known/{path}").get_json()
            aliases = told["mtls_endpoint_aliases"]
            assert aliases == {
                name: told[name].replace(HTTPS, f"https://{MTLS}") for name in aliases
            }
            assert {"token_endpoint", "pushed_authorization_request_endpoint"} <= aliases.keys()
            assert ("userinfo_endpoint" in aliases) is ("userinfo_endpoint" in told)
            assert "authorization_endpoint" not in aliases


def test_a_proof_may_name_the_alias_and_no_other_host(service: Service) -> None:
    register(service)
    changed = {"issuer": HTTPS, "mtls_host": MTLS, "trusted_proxies": PROXY}
    with _served(service, **changed) as served:
        statuses = []
        for host in (MTLS, "sogoc.example.vn", "evil.example", f"evil.{MTLS}"):
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": assertion(aud=HTTPS),
            }
            held = {"DPoP": proof(HOLDER, htu=f"https://{host}/oauth/token")}
            answer = served.app.test_client().post("/oauth/token", data=form, headers=held)
            statuses.append(answer.status_code)
        assert statuses == [200, 200, 400, 400]


def test_a_token_that_is_bound_at_the_alias_is_bound_to_the_certificate(service: Service) -> None:
    changed = {"issuer": HTTPS, "mtls_host": MTLS, "trusted_proxies": PROXY}
    with _served(service, **changed) as served:
        client = served.app.test_client()
        bound = {"Client-Cert": OURS.header, "Host": MTLS}
        base = {"REMOTE_ADDR": PROXY}
        form = {"grant_type": "client_credentials"}
        auth = ("ward-office", served.secret)
        issued = client.post(
            "/oauth/token", data=form, auth=auth, headers=bound, environ_base=base
        ).get_json()
        bearer = {**PURPOSE, "Authorization": f"Bearer {issued['access_token']}"}
        question = {"identifiers": ["900190000001"], "fields": ["sex"]}
        statuses = [
            client.post(
                "/v1/citizens/lookup", json=question, headers=bearer | more, environ_base=base
            ).status_code
            for more in ({}, bound)
        ]
        assert statuses == [401, 200]
