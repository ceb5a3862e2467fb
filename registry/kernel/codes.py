"""Code lists as versioned data: a code, its labels in two languages, its other spellings (pure).

Each list is a JSON file in ``codelists`` that names its version and its source. Codes are text
and keep their leading zeros.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from registry.kernel.text import match_key


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of a list; ``aliases`` are other names met in files."""

    code: str
    vi: str
    en: str
    aliases: tuple[str, ...] = ()


class CodeList:
    """A list of codes, with the version and the source it was taken from."""

    def __init__(self, name: str, version: str, source: str, codes: tuple[Code, ...]) -> None:
        self.name = name
        self.version = version
        self.source = source
        self.codes = codes
        self._by_code = {entry.code: entry for entry in codes}
        self._by_label = {
            match_key(label): entry for entry in codes for label in (entry.vi, *entry.aliases)
        }

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def leaf(self, code: str) -> dict[str, str]:
        """Return the wire form ``{"code", "label"}``, label in Vietnamese; KeyError if unknown.

        >>> load("ethnicity").leaf("01")
        {'code': '01', 'label': 'Kinh'}
        """
        return {"code": code, "label": self._by_code[code].vi}

    def find_by_label(self, label: str) -> Code | None:
        """Return the entry that a file means by a Vietnamese ``label`` or alias, or None.

        >>> load("ethnicity").find_by_label("K'Ho").vi
        'Cơ-ho'
        """
        return self._by_label.get(match_key(label))


@lru_cache
def load(name: str) -> CodeList:
    """Return the packaged list of that ``name``; raises FileNotFoundError if there is none."""
    text = files("registry.kernel").joinpath("codelists", f"{name}.json").read_text("utf-8")
    content = json.loads(text)
    codes = tuple(
        Code(entry["code"], entry["vi"], entry["en"], tuple(entry.get("aliases", ())))
        for entry in content["codes"]
    )
    return CodeList(content["list"], content["version"], content["source"], codes)
