"""What a steward's file says of one unit: the unit, where it came from, and by which resolution.

A fact is known by its unit's code and first day. Another fact with the same two takes its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.kernel.fields import Document
from registry.places.units import Relation, Unit

Key = tuple[str, date | None]


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The unit that had ``code`` until ``day``, of which all (``whole``) or some was taken in."""

    code: str
    day: date
    whole: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """One unit as a steward's file tells it; ``withdrawn`` says that it never was."""

    unit: Unit
    predecessors: tuple[Predecessor, ...] = ()
    legal_number: str = ""
    legal_date: date | None = None
    withdrawn: bool = False

    @property
    def key(self) -> Key:
        """What the fact is known by: the unit's code and its first day."""
        return self.unit.code, self.unit.valid_from

    @property
    def relations(self) -> tuple[Relation, ...]:
        """Which units went into this one."""
        return tuple(Relation(p.day, p.code, self.unit.code, p.whole) for p in self.predecessors)

    def to_document(self) -> Document:
        """Return what is stored; what is not known is absent."""
        unit = self.unit
        document: dict[str, Any] = {
            "code": unit.code,
            "level": unit.level,
            "name": unit.name,
            "parent": unit.parent,
            "valid_from": _written(unit.valid_from),
            "valid_to": _written(unit.valid_to),
            "predecessors": [
                {
                    "code": p.code,
                    "on": p.day.isoformat(),
                    "extent": "whole" if p.whole else "partial",
                }
                for p in self.predecessors
            ],
            "legal_basis": {"number": self.legal_number, "date": _written(self.legal_date)},
            "withdrawn": self.withdrawn,
        }
        return {name: value for name, value in document.items() if value}

    @classmethod
    def from_document(cls, document: Document) -> Fact:
        """Read what `to_document` made."""
        unit = Unit(
            document["code"],
            document["level"],
            document["name"],
            document.get("parent"),
            _day(document.get("valid_from")),
            _day(document.get("valid_to")),
        )
        predecessors = tuple(
            Predecessor(p["code"], date.fromisoformat(p["on"]), p["extent"] == "whole")
            for p in document.get("predecessors", ())
        )
        legal = document.get("legal_basis", {})
        return cls(
            unit,
            predecessors,
            legal.get("number", ""),
            _day(legal.get("date")),
            document.get("withdrawn", False),
        )


def _written(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
