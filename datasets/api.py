"""The stewards' desk over HTTP: everything that the command line does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import flask
from flask.views import MethodView

from auth.guard import current_principal, public, require_steward
from auth.signin.step_up import require_multi_factor
from datasets import (
    corrections,
    differences,
    findings,
    publishing,
    quality,
    reports,
    review,
    schemas,
    submissions,
    work,
)
from datasets.formats import Options
from datasets.models import Submission
from datasets.rollbacks import propose_rollback
from datasets.steward import asker_of
from datasets.submissions import Uploads
from registry.http import Blueprint, answers, database, read_json, value_error
from registry.jobs.models import Job
from registry.jobs.schemas import JobSchema
from registry.jobs.views import describe
from registry.kernel.access_log import Asker
from registry.kernel.errors import Malformed, Text, UnsupportedMediaType

blp = Blueprint(
    "datasets",
    __name__,
    url_prefix="/v1/datasets",
    description="Nạp, kiểm tra, duyệt, công bố / load, check, approve, publish",
)
_desk = require_steward("datasets:submit", "datasets:approve")
_submitter = require_steward("datasets:submit")
_approver = require_steward("datasets:approve")
_NO_FILE = Text(
    "Gửi tệp trong phần `file` của multipart/form-data.",
    "Send the file as part `file` of multipart/form-data.",
)
_MEDIA = {
    "csv": "text/csv",
    "frictionless": "application/json",
    "json": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "options": {
                            "type": "string",
                            "description": "Cách đọc tệp, JSON / how to read the file, as JSON.",
                        },
                    },
                }
            }
        },
    }
}


def _by() -> str:
    """Return who does it: the person, whichever client is their console; else the client."""
    principal = current_principal()
    return principal.person_id or principal.client_id


def _asker(submission: Submission) -> Asker:
    principal = current_principal()
    return asker_of(submission, _by(), principal.client_id, principal.trace_id)


def _uploads() -> Uploads:
    return Uploads.of(flask.current_app.extensions["sogoc"].settings)


@contextmanager
def _sent_file() -> Iterator[tuple[Path, str]]:
    """Give the file of the request and the name that the sender has for it."""
    request = flask.request
    request.max_content_length = flask.current_app.extensions["sogoc"].settings.max_upload_bytes
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType(_NO_FILE)
    sent = request.files.get("file")
    if sent is None:
        raise Malformed(_NO_FILE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        sent.save(path)
        request.close()
        # Kept as a name to show, never used as a path.
        yield path, (sent.filename or "").replace("\\", "/").rpartition("/")[2] or "file"


def _options() -> Options:
    said = read_json(flask.request.form.get("options", "{}").encode())
    if not isinstance(said, dict):
        raise value_error("/options", "type")
    if "outlines" in said:
        # The name of a file beside the server: for its own commands alone.
        raise value_error("/outlines", "unknown")
    return Options.from_json(said)


@blp.route("/<name>/submissions")
class NewSubmission(MethodView):
    """Where files are submitted."""

    @_submitter
    @blp.doc(**_FORM)
    @blp.response(201, schemas.SubmissionSchema)
    def post(self, name: str) -> tuple[Submission, int, dict[str, str]]:
        """Nộp tệp; tệp và cách đọc giống nhau là một / submit; the same again is the same."""
        with _sent_file() as (path, file_name):
            options = _options()
            with database().transaction() as session:
                made = submissions.submit(
                    session, _uploads(), name, path, _by(), options, file_name
                )
        return made, 201, {"Location": f"/v1/datasets/submissions/{made.id}"}


@blp.route("/submissions")
class Submissions(MethodView):
    """The list."""

    @_desk
    @blp.arguments(schemas.SubmissionsQuery, location="query")
    @blp.response(200, schemas.SubmissionsSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Các bản nộp, mới nhất trước / the submissions, the newest first."""
        with database().reading() as session:
            found = submissions.list_submissions(session, submissions.Wanted(**query))
        full = len(found) == query["limit"]
        return {"submissions": found, "cursor": found[-1].id if full else None}


@blp.route("/submissions/<submission_id>")
class OneSubmission(MethodView):
    """One submission."""

    @_desk
    @blp.response(200, schemas.SummarySchema)
    def get(self, submission_id: str) -> dict[str, Any]:
        """Bản nộp, dòng đối soát và lỗi theo cách sửa / it, its reconciliation and its repairs."""
        with database().reading() as session:
            found = submissions.require_submission(session, submission_id)
            return {
                "submission": found,
                "parts": findings.list_parts(session, found),
                "repairs": findings.group_findings(findings.list_findings(session, found)),
                "healed": findings.list_healed(session, found),
                "events": submissions.list_events(session, found.id),
            }


@blp.route("/submissions/<submission_id>/inspection")
class Inspection(MethodView):
    """A first look at the file."""

    @_submitter
    @blp.response(200, schemas.InspectionSchema)
    def get(self, submission_id: str) -> dict[str, Any]:
        """Tệp là gì, còn hỏi gì: bảng mã, trang, cột / what the file is and leaves open."""
        with database().transaction() as session:
            found = submissions.require_submission(session, submission_id)
            return submissions.look(session, _uploads(), found, _asker(found)).to_json()


@blp.route("/submissions/<submission_id>/check")
class Check(MethodView):
    """The check."""

    @_submitter
    @blp.response(202, JobSchema)
    def post(self, submission_id: str) -> Any:
        """Kiểm tra trong nền / check in the background."""
        with database().transaction() as session:
            found = submissions.require_open(session, submission_id)
            return _accepted(work.ask_to_check(session, found, _by()))


@blp.route("/submissions/<submission_id>/findings")
class Findings(MethodView):
    """The findings."""

    @_desk
    @blp.arguments(schemas.FindingsQuery, location="query")
    @blp.response(200, schemas.FindingsSchema)
    def get(self, query: dict[str, Any], submission_id: str) -> dict[str, Any]:
        """Từng lỗi: dòng, cột, giá trị / each finding: line, column, value."""
        with database().transaction() as session:
            found = submissions.require_submission(session, submission_id)
            wanted = findings.WantedPlaces(**query)
            told = findings.list_places(session, found, _asker(found), wanted)
        full = len(told) == wanted.limit
        return {"findings": told, "after": told[-1].id if full else None}


@blp.route("/submissions/<submission_id>/report")
class Report(MethodView):
    """The rows with findings, to take away."""

    @_desk
    @answers(*_MEDIA.values())
    @blp.arguments(schemas.ReportQuery, location="query")
    @blp.alt_response(
        200, schema={"description": "Tệp ở dạng đã chọn / the file."}, content_type="*/*"
    )
    def get(self, query: dict[str, Any], submission_id: str) -> flask.Response:
        """Tải các dòng có lỗi để sửa (CSV, JSON, Excel) / the rows with findings, to mend."""
        form = query["format"]
        with tempfile.TemporaryDirectory() as folder:
            name = f"report.{'json' if form == 'frictionless' else form}"
            path = Path(folder) / name
            with database().transaction() as session:
                found = submissions.require_submission(session, submission_id)
                reports.write_report(
                    session, found, submissions.spec_of(found), _asker(found), path, form
                )
            # Opened before the folder goes: what is open can still be read.
            return flask.send_file(
                path.open("rb"), _MEDIA[form], as_attachment=True, download_name=name
            )


@blp.route("/submissions/<submission_id>/corrections")
class Corrections(MethodView):
    """The report that comes back mended."""

    @_submitter
    @blp.doc(**_FORM)
    @blp.response(200, schemas.CorrectionSchema)
    def post(self, submission_id: str) -> dict[str, Any]:
        """Gửi lại báo cáo đã sửa / send the mended report back."""
        with _sent_file() as (path, _), database().transaction() as session:
            rows = corrections.correct(session, _uploads(), submission_id, path, _by())
        return {"rows": rows}


@blp.route("/submissions/<submission_id>/comparison")
class Comparison(MethodView):
    """What would change, in numbers."""

    @_desk
    @blp.response(200, schemas.ComparisonSchema)
    def get(self, submission_id: str) -> dict[str, Any]:
        """Thêm, sửa, ngừng theo xã và trường; ai bị ảnh hưởng / counts by ward; who is affected."""
        with database().reading() as session:
            found = submissions.require_submission(session, submission_id)
            return {
                "counts": differences.list_counts(session, found),
                "unusual": found.unusual,
                "impact": differences.impact(session, found),
            }


@blp.route("/submissions/<submission_id>/differences")
class Differences(MethodView):
    """What would change, record by record."""

    @_desk
    @blp.arguments(schemas.DifferencesQuery, location="query")
    @blp.response(200, schemas.DifferencesSchema)
    def get(self, query: dict[str, Any], submission_id: str) -> dict[str, Any]:
        """Từng hồ sơ, cũ và mới / each record, old and new."""
        wanted = differences.Wanted(**query)
        with database().transaction() as session:
            found = submissions.require_submission(session, submission_id)
            told = differences.list_differences(session, found, _asker(found), wanted)
            full = len(told) == wanted.limit
            whole = wanted.ward is None and wanted.field is None
            last = wanted.unusual and told and differences.last_unusual(session, found)
            if whole and last and told[-1].number == last and found.state == "checked":
                review.open_unusual(session, found.id, _by())
        shown = [
            {
                **asdict(difference),
                "values": [{"path": p, "before": b, "after": a} for p, b, a in difference.values],
            }
            for difference in told
        ]
        return {"differences": shown, "after": told[-1].number if full else None}


@blp.route("/submissions/<submission_id>/approve")
class Approve(MethodView):
    """The second person's word."""

    @_approver
    @blp.arguments(schemas.ApprovalSchema)
    @blp.response(200, schemas.SubmissionSchema)
    def post(self, data: dict[str, Any], submission_id: str) -> Submission:
        """Duyệt / approve."""
        settings = flask.current_app.extensions["sogoc"].settings
        require_multi_factor(current_principal().authentication, settings)
        with database().transaction() as session:
            return review.approve(
                session, submission_id, _by(), break_glass=data.get("break_glass")
            )


@blp.route("/submissions/<submission_id>/return")
class Return(MethodView):
    """Back to who submitted."""

    @_approver
    @blp.arguments(schemas.ReasonSchema)
    @blp.response(200, schemas.SubmissionSchema)
    def post(self, data: dict[str, Any], submission_id: str) -> Submission:
        """Trả lại kèm lý do / return with the reason."""
        with database().transaction() as session:
            return review.return_(session, submission_id, _by(), data["reason"])


@blp.route("/submissions/<submission_id>/withdraw")
class Withdraw(MethodView):
    """Off the desk."""

    @_submitter
    @blp.arguments(schemas.ReasonSchema)
    @blp.response(200, schemas.SubmissionSchema)
    def post(self, data: dict[str, Any], submission_id: str) -> Submission:
        """Rút bản nộp / take a submission off the desk."""
        with database().transaction() as session:
            return submissions.withdraw(session, submission_id, _by(), data["reason"])


@blp.route("/submissions/<submission_id>/publish")
class Publish(MethodView):
    """The release."""

    @_approver
    @blp.arguments(schemas.PublicationSchema)
    @blp.response(202, JobSchema)
    def post(self, data: dict[str, Any], submission_id: str) -> Any:
        """Công bố ngay hoặc theo giờ hẹn, trong nền / publish now or at a set time."""
        with database().transaction() as session:
            if "at" in data:
                publishing.schedule(session, submission_id, _by(), data["at"])
            found = publishing.require_approved(session, submission_id)
            return _accepted(work.ask_to_publish(session, found, _by(), data["notes"]))


@blp.route("/releases")
class Releases(MethodView):
    """The releases."""

    @_desk
    @blp.arguments(schemas.ReleasesQuery, location="query")
    @blp.response(200, schemas.ReleasesSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Các bản công bố theo thứ tự / the releases in their order."""
        with database().reading() as session:
            found = publishing.list_releases(session, **query)
        return {"releases": found, "after": found[-1].number if found else query["after"]}


@blp.route("/releases/<release_id>/rollback")
class Rollback(MethodView):
    """The way back."""

    @_submitter
    @blp.response(201, schemas.SubmissionSchema)
    def post(self, release_id: str) -> tuple[Submission, int, dict[str, str]]:
        """Đề nghị khôi phục, chờ người khác duyệt / propose a rollback."""
        with database().transaction() as session:
            release = publishing.require_release(session, release_id)
            made = propose_rollback(session, release, _by())
        return made, 201, {"Location": f"/v1/datasets/submissions/{made.id}"}


@blp.route("/quality")
class Quality(MethodView):
    """How good the data is."""

    @public
    @blp.response(200, schemas.QualitySchema)
    def get(self) -> dict[str, Any]:
        """Chất lượng và độ mới theo xã / quality and freshness by ward."""
        with database().reading() as session:
            return {"datasets": quality.read_quality(session)}


def _accepted(job: Job) -> tuple[dict[str, Any], int, dict[str, str]]:
    return describe(job, None), 202, {"Location": f"/v1/jobs/{job.id}", "Retry-After": "1"}
