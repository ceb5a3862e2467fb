"""The form for Form.io, which provincial portals are built with (pure).

Where a portal has a key of its own for a value (``identityNumber``, ``SoThuaDat`` …) the component
has that key, so that its data stand where the portal looks for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.prefill.adapters.entries import Entry, Manifest, Panel, panels

_TYPES: Mapping[str, str] = {
    "text": "textfield",
    "name": "textfield",
    "address": "textarea",
    # Form.io's own date input always gives a day; a year alone must stay one.
    "date": "textfield",
    "partial_date": "textfield",
    "code": "select",
    "number": "number",
    "boolean": "checkbox",
    "list": "tags",
}
_DATES = {"date", "partial_date"}


def build(manifest: Manifest) -> dict[str, Any]:
    """Return the form's JSON definition, a panel for each role."""
    told = manifest["x-sogoc"]
    return {
        "title": manifest["title"],
        "name": told["profile"].replace("-", "_"),
        "path": told["profile"],
        "type": "form",
        "display": "form",
        "properties": {
            "sogocProcedure": told["procedure"],
            "sogocProfile": told["profile"],
            "sogocVersion": told["version"],
        },
        "components": [
            *(_panel(panel) for panel in panels(manifest)),
            *({"type": "hidden", "key": told[n], "input": True} for n in ("receipt", "salts")),
        ],
    }


def _panel(panel: Panel) -> dict[str, Any]:
    inputs = [_component(entry, own=panel.many) for entry in panel.entries]
    if panel.many:
        return {
            "type": "editgrid",
            "key": panel.role,
            "label": panel.title,
            "input": True,
            "components": inputs,
        }
    return {
        "type": "panel",
        "key": f"panel_{panel.role}",
        "title": panel.title,
        "input": False,
        "components": inputs,
    }


def _component(entry: Entry, *, own: bool) -> dict[str, Any]:
    """Return one input; ``own`` says that its name is one within a list of people."""
    kind = _TYPES[entry.type]
    portal = None if own else entry.prefill.get("portal")
    made: dict[str, Any] = {
        "type": kind,
        # A dot in a key would nest the data.
        "key": portal or entry.name.replace(".", "_"),
        "label": entry.title,
        "input": True,
        "validate": {"required": entry.required},
        "properties": {"sogocKey": entry.key, "sogocLock": entry.prefill["lock"]},
    }
    if entry.type in _DATES:
        made["placeholder"] = "yyyy-mm-dd"
        made["validate"]["pattern"] = entry.schema.get("pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    if kind == "select":
        made |= _select(entry)
    if kind == "tags":
        made["storeas"] = "array"
    return made


def _select(entry: Entry) -> dict[str, Any]:
    if entry.choices:
        values = [{"value": code, "label": label} for code, label in entry.choices]
        return {"dataSrc": "values", "data": {"values": values}, "valueProperty": "value"}
    level = "province" if entry.name.endswith("province") else "commune"
    return {
        "dataSrc": "url",
        "data": {"url": f"/v1/places?level={level}"},
        "selectValues": "places",
        "valueProperty": "code",
        "searchField": "q",
        "template": "<span>{{ item.name }}</span>",
    }
