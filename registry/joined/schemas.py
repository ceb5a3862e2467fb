"""The wire shapes of a joined read."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validates_schema
from marshmallow.validate import OneOf

from registry.citizens.attributes import CATALOGUE as CITIZENS
from registry.civil_status.attributes import CATALOGUE as CIVIL_STATUS
from registry.households.attributes import CATALOGUE as HOUSEHOLDS
from registry.http import DelimitedPaths, MomentSchema, fail
from registry.joined.records import REGISTERS
from registry.parcels.attributes import CATALOGUE as PARCELS


class JoinedQuery(MomentSchema):
    """Which attributes of which registers, at which moment; at least one register."""

    citizen = DelimitedPaths(CITIZENS, required=False, data_key="citizen")
    household = DelimitedPaths(HOUSEHOLDS, required=False, data_key="household")
    civil_status = DelimitedPaths(CIVIL_STATUS, required=False, data_key="civil_status")
    parcels = DelimitedPaths(PARCELS, required=False, data_key="parcels")

    @validates_schema(skip_on_field_errors=True)
    def some(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a question about nothing."""
        if not REGISTERS.keys() & data.keys():
            raise fail("required")


class PartAnswer(Schema):
    """What one register says: its value, or why there is none."""

    state = fields.String(required=True, validate=OneOf(["ok", "not_found", "withheld"]))
    value = fields.Raw(
        metadata={"description": "Như đường dẫn riêng của sổ / as the register's own path answers."}
    )


class JoinedAnswer(Schema):
    """One citizen in the registers that were asked."""

    id = fields.UUID(required=True)
    citizen = fields.Nested(PartAnswer)
    household = fields.Nested(PartAnswer)
    civil_status = fields.Nested(PartAnswer)
    parcels = fields.Nested(PartAnswer)
