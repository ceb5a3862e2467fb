"""The form in plain HTML, for whoever has no form builder (pure).

It works without any script. Every input has ``data-sogoc-key``, by which the button finds it, and
two hidden inputs take the receipt and its salts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from registry.prefill.adapters.entries import Entry, Manifest, Panel, panels

_INPUTS: Mapping[str, str] = {
    "text": 'type="text"',
    "name": 'type="text" autocomplete="off"',
    "address": 'type="text"',
    "date": 'type="date"',
    "partial_date": 'type="text" inputmode="numeric" placeholder="yyyy-mm-dd"',
    "code": 'type="text"',
    "number": 'type="number" step="any"',
    "boolean": 'type="checkbox" value="true"',
    "list": 'type="text"',
}


def build(manifest: Manifest) -> str:
    """Return the markup of the form, a fieldset for each role.

    A list of people starts with one of them; the names of its inputs have a number for each.
    """
    told = manifest["x-sogoc"]
    lines = [
        f'<form method="post" accept-charset="utf-8" lang="vi"'
        f" {_said('data-sogoc-procedure', told['procedure'])}"
        f" {_said('data-sogoc-profile', told['profile'])}"
        f" {_said('data-sogoc-version', told['version'])}>",
        f"<h1>{escape(manifest['title'])}</h1>",
        *(f'<input type="hidden" {_said("name", told[n])}>' for n in ("receipt", "salts")),
    ]
    for panel in panels(manifest):
        lines += _fieldset(panel)
    return "\n".join([*lines, '<button type="submit">Nộp hồ sơ</button>', "</form>", ""])


def _fieldset(panel: Panel) -> Iterator[str]:
    many = ' data-sogoc-many="true"' if panel.many else ""
    yield f"<fieldset {_said('data-sogoc-role', panel.role)}{many}>"
    yield f"<legend>{escape(panel.title)}</legend>"
    for entry in panel.entries:
        name = f"{panel.role}[0].{entry.name}" if panel.many else entry.name
        yield f"<p><label>{escape(entry.title)}<br>{_input(entry, name)}</label></p>"
    yield "</fieldset>"


def _input(entry: Entry, name: str) -> str:
    said = [
        _said("name", name),
        _said("data-sogoc-key", entry.key),
        _said("data-sogoc-lock", entry.prefill["lock"]),
    ]
    if entry.required:
        said.append("required")
    if entry.choices:
        options = "".join(
            f"<option {_said('value', code)}>{escape(label)}</option>"
            for code, label in entry.choices
        )
        return f'<select {" ".join(said)}><option value=""></option>{options}</select>'
    if "pattern" in entry.schema:
        said.append(_said("pattern", entry.schema["pattern"].strip("^$")))
    return f"<input {_INPUTS[entry.type]} {' '.join(said)}>"


def _said(name: str, value: Any) -> str:
    return f'{name}="{escape(str(value))}"'
