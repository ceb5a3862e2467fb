"""What a commune's code in a file means: the present unit, and the one it was (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import orjson
from orjson import Fragment

from registry.kernel.rendered import render
from registry.places.catalogue import Unit, catalogue

UNRESOLVED = {"method": "unresolved", "confidence": 0}
_NOWHERE = (None, "", render(UNRESOLVED).encode()[1:])
_DAY = "0000-00-00"
Located = tuple[str | None, Mapping[str, Any]]
"""The finding, if any, and the coded part of an address."""


def located(code: str, on: date | None) -> Located:
    """Return the finding, if any, and the coded part of an address written ``on`` some day."""
    facts = catalogue().version
    if on is None:
        return _converted(facts, code, None)
    for first, after, (rule, coded) in _meanings(facts, code):
        if first <= on < after:
            # Whatever the day, one unit became the same; only the day itself is told as written.
            if "legacy" in coded:
                return rule, {**coded, "legacy": {**coded["legacy"], "as_of": on.isoformat()}}
            return rule, coded
    return _converted(facts, code, on)


# What was made of some facts about units is kept under their version, for others may come.
@lru_cache(maxsize=50_000)
def _meanings(facts: str, code: str) -> tuple[tuple[date, date, Located], ...]:
    """Return every unit that had the code: its first day, the first day after, what it became."""
    return tuple(
        (
            unit.valid_from or date.min,
            unit.valid_to or date.max,
            _converted(facts, code, unit.valid_from or _last_day(unit) or date.min),
        )
        for unit in catalogue().meanings(code)
    )


def written(text: str, code: str | None, on: date | None) -> tuple[str | None, str, Fragment]:
    """Return the finding, if any, the present commune's code, and the whole address as JSON.

    As an address of `located`, ready to be put into a document that is rendered.
    """
    rule, ward, coded = _wire(code, on) if code is not None else _NOWHERE
    # "as_recorded" comes first in the order of keys.
    return rule, ward, Fragment(b'{"as_recorded":' + orjson.dumps(text) + b"," + coded)


def _wire(code: str, on: date | None) -> tuple[str | None, str, bytes]:
    for first, after, rule, ward, before, behind in (
        _pieces(catalogue().version, code) if on else ()
    ):
        if on is not None and first <= on < after:
            return rule, ward, before + on.isoformat().encode() + behind if behind else before
    rule, coded = located(code, on)
    return rule, _ward(coded), render(coded).encode()[1:]


@lru_cache(maxsize=50_000)
def _pieces(facts: str, code: str) -> tuple[tuple[date, date, str | None, str, bytes, bytes], ...]:
    """Return what the code meant when, as JSON in two parts between which the day comes.

    The second is empty where no day is told.
    """
    found = []
    for first, after, (rule, coded) in _meanings(facts, code):
        legacy = coded.get("legacy")
        dated = {**coded, "legacy": {**legacy, "as_of": _DAY}} if legacy else coded
        before, _, behind = render(dated).encode()[1:].partition(_DAY.encode())
        found.append((first, after, rule, _ward(coded), before, behind))
    return tuple(found)


def _ward(coded: Mapping[str, Any]) -> str:
    return str(coded.get("current", {}).get("commune", {}).get("code", ""))


@lru_cache(maxsize=50_000)
def _converted(facts: str, code: str, on: date | None) -> Located:
    del facts
    places = catalogue()
    conversion = places.convert(code, on)
    if not conversion.sources:
        return "unknown_commune", UNRESOLVED
    coded: dict[str, Any] = {}
    source = conversion.sources[0]
    ended = _last_day(source)
    if len(conversion.sources) == 1 and ended is not None:
        day = on or ended
        line = {unit.level: unit.code for unit in places.line(code, day)}
        coded["legacy"] = {**line, "as_of": day.isoformat()}
    if conversion.outcome != "exact":
        candidates = [candidate.unit.code for candidate in conversion.candidates]
        return "split_commune", {**coded, "candidates": candidates, **UNRESOLVED}
    return None, {
        **coded,
        "current": _current(conversion.candidates[0].unit),
        "method": "exact",
        "confidence": 1,
    }


def _last_day(unit: Unit) -> date | None:
    return unit.valid_to and unit.valid_to - timedelta(days=1)


def _current(unit: Unit) -> dict[str, dict[str, str]]:
    places = catalogue()
    # By its names of today: the province may be another, or be called otherwise, than at first.
    line = places.line(unit.code, max(unit.valid_from or date.min, places.day))
    return {place.level: {"code": place.code, "label": place.name} for place in line}
