"""The wire shapes of the authorization server and of a client's own agreements."""

from __future__ import annotations

from marshmallow import Schema, fields


class TokenAnswer(Schema):
    """RFC 6749 section 5.1."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    scope = fields.String(required=True)


class AgreementSchema(Schema):
    """One agreement: what the client may read and search by, for one procedure."""

    id = fields.UUID(required=True)
    procedure = fields.String(required=True)
    attributes = fields.Dict(required=True)
    search = fields.Dict(required=True)
    legal_basis = fields.String(required=True)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(
        metadata={"description": "Ngày đầu tiên hết hiệu lực / first day after."}
    )
    in_force = fields.Boolean(required=True)


class AgreementsAnswer(Schema):
    """Everything that the calling client may ask."""

    client_id = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    agreements = fields.List(fields.Nested(AgreementSchema), required=True)
