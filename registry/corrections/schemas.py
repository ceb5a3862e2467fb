"""The wire shapes of correction cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from registry.corrections.cases import LARGEST_PAGE
from registry.corrections.models import CorrectionCase
from registry.corrections.reporting import REGISTERS, knows
from registry.corrections.rules import REASONS, SOURCES, STATES, is_overdue
from registry.http import StrictSchema, fail
from registry.kernel.clock import today
from registry.kernel.errors import Text

_LONGEST_PATH = 100
_LONGEST_TEXT = 1000
_LARGEST_VALUE = 8000
_DEEPEST_VALUE = 8


def _check_value(value: Any) -> None:
    """Refuse what no form declares: nothing, or more than anybody would read."""
    if value is None:
        raise fail("required")
    if _depth(value) > _DEEPEST_VALUE or len(orjson.dumps(value)) > _LARGEST_VALUE:
        raise fail("value")


def _depth(value: Any) -> int:
    """Return how deep a value is nested, as far as that matters; asks no deeper."""
    level, depth = [value], 0
    while level and depth <= _DEEPEST_VALUE:
        depth += 1
        level = [
            below
            for each in level
            if isinstance(each, dict | list)
            for below in (each.values() if isinstance(each, dict) else each)
        ]
    return depth


def _words(*, required: bool = True) -> fields.String:
    return fields.String(required=required, validate=validate.Length(1, _LONGEST_TEXT))


class CorrectionReport(StrictSchema):
    """What is wrong, where, and what is right; a person's token reports on that person alone."""

    register = fields.String(required=True, validate=validate.OneOf(list(REGISTERS)))
    record_id = fields.UUID(
        metadata={"description": "Bản ghi bị sai; bỏ trống nếu chỉ có một / the record."}
    )
    subject_id = fields.UUID(
        metadata={"description": "Bản ghi công dân có liên quan / the citizen whose record it is."}
    )
    path = fields.String(required=True, validate=validate.Length(1, _LONGEST_PATH))
    declared = fields.Raw(
        required=True,
        validate=_check_value,
        metadata={"description": "Giá trị đúng theo người báo / what is right, as JSON."},
    )
    reason = fields.String(required=True, validate=validate.OneOf(list(REASONS)))
    note = _words(required=False)

    @validates_schema(skip_on_field_errors=True)
    def known(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse an attribute that the register does not have."""
        if not knows(data["register"], data["path"]):
            raise ValidationError("unknown_field", "path")


class CorrectionsQuery(StrictSchema):
    """Which cases to list, the oldest first."""

    state = fields.String(validate=validate.OneOf(list(STATES)))
    register = fields.String(validate=validate.OneOf(list(REGISTERS)))
    overdue = fields.Boolean(load_default=False)
    cursor = fields.String(metadata={"description": "The cursor of the page before."})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, LARGEST_PAGE))


class CorrectionAnswer(StrictSchema):
    """What whoever reported is told."""

    answer = _words()


class CorrectionDecision(CorrectionAnswer):
    """The decision, and why."""

    decision = fields.String(required=True, validate=validate.OneOf(["accepted", "rejected"]))


class CorrectionFinish(StrictSchema):
    """Last words, where there are any."""

    answer = _words(required=False)


class CorrectionWords(Schema):
    """The same in both languages."""

    vi = fields.String(required=True)
    en = fields.String(required=True)


class CorrectionCaseSchema(Schema):
    """How a case stands, for whoever reported it: no value of the register is told."""

    id = fields.UUID(required=True)
    register = fields.String(required=True)
    record_id = fields.UUID(required=True)
    path = fields.String(required=True)
    label = fields.Nested(CorrectionWords, required=True)
    state = fields.String(required=True, metadata={"enum": list(STATES)})
    state_label = fields.Nested(CorrectionWords, required=True)
    reason = fields.String(required=True, metadata={"enum": list(REASONS)})
    opened_at = fields.String(required=True, metadata={"format": "date-time"})
    reply_due = fields.String(required=True, metadata={"format": "date"})
    due_on = fields.String(required=True, metadata={"format": "date"})
    calendar_known = fields.Boolean(
        required=True,
        metadata={"description": "false: chỉ tính thứ Bảy, Chủ nhật / weekends alone counted."},
    )
    extended = fields.Boolean(required=True)
    overdue = fields.Boolean(required=True)
    decided_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    answer = fields.String(required=True, allow_none=True)


class DeskCorrectionCaseSchema(CorrectionCaseSchema):
    """A case as the stewards see it, with both values and who reported."""

    subject_id = fields.UUID(required=True)
    register_version = fields.String(required=True, allow_none=True)
    registered = fields.Raw(required=True, allow_none=True)
    declared = fields.Raw(required=True)
    note = fields.String(required=True, allow_none=True)
    source = fields.String(required=True, metadata={"enum": list(SOURCES)})
    prefill_id = fields.UUID(required=True, allow_none=True)
    opened_by = fields.String(required=True)
    client_id = fields.String(required=True)
    procedure = fields.String(required=True)
    case = fields.String(required=True)
    assigned = fields.String(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)


class CorrectionCasesSchema(Schema):
    """One page of cases."""

    corrections = fields.List(fields.Nested(DeskCorrectionCaseSchema), required=True)
    cursor = fields.String(required=True, allow_none=True)


def describe(case: CorrectionCase) -> dict[str, Any]:
    """Return a case as `CorrectionCaseSchema` has it."""
    return {
        "id": case.id,
        "register": case.register,
        "record_id": case.record_id,
        "path": case.path,
        "label": _told(_label(case)),
        "state": case.state,
        "state_label": _told(STATES[case.state]),
        "reason": case.reason,
        "opened_at": case.opened_at.isoformat(),
        "reply_due": case.reply_due.isoformat(),
        "due_on": case.due_on.isoformat(),
        "calendar_known": case.calendar_known,
        "extended": case.extended,
        "overdue": is_overdue(case.state, case.due, today()),
        "decided_at": case.decided_at.isoformat() if case.decided_at else None,
        "answer": case.answer,
    }


def describe_whole(case: CorrectionCase) -> dict[str, Any]:
    """Return a case as `DeskCorrectionCaseSchema` has it; the values are personal data."""
    own = (
        DeskCorrectionCaseSchema._declared_fields.keys()
        - CorrectionCaseSchema._declared_fields.keys()
    )
    return {
        **describe(case),
        **{name: getattr(case, name) for name in own - {"case"}},
        "case": case.case_number,
    }


def _told(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}


def _label(case: CorrectionCase) -> Text:
    """Return what the attribute is called; its path, should the register have it no more."""
    attributes = REGISTERS[case.register].catalogue.attributes
    found = next((a for a in attributes if a.path == case.path), None)
    return Text(found.vi, found.en) if found else Text(case.path, case.path)
