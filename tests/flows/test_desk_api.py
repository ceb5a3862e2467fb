"""The stewards' whole way over HTTP: file, findings, mending, two persons, release, way back."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from python_calamine import CalamineWorkbook

from datasets.exports import KEY, write_xlsx
from datasets.specs import RULES, SPECS
from datasets.steward import PROCEDURE
from registry.examples import EXAMPLES
from registry.kernel.clock import now
from tests.conftest import Service
from tests.datasets.rows import CITIZEN
from tests.datasets.test_encodings import NAMES, TCVN3
from tests.flows.desk import APPROVER, OUTSIDER, SUBMITTER, DeskClient, csv_of
from tests.people import BAY, LAN

NOBODY = "0198c0de-0000-7000-8000-000000000001"
SCRIPT = "<script>alert(1)</script>"
BAYS = CITIZEN | {"personal_id": BAY, "full_name": "Nguyễn Văn Bảy", "sex": "Nam"}
BAYS |= {"birth_date": "1945"}
BROKEN = BAYS | {"personal_id": "12", "full_name": SCRIPT}


@pytest.fixture
def desk(service: Service) -> DeskClient:
    """Give an empty desk with who submits, who approves, and somebody else."""
    return DeskClient(service)


def _refused(answer: Any, status: int, code: str) -> Any:
    told = answer.get_json()
    assert (answer.status_code, told["code"]) == (status, code), answer.text
    return told


def _sex_of(desk: DeskClient, personal_id: str) -> Any:
    """Return what a client of the registry is told now."""
    asked = {"identifiers": [personal_id], "fields": ["sex"]}
    answer = desk.service.call("POST", "/v1/citizens/lookup", json=asked)
    assert answer.status_code == 200, answer.text
    [result] = answer.get_json()["results"]
    return result["record"]["sex"]["label"] if result["status"] == "found" else result["status"]


_DESK = f"datasets/submissions/{NOBODY}"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "datasets/citizens/submissions"),
        ("GET", "datasets/submissions"),
        ("GET", _DESK),
        ("GET", f"{_DESK}/inspection"),
        ("POST", f"{_DESK}/check"),
        ("GET", f"{_DESK}/findings"),
        ("GET", f"{_DESK}/report"),
        ("POST", f"{_DESK}/corrections"),
        ("GET", f"{_DESK}/comparison"),
        ("GET", f"{_DESK}/differences"),
        ("POST", f"{_DESK}/approve"),
        ("POST", f"{_DESK}/return"),
        ("POST", f"{_DESK}/withdraw"),
        ("POST", f"{_DESK}/publish"),
        ("GET", "datasets/releases"),
        ("POST", f"datasets/releases/{NOBODY}/rollback"),
    ],
)
def test_who_has_not_the_scope_is_refused_and_logged(
    desk: DeskClient, method: str, path: str
) -> None:
    _refused(desk.call(OUTSIDER, method, path), 403, "insufficient-scope")
    [row] = desk.logged("refused")
    assert (row.client_id, row.reason, row.procedure) == (
        OUTSIDER,
        "insufficient-scope",
        PROCEDURE,
    )


def test_who_submits_does_not_approve_and_who_approves_does_not_submit(desk: DeskClient) -> None:
    path = desk.submit(CITIZEN)
    for verb in ("approve", "return", "publish"):
        _refused(desk.call(SUBMITTER, "POST", f"{path}/{verb}"), 403, "insufficient-scope")
    for verb in ("check", "withdraw", "corrections"):
        _refused(desk.call(APPROVER, "POST", f"{path}/{verb}"), 403, "insufficient-scope")


@pytest.mark.parametrize("name", [NOBODY, "nonsense", "%00", "9" * 400])
def test_what_is_not_there_is_not_found(desk: DeskClient, name: str) -> None:
    for way in ("", "/inspection", "/findings", "/report", "/comparison", "/differences"):
        path = f"datasets/submissions/{name}{way}"
        _refused(desk.call(SUBMITTER, "GET", path), 404, "not-found")
    rollback = f"datasets/releases/{name}/rollback"
    _refused(desk.call(SUBMITTER, "POST", rollback), 404, "not-found")
    _refused(desk.send(f"{name}/submissions", b"a"), 404, "not-found")


def test_a_file_comes_as_multipart_and_within_the_limit(desk: DeskClient) -> None:
    path = "datasets/citizens/submissions"
    _refused(desk.call(SUBMITTER, "POST", path, json={}), 415, "unsupported-media-type")
    form = {"data": {"options": "{}"}, "content_type": "multipart/form-data"}
    _refused(desk.call(SUBMITTER, "POST", path, **form), 400, "malformed")
    # Larger than other bodies may be.
    more = csv_of(*(CITIZEN | {"full_name": "Lan " * 500} for _ in range(600)))
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="dan.csv"\r\n\r\n'
    body = {"data": head + more + b"\r\n--b--\r\n"}
    large = desk.call(
        SUBMITTER, "POST", path, content_type="multipart/form-data; boundary=b", **body
    )
    assert large.get_json()["size"] == len(more) > 1_000_000
    desk.set(max_upload_bytes=2000)
    _refused(desk.send("citizens/submissions", b"a" * 3000), 413, "too-large")


@pytest.mark.parametrize(
    ("options", "status", "pointer"),
    [
        ("{", 400, None),
        ("[]", 400, "/options"),
        ('{"crs": 1, "crs": 2}', 400, None),
        ('{"colour": "red"}', 422, "/colour"),
        ('{"crs": "9210"}', 422, "/crs"),
        ('{"constants": {"shoe_size": "38"}}', 422, "/constants/shoe_size"),
        # A file beside the server is for its own commands.
        ('{"outlines": "pyproject.toml"}', 400, "/outlines"),
        ('{"profile": "pl3"}', 422, None),
    ],
)
def test_options_are_refused_by_their_name(
    desk: DeskClient, options: str, status: int, pointer: str | None
) -> None:
    answer = desk.send("citizens/submissions", csv_of(CITIZEN), options)
    assert answer.status_code == status, answer.text
    told = [error["pointer"] for error in answer.get_json().get("errors", ())]
    assert told == ([pointer] if pointer else [])
    assert desk.get("datasets/submissions") == {"submissions": [], "cursor": None}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:/dữ liệu/dân.csv", "dân.csv"),
        ("a\x1b[31m\u202e.csv", "a\ufffd[31m\ufffd.csv"),
        ("x" * 300, "x" * 200),
    ],
)
def test_the_name_of_a_file_is_only_shown(
    desk: DeskClient, tmp_path: Path, name: str, shown: str
) -> None:
    answer = desk.send("citizens/submissions", csv_of(CITIZEN), name=name)
    told = answer.get_json()
    assert told["file_name"] == shown
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == [told["sha256"]]


def test_queries_and_bodies_are_read_strictly(desk: DeskClient) -> None:
    path = desk.submit(CITIZEN)
    for query in ("limit=0", "limit=1001", "after=-1", f"after={2**63}"):
        answer = desk.call(SUBMITTER, "GET", f"{path}/findings?{query}")
        _refused(answer, 422, "invalid")
    _refused(desk.call(SUBMITTER, "GET", f"{path}/findings?colour=red"), 400, "malformed")
    _refused(desk.call(SUBMITTER, "GET", f"{path}/report?format=exe"), 422, "invalid")
    _refused(desk.call(SUBMITTER, "GET", "datasets/submissions?state=lost"), 422, "invalid")
    for verb in ("return", "withdraw"):
        who = APPROVER if verb == "return" else SUBMITTER
        _refused(desk.call(who, "POST", f"{path}/{verb}", json={}), 400, "malformed")
        _refused(desk.call(who, "POST", f"{path}/{verb}", json={"reason": " "}), 422, "invalid")
    _refused(desk.call(APPROVER, "POST", f"{path}/publish", json={"at": "noon"}), 422, "invalid")


def test_the_same_file_and_options_are_one_submission(desk: DeskClient) -> None:
    first = desk.send("citizens/submissions", csv_of(CITIZEN), "{}")
    again = desk.send("citizens/submissions", csv_of(CITIZEN))
    other = desk.send("citizens/submissions", csv_of(CITIZEN), '{"encoding": "utf-8"}')
    ids = [answer.get_json()["id"] for answer in (first, again, other)]
    assert ids[0] == ids[1] != ids[2]
    assert first.headers["Location"] == f"/v1/datasets/submissions/{ids[0]}"
    pages = desk.get("datasets/submissions", limit=1)
    rest = desk.get("datasets/submissions", cursor=pages["cursor"], dataset="citizens")
    listed = [entry["id"] for page in (pages, rest) for entry in page["submissions"]]
    assert listed == [ids[2], ids[0]]


def test_an_old_encoding_is_asked_with_previews_and_the_look_is_logged(desk: DeskClient) -> None:
    sent = desk.send("citizens/submissions", TCVN3)
    path = sent.headers["Location"].removeprefix("/v1/")
    seen = desk.get(f"{path}/inspection")
    assert seen["open"] == {"encoding": "encoding_unknown"}
    [best, *_] = seen["encodings"]
    assert (best["name"], best["samples"]) == ("tcvn3", NAMES[:3])
    [row] = desk.logged("delivered")
    assert (row.client_id, row.attributes, row.procedure) == (SUBMITTER, "inspection", PROCEDURE)
    job = desk.call(SUBMITTER, "POST", f"{path}/check")
    desk.work()
    told = desk.get(job.headers["Location"].removeprefix("/v1/"))
    assert (told["state"], told["error"]["code"]) == ("failed", "invalid")


def test_findings_come_by_repair_by_place_and_as_files(desk: DeskClient) -> None:
    path = desk.submit(CITIZEN, BROKEN, BROKEN | {"full_name": ""})
    assert desk.check(path) == {
        "submission": path.rpartition("/")[2],
        **{"rows_read": 3, "rows_valid": 1, "rows_rejected": 2, "rows_skipped": 0, "unusual": 0},
    }
    summary = desk.get(path)
    assert sum(part["rows_read"] for part in summary["parts"]) == 3
    [group] = [g for g in summary["repairs"] if g["repair_kind"] == "format_as_text"]
    assert (group["vi"], group["count"]) == ("Định dạng cột là chữ", 2)
    [rule] = group["rules"]
    assert (rule["rule"], rule["first_line"], rule["dimension"]) == (
        *("personal_id_shape", 3),
        "clean",
    )
    assert "<script>" not in orjson.dumps(summary).decode()
    first = desk.get(f"{path}/findings", limit=1)
    [found] = first["findings"]
    rest = desk.get(f"{path}/findings", after=first["after"])["findings"]
    assert {(f["rule"], f["line"], f["column"], f["value"]) for f in [found, *rest]} >= {
        ("personal_id_shape", 3, "personal_id", "12"),
        ("required", 4, "full_name", None),
    }
    only = desk.get(f"{path}/findings", rule="required")["findings"]
    assert [f["rule"] for f in only] == ["required"]
    rows = desk.logged("delivered")
    assert [row.attributes for row in rows] == ["findings"] * 3
    assert {str(row.subject_id) for row in rows} == {path.rpartition("/")[2]}


def test_a_report_is_a_file_and_nothing_in_it_is_a_command(desk: DeskClient) -> None:
    path = desk.submit(CITIZEN, BROKEN | {"other_name": "=1+1"})
    desk.check(path)

    def report(form: str) -> Any:
        answer = desk.call(SUBMITTER, "GET", f"{path}/report?format={form}")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "html" not in answer.headers["Content-Type"]
        return answer

    [row] = csv.DictReader(io.StringIO(report("csv").data.decode("utf-8-sig")))
    assert (row["other_name"], row["full_name"], row["Dòng"]) == ("'=1+1", SCRIPT, "3")
    assert orjson.loads(report("json").data)["other_name"] == "=1+1"
    told = report("frictionless").get_json()
    assert (told["valid"], told["stats"]["errors"]) == (False, 1)
    assert SCRIPT not in report("frictionless").text
    book = CalamineWorkbook.from_filelike(io.BytesIO(report("xlsx").data))
    [header, cells] = book.get_sheet_by_index(0).to_python()
    assert header[0] == KEY
    assert dict(zip(header, cells, strict=True))["other_name"] == "=1+1"
    accepting = {"headers": {"Accept": "text/csv"}}
    assert desk.call(SUBMITTER, "GET", f"{path}/report?format=csv", **accepting).status_code == 200


def test_a_mended_report_heals_what_it_mends(desk: DeskClient, tmp_path: Path) -> None:
    path = desk.submit(CITIZEN, BROKEN)
    early = desk.send(f"{path.removeprefix('datasets/')}/corrections", b"_key\n")
    _refused(early, 409, "conflict")
    desk.check(path)
    report = desk.call(SUBMITTER, "GET", f"{path}/report?format=xlsx").data
    book = CalamineWorkbook.from_filelike(io.BytesIO(report))
    [header, *rows] = [[str(c) for c in r] for r in book.get_sheet_by_index(0).to_python()]
    mended = [dict(zip(header, row, strict=True)) | {"personal_id": BAY} for row in rows]
    back = tmp_path / "back.xlsx"
    write_xlsx(back, header, ([row[name] for name in header] for row in mended))
    sent = desk.send(f"{path.removeprefix('datasets/')}/corrections", back.read_bytes())
    assert sent.get_json() == {"rows": 1}
    assert desk.check(path)["rows_rejected"] == 0
    summary = desk.get(path)
    assert summary["healed"] == [{"rule": "personal_id_shape", "count": 1}]
    assert [event["action"] for event in summary["events"]] == [
        *("submitted", "checked", "corrected", "checked")
    ]


def _correct_sex(desk: DeskClient) -> str:
    """Publish Lan as she is, and return the checked submission that calls her a man."""
    first = desk.submit(CITIZEN)
    desk.check(first)
    desk.publish(first)
    path = desk.submit(CITIZEN | {"sex": "Nam"})
    assert desk.check(path)["unusual"] == 1
    return path


def test_two_persons_and_the_unusual_opened(desk: DeskClient) -> None:
    path = _correct_sex(desk)
    _refused(desk.call(APPROVER, "POST", f"{path}/approve", json={}), 409, "conflict")
    # A part of the unusual changes is not all of them.
    desk.get(f"{path}/differences", APPROVER, unusual=True, ward="00000")
    _refused(desk.call(APPROVER, "POST", f"{path}/approve", json={}), 409, "conflict")
    [told] = desk.get(f"{path}/differences", APPROVER, unusual=True)["differences"]
    assert told["unusual"] == ["sex"]
    sexes = {value["path"]: value for value in told["values"]}["sex"]
    assert (sexes["before"]["label"], sexes["after"]["label"]) == ("Nữ", "Nam")
    approved = desk.post(f"{path}/approve", APPROVER)
    assert (approved["state"], approved["approved_by"]) == ("approved", APPROVER)


def test_nobody_approves_what_is_their_own_not_even_with_both_scopes(desk: DeskClient) -> None:
    # This client holds every scope.
    form = {"file": (io.BytesIO(csv_of(CITIZEN)), "dan.csv")}
    sent = desk.service.call("POST", "/v1/datasets/citizens/submissions", data=form)
    path = sent.headers["Location"].removeprefix("/v1/")
    desk.check(path)
    own = desk.service.call("POST", f"/v1/{path}/approve", json={})
    _refused(own, 403, "outside-agreement")
    [row] = desk.logged("refused")
    assert (row.client_id, row.reason, str(row.subject_id)) == (
        *("ward-office", "outside-agreement"),
        path.rpartition("/")[2],
    )
    broken = desk.service.call("POST", f"/v1/{path}/approve", json={"break_glass": "bão"})
    assert broken.get_json()["break_glass"] == "bão"
    desk.done(desk.call(APPROVER, "POST", f"{path}/publish", json={}))
    assert desk.get("changes/last", OUTSIDER)["data"]["break_glass"] is True


def test_what_is_returned_or_withdrawn_says_why(desk: DeskClient) -> None:
    path = _correct_sex(desk)
    assert desk.post(f"{path}/return", APPROVER, reason="sai giới tính")["state"] == "returned"
    event = desk.get(path)["events"][-1]
    assert (event["by"], event["reason"]) == (APPROVER, "sai giới tính")
    _refused(desk.call(APPROVER, "POST", f"{path}/publish", json={}), 409, "conflict")
    assert desk.post(f"{path}/withdraw", SUBMITTER, reason="nhầm tệp")["state"] == "withdrawn"


def test_a_release_is_published_compared_and_taken_back(desk: DeskClient) -> None:
    path = _correct_sex(desk)
    assert _sex_of(desk, LAN) == "Nữ"
    comparison = desk.get(f"{path}/comparison", APPROVER)
    told = {(count["kind"], count["field"]): count["count"] for count in comparison["counts"]}
    assert told["changed", ""] == told["changed", "sex"] == 1
    # The look-up above was answered with what is wrong.
    assert {"client": "ward-office", "procedure": "1.004222", "answers": 1} | {
        "attributes": ["sex"]
    } in comparison["impact"]
    published = desk.publish(path)
    assert (published["number"], published["counts"]["changed"]) == (2, 1)
    assert _sex_of(desk, LAN) == "Nam"
    _refused(desk.call(SUBMITTER, "POST", f"{path}/check"), 409, "conflict")
    made = desk.call(SUBMITTER, "POST", f"datasets/releases/{published['number']}/rollback")
    back = made.headers["Location"].removeprefix("/v1/")
    assert made.status_code == 201
    counts = desk.get(f"{back}/comparison", APPROVER)["counts"]
    assert [(c["kind"], c["field"], c["count"]) for c in counts] == [("changed", "citizen", 1)]
    desk.publish(back)
    assert _sex_of(desk, LAN) == "Nữ"
    again = desk.call(SUBMITTER, "POST", f"datasets/releases/{published['number']}/rollback")
    _refused(again, 409, "conflict")
    releases = desk.get("datasets/releases", after=1)
    assert [release["number"] for release in releases["releases"]] == [2, 3]
    assert releases["releases"][1]["undoes"] == published["release"]


def test_a_scheduled_release_waits_for_its_hour(desk: DeskClient) -> None:
    path = _correct_sex(desk)
    desk.get(f"{path}/differences", APPROVER, unusual=True)
    desk.post(f"{path}/approve", APPROVER)
    for days in (9, 2):
        at = (now() + timedelta(days=days)).isoformat()
        job = desk.post(f"{path}/publish", APPROVER, 202, at=at)
    # The hour that was named last counts.
    assert job["run_after"] == at
    desk.work()
    assert desk.get(f"jobs/{job['id']}")["state"] == "queued"
    assert desk.get(path)["submission"]["state"] == "approved"
    assert _sex_of(desk, LAN) == "Nữ"
    past = (now() - timedelta(minutes=1)).isoformat()
    desk.done(desk.call(APPROVER, "POST", f"{path}/publish", json={"at": past}))
    assert _sex_of(desk, LAN) == "Nam"


def test_everybody_may_know_what_there_is_to_submit(desk: DeskClient) -> None:
    client = desk.service.app.test_client()
    listed = client.get("/v1/datasets").get_json()["datasets"]
    assert [entry["name"] for entry in listed] == list(SPECS)
    assert {(entry["mode"], entry["release"]) for entry in listed} == {("mirror", None)}
    for name in SPECS:
        schema = client.get(f"/v1/datasets/{name}/schema").get_json()
        assert [f["name"] for f in schema["fields"]] == [c.name for c in SPECS[name].columns]
        template = client.get(f"/v1/datasets/{name}/template", headers={"Accept": "text/csv"})
        assert template.text.startswith(SPECS[name].columns[0].name)
        book = client.get(f"/v1/datasets/{name}/template?format=xlsx")
        assert book.data.startswith(b"PK")
    rules = client.get("/v1/datasets/rules").get_json()["rules"]
    assert [rule["rule"] for rule in rules] == list(RULES)
    for way in ("schema", "template"):
        _refused(client.get(f"/v1/datasets/cats/{way}"), 404, "not-found")


def test_quality_is_public_and_names_nobody(desk: DeskClient) -> None:
    path = desk.submit(CITIZEN)
    desk.check(path)
    desk.publish(path)
    answer = desk.service.app.test_client().get("/v1/datasets/quality")
    assert answer.get_json()["datasets"][0]["release"]["number"] == 1
    assert LAN not in answer.text


def test_the_feed_tells_of_releases_and_of_nobody(desk: DeskClient) -> None:
    last = "changes/last"
    _refused(desk.call(SUBMITTER, "GET", "changes"), 403, "insufficient-scope")
    _refused(desk.call(OUTSIDER, "GET", last), 404, "not-found")
    path = _correct_sex(desk)
    desk.publish(path)
    answer = desk.call(OUTSIDER, "GET", "changes?after=1&limit=10")
    assert answer.mimetype == "application/cloudevents-batch+json"
    [event] = orjson.loads(answer.data)
    assert event["type"] == "vn.sogoc.release.published"
    assert (event["sequence"], event["subject"], event["id"]) == (
        *("2", "citizens"),
        event["data"]["release"],
    )
    assert event["data"]["counts"] == {"added": 0, "changed": 1, "unchanged": 0}
    assert LAN not in answer.text
    seen = desk.call(OUTSIDER, "GET", last)
    assert orjson.loads(seen.data) == event
    held = {"headers": {"If-None-Match": seen.headers["ETag"]}}
    assert desk.call(OUTSIDER, "GET", last, **held).status_code == 304
    accepting = {"headers": {"Accept": "application/cloudevents-batch+json"}}
    assert desk.call(OUTSIDER, "GET", "changes", **accepting).status_code == 200
    assert orjson.loads(desk.call(OUTSIDER, "GET", "changes?after=2").data) == []


def test_the_examples_of_the_document_are_understood(desk: DeskClient) -> None:
    path = desk.submit(CITIZEN)
    desk.check(path)
    queries = {
        "datasets_submissions_get": "datasets/submissions",
        "datasets_findings_get": f"{path}/findings",
        "datasets_report_get": f"{path}/report",
        "datasets_differences_get": f"{path}/differences",
        "datasets_releases_get": "datasets/releases",
        "catalogue_template_get": "datasets/citizens/template",
    }
    for name, at in queries.items():
        answer = desk.call(SUBMITTER, "GET", at, query_string=EXAMPLES[name].query)
        assert answer.status_code == 200, name
    for verb in ("approve", "publish", "return"):
        body = EXAMPLES[f"datasets_{verb}_post"].body
        assert desk.call(APPROVER, "POST", f"{path}/{verb}", json=body).status_code < 300, verb
    sent = EXAMPLES["datasets_newsubmission_post"].body
    assert desk.send("citizens/submissions", b"a", sent["options"]).status_code == 201
