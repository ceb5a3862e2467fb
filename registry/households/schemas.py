"""The wire shapes of households."""

from __future__ import annotations

from marshmallow import Schema, fields

from registry.households.attributes import CATALOGUE
from registry.http import moment_query

HouseholdQuery = moment_query(CATALOGUE)


class HouseholdAnswer(Schema):
    """One household: its id and the requested attributes."""

    id = fields.UUID(required=True)

    class Meta:
        """Attributes beside the id are those of the catalogue."""

        unknown = "include"
