"""The one place where the parts are put together: settings in, a Flask application out."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import flask
import flask_smorest
import flask_swagger_ui
import sqlalchemy as sa
from authlib.integrations.flask_oauth2 import AuthorizationServer
from flask.json.provider import DefaultJSONProvider
from sqlalchemy.orm import Session

import auth.api
import auth.api_authorize
import auth.api_consent
import auth.api_openid
import auth.signin.api
import auth.signin.personas_api
import datasets.api
import datasets.api_catalogue
import datasets.api_changes
import migrations
import registry.citizens.api
import registry.civil_status.api
import registry.corrections.api
import registry.households.api
import registry.jobs.api
import registry.joined.api
import registry.parcels.api
import registry.places.api
import registry.prefill.api
import registry.prefill.api_procedures
import registry.sandbox.api
from auth.api_authorize import Visitors
from auth.consents.preview import Preview
from auth.enumeration import Watch
from auth.guard import Door, credentials, public, rate_headers
from auth.keys import KeyRing
from auth.limits import Limiter
from auth.oauth.exchange import OFFICER
from auth.oauth.senders import NONCE, Senders
from auth.scopes import ASSIST
from auth.server import build
from auth.signin.personas import PersonaProvider
from auth.signin.service import SignIn
from auth.signin.staff import holds_role
from auth.tokens import TokenVerifier
from auth.visitors import SignedInVisitors
from datasets.specs.messages import citizen_of_cells
from registry import openapi, problems
from registry.citizens import predicates as citizens
from registry.citizens.attributes import CATALOGUE as CITIZENS
from registry.citizens.hot import HotLookup
from registry.citizens.predicates import Predicate
from registry.citizens.records import find_record_ids
from registry.citizens.sourced import CitizenReader
from registry.civil_status import predicates as civil_status
from registry.civil_status.attributes import CATALOGUE as CIVIL_STATUS
from registry.civil_status.representation import ground_to_act, may_be_represented
from registry.corrections.rules import Terms
from registry.fastpath import FastPath
from registry.households.attributes import CATALOGUE as HOUSEHOLDS
from registry.http import Segment, answer
from registry.jobs.pulse import Pulse
from registry.kernel.clock import today
from registry.kernel.db import Database
from registry.kernel.errors import Unavailable
from registry.kernel.faults import Faults
from registry.kernel.settings import Settings
from registry.parcels import predicates as parcels
from registry.parcels.attributes import CATALOGUE as PARCELS
from registry.prefill.preview import RegistryPreview
from registry.sandbox.people import planned_faults, sign_in_personas
from registry.upstream.http import HttpSource
from registry.upstream.modes import Mode
from registry.upstream.source import Source
from registry.web import site
from registry.web.button_window import keeps_opener
from registry.web.ports import Services, Web
from registry.web.services import OwnConsents, OwnCorrections

BLUEPRINTS = (
    auth.api.blp,
    auth.api.v1,
    auth.api_openid.blp,
    registry.places.api.blp,
    registry.citizens.api.blp,
    registry.civil_status.api.blp,
    registry.households.api.blp,
    registry.joined.api.blp,
    registry.parcels.api.blp,
    registry.prefill.api.blp,
    registry.prefill.api_procedures.blp,
    registry.corrections.api.blp,
    registry.jobs.api.blp,
    datasets.api_catalogue.blp,
    datasets.api.blp,
    datasets.api_changes.blp,
)
PAGES = (auth.api_authorize.blp, auth.api_consent.blp)
SANDBOX = registry.sandbox.api.blp
"""What production has not."""
CATALOGUES = (CITIZENS, CIVIL_STATUS, HOUSEHOLDS, PARCELS)
_CONFIG = {
    "API_TITLE": "Sổ Gốc",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "JSON_SORT_KEYS": False,
}
_PREDICATES: Mapping[str, Predicate] = {
    **citizens.PREDICATES,
    **civil_status.PREDICATES,
    **parcels.PREDICATES,
}
_SWAGGER = Path(flask_swagger_ui.__file__).parent / "dist"
# Two years, and for the host of mutual TLS below it too.
_HSTS = "max-age=63072000; includeSubDomains"
_NO_DEVICES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
_NO_FRAMES = "default-src 'none'; frame-ancestors 'none'"
# The page of the interface styles itself from its script; scripts come from files of ours alone.
_OWN_ONLY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline';"
    " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class State:
    """What the views share; found at ``app.extensions["sogoc"]``."""

    settings: Settings
    database: Database
    pulse: Pulse
    keys: KeyRing
    verifier: TokenVerifier
    senders: Senders
    limiter: Limiter
    oauth: AuthorizationServer
    visitors: Visitors
    preview: Preview
    hot_lookup: HotLookup
    citizens: CitizenReader
    predicates: Mapping[str, Predicate]
    faults: Faults

    @property
    def door(self) -> Door:
        """What every request for the API has to pass."""
        return Door(self.verifier, self.senders)


class _Json(DefaultJSONProvider):
    ensure_ascii = False

    @staticmethod
    def default(o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime.date) else DefaultJSONProvider.default(o)


def create_app(
    settings: Settings,
    database: Database | None = None,
    visitors: Visitors | None = None,
    preview: Preview | None = None,
    services: Services | None = None,
) -> flask.Flask:
    """Return the application for ``settings``.

    ``database`` is for tests that have one open, ``visitors`` for whoever knows who is there,
    ``preview`` for what a consent page shows, ``services`` for what is behind the citizen's pages.
    """
    app = flask.Flask("registry", static_folder=None)
    app.url_map.converters["default"] = Segment
    app.json = _Json(app)
    database = database or Database(
        settings.database_url,
        synchronous=settings.sqlite_synchronous,
        pool_size=settings.pool_size,
    )
    keys = KeyRing.open(Path(settings.key_file), settings.key_secret)
    verifier = TokenVerifier(keys, settings.issuer, database)
    hot = HotLookup(database, Watch(database).looked_up)
    secrets = Path(settings.source_dir)
    senders = Senders(settings, database)
    state = State(
        settings,
        database,
        Pulse(database),
        keys,
        verifier,
        senders,
        _limiter(settings, database, verifier),
        build(settings, database, keys, verifier, senders, may_act_for=_may_act_for),
        visitors or SignedInVisitors(),
        preview or RegistryPreview(_PREDICATES),
        hot,
        CitizenReader(database, hot, partial(_open_source, secrets), secrets),
        _PREDICATES,
        Faults.of(settings, planned_faults, partial(_records_of, database)),
    )
    app.extensions["sogoc"] = state
    app.config |= {**_CONFIG, "MAX_CONTENT_LENGTH": settings.max_body_bytes}
    api = flask_smorest.Api(app)
    # After the library, which has a handler of its own for the framework's errors.
    problems.register(app)
    for blueprint in BLUEPRINTS if settings.production else (*BLUEPRINTS, SANDBOX):
        api.register_blueprint(blueprint)
    for pages in PAGES:
        app.register_blueprint(pages)
    _add_service_routes(app, api)
    _add_sign_in(app, state)
    site.register(app, _web(state, services or _services(settings)))
    app.after_request(_headers)
    sent = [("Content-Type", "application/json"), *_fixed_headers(settings)]
    short = FastPath(app.wsgi_app, settings, state.door, state.limiter, state.citizens, sent)
    app.wsgi_app = short  # type: ignore[method-assign]
    return app


def _limiter(settings: Settings, database: Database, verifier: TokenVerifier) -> Limiter:
    return Limiter(
        database,
        verifier,
        calls_per_minute=settings.client_calls_per_minute,
        subject_calls_per_hour=settings.subject_calls_per_hour,
    )


def _open_source(secrets: Path, mode: Mode) -> Source:
    credentials = secrets / f"{mode.credentials}.json" if mode.credentials else None
    return HttpSource(mode.source_url or "", citizen_of_cells, credentials)


def _add_sign_in(app: flask.Flask, state: State) -> None:
    """Let people sign in; a demo's own provider is there only where a setting asks for it."""
    settings, database, keys = state.settings, state.database, state.keys
    app.extensions["sogoc-signin"] = SignIn(settings, database, keys, _find_person)
    app.register_blueprint(auth.signin.api.blp)
    if settings.persona_provider == "on":
        app.extensions["sogoc-personas"] = PersonaProvider(
            settings, database, keys, sign_in_personas()
        )
        app.register_blueprint(auth.signin.personas_api.blp)


def _records_of(database: Database, numbers: Iterable[str]) -> Mapping[str, str]:
    with database.reading() as session:
        return find_record_ids(session, numbers)


def _services(settings: Settings) -> Services:
    return Services(OwnConsents(settings.issuer), OwnCorrections(Terms.of(settings)))


def _web(state: State, services: Services) -> Web:
    """Return what the pages may use: verbs and catalogues, and no table."""
    return Web(
        state.database,
        state.citizens,
        {each.register: each for each in CATALOGUES},
        services.consents,
        services.corrections,
        synthetic=not state.settings.production,
        demo_forms=state.settings.environment == "demo",
    )


def _find_person(session: Session, number: str) -> str | None:
    return find_record_ids(session, [number]).get(number)


def _may_act_for(session: Session, actor: str, subject: str) -> str | None:
    """Return by which right one person acts for another: an office, or what acts say."""
    if holds_role(session, actor, ASSIST):
        return OFFICER if may_be_represented(session, subject) else None
    return ground_to_act(session, actor, subject, today())


def _add_service_routes(app: flask.Flask, api: flask_smorest.Api) -> None:
    @app.get("/healthz")
    @public
    def healthz() -> flask.Response:
        return answer({"status": "ok"})

    @app.get("/readyz")
    @public
    def readyz() -> flask.Response:
        state: State = app.extensions["sogoc"]
        try:
            with state.database.reading() as session:
                session.execute(sa.text("SELECT 1"))
            ready = migrations.status(state.database) == migrations.head()
        except sa.exc.SQLAlchemyError:
            ready = False
        if not ready:
            raise Unavailable
        return answer({"status": "ok"})

    @app.get("/openapi.json")
    @public
    def openapi_document() -> flask.Response:
        state: State = app.extensions["sogoc"]
        return answer(openapi.describe(app, api.spec.to_dict(), state.settings.issuer))

    @app.get("/problems/<code>")
    @public
    def problem(code: str) -> flask.Response:
        return problems.explain(code)

    @app.get("/docs")
    @public
    def docs() -> str:
        return _DOCS

    @app.get("/docs/<path:name>")
    @public
    def docs_asset(name: str) -> flask.Response:
        if name == "start.js":
            return flask.Response(_START, mimetype="text/javascript")
        return flask.send_from_directory(_SWAGGER, name)


def _fixed_headers(settings: Settings, policy: str = _NO_FRAMES) -> list[tuple[str, str]]:
    """Return the headers that every answer carries unless it says otherwise."""
    synthetic = [] if settings.production else [("Sogoc-Data", "synthetic")]
    # RFC 6797 section 7.2: over http the header says nothing, so none is sent there.
    strict = [("Strict-Transport-Security", _HSTS)] if settings.issuer.startswith("https:") else []
    return [
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Content-Security-Policy", policy),
        ("Permissions-Policy", _NO_DEVICES),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        *strict,
        *synthetic,
    ]


def _headers(response: flask.Response) -> flask.Response:
    policy = _OWN_ONLY if flask.request.path.startswith("/docs") else _NO_FRAMES
    state: State = flask.current_app.extensions["sogoc"]
    if keeps_opener(state.settings.issuer):
        response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    for name, value in _fixed_headers(state.settings, policy):
        response.headers.setdefault(name, value)
    request = flask.request
    if "HTTP_DPOP" in request.environ or credentials(request.headers)[0] == "dpop":
        # RFC 9449 section 8.2: the next proof can say it without being asked first.
        nonce = state.senders.nonce()
        if nonce:
            response.headers[NONCE] = nonce
    response.headers.extend(rate_headers())
    return response


_DOCS = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>Sổ Gốc · API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>
</body></html>
"""
_START = """SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", validatorUrl: null});
"""
