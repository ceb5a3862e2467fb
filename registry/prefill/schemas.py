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


class PrefillRequest(StrictSchema):
    """What to fill, for the procedure and case of the headers; without a member, the whole form.

    ``choices`` are records that the person has picked where several fit. ``invitation`` is the one
    of a counter, and ``personal_id`` whose form it is in a task by law.
    """

    keys = fields.List(
        fields.String(validate=validate.Length(1, _LONGEST_KEY)),
        validate=validate.Length(1, _MOST_FIELDS),
    )
    choices = fields.Dict(
        keys=fields.String(validate=validate.OneOf(["civil_status", "parcels"])),
        values=fields.String(validate=validate.Length(1, _LONGEST_KEY)),
        load_default=dict,
    )
    invitation = fields.String(validate=validate.Length(1, _LONGEST_KEY))
    personal_id = fields.String(validate=validate.Regexp(r"[0-9]{12}\Z"))


class PrefillFilled(Schema):
    """A filled form: its leaves by key, the papers, who else must agree, the receipt and salts."""

    id = fields.String(required=True)
    procedure = fields.String(required=True)
    profile = fields.String(required=True)
    profile_version = fields.String(required=True)
    case = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)
    leaves = fields.Dict(
        data_key="fields",
        keys=fields.String(),
        values=fields.Dict(),
        required=True,
        metadata={
            "description": "By key: state, value or code and text, label, source, as_of,"
            " valid_from, last_verified_at, reason, lock, may_replace_paper, ground, candidates."
        },
    )
    papers = fields.List(fields.Dict(), required=True)
    participants = fields.List(fields.Dict(), required=True)
    receipt = fields.String(required=True)
    salts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class InvitationRequest(StrictSchema):
    """Whom to invite: the role, and which of the people in it."""

    role = fields.String(required=True, validate=validate.Length(1, _LONGEST_KEY))
    number = fields.Integer(load_default=0, validate=validate.Range(0, _MOST_FIELDS))


class InvitationAnswer(Schema):
    """A code that works once, and the link that carries it, to be shown as a QR code."""

    id = fields.String(required=True)
    role = fields.String(required=True)
    code = fields.String(required=True)
    link = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)


class PrefillVerifyRequest(StrictSchema):
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


class PrefillVerifyAnswer(Schema):
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


class PrefillCloseAnswer(Schema):
    """When a prefill was closed."""

    id = fields.String(required=True)
    case = fields.String(required=True)
    closed_at = fields.AwareDateTime(required=True)


class EventsQuery(StrictSchema):
    """Which notices to fetch; those up to ``after`` are confirmed by it."""

    after = fields.Integer(load_default=0, validate=validate.Range(min=0, max=2**63 - 1))
    limit = fields.Integer(load_default=LARGEST_PAGE, validate=validate.Range(1, LARGEST_PAGE))


class PrefillEventSchema(Schema):
    """One notice; ``set`` is the signed security event token (RFC 8417) of the same content."""

    sequence = fields.Integer(required=True)
    prefill_id = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    keys = fields.List(fields.String(), required=True)
    set_ = fields.String(data_key="set", attribute="set", required=True)


class PrefillEventsAnswer(Schema):
    """Notices, oldest first; ask again with ``after`` as it is here."""

    events = fields.List(fields.Nested(PrefillEventSchema), required=True)
    after = fields.Integer(required=True)
