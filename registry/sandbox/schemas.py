"""The wire shapes of the sandbox's personas."""

from __future__ import annotations

from marshmallow import Schema, fields


class StorySchema(Schema):
    """One text in both languages."""

    vi = fields.String(required=True)
    en = fields.String(required=True)


class SignInSchema(Schema):
    """How to sign in as somebody: where, and whom to choose there."""

    url = fields.String(required=True)
    persona = fields.String(
        required=True, metadata={"description": "Value of the button on the provider's page"}
    )


class ExpectSchema(Schema):
    """What a register is expected to say: as a prefilled field says it, with some values."""

    state = fields.String(
        required=True,
        metadata={"description": "ok, not_found, incomplete, under_review or unavailable"},
    )
    reason = fields.String(metadata={"description": "Why it is not ok"})
    holds = fields.Dict(
        keys=fields.String(), metadata={"description": "Values by their path in the answer"}
    )
    lacks = fields.List(fields.String(), metadata={"description": "Paths without a value"})
    under_review = fields.List(
        fields.String(), metadata={"description": "Paths that are under investigation"}
    )
    count = fields.Integer(metadata={"description": "How many members, acts or parcels"})
    search = fields.String(metadata={"description": "What a search by name and birth date answers"})
    also = fields.String(metadata={"description": "Another number that leads to the person"})
    moved_to = fields.String(metadata={"description": "Personal id of the record in its place"})


class PersonaSchema(Schema):
    """One persona; staff have no personal id and nothing in the registers."""

    slug = fields.String(required=True)
    name = fields.String(required=True)
    personal_id = fields.String(required=True, allow_none=True)
    story = fields.Nested(StorySchema, required=True)
    tags = fields.List(fields.String(), required=True)
    roles = fields.List(fields.String(), required=True)
    expect = fields.Dict(keys=fields.String(), values=fields.Nested(ExpectSchema), required=True)
    sign_in = fields.Nested(
        SignInSchema, required=True, allow_none=True, metadata={"description": "null: nobody can"}
    )


class PersonasSchema(Schema):
    """The personas of one version."""

    version = fields.String(required=True)
    checked_on = fields.Date(
        required=True, metadata={"description": "Day on which all that is expected was true"}
    )
    personas = fields.List(fields.Nested(PersonaSchema), required=True)
