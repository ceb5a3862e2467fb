"""The OpenAPI document tells the truth, and so do its pages."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemathesis

from auth.api import OAUTH_PATHS
from auth.guard import view_of
from registry.citizens.changes import apply_changes
from registry.examples import EXAMPLES
from registry.problems import MEDIA_TYPE
from registry.server import environ
from tests.conftest import ISSUER, PURPOSE, Service
from tests.people import BAY, LAN, change

Operation = tuple[str, str, dict[str, Any]]
# Their answers are pages, assets, or this very document.
UNDESCRIBED = {
    *("/docs", "/docs/{path:name}", "/openapi.json", "/problems/{code}"),
    # Pages for a person's browser.
    *(
        "/consent",
        "/oauth/authorize",
        "/oauth/page.css",
        "/signin",
        "/signin/callback",
        "/signin/session",
    ),
    *("/signin/style.css", "/signout"),
    *("/", "/assets/{name}", "/citizen", "/citizen/people/{record_id}"),
    *("/citizen/consents", "/citizen/consents/{record_id}"),
    # The button's window, and what its script on a registered page calls with a receipt.
    *("/button/start", "/button/done", "/button/ready", "/button/verify", "/button/invite"),
    *("/button/refill", "/sogoc-prefill.js", "/demo/form/{code}", "/demo/form/{code}/filled"),
    "/demo/form/{code}/parcels.svg",
    *("/citizen/consents/{record_id}/receipt", "/citizen/consents/{record_id}/withdraw"),
    *("/citizen/corrections", "/citizen/corrections/new", "/citizen/corrections/{record_id}"),
}


@pytest.fixture
def document(service: Service) -> dict[str, Any]:
    return dict(service.app.test_client().get("/openapi.json").get_json())


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield path, method, operation


def _schemas(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        for key, below in value.items():
            if key == "schema":
                yield below
            else:
                yield from _schemas(below)
    elif isinstance(value, list):
        for below in value:
            yield from _schemas(below)


def _fits(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    whole = {**schema, "components": document["components"]}
    jsonschema.Draft202012Validator(whole).validate(value)


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(document).validate()
    for schema in (*document["components"]["schemas"].values(), *_schemas(document["paths"])):
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_route_is_described(service: Service, document: dict[str, Any]) -> None:
    routes = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in service.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, method, _ in _operations(document)}
    assert {route for route in routes if route[0] not in UNDESCRIBED} == described


def test_every_operation_says_who_may_call_it(service: Service, document: dict[str, Any]) -> None:
    by_id = {
        f"{rule.endpoint.replace('.', '_').lower()}_{method.lower()}": view_of(
            service.app, rule.endpoint, method
        )
        for rule in service.app.url_map.iter_rules()
        for method in rule.methods or set()
    }
    scopes = document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
    assert scopes["tokenUrl"] == f"{ISSUER}/oauth/token"
    for path, _, operation in _operations(document):
        view = by_id[operation["operationId"]]
        scope = getattr(view, "required_scope", None)
        if path in OAUTH_PATHS:
            assert operation["security"] == [{"client": []}, {}]
        elif scope is None:
            assert operation["security"] == []
        else:
            any_of = scope if isinstance(scope, tuple) else (scope,)
            assert operation["security"] == [{"oauth2": [s] if s else []} for s in any_of]
            assert all(not s or s in scopes["scopes"] for s in any_of)
        sent = (
            {parameter.get("$ref", "").split("/")[-1] for parameter in operation["parameters"]}
            if "parameters" in operation
            else set()
        )
        assert ({"Procedure", "Case"} <= sent) is bool(getattr(view, "personal", False))


def test_problems_are_documented_where_they_can_come_from(document: dict[str, Any]) -> None:
    statuses = {
        operation["operationId"]: set(operation["responses"])
        for _, _, operation in _operations(document)
    }
    guarded = {"200", "400", "401", "403", "406", "429", "500", "503"}
    assert statuses["citizens_lookup_post"] == guarded | {"409", "413", "415", "422"}
    assert statuses["citizens_citizen_get"] == guarded | {"304", "308", "404", "409", "422"}
    assert statuses["me_agreement_get"] == {"200", "400", "401", "429", "500", "503"}
    assert statuses["healthz_get"] == {"200", "500"}
    for path, _, operation in _operations(document):
        for status, response in operation["responses"].items():
            if status in {"200", "201", "202", "304"}:
                continue
            kinds = {"application/json"} if path in OAUTH_PATHS else {MEDIA_TYPE}
            assert response["content"].keys() == kinds
            example = response["content"].get(MEDIA_TYPE)
            if example:
                _fits(document, example["schema"], example["example"])


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    described = {operation["operationId"] for _, _, operation in _operations(document)}
    assert EXAMPLES.keys() <= described
    for path, _, operation in _operations(document):
        if not path.startswith("/v1/"):
            continue
        [done] = {"200", "201", "202"} & operation["responses"].keys()
        [answer] = operation["responses"][done]["content"].values()
        _fits(document, answer["schema"], answer["example"])
        for content in operation.get("requestBody", {}).get("content", {}).values():
            _fits(document, content["schema"], content["example"])
        if "requestBody" not in operation:
            needed = {p["name"] for p in operation.get("parameters", ()) if p.get("required")}
            shown = {p["name"] for p in operation.get("parameters", ()) if "example" in p}
            assert needed - {"fields"} <= shown | {"fields"}


def test_every_request_example_is_understood(service: Service) -> None:
    record = "01980000-0000-7000-8000-000000000001"
    bodies = {
        "citizens_lookup_post": "/v1/citizens/lookup",
        "civil_status_civilactlookup_post": "/v1/civil-status/lookup",
        "citizens_search_post": "/v1/citizens/search",
        "citizens_verify_post": "/v1/citizens/verify",
    }
    for name, path in bodies.items():
        assert service.call("POST", path, json=EXAMPLES[name].body).status_code == 200, name
    queries = {
        "citizens_citizen_get": (f"/v1/citizens/{record}", 404),
        "citizens_history_get": (f"/v1/citizens/{record}/history", 404),
        "households_household_get": (f"/v1/households/{record}", 404),
        "households_householdofcitizen_get": (f"/v1/citizens/{record}/household", 404),
        "civil_status_civilact_get": (f"/v1/civil-status/{record}", 404),
        "civil_status_civilstatusofcitizen_get": (f"/v1/citizens/{record}/civil-status", 404),
        "joined_joined_get": (f"/v1/citizens/{record}/registers", 404),
        "places_places_get": ("/v1/places", 200),
        "places_place_get": ("/v1/places/27007", 200),
        "places_convert_get": ("/v1/places/convert", 200),
        "me_agreement_get": ("/v1/me/agreement", 200),
        "procedures_procedures_get": ("/v1/procedures", 200),
        "procedures_procedure_get": ("/v1/procedures/1.001193", 200),
        "procedures_manifest_get": ("/v1/procedures/1.001193/manifest", 200),
        "jobs_jobs_get": ("/v1/jobs", 200),
        "sandbox_personas_get": ("/sandbox/personas", 200),
        "jobs_onejob_get": (f"/v1/jobs/{record}", 404),
    }
    # Those of parcels, which need an agreement of their own, are asked in test_parcels.
    land = {name for name in EXAMPLES if name.startswith("parcels_")}
    # And those of the desk and its feed in test_desk_api.
    desk = {n for n in EXAMPLES if n.startswith(("datasets_", "catalogue_", "changes_"))}
    # Those of corrections in test_corrections.
    cases = {name for name in EXAMPLES if name.startswith("corrections_")}
    # Those of prefill, which need a person's consent, in test_prefill.
    forms = {name for name in EXAMPLES if name.startswith("prefill_")}
    # Those of OAuth in the tests of its endpoints.
    oauth = {name for name in EXAMPLES if name.startswith("oauth_")}
    bodiless = {"jobs_canceljob_post"}
    assert {*bodies, *queries, *land, *desk, *cases, *forms, *oauth, *bodiless} == EXAMPLES.keys()
    for name, (path, status) in queries.items():
        query = EXAMPLES[name].query
        assert service.call("GET", path, query_string=query).status_code == status, name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    """Give the address of the product's own server, on the database of the service."""
    with service.database.transaction() as session:
        apply_changes(session, [change(LAN), change(BAY)], source="test", load=None)
    settings = replace(
        service.app.extensions["sogoc"].settings,
        database_url=service.database.engine.url.render_as_string(hide_password=False),
    )
    port = _free_port()
    server = subprocess.Popen(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "registry", "serve", "--port", str(port)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **environ(settings)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(port: int) -> None:
    for _ in range(150):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    pytest.fail("the server did not start")


CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance,unsupported_method,"
    "allow_header_conformance,ignored_auth"
)


def test_made_up_requests_find_no_answer_that_is_not_documented(
    service: Service, address: str, tmp_path: Path
) -> None:
    run = subprocess.run(  # noqa: S603 - our own arguments
        [
            *(Path(sys.executable).parent / "schemathesis", "run", f"{address}/openapi.json"),
            *("--url", address, "--checks", CHECKS, "--phases", "examples,coverage,fuzzing"),
            *("--max-time", "25", "--max-examples", "30", "--seed", "1"),
            # More workers are threads, in which Python 3.11 now and then fails to parse a lambda.
            *("--workers", "1"),
            *("--continue-on-failure", "--warnings", "off", "--no-color"),
            *("-H", f"Authorization: Bearer {service.token()}"),
            *(f"--header={name}: {value}" for name, value in PURPOSE.items()),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    made = re.search(r"(\d+) generated", run.stdout)
    assert made is not None, run.stdout
    assert int(made[1]) > 150


def test_the_page_needs_nothing_from_elsewhere(service: Service) -> None:
    client = service.app.test_client()
    page = client.get("/docs")
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy
    # No script of its own inside: the policy would stop it.
    assert not re.search(r"<script(?![^>]*\bsrc=)", page.text)
    assert not re.search(r"\son\w+=|https?://", page.text)
    for name in re.findall(r"(?:src|href)=\"([^\"]+)\"", page.text):
        with client.get(name) as asset:
            assert asset.status_code == 200, name
            assert asset.mimetype in {"text/css", "text/javascript"}
            assert asset.headers["X-Content-Type-Options"] == "nosniff"
    start = client.get("/docs/start.js").text
    assert '"/openapi.json"' in start
    assert "validatorUrl: null" in start


@pytest.mark.parametrize("name", ["../pyproject.toml", "..%2fLICENSE", "none.js", "%00", "."])
def test_the_page_serves_its_assets_alone(service: Service, name: str) -> None:
    assert service.app.test_client().get(f"/docs/{name}").status_code == 404
