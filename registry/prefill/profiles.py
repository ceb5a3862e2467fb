"""The service profiles of the product: all of them, one by id, one by the code of a procedure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType

from registry.kernel.errors import NotFound
from registry.prefill.reading import PLACES, read_bases, read_profile, read_standard, require_apart
from registry.prefill.shapes import (
    DETAIL_TYPE,
    SAME_AS,
    Basis,
    Component,
    Field,
    FieldType,
    ProcedureCode,
    Profile,
    Role,
)
from registry.prefill.tables import ProfileError, parse

__all__ = [
    "DETAIL_TYPE",
    "PLACES",
    "SAME_AS",
    "Basis",
    "Component",
    "Field",
    "FieldType",
    "ProcedureCode",
    "Profile",
    "ProfileError",
    "Role",
    "codes_in_force",
    "for_procedure",
    "list_profiles",
    "load",
    "load_from",
    "version",
]
_SHARED = "shared"


@cache
def load() -> Mapping[str, Profile]:
    """Return every profile of the product by its id; raises ProfileError. Kept once read."""
    return load_from(files("registry.prefill").joinpath("data"))


def load_from(folder: Traversable | Path) -> Mapping[str, Profile]:
    """Return the profiles of a folder by id, sorted; raises ProfileError."""
    shared = folder.joinpath(_SHARED)
    table = parse(f"{_SHARED}/bases.toml", shared.joinpath("bases.toml").read_text("utf-8"))
    bases = read_bases(table)
    table.close()
    standard = read_standard(
        f"{_SHARED}/fields.toml", shared.joinpath("fields.toml").read_text("utf-8")
    )
    read = (
        (file.name, read_profile(file.name, file.read_text("utf-8"), bases, standard))
        for file in _files(folder)
    )
    return MappingProxyType(require_apart(read))


def list_profiles() -> list[Profile]:
    """Return every profile, sorted by id."""
    return [load()[key] for key in sorted(load())]


def for_procedure(code: str, on: date) -> Profile:
    """Return the profile that a code of a procedure means on a day; raises NotFound."""
    for profile in load().values():
        if any(each.code == code and each.in_force(on) for each in profile.codes):
            return profile
    raise NotFound(procedure=code)


def codes_in_force(profile: Profile, on: date) -> tuple[str, ...]:
    """Return the codes under which a procedure goes on a day."""
    return tuple(each.code for each in profile.codes if each.in_force(on))


@cache
def version() -> str:
    """Return a short name of all profiles, which changes when any of them does."""
    folder = files("registry.prefill").joinpath("data")
    digest = hashlib.sha256()
    for file in (*_files(folder), *_files(folder.joinpath(_SHARED))):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _files(folder: Traversable | Path) -> Iterator[Traversable | Path]:
    listed = [file for file in folder.iterdir() if file.name.endswith(".toml")]
    yield from sorted(listed, key=lambda file: file.name)
