"""The wire shapes of jobs."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from registry.http import StrictSchema
from registry.jobs.models import STATES
from registry.jobs.queue import LARGEST_PAGE


class JobsQuery(StrictSchema):
    """Which jobs to list."""

    state = fields.String(validate=validate.OneOf(STATES))
    cursor = fields.String(metadata={"description": "The cursor of the page before."})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, LARGEST_PAGE))


class ProgressSchema(Schema):
    """How far a job is, and when that was told; while it runs no more than 2 seconds ago."""

    done = fields.Integer(required=True)
    total = fields.Integer()
    phase = fields.String()
    at = fields.AwareDateTime(required=True)


class JobErrorSchema(Schema):
    """Why a job failed: the code of a problem, and its words."""

    code = fields.String(required=True)
    vi = fields.String(required=True)
    en = fields.String(required=True)


class JobSchema(Schema):
    """One job; what is not known of it is absent."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": list(STATES)})
    requested_by = fields.String(required=True)
    attempts = fields.Integer(required=True)
    max_attempts = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    run_after = fields.AwareDateTime(required=True)
    started_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime()
    cancel_requested_at = fields.AwareDateTime()
    progress = fields.Nested(ProgressSchema)
    result = fields.Dict(keys=fields.String())
    error = fields.Nested(JobErrorSchema)


class JobsSchema(Schema):
    """One page of jobs, the newest first."""

    jobs = fields.List(fields.Nested(JobSchema), required=True)
    cursor = fields.String(required=True, allow_none=True)
