"""Revocation (RFC 7009) and introspection (RFC 7662)."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.interop.target import CLIENT, OTHER, Answer, Form, Probe, Target, post, request

_Url = Callable[[Target], str]


def _at(url: _Url, form: Callable[[Target], Form], client: str = CLIENT) -> Probe:
    def send(target: Target) -> Answer:
        return target.ask(form(target), client, url=url(target)).answer

    return send


def _fine(target: Target) -> Form:
    return {"token": target.own_token()}


def _probes(name: str, url: _Url) -> dict[str, Probe]:
    """Return what both endpoints are asked alike."""

    def bare(target: Target) -> Answer:
        return post(url(target), _fine(target)).answer

    def twice(target: Target) -> Answer:
        token = target.own_token()
        parts = {**target.who(), "token": token}
        body = "&".join(f"{each}={held}" for each, held in parts.items())
        return post(url(target), f"{body}&token={token}").answer

    def for_the_endpoint(target: Target) -> Answer:
        who = target.who(text=target.assertion(aud=url(target)))
        return post(url(target), {**who, **_fine(target)}).answer

    def replayed(target: Target) -> Answer:
        form = {**target.who(), **_fine(target)}
        assert post(url(target), form).status == 200
        return post(url(target), form).answer

    def as_json(target: Target) -> Answer:
        return post(url(target), "{}", [("Content-Type", "application/json")]).answer

    return {
        f"{name}: fine": _at(url, _fine),
        f"{name}: unknown token": _at(url, lambda _: {"token": "unknown"}),
        f"{name}: unknown token that looks like a JWT": _at(url, lambda _: {"token": "e30.e30.AA"}),
        f"{name}: token missing": _at(url, lambda _: {}),
        f"{name}: token empty": _at(url, lambda _: {"token": ""}),
        f"{name}: token twice": twice,
        f"{name}: not authenticated": bare,
        f"{name}: authenticated for this endpoint": for_the_endpoint,
        f"{name}: authenticated by a used assertion": replayed,
        f"{name}: wrong hint": _at(url, lambda t: {**_fine(t), "token_type_hint": "refresh_token"}),
        f"{name}: unknown hint": _at(url, lambda t: {**_fine(t), "token_type_hint": "colour"}),
        f"{name}: the other client's token": _at(
            url, lambda t: {"token": t.tokens(OTHER)["access_token"]}
        ),
        f"{name}: the other client's refresh token": _at(
            url, lambda t: {"token": t.tokens(OTHER)["refresh_token"]}
        ),
        f"{name}: a refresh token": _at(url, lambda t: {"token": t.tokens()["refresh_token"]}),
        f"{name}: a code": _at(url, lambda t: {"token": t.code()}),
        f"{name}: by GET": lambda t: request("GET", f"{url(t)}?token=x").answer,
        f"{name}: as JSON": as_json,
    }


def _after(token: Callable[[Target], str], client: str = CLIENT) -> Probe:
    """Return a probe that asks what a token says a second after ``client`` has revoked it.

    RFC 7009 section 2.1 knows that it takes a moment until all servers know.
    """

    def send(target: Target) -> Answer:
        text = token(target)
        target.ask({"token": text}, client, url=target.revoke)
        time.sleep(1)
        return target.ask({"token": text}, url=target.introspect).answer

    return send


def _sibling(target: Target) -> Answer:
    """Revoke a refresh token, and ask what the access token of the same grant says."""
    told = target.tokens()
    target.ask({"token": told["refresh_token"]}, url=target.revoke)
    return target.ask({"token": told["access_token"]}, url=target.introspect).answer


def _late(target: Target) -> Answer:
    token = target.own_token()
    with target.later(7200):
        return target.ask({"token": token}, url=target.introspect).answer


def _left(target: Target) -> Answer:
    """Revoke an access token, and use the refresh token of the same grant."""
    told = target.tokens()
    target.ask({"token": told["access_token"]}, url=target.revoke)
    return target.refresh(told["refresh_token"]).answer


PROBES: dict[str, Probe] = {
    **_probes("revoke", lambda t: t.revoke),
    **_probes("introspect", lambda t: t.introspect),
    "introspect: a token of a person's grant": _at(
        lambda t: t.introspect, lambda t: {"token": t.tokens()["access_token"]}
    ),
    "introspect: a token that is over": _late,
    "introspect: what was revoked": _after(Target.own_token),
    "introspect: what the other client tried to revoke": _after(Target.own_token, OTHER),
    "introspect: access of a revoked refresh token": _sibling,
    "refresh: after its access token was revoked": _left,
}
