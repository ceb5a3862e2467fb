"""Verbs on administrative units. Public data: reading them is not logged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from registry.kernel.clock import today
from registry.kernel.errors import NotFound, Text
from registry.kernel.text import fold
from registry.places.catalogue import Catalogue, Conversion, Unit, catalogue
from registry.places.units import Level

LARGEST_PAGE = 500
_LEVELS: tuple[Level, ...] = ("province", "district", "commune")


@dataclass(frozen=True, slots=True)
class Page:
    """Units in order of code; ``cursor`` asks for the next page, None on the last."""

    units: list[Unit]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What to list; ``province`` takes all that lie in it, ``query`` is part of a name."""

    level: Level | None = None
    parent: str | None = None
    province: str | None = None
    query: str | None = None


def list_places(filters: Filters, as_of: date | None, cursor: str | None, limit: int) -> Page:
    """Return the units that existed on ``as_of`` (today if None), filtered, a page at a time."""
    day = as_of or today()
    known = catalogue()
    levels = (filters.level,) if filters.level else _LEVELS
    units = sorted(
        (u for level in levels for u in known.units(day, level, filters.parent)),
        key=lambda unit: unit.code,
    )
    fitting = [u for u in units if u.code > (cursor or "") and _fits(known, u, filters, day)]
    more = fitting[limit - 1].code if len(fitting) > limit else None
    return Page(fitting[:limit], more)


def _fits(known: Catalogue, unit: Unit, filters: Filters, day: date) -> bool:
    if filters.query is not None and fold(filters.query) not in fold(unit.name):
        return False
    return filters.province is None or filters.province in {
        above.code for above in known.line(unit.code, day)[1:]
    }


def read_place(code: str, as_of: date | None = None) -> Unit:
    """Return what ``code`` meant on ``as_of`` (today if None); raises NotFound."""
    day = as_of or today()
    unit = catalogue().unit(code, day)
    if unit is None:
        raise NotFound(
            Text(
                f"Không có đơn vị hành chính nào mang mã này vào ngày {day:%d/%m/%Y}.",
                f"No administrative unit had this code on {day}.",
            )
        )
    return unit


def convert(code: str, as_of: date | None = None) -> Conversion:
    """Return the present units behind a ``code`` written on ``as_of``, or on a day unknown.

    A code that nobody ever had is ``unknown``, not an error.
    """
    return catalogue().convert(code, as_of)
