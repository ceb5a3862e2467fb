"""The form for SurveyJS (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.prefill.adapters.entries import Entry, Manifest, Panel, panels

_TYPES: Mapping[str, dict[str, Any]] = {
    "text": {"type": "text"},
    "name": {"type": "text"},
    "address": {"type": "comment", "rows": 2},
    "date": {"type": "text", "inputType": "date"},
    # A year alone must stay one, which a date input can't hold.
    "partial_date": {"type": "text", "placeholder": "yyyy-mm-dd"},
    "code": {"type": "dropdown"},
    "number": {"type": "text", "inputType": "number"},
    "boolean": {"type": "boolean"},
    "list": {"type": "tagbox"},
}

_HIDDEN = ("receipt", "salts")


def build(manifest: Manifest) -> dict[str, Any]:
    """Return the survey's JSON model: one page, a panel for each role.

    A question is named by the property of the manifest, without its dots, which would be read as
    nesting; ``sogocKey`` is the key of prefilling. Receipt and salts are questions nobody sees.
    """
    told = manifest["x-sogoc"]
    return {
        "title": {"default": manifest["title"], "en": manifest["description"]},
        "locale": "vi",
        "checkErrorsMode": "onValueChanged",
        # What is hidden is sent all the same.
        "clearInvisibleValues": "none",
        "pages": [
            {
                "name": told["profile"].replace("-", "_"),
                "elements": [
                    *(_panel(panel) for panel in panels(manifest)),
                    *({"type": "text", "name": told[n], "visible": False} for n in _HIDDEN),
                ],
            }
        ],
    }


def _panel(panel: Panel) -> dict[str, Any]:
    questions = [_question(entry) for entry in panel.entries]
    if panel.many:
        return {
            "type": "paneldynamic",
            "name": panel.role,
            "title": panel.title,
            "templateElements": questions,
        }
    return {
        "type": "panel",
        "name": f"panel_{panel.role}",
        "title": panel.title,
        "elements": questions,
    }


def _question(entry: Entry) -> dict[str, Any]:
    made = {
        **_TYPES[entry.type],
        "name": entry.name.replace(".", "_"),
        "title": {"default": entry.title, "en": entry.prefill["label"]["en"]},
        "isRequired": entry.required,
        "sogocKey": entry.key,
        "sogocLock": entry.prefill["lock"],
    }
    if entry.choices:
        made["choices"] = [{"value": code, "text": label} for code, label in entry.choices]
    elif entry.type == "code":
        level = "province" if entry.name.endswith("province") else "commune"
        made["choicesByUrl"] = {
            "url": f"/v1/places?level={level}",
            "path": "places",
            "valueName": "code",
            "titleName": "name",
        }
    if "pattern" in entry.schema and entry.type != "code":
        made["validators"] = [{"type": "regex", "regex": entry.schema["pattern"]}]
    return made
