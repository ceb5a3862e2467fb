"""No route is open by oversight: each declares a scope, or stands on the short list below."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import flask
import pytest

from auth.guard import public, view_of
from auth.scopes import SCOPES
from registry.app import create_app
from registry.kernel.settings import Settings
from tests.conftest import PURPOSE, Service

# Whoever adds a line here makes a route that the whole world may call.
PUBLIC = {
    "/",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/.well-known/openid-configuration",
    "/assets/<name>",
    "/button/done",
    "/button/invite",
    "/button/ready",
    "/button/refill",
    "/button/start",
    "/button/verify",
    "/consent",
    "/demo/form/<code>",
    "/demo/form/<code>/filled",
    "/demo/form/<code>/parcels.svg",
    "/docs",
    "/docs/<path:name>",
    "/healthz",
    "/oauth/authorize",
    "/oauth/introspect",
    "/oauth/jwks",
    "/oauth/page.css",
    "/oauth/par",
    "/oauth/revoke",
    "/oauth/token",
    "/openapi.json",
    "/problems/<code>",
    "/readyz",
    "/sandbox/personas",
    "/signin",
    "/signin/callback",
    "/signin/style.css",
    "/sogoc-prefill.js",
    "/v1/datasets",
    "/v1/datasets/<name>/schema",
    "/v1/datasets/<name>/template",
    "/v1/datasets/quality",
    "/v1/datasets/rules",
    "/v1/places",
    "/v1/places/<code>",
    "/v1/places/convert",
    "/v1/procedures",
    "/v1/procedures/<code>",
    "/v1/procedures/<code>/manifest",
}
# The demo's own provider of made-up people, which a setting turns on.
PERSONAS = {
    f"/demo/provider{path}"
    for path in ("/.well-known/openid-configuration", "/authorize", "/jwks", "/token")
}
# What only a signed-in person opens.
SIGNED_IN = {
    *("/signin/session", "/signout", "/citizen", "/citizen/people/<record_id>"),
    *("/citizen/consents", "/citizen/consents/<record_id>"),
    *("/citizen/consents/<record_id>/receipt", "/citizen/consents/<record_id>/withdraw"),
    *("/citizen/corrections", "/citizen/corrections/new", "/citizen/corrections/<record_id>"),
}
# What a client asks about itself: a token of any scope, and no purpose.
ANY_CLIENT = {"/v1/me/agreement"}
# What tells nothing of people: a token with one of several scopes, and no purpose.
IMPERSONAL = {
    *("/v1/jobs", "/v1/jobs/<job_id>", "/v1/jobs/<job_id>/cancel"),
    *("/v1/changes", "/v1/changes/last"),
}
# What a person has let a client know of themselves by the one scope: who they are to it.
OF_ONESELF = {"/oauth/userinfo"}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[flask.Flask]:
    made = create_app(
        Settings(
            environment="demo",
            database_url=f"sqlite:///{tmp_path / 'registry.db'}",
            key_file=str(tmp_path / "keys.json"),
            persona_provider="on",
        )
    )
    yield made
    made.extensions["sogoc"].hot_lookup.close()
    made.extensions["sogoc"].database.close()


def undeclared(app: flask.Flask) -> set[str]:
    """Return the routes with a method that no guard and no list accounts for."""
    return {
        rule.rule
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"OPTIONS"}
        if not _declared(app, rule.rule, rule.endpoint, method)
    }


def _declared(app: flask.Flask, rule: str, endpoint: str, method: str) -> bool:
    view = view_of(app, endpoint, method)
    scope = getattr(view, "required_scope", "undeclared")
    if scope is None and getattr(view, "session", False):
        return rule in SIGNED_IN
    if scope is None:
        return rule in PUBLIC | PERSONAS
    if scope == "":
        return rule in ANY_CLIENT
    if isinstance(scope, tuple):
        # What stewards read of a file is personal, for a purpose of its own: refusals are logged.
        desks = ("/v1/corrections", "/v1/datasets/")
        desk = getattr(view, "steward", False) and rule.startswith(desks)
        return (desk or rule in IMPERSONAL | OF_ONESELF) and set(scope) <= SCOPES.keys()
    return scope in SCOPES and getattr(view, "personal", False) is True


def test_every_route_declares_its_scope(app: flask.Flask) -> None:
    assert undeclared(app) == set()


def test_a_route_without_a_guard_is_found(app: flask.Flask) -> None:
    app.add_url_rule("/v1/open", "open", lambda: "everything")
    app.add_url_rule("/v1/said_public", "said_public", public(lambda: "everything"))
    assert undeclared(app) == {"/v1/open", "/v1/said_public"}


def test_the_lists_name_no_route_that_is_gone(app: flask.Flask) -> None:
    assert {
        rule.rule for rule in app.url_map.iter_rules()
    } >= PUBLIC | PERSONAS | SIGNED_IN | ANY_CLIENT | IMPERSONAL | OF_ONESELF


def test_no_personal_identifier_stands_in_a_url(app: flask.Flask) -> None:
    # URLs end up in logs: what a path may hold is an opaque record id, a code or a file's name.
    arguments = {name for rule in app.url_map.iter_rules() for name in rule.arguments}
    ids = ("case_id", "job_id", "prefill_id", "record_id", "release_id", "submission_id")
    assert arguments == {*ids, "code", "name"}


def test_a_refused_head_is_logged_like_its_get(service: Service) -> None:
    path = "/v1/citizens/0198c0de-0000-7000-8000-000000000001?fields=religion"
    assert service.call("HEAD", path, headers=PURPOSE).status_code == 403
    assert [(row.outcome, row.reason) for row in service.rows()] == [
        ("refused", "outside-agreement")
    ]
