"""Codes, refresh tokens and what else the token endpoint does not take (RFC 6749, 7636)."""

from __future__ import annotations

import secrets

from joserfc.jwk import ECKey

from tests.interop.target import CALLBACK, CLIENT, OTHER, Answer, Form, Probe, Target, post, request

_ANOTHER_KEY = ECKey.generate_key("P-256")


def _redeem(client: str = CLIENT, proof: str | None = "", **change: str | None) -> Probe:
    """Return a probe that redeems a fresh code of the first client."""

    def send(target: Target) -> Answer:
        return target.redeem(target.code(), client, proof, **change).answer

    return send


def _refresh(client: str = CLIENT, proof: str | None = "", **change: str | None) -> Probe:
    def send(target: Target) -> Answer:
        token = target.tokens()["refresh_token"]
        return target.refresh(token, client, proof, **change).answer

    return send


def _ask(**form: str | None) -> Probe:
    return lambda target: target.ask(form).answer


def _used(target: Target) -> Answer:
    code = target.code()
    assert target.redeem(code).status == 200
    return target.redeem(code).answer


def _ended_access(target: Target) -> Answer:
    """Say what has become of the access token of a code that came twice."""
    code = target.code()
    token = target.redeem(code).json()["access_token"]
    target.redeem(code)
    return target.ask({"token": token}, url=target.introspect).answer


def _ended_refresh(target: Target) -> Answer:
    code = target.code()
    token = target.redeem(code).json()["refresh_token"]
    target.redeem(code)
    return target.refresh(token).answer


def _after_a_failure(target: Target) -> Answer:
    """Redeem a code that a wrong verifier has not redeemed."""
    code = target.code()
    target.redeem(code, code_verifier=secrets.token_urlsafe(48))
    return target.redeem(code).answer


def _late(seconds: int) -> Probe:
    def send(target: Target) -> Answer:
        code = target.code()
        with target.later(seconds):
            return target.redeem(code).answer

    return send


def _bound(target: Target) -> str:
    return target.code(dpop_jkt=_ANOTHER_KEY.thumbprint())


def _wrong_key(target: Target) -> Answer:
    return _refresh(proof=target.proof(_ANOTHER_KEY))(target)


def _again(target: Target) -> Answer:
    """Use a refresh token that was used: it isn't rotated."""
    token = target.tokens()["refresh_token"]
    assert target.refresh(token).status == 200
    return target.refresh(token).answer


def _revoked(target: Target) -> Answer:
    token = target.tokens()["refresh_token"]
    target.ask({"token": token}, url=target.revoke)
    return target.refresh(token).answer


def _not_revoked(target: Target) -> Answer:
    token = target.tokens()["refresh_token"]
    target.ask({"token": token}, OTHER, url=target.revoke)
    return target.refresh(token).answer


def _by_content(kind: str) -> Probe:
    form: Form = {"grant_type": "client_credentials", "scope": "citizens:read"}
    return lambda t: t.ask(form, headers=[("Content-Type", kind)]).answer


def _got(target: Target) -> Answer:
    return request("GET", f"{target.token}?grant_type=client_credentials").answer


def _unauthenticated(target: Target) -> Answer:
    form = {"grant_type": "authorization_code", "code": target.code(), "redirect_uri": CALLBACK}
    return post(target.token, form, [("DPoP", target.proof())]).answer


PROBES: dict[str, Probe] = {
    "code: fine": _redeem(),
    "code: after 50 seconds": _late(50),
    "code: after 10 minutes": _late(600),
    "code: used": _used,
    "code: used twice, its access token": _ended_access,
    "code: used twice, its refresh token": _ended_refresh,
    "code: right after a wrong verifier": _after_a_failure,
    "code: not authenticated": _unauthenticated,
    "code: of the other client": _redeem(OTHER),
    "code: unknown": lambda t: t.redeem("unknown").answer,
    "code: missing": _ask(grant_type="authorization_code", redirect_uri=CALLBACK),
    "code: empty": lambda t: t.redeem("").answer,
    "code: wrong verifier": _redeem(code_verifier=secrets.token_urlsafe(48)),
    "code: verifier missing": _redeem(code_verifier=None),
    "code: verifier empty": _redeem(code_verifier=""),
    "code: verifier short": _redeem(code_verifier="short"),
    "code: verifier with a letter it can't have": _redeem(code_verifier="é" * 43),
    "code: redirect_uri of others": _redeem(redirect_uri="https://elsewhere.example/"),
    "code: redirect_uri with a slash": _redeem(redirect_uri=f"{CALLBACK}/"),
    "code: redirect_uri missing": _redeem(redirect_uri=None),
    "code: no proof": _redeem(proof=None),
    "code: a proof that is none": _redeem(proof="x"),
    "code: bound to another key": lambda t: t.redeem(_bound(t)).answer,
    "code: bound to the key": lambda t: t.redeem(_bound(t), proof=t.proof(_ANOTHER_KEY)).answer,
    "code: a refresh token as a code": lambda t: t.redeem(t.tokens()["refresh_token"]).answer,
    "refresh: fine": _refresh(),
    "refresh: twice": _again,
    "refresh: narrower": _refresh(scope="citizens:read"),
    "refresh: wider": _refresh(scope="openid citizens:read citizens:search"),
    "refresh: unknown scope": _refresh(scope="colour:red"),
    "refresh: of the other client": _refresh(OTHER),
    "refresh: with another key": _wrong_key,
    "refresh: no proof": _refresh(proof=None),
    "refresh: revoked": _revoked,
    "refresh: revoked by the other client": _not_revoked,
    "refresh: unknown": lambda t: t.refresh("unknown").answer,
    "refresh: missing": _ask(grant_type="refresh_token"),
    "refresh: empty": lambda t: t.refresh("").answer,
    "refresh: an access token": lambda t: t.refresh(t.tokens()["access_token"]).answer,
    "refresh: a code": lambda t: t.refresh(t.code()).answer,
    "token: fine": _ask(grant_type="client_credentials", scope="citizens:read"),
    "token: fine, no scope": _ask(grant_type="client_credentials"),
    "token: scope unknown": _ask(grant_type="client_credentials", scope="colour:red"),
    "token: scope of people": _ask(grant_type="client_credentials", scope="openid"),
    "token: grant_type missing": _ask(),
    "token: grant_type unknown": _ask(grant_type="colour"),
    "token: grant_type password": _ask(grant_type="password", username="a", password="b"),  # noqa: S106 - of nobody
    "token: grant_type implicit": _ask(grant_type="implicit"),
    "token: grant_type not the client's": lambda t: (
        t.ask({"grant_type": "client_credentials", "scope": "citizens:read"}, OTHER).answer
    ),
    "token: as JSON": _by_content("application/json"),
    "token: as text": _by_content("text/plain"),
    "token: by GET": _got,
}
