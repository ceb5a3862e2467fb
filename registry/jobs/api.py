"""Jobs over HTTP, for those who submit and approve data."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from auth.guard import current_principal, require_one_of
from registry.http import Blueprint, database, value_error
from registry.jobs import queue, schemas
from registry.jobs.models import LIVE, Job
from registry.jobs.pulse import Pulse
from registry.jobs.views import describe

blp = Blueprint(
    "jobs", __name__, url_prefix="/v1/jobs", description="Việc chạy nền / background jobs"
)
_stewards = require_one_of("datasets:submit", "datasets:approve")
_Answer = tuple[dict[str, Any], int, dict[str, str]]


@blp.route("")
class Jobs(MethodView):
    """The list."""

    @_stewards
    @blp.arguments(schemas.JobsQuery, location="query")
    @blp.response(200, schemas.JobsSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Các việc, mới nhất trước / the jobs, the newest first."""
        with database().reading() as session:
            try:
                found, cursor = queue.list_jobs(
                    session, query.get("state"), query.get("cursor"), query["limit"]
                )
            except ValueError:
                raise value_error("/cursor", "cursor") from None
        pulses = _pulse().read(job.id for job in found)
        return {"jobs": [describe(job, pulses.get(job.id)) for job in found], "cursor": cursor}


@blp.route("/<job_id>")
class OneJob(MethodView):
    """One job."""

    @_stewards
    @blp.response(200, schemas.JobSchema)
    def get(self, job_id: str) -> _Answer:
        """Một việc: trạng thái, tiến độ, kết quả / one job: state, progress, result."""
        with database().reading() as session:
            job = queue.require_job(session, job_id)
        return _told(job)


@blp.route("/<job_id>/cancel")
class CancelJob(MethodView):
    """Cancellation."""

    @_stewards
    @blp.response(200, schemas.JobSchema)
    def post(self, job_id: str) -> _Answer:
        """Hủy việc; đang chạy thì dừng trong 5 giây / cancel; a running one stops within 5 s."""
        job = queue.cancel(database(), _pulse(), job_id, current_principal().client_id)
        return _told(job)


def _told(job: Job) -> _Answer:
    """Return a job, and for one that goes on, when to ask again (RFC 9110 section 10.2.3)."""
    headers = {"Retry-After": "1"} if job.state in LIVE else {}
    return describe(job, _pulse().read([job.id]).get(job.id)), 200, headers


def _pulse() -> Pulse:
    found: Pulse = flask.current_app.extensions["sogoc"].pulse
    return found
