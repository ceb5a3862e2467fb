"""The wire shapes of what follows a prefill: verify, watch, notices, close."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from registry.http import StrictSchema
from registry.prefill.declared import LONGEST_NOTE, REASONS
from registry.prefill.notices import LARGEST_PAGE

_RESULTS = ("unchanged", "changed", "added", "withheld", "missing")
_STATES = ("open", "closed", "expired")
_MOST_FIELDS = 400
_LONGEST_KEY = 120


class VerifyRequest(StrictSchema):
    """What a form submits, by key of the prefill.

    A value stands alone, or as ``{"value", "reason", "note"}`` where the citizen disputes what
    the register says.
    """

    fields_ = fields.Dict(
        data_key="fields",
        attribute="fields",
        keys=fields.String(validate=validate.Length(1, _LONGEST_KEY)),
        values=fields.Raw(allow_none=True),
        required=True,
        validate=validate.Length(max=_MOST_FIELDS),
        metadata={
            "description": "Values by key; a value, or an object of value, reason"
            f" ({', '.join(REASONS)}) and note (at most {LONGEST_NOTE} characters)."
        },
    )


class CorrectionOpened(Schema):
    """The correction that a typed disagreement opened, and the day by which it is answered."""

    id = fields.String(required=True)
    due_on = fields.String(required=True)


class VerifiedField(Schema):
    """How one field came back; ``register`` says whether the registry's own value is another."""

    result = fields.String(required=True, metadata={"enum": list(_RESULTS)})
    reason = fields.String(metadata={"enum": list(REASONS)})
    correction = fields.Nested(CorrectionOpened)
    register = fields.String(metadata={"enum": ["same", "changed"]})


class VerifyAnswer(Schema):
    """The results by key; ``valid`` is false if a locked value is another without a reason."""

    id = fields.String(required=True)
    case = fields.String(required=True)
    fields_ = fields.Dict(
        data_key="fields",
        attribute="fields",
        keys=fields.String(),
        values=fields.Nested(VerifiedField),
        required=True,
    )
    valid = fields.Boolean(required=True)


class PrefillAnswer(Schema):
    """How a prefill stands: ``changed`` are the keys whose value is another by now."""

    id = fields.String(required=True)
    case = fields.String(required=True)
    procedure = fields.String(required=True)
    profile = fields.String(required=True)
    profile_version = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": list(_STATES)})
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    changed = fields.List(fields.String(), required=True)


class CloseAnswer(Schema):
    """When a prefill was closed."""

    id = fields.String(required=True)
    case = fields.String(required=True)
    closed_at = fields.AwareDateTime(required=True)


class EventsQuery(StrictSchema):
    """Which notices to fetch; those up to ``after`` are confirmed by it."""

    after = fields.Integer(load_default=0, validate=validate.Range(min=0, max=2**63 - 1))
    limit = fields.Integer(load_default=LARGEST_PAGE, validate=validate.Range(1, LARGEST_PAGE))


class EventSchema(Schema):
    """One notice; ``set`` is the signed security event token (RFC 8417) of the same content."""

    sequence = fields.Integer(required=True)
    prefill_id = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    keys = fields.List(fields.String(), required=True)
    set_ = fields.String(data_key="set", attribute="set", required=True)


class EventsAnswer(Schema):
    """Notices, oldest first; ask again with ``after`` as it is here."""

    events = fields.List(fields.Nested(EventSchema), required=True)
    after = fields.Integer(required=True)
