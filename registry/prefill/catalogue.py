"""Profiles as they are told to the world: short for a list, and whole (pure)."""

from __future__ import annotations

from datetime import date
from typing import Any

from registry.kernel.errors import Text
from registry.prefill.linting import attribute_of, used_bases
from registry.prefill.profiles import (
    Basis,
    Component,
    Field,
    ProcedureCode,
    Profile,
    Role,
    codes_in_force,
)


def words(text: Text) -> dict[str, str]:
    """Return a message in both languages.

    >>> words(Text("Họ tên", "Name"))
    {'vi': 'Họ tên', 'en': 'Name'}
    """
    return {"vi": text.vi, "en": text.en}


def summary(profile: Profile, on: date) -> dict[str, Any]:
    """Return one procedure of the list, with how many of its papers data replace."""
    papers = [component for component in profile.components if component.kind == "paper"]
    return {
        "id": profile.id,
        "version": profile.version,
        "name": words(profile.name),
        "level": profile.level,
        "codes": list(codes_in_force(profile, on)),
        "fields": len(profile.fields),
        "filled": sum(1 for field in profile.fields if field.attribute),
        "papers": len(papers),
        "papers_replaced": sum(1 for paper in papers if paper.replaced_by),
    }


def describe(profile: Profile, code: str, on: date) -> dict[str, Any]:
    """Return a whole profile under one of its codes, with the ``authorization_details`` to push."""
    return {
        **summary(profile, on),
        "code": code,
        "codes": [_code(each) for each in profile.codes],
        "bases": [_basis(basis, on) for basis in used_bases(profile)],
        "roles": [_role(role) for role in profile.roles],
        "fields": [_field(field) for field in profile.fields],
        "components": [_component(component) for component in profile.components],
        "papers_replaced": [
            component.code
            for component in profile.components
            if component.kind == "paper" and component.replaced_by
        ],
        "authorization_details": profile.details(code),
    }


def _days(entry: Basis | ProcedureCode) -> dict[str, str | None]:
    return {
        "valid_from": entry.valid_from.isoformat(),
        "valid_to": entry.valid_to.isoformat() if entry.valid_to else None,
    }


def _code(code: ProcedureCode) -> dict[str, Any]:
    return {"code": code.code, **_days(code)}


def _basis(basis: Basis, on: date) -> dict[str, Any]:
    return {
        "id": basis.id,
        "act": basis.act,
        "article": basis.article,
        **_days(basis),
        "verified": basis.verified,
        "in_force": basis.in_force(on),
    }


def _role(role: Role) -> dict[str, Any]:
    return {
        "id": role.id,
        "label": words(role.label),
        "who": role.who,
        "consent": role.consent,
        "many": role.many,
    }


def _field(field: Field) -> dict[str, Any]:
    attribute = attribute_of(field)
    told: dict[str, Any] = {
        "key": field.key,
        "role": field.role,
        "label": words(field.label),
        "type": field.type,
        "required": field.required,
        "optional_to_share": field.optional_to_share,
        "lock": field.lock,
        "sensitive": attribute is not None and attribute.sensitivity == "sensitive",
    }
    for name in ("attribute", "act", "predicate", "codes", "basis", "portal"):
        if value := getattr(field, name):
            told[name] = value
    if field.attribute:
        told["transform"] = field.transform
    if field.stale_after_days is not None:
        told["stale_after_days"] = field.stale_after_days
    if field.justification:
        told["justification"] = words(field.justification)
    return told


def _component(component: Component) -> dict[str, Any]:
    return {
        "code": component.code,
        "label": words(component.label),
        "kind": component.kind,
        "basis": component.basis or None,
        "proves": list(component.proves),
        "replaced_by": list(component.replaced_by),
        "ground": component.ground or None,
        "note": words(component.note) if component.note else None,
    }
