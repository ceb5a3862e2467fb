"""Registering a client by command: what is refused, and that a change counts at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from joserfc.jwk import ECKey

from auth.clients import generation, require_client
from auth.models import Client
from auth.oauth.metadata import EXCHANGE
from registry.cli import main
from tests.auth.grants import CALLBACK, form_of
from tests.auth.signing import EC, public
from tests.conftest import Service

Run = Callable[..., Result]
CODE = ("--grant-type", "authorization_code")
FINE = (
    "https://forms.example.vn/callback",
    "https://forms.example.vn:8443/callback?step=2",
    "https://xn--ng-mbb.example.vn/",
    "https://10.0.0.7/cb",
)
LOOPBACK = ("http://127.0.0.1:8080/cb", "http://localhost/cb", "http://[::1]:9000/cb")
WRONG = (
    "http://forms.example.vn/callback",
    "http://127.0.0.1.example.vn/cb",
    "http://10.0.0.7/cb",
    "vn.example.forms:/callback",
    "com.example.app://callback",
    "javascript:alert(1)",
    "data:text/html,x",
    "//forms.example.vn/callback",
    "/callback",
    "",
    "https:///callback",
    "https://",
    "https://forms.example.vn",
    "https://forms.example.vn/callback#",
    "https://forms.example.vn/callback#part",
    "https://*.example.vn/callback",
    "https://forms.example.vn/*",
    "https://user@forms.example.vn/callback",
    "https://user:pw@forms.example.vn/callback",
    "https://FORMS.example.vn/callback",
    "HTTPS://forms.example.vn/callback",
    "https://forms.example.vn:x/callback",
    "https://forms.example.vn:99999/callback",
    "https://forms.example.vn:/callback",
    "https://forms.example.vn:0443/callback",
    "https://forms..example.vn/callback",
    "https://-forms.example.vn/callback",
    "https://biểu-mẫu.vn/callback",
    "https://forms.example.vn/call back",
    "https://forms.example.vn\\@evil.example/callback",
    "https://forms.example.vn/callback\r\nX: y",
    "https://forms.example.vn/" + "x" * 2000,
)


@pytest.fixture
def run(service: Service) -> Run:
    """Give the command on the service's own database, in production unless told otherwise."""
    url = service.database.engine.url.render_as_string(hide_password=False)

    def run(*words: str, code: int = 0, environment: str = "production") -> Result:
        settings = {"SOGOC_DATABASE_URL": url, "SOGOC_ENVIRONMENT": environment}
        done = CliRunner(env=settings).invoke(main, ["client", *words])
        assert done.exit_code == code, done.output
        return done

    return run


def _refused(service: Service, run: Run, *words: str, **more: Any) -> str:
    """Return what is said of a change, which changes nothing and ends no cache."""
    with service.database.reading() as session:
        before = _columns(require_client(session, "ward-office")), generation(session)
    said = run("change", "ward-office", *words, code=1, **more)
    assert said.stdout == ""
    with service.database.reading() as session:
        row = require_client(session, "ward-office")
        assert (_columns(row), generation(session)) == before
    return said.stderr


def _columns(row: Client) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in Client.__table__.columns}


def _changed(run: Run, *words: str, **more: Any) -> Any:
    return orjson.loads(run("change", "ward-office", *words, "--json", **more).stdout)


def test_a_redirect_uri_that_is_not_exact_and_safe_is_refused(service: Service, run: Run) -> None:
    for uri in (*WRONG, *LOOPBACK):
        said = _refused(service, run, *CODE, "--redirect-uri", CALLBACK, "--redirect-uri", uri)
        assert "A redirect URI is a whole https://" in said, uri
        assert "Địa chỉ chuyển hướng phải là https://" in said, uri


def test_this_machine_is_an_address_in_a_sandbox_alone(service: Service, run: Run) -> None:
    for uri in WRONG:
        said = _refused(service, run, *CODE, "--redirect-uri", uri, environment="demo")
        assert "http for this machine alone" in said, uri
    given = [word for uri in (*FINE, *LOOPBACK) for word in ("--redirect-uri", uri)]
    assert _changed(run, *CODE, *given, environment="demo")["redirect_uris"] == [*FINE, *LOOPBACK]


def test_too_many_addresses_and_one_twice_are_refused(service: Service, run: Run) -> None:
    for uris in ([CALLBACK] * 2, [f"{CALLBACK}/{n}" for n in range(21)]):
        given = [word for uri in uris for word in ("--redirect-uri", uri)]
        assert "At most 20 redirect URIs" in _refused(service, run, *CODE, *given)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (CODE, "authorization_code needs a redirect URI"),
        (("--grant-type", "refresh_token"), "refresh_token needs authorization_code"),
        (("--grant-type", EXCHANGE), "Token exchange needs authorization_code"),
        (("--rotates-refresh",), "Rotation needs refresh_token"),
        (("--sector", "https://forms.example.vn"), "A sector is the name of a host"),
        (("--sector", ""), "A sector is the name of a host"),
        (("--calls-per-minute", "-1"), "Calls a minute are 0"),
        (("--contact", "ban-cong-nghe"), "The contact is an e-mail address"),
        (("--contact", f"{'x' * 200}@example.vn"), "The contact is an e-mail address"),
        (("--userinfo-encryption", "ECDH-ES+A256KW:A256GCM"), 'with "use": "enc"'),
    ],
)
def test_what_does_not_go_together_is_refused(
    service: Service, run: Run, words: tuple[str, ...], said: str
) -> None:
    assert said in _refused(service, run, *words)


def test_everything_that_is_wrong_is_said_at_once(service: Service, run: Run) -> None:
    said = _refused(service, run, "--contact", "x", "--sector", "-", "--calls-per-minute", "-2")
    assert said.count("is an e-mail address") == said.count("Calls a minute are 0") == 1
    assert "A sector is" in said


def test_what_no_command_line_can_mean_is_exit_2(run: Run) -> None:
    for words in (
        ("--grant-type", "password"),
        ("--grant-type", "implicit"),
        ("--id-token-alg", "none"),
        ("--userinfo-alg", "RS256"),
        ("--userinfo-encryption", "RSA1_5:A128CBC-HS256"),
        ("--without", "redirect_uris"),
    ):
        run("change", "ward-office", *words, code=2)
    run("change", "nobody", "--contact", "an@example.vn", code=1)


def test_a_client_that_is_refused_is_not_made(service: Service, run: Run) -> None:
    create = ("create", "forms", "--name", "x", "--scope", "openid", *CODE)
    run(*create, "--redirect-uri", "https://*.example.vn/", code=1)
    assert "forms" not in run("list").stdout
    made = run(*create, "--redirect-uri", CALLBACK, "--contact", "an@example.vn", "--json")
    assert orjson.loads(made.stdout).keys() == {"id", "secret"}
    with service.database.reading() as session:
        row = require_client(session, "forms")
        assert (row.redirect_uris, row.grant_types) == ([CALLBACK], ["authorization_code"])
        assert row.contact == "an@example.vn"


def test_a_change_changes_what_it_names_and_nothing_else(run: Run) -> None:
    first = _changed(run, *CODE, "--redirect-uri", CALLBACK, "--sector", "forms.example.vn")
    assert first["sector"] == "forms.example.vn"
    then = _changed(run, "--calls-per-minute", "0", "--id-token-alg", "EdDSA")
    assert then == first | {"calls_per_minute": 0, "id_token_alg": "EdDSA"}
    rotating = _changed(run, *CODE, "--grant-type", "refresh_token", "--rotates-refresh")
    assert rotating["rotates_refresh"] is True
    last = _changed(run, "--without", "sector", "--without", "calls_per_minute", "--keeps-refresh")
    assert (last["sector"], last["calls_per_minute"], last["rotates_refresh"]) == (
        None,
        None,
        False,
    )
    [listed] = orjson.loads(run("list", "--json").stdout)
    assert listed == listed | last


def test_userinfo_is_encrypted_to_a_key_that_is_registered(run: Run, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    wrapping = ECKey.generate_key("P-256", {"use": "enc"})
    keys.write_bytes(orjson.dumps(public(EC, wrapping)))
    way = "ECDH-ES+A256KW:A256GCM"
    create = ("create", "forms", "--name", "x", "--scope", "openid", "--jwks", str(keys))
    run(*create, "--userinfo-encryption", way, "--userinfo-alg", "EdDSA")
    held = {each["id"]: each for each in orjson.loads(run("list", "--json").stdout)}["forms"]
    assert held["userinfo_alg"] == "EdDSA"
    assert held["userinfo_encryption"] == {"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}


def test_a_change_counts_on_a_server_that_runs(service: Service, run: Run) -> None:
    with form_of(service) as form:
        assert form.push().status_code == 201
        assert "redirect_uri" not in form.agree()
        limit = service.call("GET", "/v1/me/agreement").headers["RateLimit-Policy"]
        moved = "https://forms.example.vn/elsewhere"
        run("change", "ward-office", "--redirect-uri", moved, "--calls-per-minute", "77")
        assert form.push().get_json()["error"] == "invalid_request"
        assert form.push(redirect_uri=moved).status_code == 201
        time.sleep(0.6)
        now = service.call("GET", "/v1/me/agreement").headers["RateLimit-Policy"]
        assert "q=77;" in now != limit
