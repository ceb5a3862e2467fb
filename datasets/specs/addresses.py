"""What a commune's code in a file means: the present unit, and the one it was (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from registry.places.catalogue import Unit, catalogue

Located = tuple[str | None, Mapping[str, Any]]
"""The finding, if any, and the coded part of an address."""


def located(code: str, on: date | None) -> Located:
    """Return the finding, if any, and the coded part of an address written ``on`` some day."""
    if on is None:
        return _converted(code, None)
    for first, after, (rule, coded) in _meanings(code):
        if first <= on < after:
            # Whatever the day, one unit became the same; only the day itself is told as written.
            if "legacy" in coded:
                return rule, {**coded, "legacy": {**coded["legacy"], "as_of": on.isoformat()}}
            return rule, coded
    return _converted(code, on)


@lru_cache(maxsize=50_000)
def _meanings(code: str) -> tuple[tuple[date, date, Located], ...]:
    """Return every unit that had the code: its first day, the first day after, what it became."""
    return tuple(
        (
            unit.valid_from or date.min,
            unit.valid_to or date.max,
            _converted(code, unit.valid_from or _last_day(unit) or date.min),
        )
        for unit in catalogue().meanings(code)
    )


@lru_cache(maxsize=50_000)
def _converted(code: str, on: date | None) -> Located:
    places = catalogue()
    conversion = places.convert(code, on)
    if not conversion.sources:
        return "unknown_commune", {"method": "unresolved", "confidence": 0}
    coded: dict[str, Any] = {}
    source = conversion.sources[0]
    ended = _last_day(source)
    if len(conversion.sources) == 1 and ended is not None:
        day = on or ended
        line = {unit.level: unit.code for unit in places.line(code, day)}
        coded["legacy"] = {**line, "as_of": day.isoformat()}
    if conversion.outcome != "exact":
        candidates = [candidate.unit.code for candidate in conversion.candidates]
        return "split_commune", {
            **coded,
            "candidates": candidates,
            "method": "unresolved",
            "confidence": 0,
        }
    return None, {
        **coded,
        "current": _current(conversion.candidates[0].unit),
        "method": "exact",
        "confidence": 1,
    }


def _last_day(unit: Unit) -> date | None:
    return unit.valid_to and unit.valid_to - timedelta(days=1)


def _current(unit: Unit) -> dict[str, dict[str, str]]:
    line = catalogue().line(unit.code, unit.valid_from or date.max)
    return {place.level: {"code": place.code, "label": place.name} for place in line}
