"""The wire shapes of administrative units."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from registry.http import Day, StrictSchema
from registry.places.catalogue import Candidate, Conversion
from registry.places.records import LARGEST_PAGE

# A line end is no digit either: control characters are refused before this.
_CODE = validate.Regexp(r"^([0-9]{2}|[0-9]{3}|[0-9]{5})$", error="2, 3 or 5 digits")


class OnDay(StrictSchema):
    """A day to ask about."""

    as_of = Day(metadata={"description": "Day asked about; today if absent."})


class PlacesQuery(OnDay):
    """Filters of the list."""

    level = fields.String(validate=validate.OneOf(["province", "district", "commune"]))
    parent = fields.String(validate=_CODE)
    province = fields.String(validate=_CODE)
    q = fields.String(validate=validate.Length(1, 100))
    cursor = fields.String(validate=_CODE)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, LARGEST_PAGE))


class ConvertQuery(StrictSchema):
    """A code and the day on which it was written."""

    code = fields.String(required=True, validate=_CODE)
    as_of = Day(
        metadata={"description": "Day on which the code was written; if absent, every meaning."}
    )


class PlaceSchema(Schema):
    """One unit in one interval."""

    code = fields.String(required=True)
    level = fields.String(required=True)
    type = fields.String(required=True)
    name = fields.String(required=True)
    parent = fields.String(required=True, allow_none=True)
    valid_from = fields.Date(
        required=True, allow_none=True, metadata={"description": "null: since when isn't known"}
    )
    valid_to = fields.Date(
        required=True, allow_none=True, metadata={"description": "First day after; null: today"}
    )


class PageSchema(Schema):
    """One page of units."""

    places = fields.List(fields.Nested(PlaceSchema), required=True, attribute="units")
    cursor = fields.String(required=True, allow_none=True)


def _extent(candidate: Candidate) -> str:
    return "whole" if candidate.whole else "partial"


def _explain(conversion: Conversion) -> dict[str, Any]:
    if conversion.outcome == "exact":
        return {
            "vi": "Toàn bộ đơn vị cũ nay thuộc một đơn vị.",
            "en": "One present unit holds the old one whole.",
        }
    if conversion.outcome == "unknown":
        return {
            "vi": "Dữ liệu không cho biết mã này nay thuộc đơn vị nào.",
            "en": "The facts don't say what this code is today.",
        }
    if len(conversion.sources) > 1:
        return {
            "vi": "Mã này từng chỉ nhiều đơn vị; hãy cho biết ngày ghi mã (as_of).",
            "en": "This code has meant several units; say on which day it was written (as_of).",
        }
    return {
        "vi": "Đơn vị cũ đã được chia; cần thêm tên đường, khu phố hoặc vị trí để xác định.",
        "en": "The old unit was divided; a street, neighbourhood or point must decide.",
    }


class CandidateSchema(Schema):
    """A present unit that holds all or some of the unit asked about."""

    place = fields.Nested(PlaceSchema, required=True, attribute="unit")
    extent = fields.Function(
        _extent,
        required=True,
        metadata={"type": "string", "enum": ["whole", "partial"]},
    )
    default = fields.Boolean(
        required=True, metadata={"description": "A hint for people who choose; never decisive"}
    )


class ConversionSchema(Schema):
    """What a code is today; ``sources`` are the units that it may have meant."""

    result = fields.String(
        required=True,
        attribute="outcome",
        metadata={"enum": ["exact", "candidates", "unknown"]},
    )
    sources = fields.List(fields.Nested(PlaceSchema), required=True)
    candidates = fields.List(fields.Nested(CandidateSchema), required=True)
    explanation = fields.Function(
        _explain,
        required=True,
        metadata={"type": "object", "additionalProperties": {"type": "string"}},
    )
