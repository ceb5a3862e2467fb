"""Attacks by their names: each is tried as its author would, and gains nothing."""

from __future__ import annotations

import base64
import hmac
import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import sqlalchemy as sa
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from werkzeug.test import TestResponse

from auth.clients import create_client
from auth.grants.grants import Grantor
from auth.models import Client
from auth.oauth.assertions import ASSERTION_TYPE
from auth.oauth.introspection import MEDIA_TYPE
from registry.app import create_app
from registry.kernel.clock import now
from registry.kernel.db import new_id
from registry.kernel.errors import Invalid
from registry.kernel.settings import Settings, SettingsError
from tests.auth.grants import CALLBACK, DETAIL, SEX, Form, Someone, form_of, told
from tests.auth.signing import AGENCY, EC, ask, assertion, own_key, proof, public, register
from tests.auth.test_certificates import OURS, PROXY, SUBJECT
from tests.conftest import ISSUER, PURPOSE, Service

DETAILS = json.dumps([DETAIL])
PUSH = f"{ISSUER}/oauth/par"
THIEF = ECKey.generate_key("P-256", {"kid": "thief"})


@pytest.fixture
def form(service: Service) -> Iterator[Form]:
    register(service)
    with service.database.transaction() as session:
        session.execute(
            sa.update(Client)
            .where(Client.id == AGENCY)
            .values(grant_types=["authorization_code"], redirect_uris=[CALLBACK])
        )
    with form_of(service) as made:
        yield made


def _bound(form: Form, path: str, proof_of: str, auth: Any = None, **asked: str) -> TestResponse:
    client = form.service.app.test_client()
    return client.post(path, data=asked, headers={"DPoP": proof_of}, auth=auth or form.auth)


def _error(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]


def _look_up(service: Service, token: str, scheme: str = "Bearer") -> TestResponse:
    question = {"identifiers": ["900190000001"], "fields": ["sex"]}
    headers = {**PURPOSE, "Authorization": f"{scheme} {token}"}
    return service.app.test_client().post("/v1/citizens/lookup", json=question, headers=headers)


def _redemption(form: Form, code: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": form.verifier,
    }


# Codes


def test_code_injection_into_another_session(form: Form) -> None:
    victim, attacker = form, replace(form, verifier="a" * 64)
    stolen = victim.agree()["code"]
    assert _error(attacker.redeem(stolen)) == (400, "invalid_grant")
    own = attacker.agree()["code"]
    assert _error(victim.redeem(own)) == (400, "invalid_grant")
    assert victim.redeem(stolen).status_code == 200


def test_code_of_another_client_that_may_redeem_codes(form: Form) -> None:
    stolen = form.agree()["code"]
    signed = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion()}
    asked = _redemption(form, stolen) | signed
    answer = form.service.app.test_client().post(
        "/oauth/token", data=asked, headers={"DPoP": proof()}
    )
    assert _error(answer) == (400, "invalid_grant")
    assert form.redeem(stolen).status_code == 200


@pytest.mark.parametrize("way", ["dpop_jkt", "proof", "both"])
def test_stolen_code_with_another_key(form: Form, way: str) -> None:
    """RFC 9449 section 10: a code is worth nothing without the key that was named for it."""
    asked: dict[str, str] = {
        "client_id": "ward-office",
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "code_challenge": create_s256_code_challenge(form.verifier),
        "code_challenge_method": "S256",
    }
    if way != "proof":
        asked["dpop_jkt"] = EC.thumbprint()
    client, headers = form.service.app.test_client(), {}
    if way != "dpop_jkt":
        headers = {"DPoP": proof(EC, htu=PUSH)}
    pushed = client.post("/oauth/par", data=asked, headers=headers, auth=form.auth)
    uri = pushed.get_json()["request_uri"]
    code = told(form.decide(uri, form.open(uri)))["code"]
    redeem = _redemption(form, code)
    assert _error(form.redeem(code)) == (400, "invalid_grant")
    assert _error(_bound(form, "/oauth/token", proof(THIEF), **redeem)) == (400, "invalid_grant")
    fine = _bound(form, "/oauth/token", proof(EC), **redeem)
    assert fine.get_json()["token_type"] == "DPoP"  # noqa: S105
    again = {"grant_type": "refresh_token", "refresh_token": fine.get_json()["refresh_token"]}
    assert _error(form.token(**again)) == (400, "invalid_grant")
    assert _error(_bound(form, "/oauth/token", proof(THIEF), **again)) == (400, "invalid_grant")
    assert _bound(form, "/oauth/token", proof(EC), **again).status_code == 200


def test_request_for_one_key_pushed_with_another(form: Form) -> None:
    asked = {"client_id": "ward-office", "response_type": "code", "redirect_uri": CALLBACK}
    asked |= {"code_challenge": create_s256_code_challenge(form.verifier)}
    asked |= {"code_challenge_method": "S256", "dpop_jkt": EC.thumbprint()}
    answer = _bound(form, "/oauth/par", proof(THIEF, htu=PUSH), **asked)
    assert _error(answer) == (400, "invalid_request")


def test_escalation_when_a_code_is_redeemed(form: Form) -> None:
    def ask_for(**more: str) -> TestResponse:
        code = form.agree(scope="citizens:read", authorization_details=DETAILS)["code"]
        return form.redeem(code, **more)

    wider = json.dumps([DETAIL | {"attributes": ["citizens:sex"], "optional": []}])
    assert _error(ask_for(scope="citizens:read households:read")) == (400, "invalid_scope")
    assert _error(ask_for(scope="openid")) == (400, "invalid_scope")
    details = ask_for(authorization_details=wider)
    assert _error(details) == (400, "invalid_authorization_details")
    assert _error(ask_for(authorization_details="x")) == (400, "invalid_authorization_details")
    fine = ask_for().get_json()
    assert (fine["scope"], len(fine["authorization_details"])) == ("citizens:read", 1)


# Authorization


def _nowhere(return_to: str, *, again: bool = False) -> None:
    del return_to, again


def test_mix_up_of_servers(form: Form) -> None:
    """RFC 9207: every answer says whose it is, errors too."""
    answers = [form.agree(), form.agree(scope="datasets:approve")]
    uri = form.uri()
    answers.append(told(form.decide(uri, form.open(uri), "decline")))
    query = {"client_id": "ward-office", "redirect_uri": CALLBACK}
    answers.append(told(form.browser.get("/oauth/authorize", query_string=query)))
    form.someone.present = False
    answers.append(told(form.open(form.uri(prompt="none"))))
    form.someone.address = _nowhere  # type: ignore[method-assign]
    answers.append(told(form.open(form.uri())))
    assert [answer["iss"] for answer in answers] == [ISSUER] * 6
    errors = [answer.get("error") for answer in answers]
    denied = ["access_denied", "access_denied"]
    assert errors[:4] == [None, *denied, "invalid_request"]
    assert errors[4:] == ["login_required", "temporarily_unavailable"]


def test_request_decided_for_another_client(form: Form) -> None:
    uri = form.uri()
    page = form.open(uri)
    assert form.decide(uri, page, client_id=AGENCY).status_code == 400
    assert "code" in told(form.decide(uri, page))


@dataclass
class _Another(Someone):
    """Whoever sits there now, who is not the person that the form was shown to."""

    person_id: str = field(default_factory=new_id)

    def person(self) -> Grantor | None:
        found = super().person()
        return replace(found, person_id=self.person_id) if found else None


def test_consent_to_a_form_that_was_shown_to_another_person(form: Form) -> None:
    uri = form.uri()
    page = form.open(uri)
    first = form.someone.person
    form.someone.person = _Another().person  # type: ignore[method-assign]
    answer = form.decide(uri, page)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    form.someone.person = first  # type: ignore[method-assign]
    assert "code" in told(form.decide(uri, page))


HOST = "forms.example.vn"
REDIRECTIONS = [
    *(f"https://{HOST}/callback{end}" for end in ("/", "//", "/.", "/..", ".", "%20", " ", "\t")),
    *(f"https://{HOST}/callback{end}" for end in ("?", "?x=1", "#", "#x", ";x", "%00", "\n", "&x")),
    *(
        f"https://{HOST}/{path}"
        for path in ("", "Callback", "CALLBACK", "callbac", "x/../callback")
    ),
    *(
        f"https://{HOST}/{path}"
        for path in ("./callback", "/callback", "%63allback", "callback%2F")
    ),
    *(f"https://{HOST}/{path}" for path in ("callback/../evil", "callback%2f..%2fevil", "ca%6c")),
    *(
        f"https://{HOST}{more}/callback"
        for more in (":443", ":8443", ".", ".evil.example", "@evil")
    ),
    *(f"https://{HOST}{more}/callback" for more in ("%2eevil", "\\@evil.example", "\\", "?", "#")),
    *(f"https://{who}@{HOST}/callback" for who in ("evil", "evil:x", "evil.example%2f")),
    *(f"https://{who}{HOST}/callback" for who in ("x.", "evil", "evil.example/", "evil.example\\")),
    *(f"{scheme}{HOST}/callback" for scheme in ("http://", "HTTPS://", "https:", "https:/", "//")),
    *(f"{scheme}{HOST}/callback" for scheme in ("https:///", "ftp://", "https:\\\\", "", "/")),
    f"https://{HOST.upper()}/callback",
    f"https://{HOST.replace('e', 'е', 1)}/callback",
    f"https://{HOST}/callback https://evil.example/",
    f"https://evil.example/?{CALLBACK}",
    f"https://evil.example/#{CALLBACK}",
    "https://evil.example/callback",
    "javascript:alert(1)",
    "data:text/html,x",
    "*",
    "https://*/callback",
]


def test_redirection_to_an_address_that_is_nearly_registered(form: Form) -> None:
    assert len(set(REDIRECTIONS)) == len(REDIRECTIONS) >= 60
    for address in REDIRECTIONS:
        pushed = form.push(redirect_uri=address)
        assert _error(pushed) == (400, "invalid_request"), address
        query = {"client_id": "ward-office", "redirect_uri": address}
        answer = form.browser.get("/oauth/authorize", query_string=query)
        assert answer.status_code == 400, address
        assert "Location" not in answer.headers, address
    code = form.agree()["code"]
    for address in REDIRECTIONS:
        assert _error(form.redeem(code, redirect_uri=address)) == (400, "invalid_grant"), address
    assert form.redeem(code).status_code == 200


# Refresh tokens and other clients


def test_refresh_token_of_another_client(form: Form) -> None:
    issued = form.redeem(form.agree()["code"]).get_json()
    with form.service.database.transaction() as session:
        made = create_client(session, "thief", "x", ["citizens:read"])
        session.execute(
            sa.update(Client).where(Client.id == "thief").values(grant_types=["refresh_token"])
        )
    client, auth = form.service.app.test_client(), ("thief", made.secret or "")
    refresh = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}
    answer = client.post("/oauth/token", data=refresh, auth=auth)
    assert _error(answer) == (400, "invalid_grant")
    for token in (issued["refresh_token"], issued["access_token"]):
        revoked = client.post("/oauth/revoke", data={"token": token}, auth=auth)
        assert _error(revoked) == (400, "invalid_grant")
        said = client.post("/oauth/introspect", data={"token": token}, auth=auth)
        assert said.get_json() == {"active": False}
    assert form.token(**refresh).status_code == 200


def test_refresh_token_that_its_client_gave_up(form: Form) -> None:
    issued = form.redeem(form.agree(authorization_details=SEX)["code"]).get_json()
    assert _look_up(form.service, issued["access_token"]).status_code == 200
    given = {"token": issued["refresh_token"], "token_type_hint": "refresh_token"}
    client = form.service.app.test_client()
    assert client.post("/oauth/revoke", data=given, auth=form.auth).status_code == 200
    again = form.token(grant_type="refresh_token", refresh_token=issued["refresh_token"])
    assert _error(again) == (400, "invalid_grant")
    # RFC 7009 section 2.1: and so does what rests on the same grant.
    time.sleep(1)
    assert _look_up(form.service, issued["access_token"]).status_code == 401


# Tokens and assertions


def _signed(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    return jws.serialize_compact(header, json.dumps(claims).encode(), key, registry=registry)


def _claims() -> dict[str, Any]:
    issued = int(now().timestamp())
    whose = {"sub": "ward-office", "client_id": "ward-office", "scope": "citizens:read"}
    times = {"iat": issued, "exp": issued + 300, "jti": new_id()}
    return {"iss": ISSUER, "aud": ISSUER, **whose, **times}


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_access_token_made_with_the_public_key_as_a_secret(service: Service) -> None:
    key = own_key(service)
    published = service.app.test_client().get("/oauth/jwks").get_json()["keys"][0]
    secrets = [
        key.as_pem(private=False),
        key.as_der(private=False),
        json.dumps(published).encode(),
        b"",
    ]
    for alg in ("HS256", "HS384", "HS512"):
        for secret in secrets:
            text = f"{_part({'alg': alg, 'typ': 'at+jwt', 'kid': key.kid})}.{_part(_claims())}"
            mac = hmac.digest(secret, text.encode(), f"sha{alg[2:]}")
            made = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
            assert _look_up(service, f"{text}.{made}").status_code == 401


KIDS = [
    "../../../../dev/null",
    "/etc/passwd",
    "keys.json",
    "' OR '1'='1",
    "x' UNION SELECT value FROM auth_secret --",
    "x; cat /etc/passwd",
    "\u0000",
    "",
    "x" * 3000,
]


@pytest.mark.parametrize("kid", [*KIDS, 7, None, ["ec"], {"ec": 1}], ids=range(len(KIDS) + 4))
def test_key_id_that_leads_elsewhere(service: Service, kid: Any) -> None:
    register(service)
    mine = own_key(service)
    for key in (THIEF, mine):
        head = {"alg": "ES256", "typ": "at+jwt", "kid": kid}
        made = f"{_part(head)}.{_part(_claims())}"
        text = f"{made}.{_signature(made, key)}"
        # A key of the server may be found without its name, and nobody else's.
        expected = {401} if key is THIEF or kid not in ("", None) else {200, 401}
        assert _look_up(service, text).status_code in expected
    answer = ask(service, assertion(THIEF, header={"kid": kid}))
    assert _error(answer) == (401, "invalid_client")


def _signature(text: str, key: ECKey) -> str:
    """Sign as the key would, whatever the header says."""
    found = jws.JWSRegistry.algorithms["ES256"].sign(text.encode(), key)
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode()


def test_key_that_a_token_or_an_assertion_brings_along(service: Service) -> None:
    register(service)
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        door.settimeout(0.05)
        where = f"http://127.0.0.1:{door.getsockname()[1]}/"
        kid = own_key(service).kid
        x5c = [base64.b64encode(OURS.der).decode()]
        for more in (
            {"jwk": THIEF.as_dict(private=False)},
            {"jku": where},
            {"x5u": where},
            {"x5c": x5c},
            {"x5t#S256": "x"},
        ):
            head = {"alg": "ES256", "typ": "at+jwt", "kid": kid} | more
            assert _look_up(service, _signed(head, _claims(), THIEF)).status_code == 401
            forged = assertion(THIEF, header={"kid": "ec"} | more)
            assert _error(ask(service, forged)) == (401, "invalid_client")
        with pytest.raises(TimeoutError):
            # Nobody asks an address that a stranger names.
            door.accept()


@pytest.mark.parametrize("crit", [["b64"], ["exp"], ["x"], [], "b64"], ids=str)
def test_token_or_assertion_with_a_critical_header(service: Service, crit: Any) -> None:
    register(service)
    key = own_key(service)
    for more, fine in (({}, True), ({"crit": crit}, False), ({"crit": crit, "b64": False}, False)):
        head = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid} | more
        text = f"{_part(head)}.{_part(_claims())}"
        answer = _look_up(service, f"{text}.{_signature(text, key)}")
        assert answer.status_code == (200 if fine else 401)
        head = {"alg": "ES256", "kid": "ec"} | more
        text = f"{_part(head)}.{_part(_own_claims())}"
        asked = ask(service, f"{text}.{_signature(text, EC)}")
        assert asked.status_code == (200 if fine else 401)


def _own_claims() -> dict[str, Any]:
    issued = int(now().timestamp())
    whose = {"iss": AGENCY, "sub": AGENCY, "aud": ISSUER}
    return {**whose, "iat": issued, "exp": issued + 60, "jti": new_id()}


STRANGE = ["\t", "\n", "\u0000", '"', "\\", "é", "\u202e", "x" * 1990]


@pytest.mark.parametrize("strange", STRANGE, ids=range(len(STRANGE)))
def test_text_that_no_answer_may_repeat(form: Form, strange: str) -> None:
    """RFC 6749 section 5.2 allows few signs in an error; a request may hold any."""
    text = f"a{strange}"
    names = ("response_type", "redirect_uri", "scope", "code_challenge", "code_challenge_method")
    for name in (*names, "authorization_details", "client_id", "request_uri"):
        pushed = form.push(**{name: text})
        assert (pushed.status_code, pushed.mimetype) == (400, "application/json"), name
    for name in ("grant_type", "code", "redirect_uri", "code_verifier", "scope"):
        asked = form.redeem("x", **{name: text})
        assert (asked.status_code, asked.mimetype) == (400, "application/json"), name
    refreshed = form.token(grant_type="refresh_token", refresh_token=text)
    assert _error(refreshed) == (400, "invalid_grant")
    query = {"client_id": text, "request_uri": text, "state": text, "redirect_uri": text}
    assert form.browser.get("/oauth/authorize", query_string=query).status_code == 400
    assert form.browser.post("/oauth/authorize", data=query | {"csrf": text}).status_code == 400


def test_one_kind_of_jwt_taken_for_another(form: Form) -> None:
    """RFC 8725 section 3.12: nothing that is signed here or by a client serves another purpose."""
    issued = form.redeem(form.agree()["code"]).get_json()
    introspected = form.service.app.test_client().post(
        "/oauth/introspect",
        data={"token": issued["access_token"]},
        headers={"Accept": MEDIA_TYPE},
        auth=form.auth,
    )
    wrong = [issued["id_token"], introspected.text, assertion(), proof(), issued["refresh_token"]]
    for text in wrong:
        assert _look_up(form.service, text).status_code == 401
    for text in (issued["access_token"], issued["id_token"], proof()):
        assert _error(ask(form.service, text)) == (401, "invalid_client")
    for text in (assertion(), issued["access_token"]):
        answer = ask(form.service, assertion(), {"DPoP": text})
        assert _error(answer) == (400, "invalid_dpop_proof")


def test_assertion_replayed_at_another_endpoint(form: Form) -> None:
    signed = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion()}
    client = form.service.app.test_client()
    first = client.post("/oauth/introspect", data=signed | {"token": "x"})
    assert first.get_json() == {"active": False}
    asked: dict[str, dict[str, str]] = {
        "/oauth/token": {"grant_type": "authorization_code", "code": "x"},
        "/oauth/par": {"client_id": AGENCY, "response_type": "code", "redirect_uri": CALLBACK},
        "/oauth/revoke": {"token": "x"},
        "/oauth/introspect": {"token": "x"},
    }
    for path, more in asked.items():
        assert _error(client.post(path, data=signed | more)) == (401, "invalid_client"), path


@pytest.mark.parametrize(
    "aud",
    [[ISSUER], [ISSUER, "x"], PUSH, f"{ISSUER}/oauth/token", f"{ISSUER}/", "HTTP" + ISSUER[4:], ""],
    ids=str,
)
def test_assertion_for_another_audience_at_the_push_endpoint(form: Form, aud: Any) -> None:
    asked = {"client_id": AGENCY, "response_type": "code", "redirect_uri": CALLBACK}
    asked |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion(aud=aud)}
    answer = form.service.app.test_client().post("/oauth/par", data=asked)
    assert _error(answer) == (401, "invalid_client")


def test_oversized_assertion(service: Service) -> None:
    register(service)
    assert ask(service, assertion(note="x" * 1000)).status_code == 200
    assert _error(ask(service, assertion(note="x" * 4096))) == (401, "invalid_client")


# Registration and proxies


def test_key_set_that_is_a_burden(service: Service) -> None:
    one = public(EC)["keys"][0]
    begun = time.monotonic()
    for keys in ([one] * 21, [one] * 1_000_000):
        with pytest.raises(Invalid) as refused, service.database.transaction() as session:
            create_client(session, "other", "x", ["citizens:read"], {"keys": keys})
        assert [error.code for error in refused.value.errors] == ["too_many_keys"]
    assert time.monotonic() - begun < 5
    huge = RSAKey.generate_key(2048, {"kid": "huge"}).as_dict(private=False)
    huge["n"] = base64.urlsafe_b64encode(b"\xff" * 2049).rstrip(b"=").decode()
    with pytest.raises(Invalid) as refused, service.database.transaction() as session:
        create_client(session, "other", "x", ["citizens:read"], {"keys": [huge]})
    assert [error.code for error in refused.value.errors] == ["weak_key"]
    with service.database.transaction() as session:
        create_client(session, "other", "x", ["citizens:read"], {"keys": [one] * 20})


def test_header_whose_name_stands_for_the_certificates(service: Service) -> None:
    """A server takes ``Client_Cert`` for ``Client-Cert``; a name without a hyphen has no double."""
    given = service.app.extensions["sogoc"].settings
    settings = replace(given, trusted_proxies=PROXY, client_cert_header="ClientCert")
    with service.database.transaction() as session:
        create_client(session, "bank", "x", ["citizens:read"], tls_subject_dn=SUBJECT)
    app = create_app(settings, service.database)
    with closing(app.extensions["sogoc"].hot_lookup):
        statuses = {}
        for name in ("HTTP_CLIENT_CERT", "HTTP_CLIENTCERT"):
            answer = app.test_client().post(
                "/oauth/token",
                data={"grant_type": "client_credentials", "client_id": "bank"},
                environ_base={"REMOTE_ADDR": PROXY, name: OURS.header},
            )
            statuses[name] = answer.status_code
    assert statuses == {"HTTP_CLIENT_CERT": 401, "HTTP_CLIENTCERT": 200}
    for name in ("", "Client_Cert", "Client-", "-Cert", "Client Cert", "Cert:"):
        with pytest.raises(SettingsError, match="CLIENT_CERT_HEADER"):
            Settings(environment="demo", client_cert_header=name)
