"""A third foreign client from end to end: the package requests_oauth2client."""

from __future__ import annotations

import json
import time

import pytest
import requests
from requests_oauth2client import (
    AuthorizationRequest,
    AuthorizationResponse,
    DPoPToken,
    InvalidGrant,
    MismatchingIssuer,
    MissingIssuer,
    OAuth2Client,
    PrivateKeyJwt,
    RepeatedDPoPNonce,
)

from tests.interop.served import (
    CALLBACK,
    DETAIL,
    KEYS,
    LOOKUP,
    NAME,
    PURPOSE,
    Served,
    private_key,
    visit,
)

_METADATA = "/.well-known/oauth-authorization-server"


class _Form:
    """The client, which knows of the server what its metadata say."""

    def __init__(self, server: Served, session: requests.Session, client_id: str) -> None:
        self.server = server
        self.session = session
        told = session.get(server.issuer + _METADATA).json()
        key = private_key(client_id)
        if key["kty"] == "OKP":
            # This client knows the algorithm by the name that RFC 9864 replaces.
            key["alg"] = "EdDSA"
        # FAPI 2.0 has the issuer as audience, which this client knows as a setting.
        self.client = OAuth2Client.from_discovery_document(
            told,
            server.issuer,
            auth=PrivateKeyJwt(client_id, key, aud=told["issuer"]),
            redirect_uri=CALLBACK,
            session=session,
            dpop_bound_access_tokens=True,
        )

    def ask(self, token: object) -> requests.Response:
        """Look a citizen up with ``token``, which proves by itself whose it is."""
        assert isinstance(token, DPoPToken)
        return self.session.post(self.server.lookup, json=LOOKUP, headers=PURPOSE, auth=token)

    def agreed(self) -> tuple[AuthorizationRequest, str]:
        """Push a request, and return it with the address at which the person comes back."""
        request = self.client.authorization_request(
            # No id token: this client can't check one that comes with a DPoP token (its 1.8.0).
            scope="citizens:read",
            authorization_details=json.dumps([DETAIL]),
            authorization_response_iss_parameter_supported=(
                self.client.authorization_response_iss_parameter_supported
            ),
        )
        pushed = self.client.pushed_authorization_request(request)
        return request, visit(self.server, pushed.uri)


@pytest.fixture(params=sorted(KEYS))
def form(server: Served, request: pytest.FixtureRequest) -> _Form:
    with server.session() as session:
        return _Form(server, session, request.param)


def _finds(answer: requests.Response) -> bool:
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["results"][0]["record"]["name"]["full"] == NAME)


def _refuses(form: _Form, token: object) -> bool:
    try:
        answer = form.ask(token)
    except RepeatedDPoPNonce as refused:
        # This client takes every 401 under DPoP for one that wants a nonce.
        answer = refused.response
    told = answer.headers["WWW-Authenticate"]
    return answer.status_code == 401 and 'error="invalid_token"' in told


def test_a_client_gets_tokens_for_itself(form: _Form) -> None:
    token = form.client.client_credentials(scope="citizens:read")
    assert _finds(form.ask(token))


def test_a_client_goes_the_whole_way(form: _Form) -> None:
    request, back = form.agreed()
    with pytest.raises(MismatchingIssuer):
        request.validate_callback(back.replace("iss=https", "iss=http"))
    with pytest.raises(MissingIssuer):
        request.validate_callback(back.partition("&iss=")[0])
    said = request.validate_callback(back)
    assert isinstance(said, AuthorizationResponse)
    tokens = form.client.authorization_code(said)
    assert _finds(form.ask(tokens))

    again = form.client.refresh_token(tokens)
    assert _finds(form.ask(again))
    assert form.client.introspect_token(again)["active"] is True

    assert form.client.revoke_access_token(again)
    time.sleep(1)
    assert _refuses(form, again)
    assert form.client.introspect_token(again) == {"active": False}
    assert form.client.revoke_refresh_token(tokens)
    with pytest.raises(InvalidGrant):
        form.client.refresh_token(tokens)


def test_a_code_is_worth_nothing_under_another_key(form: _Form) -> None:
    request, back = form.agreed()
    said = request.validate_callback(back)
    with pytest.raises(InvalidGrant):
        form.client.authorization_code(
            said.code, dpop=True, code_verifier=said.code_verifier, redirect_uri=CALLBACK
        )
