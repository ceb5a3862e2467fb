"""The packaged facts: two tables that `tools/build_places.py` makes."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from datetime import date
from importlib.resources import files

from registry.places.units import Relation, Unit


def read_units() -> Iterator[Unit]:
    """Yield every unit of every generation."""
    return (_unit(row) for row in _rows("units.csv"))


def read_relations() -> Iterator[Relation]:
    """Yield which unit went into which, and when."""
    return (_relation(row) for row in _rows("relations.csv"))


def facts_version() -> str:
    """Return a short name of the packaged facts, which changes when they change."""
    digest = hashlib.sha256()
    for name in ("units.csv", "relations.csv"):
        digest.update(_file(name).encode())
    return digest.hexdigest()[:16]


def _file(name: str) -> str:
    return files("registry.places").joinpath("data", name).read_text("utf-8")


def _rows(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(_file(name).splitlines())


def _unit(row: dict[str, str]) -> Unit:
    return Unit(
        code=row["code"],
        level=row["level"],  # type: ignore[arg-type]  # the facts hold only the three levels
        name=row["name"],
        parent=row["parent"] or None,
        valid_from=_day(row["valid_from"]),
        valid_to=_day(row["valid_to"]),
    )


def _relation(row: dict[str, str]) -> Relation:
    day = date.fromisoformat(row["day"])
    return Relation(day, row["old"], row["new"], row["part"] == "whole", row["default"] == "1")


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
