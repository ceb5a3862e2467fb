"""The frozen personas of the sandbox: made-up people whose data and stories never change.

A version is a folder: the files that stewards submit, and ``personas.toml``, which tells who the
people are and what is expected of a question about them. Whoever changes a byte of it makes a new
version; a test holds the digest of each. All numbers are of blocks that nobody is ever given.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from registry.kernel.errors import Text
from registry.kernel.faults import Fault
from registry.kernel.identifiers import is_never_issued

VERSION = "2026-11"
DATASETS = ("citizens", "households", "civil_books", "civil_status", "parcels")
"""The files of a version, in the order in which they must be loaded."""
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Mark:
    """What no file of a steward says of a person; at most one of these is set.

    ``review`` is the path of an attribute under investigation, ``secrecy`` is ``address`` or
    ``full``, ``merged_into`` the personal id of the record that took this one's place.
    """

    review: str = ""
    secrecy: str = ""
    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class Persona:
    """One persona.

    ``expect`` has, by register, the ``state`` and ``reason`` of a prefilled field and values to
    be found. ``generated`` people are made by the generator and not by the files of the version.
    """

    slug: str
    name: str
    personal_id: str
    story: Text
    tags: tuple[str, ...]
    expect: Mapping[str, Mapping[str, Any]]
    sign_in: bool = True
    multi_factor: bool = True
    generated: bool = False
    mark: Mark = field(default_factory=Mark)
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class PersonaSet:
    """A version of the personas; on ``checked_on`` what is expected of them was true."""

    version: str
    checked_on: date
    personas: tuple[Persona, ...]

    def file(self, dataset: str) -> Path:
        """Return the file of one dataset (CSV)."""
        return _FOLDER / self.version / f"{dataset}.csv"

    def digest(self) -> str:
        """Return the SHA-256 of all files of the version, by name, in hexadecimal."""
        told = hashlib.sha256()
        for path in sorted((_FOLDER / self.version).iterdir()):
            told.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
        return told.hexdigest()


@lru_cache
def load(version: str = VERSION) -> PersonaSet:
    """Return a version of the personas; raises ValueError for a number that somebody may have."""
    told = tomllib.loads((_FOLDER / version / "personas.toml").read_text("utf-8"))
    personas = tuple(_persona(entry) for entry in told["persona"])
    real = [persona.slug for persona in personas if not is_never_issued(persona.personal_id)]
    if real:
        raise ValueError(f"a personal id that may be somebody's: {', '.join(real)}")
    return PersonaSet(told["version"], told["checked_on"], personas)


def _persona(entry: Mapping[str, Any]) -> Persona:
    fault = entry.get("fault")
    more = {name: entry[name] for name in ("sign_in", "multi_factor", "generated") if name in entry}
    return Persona(
        slug=entry["slug"],
        name=entry["name"],
        personal_id=entry["personal_id"],
        story=Text(entry["story"]["vi"], entry["story"]["en"]),
        tags=tuple(entry["tags"]),
        expect=entry["expect"],
        mark=Mark(**entry.get("mark", {})),
        fault=Fault(**fault | {"registers": frozenset(fault["registers"])}) if fault else None,
        **more,
    )
