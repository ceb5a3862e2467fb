"""The wire shapes of the catalogue of procedures."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from registry.http import Day, StrictSchema
from registry.prefill.adapters import ADAPTERS, JSON_SCHEMA


class ProcedureDay(StrictSchema):
    """On which day the codes and the bases count."""

    on = Day(metadata={"description": "Mặc định hôm nay / today by default."})


class ManifestQuery(ProcedureDay):
    """For which form builder."""

    adapter = fields.String(
        load_default=JSON_SCHEMA,
        validate=OneOf(sorted(ADAPTERS)),
        metadata={"description": "Trình dựng biểu mẫu / form builder."},
    )


class ProcedureTextSchema(Schema):
    """A label in both languages."""

    vi = fields.String(required=True)
    en = fields.String(required=True)


class ProcedureSummarySchema(Schema):
    """One procedure of the list."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    name = fields.Nested(ProcedureTextSchema, required=True)
    level = fields.String(required=True, validate=OneOf(["commune", "province"]))
    codes = fields.List(fields.String(), required=True)
    fields_ = fields.Integer(
        required=True,
        data_key="fields",
        attribute="fields",
        metadata={"description": "Số trường của biểu mẫu / fields of the form."},
    )
    filled = fields.Integer(
        required=True, metadata={"description": "Số trường sổ gốc điền / filled by a register."}
    )
    papers = fields.Integer(required=True)
    papers_replaced = fields.Integer(
        required=True, metadata={"description": "Giấy tờ được thay / papers that data replace."}
    )


class ProceduresSchema(Schema):
    """Every procedure with a profile."""

    procedures = fields.List(fields.Nested(ProcedureSummarySchema), required=True)


class ProcedureSchema(Schema):
    """One service profile."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    version = fields.String(required=True)
    name = fields.Nested(ProcedureTextSchema, required=True)
    level = fields.String(required=True)
    codes = fields.List(fields.Dict(), required=True)
    bases = fields.List(fields.Dict(), required=True)
    roles = fields.List(fields.Dict(), required=True)
    fields_ = fields.List(fields.Dict(), required=True, data_key="fields", attribute="fields")
    filled = fields.Integer(required=True)
    components = fields.List(fields.Dict(), required=True)
    papers = fields.Integer(required=True)
    papers_replaced = fields.List(fields.String(), required=True)
    authorization_details = fields.List(
        fields.Dict(),
        required=True,
        metadata={"description": "Để đẩy khi xin đồng ý / to push, RFC 9396."},
    )
