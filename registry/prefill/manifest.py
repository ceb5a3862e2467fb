"""The neutral manifest of a form: a JSON Schema (2020-12) whose fields say what fills them (pure).

Each field carries ``x-prefill``: its key, role, label, attribute, lock, basis and which papers it
helps to replace. Nothing is ``readOnly``: a field is locked only once it has been filled, since an
empty field that can't be typed into makes a form that can't be sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from registry.kernel.codes import load as load_codes
from registry.prefill.catalogue import words
from registry.prefill.profiles import PLACES, Field, Profile, Role

DIALECT = "https://json-schema.org/draft/2020-12/schema"
RECEIPT, SALTS = "sogoc_receipt", "sogoc_salts"
_PARTIAL = "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"
_SHAPES: Mapping[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "name": {"type": "string"},
    "address": {"type": "string"},
    "date": {"type": "string", "format": "date"},
    "partial_date": {"type": "string", "pattern": _PARTIAL},
    "code": {"type": "string"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "list": {"type": "array", "items": {"type": ["string", "object"]}},
}


def manifest(profile: Profile, code: str, on: date) -> dict[str, Any]:
    """Return the schema of what the form of a procedure sends.

    A field is a property by its key. A role of many people is one property, an array with an
    object for each of them. ``x-sogoc`` names the procedure, the bases in force on the day, the
    roles, and the two hidden values that a form sends back with what was prefilled.
    """
    properties: dict[str, Any] = {}
    required: list[str] = []
    for role in profile.roles:
        fields = profile.of_role(role.id)
        shapes = {field.key: _property(profile, field) for field in fields}
        needed = [field.key for field in fields if field.required]
        if role.many:
            properties[role.id] = _people(role, shapes, needed)
        else:
            properties |= shapes
            required += needed
    return {
        "$schema": DIALECT,
        "$id": f"urn:sogoc:profile:{profile.id}:{profile.version}",
        "title": profile.name.vi,
        "description": profile.name.en,
        "type": "object",
        "properties": {
            **properties,
            RECEIPT: {"type": "string"},
            SALTS: {"type": "string"},
        },
        "required": required,
        "additionalProperties": False,
        "x-sogoc": {
            "procedure": code,
            "profile": profile.id,
            "version": profile.version,
            "receipt": RECEIPT,
            "salts": SALTS,
            "roles": [
                {"id": role.id, "label": words(role.label), "many": role.many}
                for role in profile.roles
            ],
            "bases": {
                basis.id: {"act": basis.act, "article": basis.article}
                for basis in profile.bases.values()
                if basis.in_force(on)
            },
        },
    }


def _people(role: Role, shapes: Mapping[str, Any], needed: list[str]) -> dict[str, Any]:
    def own(key: str) -> str:
        return key.partition(".")[2]

    return {
        "type": "array",
        "title": role.label.vi,
        "items": {
            "type": "object",
            "properties": {own(key): shape for key, shape in shapes.items()},
            "required": [own(key) for key in needed],
            "additionalProperties": False,
        },
    }


def _property(profile: Profile, field: Field) -> dict[str, Any]:
    shape = {"title": field.label.vi, **_SHAPES[field.type]}
    if field.codes == PLACES:
        shape["pattern"] = "^[0-9]{2,5}$"
    elif field.codes:
        shape["oneOf"] = [
            {"const": entry.code, "title": entry.vi} for entry in load_codes(field.codes).codes
        ]
    if field.required and shape["type"] == "string" and field.type in {"text", "name", "address"}:
        shape["minLength"] = 1
    return shape | {"x-prefill": _prefill(profile, field)}


def _prefill(profile: Profile, field: Field) -> dict[str, Any]:
    replaces = [
        component.code for component in profile.components if field.key in component.replaced_by
    ]
    told: dict[str, Any] = {
        "key": field.key,
        "attribute": field.attribute or None,
        "role": field.role,
        "label": words(field.label),
        "type": field.type,
        "lock": field.lock,
        "basis": field.basis or None,
        "replaces": replaces,
    }
    for name in ("codes", "portal", "predicate"):
        if value := getattr(field, name):
            told[name] = value
    return told
