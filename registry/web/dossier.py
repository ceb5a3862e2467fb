"""A form of the demo as a real portal would have it: its inputs, and what was sent in them (pure).

The inputs are those of the procedure's manifest. Nothing here knows of requests or tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registry.kernel.errors import Text
from registry.prefill.adapters.entries import Entry, Manifest, Panel, panels

# As the script writes a list into one line.
_BETWEEN = "; "
_PERSON = re.compile(r"([^.\[\]]+)\[([0-9]{1,2})\]\.(.+)")
REASON, VALUE = "sogoc_reason.", "sogoc_value."
_KINDS = {"date": "date", "number": "number", "boolean": "checkbox"}


@dataclass(frozen=True, slots=True)
class Input:
    """One input: its name in the form, the key that fills it, and what the answer told of it.

    ``leaf`` is empty where nothing was asked yet.
    """

    name: str
    key: str
    label: Text
    kind: str
    choices: tuple[tuple[str, str], ...]
    required: bool
    leaf: Mapping[str, Any]

    @property
    def value(self) -> str:
        """What stands in it."""
        told = self.leaf.get("code", self.leaf.get("value"))
        if isinstance(told, list):
            return _BETWEEN.join(_member(each) for each in told)
        if isinstance(told, bool):
            return "true" if told else ""
        return "" if told is None else str(told)

    @property
    def filled(self) -> bool:
        """True where a register gave a value."""
        return "code" in self.leaf or "value" in self.leaf

    @property
    def locked(self) -> bool:
        """True where the value is the register's to change."""
        return self.filled and self.leaf.get("lock") == "locked"


@dataclass(frozen=True, slots=True)
class Part:
    """The inputs of one person in one role."""

    role: str
    title: Text
    many: bool
    inputs: tuple[Input, ...]


def parts(manifest: Manifest, leaves: Mapping[str, Any]) -> Iterator[Part]:
    """Yield the parts of a form, in a list of people one for each that ``leaves`` tells of."""
    labels = {role["id"]: role["label"] for role in manifest["x-sogoc"]["roles"]}
    for panel in panels(manifest):
        people = range(_people(panel.role, leaves)) if panel.many else (None,)
        for number in people:
            inputs = tuple(_input(panel, entry, number, leaves) for entry in panel.entries)
            yield Part(panel.role, Text(**labels[panel.role]), panel.many, inputs)


def _people(role: str, leaves: Mapping[str, Any]) -> int:
    numbers = [int(key.split(".")[1]) for key in leaves if re.match(rf"{role}\.[0-9]+\.", key)]
    return max(numbers, default=0) + 1


def _input(panel: Panel, entry: Entry, number: int | None, leaves: Mapping[str, Any]) -> Input:
    key = entry.key
    name = entry.name
    if number is not None:
        _, _, own = key.partition(".")
        key, name = f"{panel.role}.{number}.{own}", f"{panel.role}[{number}].{own}"
    leaf = leaves.get(key, {})
    choices = tuple(entry.choices)
    code = str(leaf.get("code", ""))
    if choices and code and code not in dict(choices):
        choices = (*choices, (code, str(leaf["text"])))
    return Input(
        name,
        key,
        Text(**entry.prefill["label"]),
        "select" if choices else _KINDS.get(entry.type, "text"),
        choices,
        entry.required,
        leaf if isinstance(leaf, Mapping) else {},
    )


def declared(manifest: Manifest, form: Mapping[str, str]) -> dict[str, Any]:
    """Return what a form sends, by key, as `registry.prefill.verifying.verify` takes it.

    Checkboxes that are not ticked say no, and a line with several parts is a list again.
    """
    types = {entry.key: entry.type for panel in panels(manifest) for entry in panel.entries}
    found: dict[str, Any] = {key: "false" for key, kind in types.items() if kind == "boolean"}
    for name, text in form.items():
        person = _PERSON.fullmatch(name)
        key = f"{person[1]}.{person[2]}.{person[3]}" if person else name
        kind = types.get(f"{person[1]}.{person[3]}" if person else name)
        if kind is None:
            continue
        told = form.get(f"{VALUE}{key}", "").strip() or text
        value: Any = told.split(_BETWEEN) if kind == "list" and told else told
        reason = form.get(f"{REASON}{key}", "")
        found[key] = {"value": value, "reason": reason} if reason else value
    many = {panel.role for panel in panels(manifest) if panel.many}
    return {k: v for k, v in found.items() if k.split(".")[0] not in many or k.count(".") > 1}


def _member(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    told = (each.get("label", "") if isinstance(each, Mapping) else each for each in value.values())
    return " ".join(str(each) for each in told if each)
