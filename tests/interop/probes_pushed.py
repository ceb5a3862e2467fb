"""Requests that may not be pushed (RFC 9126), and what the authorization endpoint does not open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from joserfc.jwk import ECKey

from tests.auth.signing import EC
from tests.interop.target import (
    CALLBACK,
    CLIENT,
    OTHER,
    OTHERS,
    VERIFIER,
    Answer,
    Form,
    Probe,
    Target,
    given,
    post,
    request,
    signed,
)

_UNKNOWN = "urn:ietf:params:oauth:request_uri:unknown"
_ANOTHER_KEY = ECKey.generate_key("P-256")


def _push(**change: Any) -> Probe:
    return lambda target: target.push(**change).answer


def _nameless(target: Target) -> Answer:
    """Push for the client that has one key, which then needs no kid (OpenID Core section 10.1)."""
    text = target.assertion(OTHERS, iss=OTHER, sub=OTHER, header={"kid": None})
    return post(target.par, {**target.who(text=text), **target.wishes(OTHER)}).answer


def _form(change: Callable[[dict[str, str]], Any], *headers: tuple[str, str]) -> Probe:
    """Return a probe that pushes an encoded form, changed from a fine one's members."""

    def send(target: Target) -> Answer:
        fine = given({**target.who(), **target.wishes()})
        changed = change(fine)
        body = changed if isinstance(changed, str) else urlencode(changed)
        return post(target.par, body, headers).answer

    return send


def _proven(**claims: Any) -> Probe:
    return lambda target: target.push(proof=target.proof(htu=target.par, **claims)).answer


def _named(target: Target) -> Answer:
    proof = target.proof(htu=target.par)
    return target.push(proof=proof, dpop_jkt=_ANOTHER_KEY.thumbprint()).answer


def _request_object(target: Target) -> Answer:
    fine = given(target.wishes()) | {"iss": CLIENT, "aud": target.issuer}
    text = signed({"alg": "none"}, fine, lambda _: b"")
    return post(target.par, {**target.who(), "client_id": CLIENT, "request": text}).answer


def _in_the_url(target: Target) -> Answer:
    url = f"{target.par}?{urlencode(given(target.wishes()))}"
    return post(url, target.who()).answer


def _got(target: Target) -> Answer:
    query = urlencode(given({**target.who(), **target.wishes()}))
    return request("GET", f"{target.par}?{query}").answer


PUSHED: dict[str, Probe] = {
    "par: fine": _push(),
    "par: fine, without state and nonce": _push(state=None, nonce=None),
    "par: fine, with a proof": _proven(),
    "par: fine, with dpop_jkt": _push(dpop_jkt=_ANOTHER_KEY.thumbprint()),
    "par: fine, response_mode query": _push(response_mode="query"),
    "par: fine, state empty": _push(state=""),
    "par: fine, by the one key without its name": _nameless,
    "par: unknown parameters": _push(colour="red"),
    "par: response_type missing": _push(response_type=None),
    "par: response_type empty": _push(response_type=""),
    "par: response_type token": _push(response_type="token"),
    "par: response_type id_token": _push(response_type="id_token"),
    "par: response_type code id_token": _push(response_type="code id_token"),
    "par: response_type code token": _push(response_type="code token"),
    "par: response_type unknown": _push(response_type="colour"),
    "par: response_mode fragment": _push(response_mode="fragment"),
    "par: response_mode form_post": _push(response_mode="form_post"),
    "par: response_mode unknown": _push(response_mode="colour"),
    "par: redirect_uri missing": _push(redirect_uri=None),
    "par: redirect_uri of others": _push(redirect_uri="https://elsewhere.example/callback"),
    "par: redirect_uri with a slash": _push(redirect_uri=f"{CALLBACK}/"),
    "par: redirect_uri with a query": _push(redirect_uri=f"{CALLBACK}?a=1"),
    "par: redirect_uri with a fragment": _push(redirect_uri=f"{CALLBACK}#a"),
    "par: redirect_uri below": _push(redirect_uri=f"{CALLBACK}/../callback"),
    "par: redirect_uri in capitals": _push(redirect_uri=CALLBACK.upper()),
    "par: redirect_uri with a port": _push(
        redirect_uri=CALLBACK.replace("example.vn", "example.vn:443")
    ),
    "par: redirect_uri by http": _push(redirect_uri=CALLBACK.replace("https", "http")),
    "par: redirect_uri no address": _push(redirect_uri="callback"),
    "par: redirect_uri a script": _push(redirect_uri="javascript:alert(1)"),
    "par: no PKCE": _push(code_challenge=None, code_challenge_method=None),
    "par: no code_challenge": _push(code_challenge=None),
    "par: no code_challenge_method": _push(code_challenge_method=None),
    "par: plain PKCE": _push(code_challenge=VERIFIER, code_challenge_method="plain"),
    "par: PKCE of an unknown method": _push(code_challenge_method="S512"),
    "par: PKCE method in small letters": _push(code_challenge_method="s256"),
    "par: code_challenge short": _push(code_challenge="short"),
    "par: code_challenge with a space": _push(code_challenge="x" * 42 + " "),
    "par: code_challenge long": _push(code_challenge="x" * 129),
    "par: scope missing": _push(scope=None, nonce=None),
    "par: scope unknown": _push(scope="openid colour:red"),
    "par: scope unknown alone": _push(scope="colour:red", nonce=None),
    "par: prompt unknown": _push(prompt="colour"),
    "par: prompt none and login": _push(prompt="none login"),
    "par: max_age negative": _push(max_age="-1"),
    "par: max_age no number": _push(max_age="soon"),
    "par: request_uri inside": _push(request_uri=_UNKNOWN),
    "par: a request object": _request_object,
    "par: client_id missing": _push(client_id=None),
    "par: client_id of the other client": _push(client_id=OTHER),
    "par: client_id of nobody": _push(client_id="nobody"),
    "par: not authenticated": lambda t: post(t.par, t.wishes()).answer,
    "par: authenticated by another's key": lambda t: (
        post(t.par, {**t.who(text=t.assertion(_ANOTHER_KEY)), **t.wishes()}).answer
    ),
    "par: authenticated for the PAR endpoint": lambda t: (
        post(t.par, {**t.who(text=t.assertion(EC, aud=t.par)), **t.wishes()}).answer
    ),
    "par: a parameter twice": _form(lambda fine: f"{urlencode(fine)}&scope=openid"),
    "par: redirect_uri twice": _form(lambda f: f"{urlencode(f)}&redirect_uri=https://a.example"),
    "par: parameters in the URL": _in_the_url,
    "par: by GET": _got,
    "par: as JSON": _form(lambda _: "{}", ("Content-Type", "application/json")),
    "par: as text": _form(lambda fine: fine, ("Content-Type", "text/plain")),
    "par: without a body": _form(lambda _: ""),
    "par: proof for the token endpoint": lambda t: t.push(proof=t.proof()).answer,
    "par: proof of another method": _proven(htm="GET"),
    "par: proof that is none": lambda t: t.push(proof="x").answer,
    "par: proof of another key than dpop_jkt": _named,
}


def _open(query: Callable[[Target], Form]) -> Probe:
    return lambda target: target.browse(query(target)).answer


def _used(target: Target) -> Answer:
    uri = target.uri()
    assert target.browse(uri).answer == (303, "code")
    return target.browse(uri).answer


def _late(seconds: int) -> Probe:
    def send(target: Target) -> Answer:
        uri = target.uri()
        with target.later(seconds):
            return target.browse(uri).answer

    return send


def _twice(name: str) -> Probe:
    def send(target: Target) -> Answer:
        held = {"client_id": CLIENT, "request_uri": target.uri()}
        return target.walk(f"{urlencode(held)}&{name}={held[name]}").answer

    return send


def _beside(**more: str) -> Probe:
    """Return a probe with other parameters beside the pushed ones, which alone count."""
    return _open(lambda t: {"client_id": CLIENT, "request_uri": t.uri(), **more})


OPENED: dict[str, Probe] = {
    "authorize: fine": lambda t: t.browse(t.uri()).answer,
    "authorize: fine, without openid": lambda t: (
        t.browse(t.uri(scope="citizens:read", nonce=None)).answer
    ),
    "authorize: fine, by POST": lambda t: t.browse(t.uri(), method="POST").answer,
    "authorize: not pushed": _open(lambda t: t.wishes()),
    "authorize: not pushed, bad redirect": _open(
        lambda t: t.wishes(redirect_uri="https://elsewhere.example/")
    ),
    "authorize: not pushed, no redirect": _open(lambda t: t.wishes(redirect_uri=None)),
    "authorize: not pushed, unknown client": _open(lambda t: t.wishes(client_id="nobody")),
    "authorize: not pushed, no client": _open(lambda t: t.wishes(client_id=None)),
    "authorize: not pushed, no response_type": _open(lambda t: t.wishes(response_type=None)),
    "authorize: not pushed, a request object": _open(lambda t: t.wishes(request="x.y.z")),
    "authorize: nothing at all": _open(lambda _: {}),
    "authorize: client_id alone": _open(lambda _: {"client_id": CLIENT}),
    "authorize: unknown request_uri": lambda t: t.browse(_UNKNOWN).answer,
    "authorize: empty request_uri": lambda t: t.browse("").answer,
    "authorize: request_uri of others": lambda t: t.browse("https://elsewhere.example/r").answer,
    "authorize: request_uri cut": lambda t: t.browse(t.uri()[:-1]).answer,
    "authorize: used request_uri": _used,
    "authorize: request_uri after 50 seconds": _late(50),
    "authorize: request_uri after 10 minutes": _late(600),
    "authorize: the other client's request_uri": lambda t: t.browse(t.uri(OTHER), CLIENT).answer,
    "authorize: request_uri of an unknown client": lambda t: t.browse(t.uri(), "nobody").answer,
    "authorize: request_uri without a client": _open(lambda t: {"request_uri": t.uri()}),
    "authorize: client_id twice": _twice("client_id"),
    "authorize: request_uri twice": _twice("request_uri"),
    "authorize: another redirect beside": _beside(redirect_uri="https://elsewhere.example/"),
    "authorize: another scope beside": _beside(scope="openid colour:red"),
    "authorize: another response_type beside": _beside(response_type="token"),
    "authorize: a request object beside": _beside(request="x.y.z"),
    "authorize: prompt none": lambda t: t.browse(t.uri(prompt="none")).answer,
}

PROBES = PUSHED | OPENED
