"""The form for JSON Forms: the manifest as its schema, and a layout for it (pure)."""

from __future__ import annotations

from typing import Any

from registry.prefill.adapters.entries import Entry, Manifest, Panel, panels


def build(manifest: Manifest) -> dict[str, Any]:
    """Return ``{"schema", "uischema"}``; a group for each role, hidden values in no group."""
    return {
        "schema": dict(manifest),
        "uischema": {
            "type": "VerticalLayout",
            "elements": [_group(panel) for panel in panels(manifest)],
        },
    }


def _group(panel: Panel) -> dict[str, Any]:
    if panel.many:
        detail = [_control(entry, f"#/properties/{entry.name}") for entry in panel.entries]
        controls = [
            {
                "type": "Control",
                "scope": f"#/properties/{panel.role}",
                "label": panel.title,
                "options": {"detail": {"type": "VerticalLayout", "elements": detail}},
            }
        ]
    else:
        controls = [_control(entry, f"#/properties/{entry.name}") for entry in panel.entries]
    return {"type": "Group", "label": panel.title, "elements": controls}


def _control(entry: Entry, scope: str) -> dict[str, Any]:
    options: dict[str, Any] = {"sogocKey": entry.key, "sogocLock": entry.prefill["lock"]}
    if entry.type == "address":
        options["multi"] = True
    return {"type": "Control", "scope": scope, "label": entry.title, "options": options}
