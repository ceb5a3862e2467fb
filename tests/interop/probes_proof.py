"""What is no proof of possession (RFC 9449 section 4.3), asked for a token with it."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from tests.auth.signing import ED, HOLDER, RSA
from tests.interop.probes_assertion import at
from tests.interop.target import Answer, Probe, Target, post, signed

_PUBLIC = HOLDER.as_dict(private=False)
_FORM: dict[str, str | None] = {"grant_type": "client_credentials", "scope": "citizens:read"}
_LONG = "x" * 257


def _ask(target: Target, text: str) -> Answer:
    return target.ask(_FORM, proof=text).answer


def _by(proof: Callable[[Target], str]) -> Probe:
    return lambda target: _ask(target, proof(target))


def _claims(**claims: Any) -> Probe:
    return _by(lambda t: t.proof(**claims))


def _htu(address: Callable[[Target], Any]) -> Probe:
    return _by(lambda t: t.proof(htu=address(t)))


def _header(**header: Any) -> Probe:
    return _by(lambda t: t.proof(header=header))


def _jwk(**change: Any) -> Probe:
    return _header(jwk=_PUBLIC | change)


def _signed(alg: str, key: Any) -> Probe:
    return _by(lambda t: t.proof(key, alg))


def _resigned(target: Target, header: dict[str, Any], by: Callable[[bytes], bytes]) -> str:
    fine = {"jti": f"{header} {at(0)}", "htm": "POST", "htu": target.token, "iat": at(0)}
    return signed({"typ": "dpop+jwt", "jwk": _PUBLIC} | header, fine, by)


def _unsigned(alg: str) -> Probe:
    return _by(lambda t: _resigned(t, {"alg": alg}, lambda _: b""))


def _by_public_key(target: Target) -> str:
    pem = HOLDER.as_pem(private=False)
    return _resigned(target, {"alg": "HS256"}, lambda m: hmac.digest(pem, m, "sha256"))


def _replayed(target: Target) -> Answer:
    text = target.proof()
    assert _ask(target, text)[0] == 200
    return _ask(target, text)


def _altered(target: Target) -> str:
    head, _, signature = target.proof().split(".")
    return f"{head}.{target.proof().split('.')[1]}.{signature}"


def _two(target: Target) -> Answer:
    proofs = [("DPoP", target.proof()), ("DPoP", target.proof())]
    return post(target.token, {**target.who(), **_FORM}, proofs).answer


def _offered(target: Target) -> str:
    """Return a nonce that the server offers by itself or when a proof names a wrong one."""
    for text in (target.proof(), target.proof(nonce="x")):
        nonce = target.ask(_FORM, proof=text).headers.get("DPoP-Nonce")
        if nonce:
            return str(nonce)
    raise AssertionError("no nonce is offered")


def _late_nonce(target: Target) -> Answer:
    nonce = _offered(target)
    with target.later(3600):
        return _ask(target, target.proof(nonce=nonce))


PROBES: dict[str, Probe] = {
    "proof: fine": _claims(),
    "proof: fine, EdDSA": _signed("EdDSA", ED),
    "proof: fine, Ed25519 by its new name": _signed("Ed25519", ED),
    "proof: fine, with unknown names": _header(colour="red"),
    "proof: fine, with an ath of no token": _claims(ath="of no token"),
    "proof: missing": lambda t: t.ask(_FORM, proof=None).answer,
    "proof: htm missing": _claims(htm=None),
    "proof: htm GET": _claims(htm="GET"),
    "proof: htm in small letters": _claims(htm="post"),
    "proof: htu missing": _claims(htu=None),
    "proof: htu a number": _claims(htu=7),
    "proof: htu empty": _claims(htu=""),
    "proof: htu a path": _claims(htu="/oauth/token"),
    "proof: htu the issuer": _htu(lambda t: t.issuer),
    "proof: htu with a slash": _htu(lambda t: f"{t.token}/"),
    "proof: htu in another case": _htu(lambda t: t.issuer + "/TOKEN"),
    "proof: htu of another endpoint": _htu(lambda t: t.par),
    "proof: htu of another port": _claims(htu="http://127.0.0.1:1/token"),
    "proof: htu by https": _htu(lambda t: t.token.replace("http:", "https:")),
    "proof: htu of another host": _htu(lambda t: t.token.replace("127.0.0.1", "a.example")),
    "proof: htu with a user": _htu(lambda t: t.token.replace("//", "//someone@")),
    "proof: htu broken": _claims(htu="http://[::1/token"),
    "proof: htu with a query": _htu(lambda t: f"{t.token}?a=1"),
    "proof: htu with a fragment": _htu(lambda t: f"{t.token}#a"),
    "proof: jti missing": _claims(jti=None),
    "proof: jti empty": _claims(jti=""),
    "proof: jti a number": _claims(jti=7),
    "proof: jti of 257 letters": _by(lambda t: t.proof(jti=t.token + _LONG)),
    "proof: iat missing": _claims(iat=None),
    "proof: iat true": _claims(iat=True),
    "proof: iat a text": _by(lambda t: t.proof(iat=str(at(0)))),
    "proof: iat beyond numbers": _claims(iat=10**400),
    "proof: iat 30 seconds ago": _by(lambda t: t.proof(iat=at(-30))),
    "proof: iat 62 seconds ago": _by(lambda t: t.proof(iat=at(-62))),
    "proof: iat an hour ago": _by(lambda t: t.proof(iat=at(-3600))),
    "proof: iat in 8 seconds": _by(lambda t: t.proof(iat=at(8))),
    "proof: iat in 65 seconds": _by(lambda t: t.proof(iat=at(65))),
    "proof: iat in an hour": _by(lambda t: t.proof(iat=at(3600))),
    "proof: nonce offered": _by(lambda t: t.proof(nonce=_offered(t))),
    "proof: nonce of others": _claims(nonce="x"),
    "proof: nonce empty": _claims(nonce=""),
    "proof: nonce a number": _claims(nonce=7),
    "proof: nonce of an hour ago": _late_nonce,
    "proof: typ missing": _header(typ=None),
    "proof: typ JWT": _header(typ="JWT"),
    "proof: typ in capitals": _header(typ="DPoP+JWT"),
    "proof: typ at+jwt": _header(typ="at+jwt"),
    "proof: jwk missing": _header(jwk=None),
    "proof: jwk a text": _header(jwk="x"),
    "proof: jwk private": _header(jwk=HOLDER.as_dict(private=True)),
    "proof: jwk with an empty private part": _jwk(d=""),
    "proof: jwk with a number": _jwk(x=5),
    "proof: jwk off the curve": _jwk(x="AAAA"),
    "proof: jwk of a list": _jwk(kty=["EC"]),
    "proof: jwk of another curve": _jwk(crv="P-384"),
    "proof: jwk for encryption": _jwk(use="enc"),
    "proof: jwk without a key": _header(jwk={"kty": "EC", "crv": "P-256"}),
    "proof: jwk a secret": _header(jwk=OctKey.generate_key(256).as_dict()),
    "proof: jwk of another kind": _header(jwk=ED.as_dict(private=False)),
    "proof: jwk of another": _header(jwk=ECKey.generate_key("P-256").as_dict(private=False)),
    "proof: alg PS256": _signed("PS256", RSA),
    "proof: alg RS256": _signed("RS256", RSAKey.generate_key(2048)),
    "proof: alg ES384": _signed("ES384", ECKey.generate_key("P-384")),
    "proof: alg EdDSA of Ed448": _signed("EdDSA", OKPKey.generate_key("Ed448")),
    "proof: alg HS256 by the public key": _by(_by_public_key),
    "proof: alg none": _unsigned("none"),
    "proof: alg empty": _unsigned(""),
    "proof: a critical header": _header(crit=["other"]),
    "proof: an empty critical header": _header(crit=[]),
    "proof: signature of another": _by(_altered),
    "proof: signature missing": _by(lambda t: t.proof().rpartition(".")[0] + "."),
    "proof: no JWT": _by(lambda _: "x"),
    "proof: dots": _by(lambda _: ".."),
    "proof: a JWT of nothing": _by(lambda _: "e30.W10.AA"),
    "proof: 5000 letters": _by(lambda _: "x" * 5000),
    "proof: two": _two,
    "proof: replayed": _replayed,
}
