"""The catalogue of procedures over HTTP and at the command line: public, cacheable, strict."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from werkzeug.test import TestResponse

from registry.cli import main
from registry.kernel.clock import fixed
from registry.prefill import linting
from registry.prefill.adapters import ADAPTERS
from registry.prefill.profiles import list_profiles, load
from tests.conftest import Service

CODE = "1.001193"


def get(service: Service, path: str, **headers: str) -> TestResponse:
    return service.app.test_client().get(f"/v1/procedures{path}", headers=headers)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["procedure", *words])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/9.999999", 404),
        ("/9.999999/manifest", 404),
        (f"/{CODE}?on=2025-06-30", 404),
        (f"/{CODE}/manifest?adapter=word", 422),
        (f"/{CODE}?adapter=formio", 400),
        ("?on=yesterday", 422),
        ("?language=vi", 400),
    ],
)
def test_what_is_not_there_or_not_understood_is_refused(
    service: Service, path: str, status: int
) -> None:
    answer = get(service, path)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_nobody_needs_a_token_and_nothing_is_logged_of_anybody(service: Service) -> None:
    found = get(service, "").get_json()["procedures"]
    assert [each["id"] for each in found] == sorted(load())
    assert service.rows() == []


def test_a_procedure_tells_fields_bases_papers_and_what_to_push(service: Service) -> None:
    told = get(service, f"/{CODE}").get_json()
    assert told["authorization_details"] == load()["birth-registration"].details(CODE)
    fields = {field["key"]: field for field in told["fields"]}
    assert fields["submitter.full_name"]["attribute"] == "citizens:name.full"
    assert fields["submitter.full_name"]["label"] == {"vi": "Họ, chữ đệm, tên", "en": "Full name"}
    assert "attribute" not in fields["child.full_name"]
    assert fields["submitter.ethnicity"]["sensitive"]
    assert fields["submitter.ethnicity"]["justification"]["vi"]
    assert told["papers_replaced"] == ["identity_paper", "residence_paper", "marriage_certificate"]
    [notice] = [each for each in told["components"] if each["code"] == "birth_notice"]
    assert (notice["replaced_by"], notice["ground"]) == ([], None)
    assert notice["note"]["vi"]
    cited = {basis["id"] for basis in told["bases"]}
    assert {field.get("basis") for field in told["fields"]} - {None} <= cited


def test_an_answer_is_kept_by_its_tag_until_tomorrow(service: Service) -> None:
    for path in ("", f"/{CODE}", f"/{CODE}/manifest", f"/{CODE}/manifest?adapter=html"):
        with fixed(datetime(2026, 11, 25, 3, tzinfo=UTC)):
            first = get(service, path)
            assert first.headers["Cache-Control"] == "public, max-age=300"
            tag = first.headers["ETag"]
            again = get(service, path, **{"If-None-Match": tag})
            assert (again.status_code, again.data) == (304, b"")
        with fixed(datetime(2026, 11, 26, 3, tzinfo=UTC)):
            assert get(service, path, **{"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_every_builder_gets_its_form(service: Service, adapter: str) -> None:
    for profile in list_profiles():
        answer = get(service, f"/{profile.codes[0].code}/manifest?adapter={adapter}")
        assert answer.status_code == 200
        if adapter == "html":
            assert answer.mimetype == "text/html"
            assert answer.text.startswith("<form ")
        else:
            assert answer.mimetype == "application/json"
            assert answer.get_json()


def test_the_manifest_is_a_schema_by_default(service: Service) -> None:
    schema: dict[str, Any] = get(service, f"/{CODE}/manifest").get_json()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["x-sogoc"]["procedure"] == CODE


def test_a_form_in_html_can_neither_run_nor_be_framed(service: Service) -> None:
    policy = get(service, f"/{CODE}/manifest?adapter=html").headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'"


def test_a_finding_ends_the_command_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linting, "_of_profile", lambda profile, _on: _one(profile.id))
    result = run("lint", "--json")
    assert result.exit_code == 1
    rows = json.loads(result.stdout)
    assert {row["code"] for row in rows} == {"unused_basis"}
    assert all(row["vi"] and row["en"] for row in rows)


def _one(profile: str) -> list[linting.Finding]:
    return [linting.Finding(profile, "unused_basis", "law")]


def test_bases_not_yet_in_force_end_the_command_with_one() -> None:
    result = run("lint", "--on", "2025-08-01")
    assert result.exit_code == 1
    assert "basis_out_of_force\treplace_by_data" in result.stdout
    assert run("lint").exit_code == 0


def test_a_code_without_a_profile_is_not_found_by_the_command() -> None:
    result = run("show", "9.999999")
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_the_commands_tell_what_the_api_tells(service: Service) -> None:
    assert json.loads(run("list", "--json").stdout) == get(service, "").get_json()["procedures"]
    shown = json.loads(run("show", CODE, "--json").stdout)
    assert shown == get(service, f"/{CODE}").get_json()
    text = run("show", "1.013225").stdout
    assert "owner.parcel_number\tparcels:reference\tThửa đất số" in text
    assert "− Giấy chứng nhận quyền sử dụng đất" in text
    assert "+ Bản vẽ thiết kế xây dựng" in text
    assert CODE in run("list").stdout
