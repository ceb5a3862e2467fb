"""A manifest read as a form builder sees it: panels of one role each, with their inputs (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One input: its property in the schema, its name there, whether it must be filled."""

    name: str
    schema: Mapping[str, Any]
    required: bool

    @property
    def prefill(self) -> Mapping[str, Any]:
        """What the manifest says about filling it."""
        found: Mapping[str, Any] = self.schema["x-prefill"]
        return found

    @property
    def key(self) -> str:
        """The key under which its value is prefilled."""
        return str(self.prefill["key"])

    @property
    def title(self) -> str:
        """Its label in Vietnamese."""
        return str(self.schema["title"])

    @property
    def type(self) -> str:
        """The type of the profile's field."""
        return str(self.prefill["type"])

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The codes that it offers, with their labels; empty for any other input."""
        return [(str(each["const"]), str(each["title"])) for each in self.schema.get("oneOf", ())]


@dataclass(frozen=True, slots=True)
class Panel:
    """The inputs of one role; ``many`` of a list with any number of people."""

    role: str
    title: str
    many: bool
    entries: tuple[Entry, ...]


def panels(manifest: Manifest) -> Iterator[Panel]:
    """Yield the panels of a form in the order of the roles."""
    for role in manifest["x-sogoc"]["roles"]:
        schema = manifest
        if role["many"]:
            schema = manifest["properties"][role["id"]]["items"]
        entries = tuple(
            Entry(name, shape, name in schema["required"])
            for name, shape in schema["properties"].items()
            if shape.get("x-prefill", {}).get("role") == role["id"]
        )
        yield Panel(role["id"], role["label"]["vi"], role["many"], entries)
