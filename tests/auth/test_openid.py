"""OpenID Connect: what is asked of a sign-in, what clients are told of it, and what is promised."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.oidc.core.util import create_half_hash
from authlib.oidc.discovery import OpenIDProviderMetadata
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet
from werkzeug.test import TestResponse

from auth.clients import create_client
from auth.oauth.metadata import metadata
from registry.kernel.clock import fixed, now
from tests.auth.grants import CALLBACK, Form, form_of, told
from tests.auth.signing import AGENCY, EC, ask, assertion, ath, proof, public
from tests.conftest import ISSUER, Service

MFA = {"signin_mfa_acr": "urn:example:3 urn:example:4"}
USERINFO = "/oauth/userinfo"
ENCRYPTING = ECKey.generate_key("P-256", {"kid": "enc", "use": "enc"})
ENCRYPTION = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}


@pytest.fixture
def form(service: Service) -> Iterator[Form]:
    with form_of(service, MFA) as made:
        yield made


def _sent_again(form: Form, answer: TestResponse) -> TestResponse:
    """Follow the way to a new sign-in and back, as a browser does."""
    assert answer.status_code == 303, answer.text
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert answer.headers["Location"].startswith("/signin?")
    assert asked["step_up"] == ["1"]
    return form.browser.get(asked["return_to"][0])


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "select_account"},
        {"prompt": "none login"},
        {"max_age": "-1"},
        {"max_age": "1.5"},
        {"max_age": "soon"},
        {"max_age": "9" * 11},
    ],
)
def test_a_wish_that_cannot_be_kept_is_refused(form: Form, change: dict[str, str | None]) -> None:
    answer = form.push(**change)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"max_age": "60"}, "login_required"),
        ({"prompt": "login"}, "login_required"),
        ({"acr_values": "urn:example:3"}, "unmet_authentication_requirements"),
    ],
)
def test_a_sign_in_that_is_too_old_or_too_weak_is_asked_for_again_once(
    form: Form, change: dict[str, str | None], error: str
) -> None:
    form.someone.age = timedelta(seconds=61)
    back = _sent_again(form, form.open(form.uri(**change)))
    assert told(back)["error"] == error


def test_a_new_sign_in_meets_what_was_asked(form: Form) -> None:
    for change in ({"max_age": "60"}, {"prompt": "login"}, {"acr_values": "urn:example:4 x"}):
        form.someone.age, form.someone.acr = timedelta(minutes=5), "urn:example:2"
        answer = form.open(form.uri(**change))
        form.someone.age, form.someone.acr = timedelta(0), "urn:example:4"
        assert _sent_again(form, answer).status_code == 200, change


def test_an_acr_that_nobody_can_have_here_is_a_wish_alone(form: Form) -> None:
    assert form.open(form.uri(acr_values="1 2")).status_code == 200


def test_a_client_cannot_say_when_it_asked(form: Form) -> None:
    form.someone.age = timedelta(minutes=5)
    answer = form.open(form.uri(prompt="login", **{"sogoc.pushed_at": "0"}))
    assert told(_sent_again(form, answer))["error"] == "login_required"


def test_a_sign_in_that_grows_too_old_before_the_page_decides_nothing(form: Form) -> None:
    form.someone.age = timedelta(seconds=30)
    uri = form.uri(max_age="60")
    page = form.open(uri)
    assert page.status_code == 200
    form.someone.age = timedelta(seconds=61)
    answer = form.decide(uri, page)
    assert "code" not in answer.headers["Location"]
    assert _sent_again(form, form.browser.get(answer.headers["Location"])).status_code == 303
    form.someone.age = timedelta(seconds=30)
    assert "code" in told(form.decide(uri, page))


@pytest.mark.parametrize(
    ("age", "acr", "error"),
    [
        (61, "urn:example:3", "login_required"),
        (0, "urn:example:2", "unmet_authentication_requirements"),
        (0, "urn:example:3", "interaction_required"),
    ],
)
def test_without_a_page_nobody_is_asked(form: Form, age: int, acr: str, error: str) -> None:
    form.someone.age, form.someone.acr = timedelta(seconds=age), acr
    uri = form.uri(prompt="none", max_age="60", acr_values="urn:example:3")
    assert told(form.open(uri))["error"] == error


def _claims(form: Form, id_token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(form.service.app.test_client().get("/oauth/jwks").get_json())
    return dict(jwt.decode(id_token, keys, algorithms=["ES256"]).claims)


def test_an_id_token_tells_of_the_sign_in_and_of_its_access_token(form: Form) -> None:
    form.someone.age = timedelta(minutes=5)
    signed_in = int((now() - form.someone.age).timestamp())
    issued = form.redeem(form.agree()["code"]).get_json()
    claims = _claims(form, issued["id_token"])
    assert claims["at_hash"] == create_half_hash(issued["access_token"], "ES256").decode()
    assert (claims["acr"], claims["amr"], claims["nonce"]) == (
        "urn:example:2",
        ["pwd", "otp"],
        "n1",
    )
    assert abs(claims["auth_time"] - signed_in) <= 2


def test_a_refresh_makes_no_sign_in_younger(form: Form) -> None:
    issued = form.redeem(form.agree()["code"]).get_json()
    first = _claims(form, issued["id_token"])
    with fixed(now() + timedelta(hours=1)):
        again = form.token(grant_type="refresh_token", refresh_token=issued["refresh_token"])
        claims = _claims(form, again.get_json()["id_token"])
        answer = _ask(form, again.get_json()["access_token"])
    assert claims["auth_time"] == first["auth_time"] == answer.get_json()["auth_time"]
    assert claims["iat"] > first["iat"] + 3500
    assert "nonce" not in claims


def _ask(form: Form, token: str, method: str = "GET", **headers: str) -> TestResponse:
    sent = {"Authorization": f"Bearer {token}"} | headers
    return form.service.app.test_client().open(USERINFO, method=method, headers=sent)


def test_who_signed_in_is_saidto_nobody_else(form: Form) -> None:
    client = form.service.app.test_client()
    missing = client.get(USERINFO)
    assert missing.status_code == 401
    assert missing.headers["WWW-Authenticate"].startswith("Bearer ")
    alone = _ask(form, form.service.token())
    assert (alone.status_code, alone.get_json()["code"]) == (403, "insufficient-scope")
    other = form.redeem(form.agree(scope="citizens:read")["code"]).get_json()["access_token"]
    assert _ask(form, other).status_code == 403
    posted = client.post(USERINFO, data={"access_token": other})
    assert posted.status_code == 400


def test_a_bound_token_is_its_holders_own(form: Form) -> None:
    code = form.agree()["code"]
    fine = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    answer = form.service.app.test_client().post(
        "/oauth/token",
        data=fine | {"code_verifier": form.verifier},
        auth=form.auth,
        headers={"DPoP": proof()},
    )
    token = answer.get_json()["access_token"]
    assert _ask(form, token).status_code == 401
    mine = proof(htm="GET", htu=ISSUER + USERINFO, ath=ath(token))
    asked = _ask(form, token, Authorization=f"DPoP {token}", DPoP=mine)
    assert asked.status_code == 200, asked.text
    elsewhere = proof(htm="GET", htu=f"{ISSUER}/v1/me/agreement", ath=ath(token))
    assert _ask(form, token, Authorization=f"DPoP {token}", DPoP=elsewhere).status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_userinfo_tells_who_it_is_and_nothing_more(form: Form, method: str) -> None:
    issued = form.redeem(form.agree()["code"]).get_json()
    claims = _claims(form, issued["id_token"])
    answer = _ask(form, issued["access_token"], method)
    assert answer.get_json() == {name: claims[name] for name in ("sub", "acr", "auth_time")}
    assert answer.headers["Cache-Control"] == "no-store"


def _signed_userinfo(service: Service, **columns: Any) -> tuple[TestResponse, Form]:
    with form_of(service, **columns) as form:
        issued = form.redeem(form.agree()["code"]).get_json()
        return _ask(form, issued["access_token"]), form


def _checked(form: Form, text: str) -> dict[str, Any]:
    claims = _claims(form, text)
    assert (claims["iss"], claims["aud"]) == (ISSUER, "ward-office")
    assert claims.keys() == {"iss", "aud", "sub", "acr", "auth_time"}
    return claims


def test_a_client_may_have_it_signed(service: Service) -> None:
    answer, form = _signed_userinfo(service, userinfo_alg="ES256")
    assert answer.content_type == "application/jwt"
    assert _checked(form, answer.text)["acr"] == "urn:example:2"


def test_a_client_may_have_it_signed_and_encrypted_to_its_own_key(service: Service) -> None:
    answer, form = _signed_userinfo(
        service, userinfo_encryption=ENCRYPTION, jwks=public(EC, ENCRYPTING)
    )
    assert answer.content_type == "application/jwt"
    registry = jwe.JWERegistry(algorithms=list(ENCRYPTION.values()))
    opened = jwe.decrypt_compact(answer.text, ENCRYPTING, registry=registry)
    assert opened.protected.items() >= {**ENCRYPTION, "cty": "JWT", "kid": "enc"}.items()
    assert opened.plaintext is not None
    _checked(form, opened.plaintext.decode())


def test_a_key_to_encrypt_for_proves_nobody(service: Service) -> None:
    with service.database.transaction() as session:
        create_client(session, AGENCY, "Chi cục thuế", ["citizens:read"], public(EC, ENCRYPTING))
    whole = ENCRYPTING.as_dict(private=True)
    pretended = ECKey.import_key({name: whole[name] for name in whole if name != "use"})
    assert ask(service, assertion(pretended)).status_code == 401
    assert ask(service, assertion(EC)).status_code == 200


def test_without_a_key_to_encrypt_for_nothing_is_told(service: Service) -> None:
    answer, _ = _signed_userinfo(service, userinfo_encryption=ENCRYPTION, jwks=public(EC))
    assert (answer.status_code, answer.get_json()["code"]) == (500, "internal")
    assert "sub" not in answer.get_json()


def test_the_provider_promises_what_is_enforced(form: Form) -> None:
    client = form.service.app.test_client()
    answer = client.get("/.well-known/openid-configuration")
    said = answer.get_json()
    # FAPI 2.0 section 5.4 forbids the one algorithm that every other provider has to have.
    allowed = [*said["id_token_signing_alg_values_supported"], "RS256"]
    OpenIDProviderMetadata(said | {"id_token_signing_alg_values_supported": allowed}).validate()
    settings = form.service.app.extensions["sogoc"].settings
    assert said.items() >= metadata(settings).items()
    assert said["subject_types_supported"] == ["pairwise"]
    assert said["acr_values_supported"] == MFA["signin_mfa_acr"].split()
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    issued = form.redeem(form.agree()["code"]).get_json()
    assert set(_claims(form, issued["id_token"])) == set(said["claims_supported"])
    path = said["userinfo_endpoint"].removeprefix(ISSUER)
    assert client.get(path, headers={"Authorization": f"Bearer {issued['access_token']}"}).json
    for prompt in said["prompt_values_supported"]:
        assert form.push(prompt=prompt).status_code == 201
