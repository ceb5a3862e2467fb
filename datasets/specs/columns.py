"""What the cells of each column are, read from `columns.toml`: for schemas, templates and pages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from registry.kernel.codes import Code, load
from registry.kernel.errors import Text


@dataclass(frozen=True, slots=True)
class Meaning:
    """How the cells of one column are written, with its English title.

    ``lists`` names the code lists, ``only`` says that no other value is taken; ``several`` that a
    cell may hold more than one, with semicolons between them.
    """

    kind: str
    en: str
    hint: Text
    lists: tuple[str, ...] = ()

    @property
    def only(self) -> bool:
        """True where just the values of the lists are taken."""
        return self.kind in {"code", "codes"}

    @property
    def several(self) -> bool:
        """True where a cell may hold more than one value."""
        return self.kind in {"codes", "list"}

    def codes(self) -> Iterator[Code]:
        """Yield every entry of the code lists, in their order."""
        for name in self.lists:
            yield from load(name).codes


@lru_cache
def meanings(dataset: str) -> Mapping[str, Meaning]:
    """Return what each column of a dataset means; KeyError for a dataset that nobody described."""
    content = _content()
    hints = {kind: Text(**hint) for kind, hint in content["kind"].items()}
    return {
        name: Meaning(
            told["kind"], told["en"], hints[told["kind"]], tuple(told.get("list", "").split())
        )
        for name, told in content[dataset].items()
    }


@lru_cache
def _content() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("columns.toml").read_text("utf-8"))
