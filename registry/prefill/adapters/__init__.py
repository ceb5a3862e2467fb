"""Forms of several builders, each generated from the neutral manifest alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from registry.prefill.adapters import formio, html, jsonforms, surveyjs

Adapter = Callable[[Mapping[str, Any]], Any]

JSON_SCHEMA = "json-schema"
ADAPTERS: Mapping[str, Adapter] = {
    JSON_SCHEMA: dict,
    "formio": formio.build,
    "surveyjs": surveyjs.build,
    "jsonforms": jsonforms.build,
    "html": html.build,
}
"""By the name of the ``adapter`` parameter; `html` gives a text, the others JSON."""
