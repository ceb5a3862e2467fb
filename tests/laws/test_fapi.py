"""What the page of requirements says is so; and those of its tests that stand nowhere else."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.auth.grants import Form, form_of, told
from tests.auth.signing import ask, assertion, register
from tests.conftest import Service

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security" / "fapi.md").read_text("utf-8")
_FILES = dict(re.findall(r"^\| `([A-Z]+)` \| `(tests/\S+\.py)` \|$", PAGE, re.MULTILINE))
_NAMED = re.findall(r"`([A-Z]+)\.(test_\w+)`", PAGE)
_VERSION = re.compile(r"\d+(?:\.\d+)+")


def _version(text: str) -> tuple[int, ...]:
    found = _VERSION.search(text)
    assert found is not None, text
    return tuple(map(int, found[0].split(".")))


def test_every_test_that_the_page_names_exists() -> None:
    assert len(_NAMED) > 100
    for short, name in _NAMED:
        source = (ROOT / _FILES[short]).read_text("utf-8")
        assert f"def {name}(" in source, f"{short}.{name}"


def test_what_is_said_to_be_met_has_a_test() -> None:
    met = [line for line in PAGE.splitlines() if re.search(r"\| met[^|]*\|$", line)]
    assert len(met) > 80
    assert [line for line in met if ".test_" not in line] == []


def test_a_state_is_one_of_three() -> None:
    tables = re.findall(r"^\|.*\| ([^|]+) \|$", PAGE.split("## Attacks")[0], re.MULTILINE)
    states = [
        state for state in tables if not state.startswith(("`tests/", "File", "State", "---"))
    ]
    assert states
    assert [s for s in states if not s.startswith(("met", "not applicable", "not yet"))] == []


@pytest.mark.parametrize("library", ["authlib", "joserfc"])
def test_no_library_is_older_than_its_last_advisory(library: str) -> None:
    fixes = [_version(each) for each in re.findall(rf"\| {library} ([\d.]+) \|", PAGE)]
    [floor] = re.findall(
        rf"^{library}>=(.+)$", (ROOT / "requirements/core.in").read_text(), re.MULTILINE
    )
    assert len(fixes) >= 4
    assert max(fixes) <= _version(floor)
    for lock in ("core.txt", "dev.txt"):
        text = (ROOT / "requirements" / lock).read_text()
        [locked] = re.findall(rf"^{library}==(\S+)", text, re.MULTILINE)
        assert _version(floor) <= _version(locked), lock


@pytest.fixture
def form(service: Service) -> Iterator[Form]:
    with form_of(service) as made:
        yield made


def _nonce(form: Form, code: str) -> object:
    token = form.redeem(code).get_json()["id_token"]
    keys = KeySet.import_key_set(form.browser.get("/oauth/jwks").get_json())
    return jwt.decode(token, keys, algorithms=["ES256"]).claims.get("nonce")


def test_no_other_site_reads_the_authorization_endpoint(form: Form) -> None:
    uri = form.uri()
    query = {"client_id": "ward-office", "request_uri": uri}
    sent = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method in ("GET", "OPTIONS"):
        answer = form.browser.open(
            "/oauth/authorize", method=method, query_string=query, headers=sent
        )
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_state_and_nonce_may_be_left_out(form: Form) -> None:
    said = form.agree(state=None, nonce=None)
    assert "state" not in said
    assert _nonce(form, said["code"]) is None


@pytest.mark.parametrize("length", [64, 384, 1000])
def test_long_values_come_back_whole(form: Form, length: int) -> None:
    said = form.agree(state="s" * length, nonce="n" * length)
    assert said["state"] == "s" * length
    assert _nonce(form, said["code"]) == "n" * length


def test_the_order_of_scopes_does_not_matter(form: Form) -> None:
    issued = form.redeem(form.agree(scope="citizens:read openid")["code"]).get_json()
    assert issued["scope"] == "citizens:read openid"


def test_what_stands_beside_the_request_uri_is_not_used(form: Form) -> None:
    for pushed in ("s1", None):
        uri = form.uri(state=pushed)
        query = {"client_id": "ward-office", "request_uri": uri}
        beside = {"state": "other", "nonce": "other", "redirect_uri": "https://evil.example/"}
        page = form.browser.get("/oauth/authorize", query_string=query | beside)
        said = told(form.decide(uri, page))
        assert said.get("state") == pushed
        assert _nonce(form, said["code"]) == "n1"


def test_an_assertion_without_a_subject_is_refused(service: Service) -> None:
    register(service)
    answer = ask(service, assertion(sub=None))
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


def test_the_push_endpoint_takes_posts_alone(form: Form) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = form.browser.open("/oauth/par", method=method)
        assert answer.status_code == 405


def test_secrets_are_of_two_hundred_and_fifty_six_bits(form: Form) -> None:
    uri = form.uri()
    code = told(form.decide(uri, form.open(uri)))["code"]
    refresh = form.redeem(code).get_json()["refresh_token"]
    for secret in (uri.rpartition(":")[2], code, refresh):
        assert len(base64.urlsafe_b64decode(secret + "=")) == 32
