"""What a client may not authenticate by (RFC 7523, FAPI 2.0 section 5.3.2.1), asked for a token."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from typing import Any

from joserfc.jwk import ECKey, OctKey, RSAKey

from registry.kernel.clock import now
from tests.auth.signing import EC, ED, RSA
from tests.interop.target import CLIENT, OTHER, OTHERS, Answer, Form, Probe, Target, post, signed

_MORE: dict[str, str | None] = {"grant_type": "client_credentials", "scope": "citizens:read"}
_STRANGER = ECKey.generate_key("P-256", {"kid": "ec"})
_P384 = ECKey.generate_key("P-384", {"kid": "ec"})
_BASIC = ("Authorization", f"Basic {base64.b64encode(f'{CLIENT}:secret'.encode()).decode()}")


def at(seconds: float) -> float:
    """Return a NumericDate so far from now."""
    return int(now().timestamp()) + seconds


def _fine(target: Target) -> dict[str, Any]:
    """Return the claims of a fine assertion, for what is signed by hand."""
    return {
        "iss": CLIENT,
        "sub": CLIENT,
        "aud": target.issuer,
        "iat": at(0),
        "exp": at(60),
        "jti": f"by hand {now().timestamp()}",
    }


def _by(assertion: Callable[[Target], str], **change: str | None) -> Probe:
    """Return a probe that authenticates by what is made for the target."""

    def send(target: Target) -> Answer:
        form: Form = {**target.who(text=assertion(target)), **_MORE, **change}
        return post(target.token, form, [("DPoP", target.proof())]).answer

    return send


def _claims(**claims: Any) -> Probe:
    return _by(lambda target: target.assertion(**claims))


def _times(**ahead: float) -> Probe:
    """Return a probe whose assertion has times so many seconds from now."""

    def made(target: Target) -> str:
        claims: dict[str, Any] = {name: at(each) for name, each in ahead.items()}
        return target.assertion(**claims)

    return _by(made)


def _aud(audience: Callable[[Target], Any]) -> Probe:
    return _by(lambda target: target.assertion(aud=audience(target)))


def _unsigned(alg: str) -> Probe:
    return _by(lambda target: signed({"alg": alg, "kid": "ec"}, _fine(target), lambda _: b""))


def _by_public_key(target: Target) -> str:
    pem = EC.as_pem(private=False)
    return signed(
        {"alg": "HS256", "kid": "ec"}, _fine(target), lambda m: hmac.digest(pem, m, "sha256")
    )


def _cut(target: Target) -> str:
    head, payload, signature = target.assertion().split(".")
    return f"{head}.{payload}.{signature[:-4]}AAAA"


def _altered(target: Target) -> str:
    head, _, signature = target.assertion().split(".")
    return f"{head}.{target.assertion().split('.')[1]}.{signature}"


def _replayed(target: Target) -> Answer:
    text = target.assertion()
    assert _by(lambda _: text)(target)[0] == 200
    return _by(lambda _: text)(target)


def _same_id(target: Target) -> Answer:
    assert _claims(jti=f"once at {target.issuer}")(target)[0] == 200
    return _claims(jti=f"once at {target.issuer}")(target)


def _elsewhere(target: Target) -> Answer:
    """Use an assertion again, at another endpoint."""
    text = target.assertion()
    assert _by(lambda _: text)(target)[0] == 200
    return post(target.par, {**target.who(text=text), **target.wishes()}).answer


def _sent(form: Callable[[Target], Form], *headers: tuple[str, str], query: str = "") -> Probe:
    def send(target: Target) -> Answer:
        proof = ("DPoP", target.proof())
        return post(target.token + query, {**_MORE, **form(target)}, [proof, *headers]).answer

    return send


def _in_the_url(target: Target) -> Answer:
    text = target.assertion()
    kind = target.who(text=text)["client_assertion_type"]
    url = f"{target.token}?client_assertion={text}&client_assertion_type={kind}"
    return post(url, _MORE, [("DPoP", target.proof())]).answer


def _twice(name: str, value: Callable[[Target], str]) -> Probe:
    """Return a probe with a second parameter of the same name."""

    def send(target: Target) -> Answer:
        parts = {**_MORE, **target.who()}
        body = "&".join(f"{each}={held}" for each, held in parts.items())
        proof = ("DPoP", target.proof())
        return post(target.token, f"{body}&{name}={value(target)}", [proof]).answer

    return send


PROBES: dict[str, Probe] = {
    "assertion: fine, ES256": _claims(),
    "assertion: fine, PS256": _by(lambda t: t.assertion(RSA, "PS256")),
    "assertion: fine, EdDSA": _by(lambda t: t.assertion(ED, "EdDSA")),
    "assertion: fine, Ed25519 by its new name": _by(lambda t: t.assertion(ED, "Ed25519")),
    "assertion: fine, with the same client_id": _by(Target.assertion, client_id=CLIENT),
    "assertion: aud missing": _claims(aud=None),
    "assertion: aud another server": _claims(aud="https://elsewhere.example"),
    "assertion: aud the token endpoint": _aud(lambda t: t.token),
    "assertion: aud the PAR endpoint": _aud(lambda t: t.par),
    "assertion: aud a list of the issuer": _aud(lambda t: [t.issuer]),
    "assertion: aud a list with the issuer": _aud(lambda t: [t.issuer, t.token]),
    "assertion: aud the issuer with a slash": _aud(lambda t: f"{t.issuer}/"),
    "assertion: aud the issuer in capitals": _aud(lambda t: t.issuer.upper()),
    "assertion: aud a number": _claims(aud=7),
    "assertion: iss missing": _claims(iss=None),
    "assertion: iss another client": _claims(iss=OTHER),
    "assertion: iss a list": _claims(iss=[CLIENT]),
    "assertion: sub missing": _claims(sub=None),
    "assertion: sub another client": _claims(sub=OTHER),
    "assertion: sub nobody": _claims(sub="nobody", iss="nobody"),
    "assertion: sub a number": _claims(sub=7),
    "assertion: exp missing": _claims(exp=None),
    "assertion: exp over": _times(iat=-120, exp=-60),
    "assertion: exp a text": _by(lambda t: t.assertion(exp=str(at(60)))),
    "assertion: exp in a day": _times(exp=86_400),
    "assertion: iat missing": _claims(iat=None),
    "assertion: iat in 8 seconds": _times(iat=8),
    "assertion: iat in 65 seconds": _times(iat=65, exp=120),
    "assertion: iat a text": _by(lambda t: t.assertion(iat=str(at(0)))),
    "assertion: nbf in 8 seconds": _times(nbf=8),
    "assertion: nbf in 65 seconds": _times(nbf=65, exp=120),
    "assertion: nbf a text": _by(lambda t: t.assertion(nbf=str(at(0)))),
    "assertion: jti missing": _claims(jti=None),
    "assertion: jti empty": _claims(jti=""),
    "assertion: jti a number": _claims(jti=7),
    "assertion: alg none": _unsigned("none"),
    "assertion: alg empty": _unsigned(""),
    "assertion: alg HS256": _by(
        lambda t: t.assertion(OctKey.generate_key(256, {"kid": "ec"}), "HS256")
    ),
    "assertion: alg HS256 by the public key": _by(_by_public_key),
    "assertion: alg RS256": _by(lambda t: t.assertion(RSA, "RS256")),
    "assertion: alg ES384": _by(lambda t: t.assertion(_P384, "ES384")),
    "assertion: wrong key of the right name": _by(lambda t: t.assertion(_STRANGER)),
    "assertion: the other client's key": _by(lambda t: t.assertion(OTHERS)),
    "assertion: a weaker key of the right name": _by(
        lambda t: t.assertion(RSAKey.generate_key(2048, {"kid": "rsa"}), "PS256")
    ),
    "assertion: unknown kid": _by(lambda t: t.assertion(header={"kid": "unknown"})),
    "assertion: no kid": _by(lambda t: t.assertion(header={"kid": None})),
    "assertion: kid of another key": _by(lambda t: t.assertion(header={"kid": "rsa"})),
    "assertion: a critical header": _by(lambda t: t.assertion(header={"crit": ["other"]})),
    "assertion: typ at+jwt": _by(lambda t: t.assertion(header={"typ": "at+jwt"})),
    "assertion: signature cut": _by(_cut),
    "assertion: signature of another": _by(_altered),
    "assertion: no JWT": _by(lambda _: "x"),
    "assertion: empty": _by(lambda _: ""),
    "assertion: replayed": _replayed,
    "assertion: another with the same jti": _same_id,
    "assertion: used again at another endpoint": _elsewhere,
    "assertion: client_id of the other client": _by(Target.assertion, client_id=OTHER),
    "assertion: type wrong": _by(Target.assertion, client_assertion_type="jwt"),
    "assertion: type missing": _by(Target.assertion, client_assertion_type=None),
    "authentication: none": _sent(lambda _: {}),
    "authentication: client_id alone": _sent(lambda _: {"client_id": CLIENT}),
    "authentication: client_id of nobody": _sent(lambda _: {"client_id": "nobody"}),
    "authentication: a secret": _sent(lambda _: {"client_id": CLIENT, "client_secret": "secret"}),
    "authentication: Basic": _sent(lambda _: {}, _BASIC),
    "authentication: Basic that is no Basic": _sent(lambda _: {}, ("Authorization", "Basic !")),
    "authentication: Bearer": _sent(lambda _: {}, ("Authorization", "Bearer x")),
    "authentication: two, assertion and Basic": _sent(lambda t: t.who(), _BASIC),
    "authentication: two, assertion and secret": _sent(
        lambda t: {**t.who(), "client_secret": "secret"}
    ),
    "authentication: assertion in the URL": _in_the_url,
    "authentication: two assertions": _twice("client_assertion", Target.assertion),
    "authentication: client_id twice": _twice(
        "client_id", lambda _: f"{CLIENT}&client_id={CLIENT}"
    ),
    "token: scope twice": _twice("scope", lambda _: "openid"),
    "token: grant_type twice": _twice("grant_type", lambda _: "client_credentials"),
}
