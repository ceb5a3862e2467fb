"""The wire shapes of civil status."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Regexp

from registry.civil_status.attributes import CATALOGUE
from registry.http import Paths, StrictSchema, moment_query
from registry.kernel.codes import load
from registry.kernel.fields import MOST_FIELDS

ActQuery = moment_query(CATALOGUE)
_TYPES = [entry.code for entry in load("civil_act_type").codes]
_LONGEST = 100


class ActEntry(StrictSchema):
    """An entry as people know it from a paper; the book is often not known."""

    type = fields.String(required=True, validate=OneOf(_TYPES, error="value"))
    number = fields.String(required=True, validate=Length(1, _LONGEST))
    book = fields.String(validate=Length(1, _LONGEST))
    office = fields.String(
        required=True,
        validate=Regexp(r"\A[0-9]{2,5}\Z", error="value"),
        metadata={"description": "Mã đơn vị khi đăng ký / the unit's code of then."},
    )
    year = fields.String(required=True, validate=Regexp(r"\A(18|19|20|21)[0-9]{2}\Z", error="date"))


class ActLookupRequest(StrictSchema):
    """A look-up of one act by its entry."""

    act = fields.Nested(ActEntry, required=True)
    paths = Paths(
        CATALOGUE,
        metadata={
            "minItems": 1,
            "maxItems": MOST_FIELDS,
            "description": "Đường dẫn thuộc tính hoặc nhóm / attribute paths or groups.",
        },
    )


class ActAnswer(Schema):
    """One act: its id and the requested attributes."""

    id = fields.UUID(required=True)

    class Meta:
        """Attributes beside the id are those of the catalogue."""

        unknown = "include"


class ActLookupAnswer(Schema):
    """The act of an entry, if there is one."""

    status = fields.String(required=True, validate=OneOf(["found", "not_found"]))
    record = fields.Dict(
        metadata={"description": "id và thuộc tính đã yêu cầu / id and requested attributes."}
    )


class ActsAnswer(Schema):
    """The acts of a citizen, and how far the books that would hold more are here."""

    acts = fields.List(fields.Nested(ActAnswer), required=True)
    coverage = fields.Dict(required=True)
