"""A specification as a Frictionless Table Schema, for everybody's own tools.

It tells what a whole, good file looks like. It can't tell our soft rules, nor what rows say of one
another, so that a file that fits may still have findings; and where we also read a value that is
written in another way, the schema asks for the way of the template.
"""

from __future__ import annotations

from typing import Any

from datasets.specs.base import Column, Spec
from datasets.specs.columns import Meaning, meanings

_DAY = "[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}"
_ISO = "[0-9]{4}-[0-9]{2}(-[0-9]{2})?"
# Patterns are those of whole cells, as in XML Schema: without anchors.
_PATTERNS = {
    "personal_id": "[0-9]{12}",
    "nine_digit_id": "[0-9]{9}",
    "passport": "[A-Z0-9]{5,20}",
    "date": f"({_DAY}|([0-9]{{1,2}}[/.-])?[0-9]{{4}}|{_ISO})",
    "term": f"([Ll]âu dài|{_DAY}|([0-9]{{1,2}}[/.-])?[0-9]{{4}}|{_ISO})",
    "time": "([01]?[0-9]|2[0-3])[:h][0-5][0-9]",
    "share": "([0-9]+/[0-9]+|[0-9]+([.,][0-9]+)?%?)",
    "unit": "[0-9]{2,5}",
    "crs": "([Ee][Pp][Ss][Gg]:)?[0-9]+",
}
# Partial dates stay text: to a "date" of the standard, a year alone is none.
_TYPES: dict[str, dict[str, Any]] = {
    "day": {"type": "date", "format": "any"},
    "year": {"type": "year"},
    "flag": {"type": "boolean", "trueValues": ["1"], "falseValues": ["0"]},
    # No group character: with one, the 82.5 that we read too would become 825 elsewhere.
    "number": {"type": "number", "decimalChar": ","},
}
_PRIMARY_KEYS = {
    "citizens": ["personal_id"],
    "households": ["household_code", "member_id"],
    "civil_status": ["code"],
    # A parcel has as many rows as rights and holders, and the day of an office's code, which tells
    # its books apart from those of its namesake, may be left empty: these two have none.
}
_CITIZENS = {"resource": "citizens", "fields": "personal_id"}
_FOREIGN_KEYS = {
    "households": [
        {"fields": "head_id", "reference": _CITIZENS},
        {"fields": "member_id", "reference": _CITIZENS},
    ],
    "parcels": [{"fields": "holder_id", "reference": _CITIZENS}],
}


def table_schema(spec: Spec) -> dict[str, Any]:
    """Return a Table Schema of the file of a dataset, in the order of its columns."""
    known = meanings(spec.name)
    schema: dict[str, Any] = {
        "x-dataset": spec.name,
        "x-title": {"vi": spec.vi},
        "fields": [_field(column, known[column.name]) for column in spec.columns],
        "missingValues": [""],
    }
    if spec.name in _PRIMARY_KEYS:
        schema["primaryKey"] = _PRIMARY_KEYS[spec.name]
    if spec.name in _FOREIGN_KEYS:
        schema["foreignKeys"] = _FOREIGN_KEYS[spec.name]
    return schema


def _field(column: Column, meaning: Meaning) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "title": f"{column.vi} / {meaning.en}",
        "description": f"{meaning.hint.vi} / {meaning.hint.en}",
        **_TYPES.get(meaning.kind, {"type": "string"}),
    }
    if constraints := _constraints(column, meaning):
        field["constraints"] = constraints
    if column.example:
        number = meaning.kind == "number"
        field["example"] = float(column.example.replace(",", ".")) if number else column.example
    return {
        **field,
        "x-kind": meaning.kind,
        "x-title": {"vi": column.vi, "en": meaning.en},
        "x-description": {"vi": meaning.hint.vi, "en": meaning.hint.en},
        **({"x-code-lists": list(meaning.lists)} if meaning.lists else {}),
        **({"x-separator": ";"} if meaning.several else {}),
    }


def _constraints(column: Column, meaning: Meaning) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": True} if column.required else {}
    if pattern := _PATTERNS.get(meaning.kind):
        constraints["pattern"] = pattern
    if meaning.kind == "parent":
        constraints["enum"] = ["father", "mother", "cha", "mẹ"]
    if meaning.kind == "code":
        names = (name for code in meaning.codes() for name in (code.code, code.vi, *code.aliases))
        constraints["enum"] = list(dict.fromkeys(names))
    return constraints
