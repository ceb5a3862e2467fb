"""Which transitions of a record hardly ever happen, and what of two documents differs (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from registry.kernel.fields import Document
from registry.kernel.text import fold

MOST_AREA_CHANGE = 0.2
"""A legal area that changes by more than this share is unusual."""
# How a register keeps what acts decide; the decided values themselves are compared.
_INNER = frozenset({"projected", "claimed", "under_review"})
Transition = Callable[[Document, Document], bool]


def changed_paths(before: Document, after: Document) -> list[str]:
    """Return the attribute paths, at most two steps deep, in which two documents differ.

    >>> changed_paths({"name": {"full": "A"}, "sex": "1"}, {"name": {"full": "B"}, "sex": "1"})
    ['name.full']
    """
    return sorted(set(_changed(before, after)))


def _changed(before: Document, after: Document) -> Iterator[str]:
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new or key in _INNER:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping) and "code" not in old:
            yield from (f"{key}.{k}" for k in old.keys() | new.keys() if old.get(k) != new.get(k))
        else:
            yield key


def at(document: Document, path: str) -> Any:
    """Return the value at a path of `changed_paths`, None where there is none."""
    found: Any = document
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def touches(attribute: str, path: str) -> bool:
    """Say whether a change at ``path`` may change what a client reads as ``attribute``."""
    return f"{attribute}.".startswith(f"{path}.") or f"{path}.".startswith(f"{attribute}.")


def ends(before: Document, after: Document) -> bool:
    """Say whether a record stops being in force: a death, a dissolved household, a parcel gone."""
    return _stands(before) and not _stands(after)


def _stands(document: Document) -> bool:
    if _code(document, "life_status") == "deceased":
        return False
    if _code(document, "state") not in {None, "active"}:
        return False
    members = document.get("members")
    return members is None or any("valid_to" not in member for member in members)


def unusual(dataset: str, before: Document, after: Document) -> list[str]:
    """Return the codes of the rare transitions between two states of one record."""
    return [code for code, happens in _RARE.get(dataset, {}).items() if happens(before, after)]


def _code(document: Document, path: str) -> str | None:
    value = at(document, path)
    return value.get("code") if isinstance(value, Mapping) else None


def _differs(path: str) -> Transition:
    """Return whether what stood at ``path`` is another value now; filling a gap is no such."""

    def happens(before: Document, after: Document) -> bool:
        old = at(before, path)
        return old is not None and old != at(after, path)

    return happens


def _recoded(path: str) -> Transition:
    def happens(before: Document, after: Document) -> bool:
        old = _code(before, path)
        return old is not None and old != _code(after, path)

    return happens


def _renamed(before: Document, after: Document) -> bool:
    """Say whether no part of a name stayed."""
    old, new = (set(fold(at(d, "name.full") or "").split()) for d in (before, after))
    return bool(old) and not old & new


def _revived(before: Document, after: Document) -> bool:
    return not _stands(before) and _stands(after)


def _persons(before: Document, after: Document) -> bool:
    old, new = (
        {role: p.get("personal_id") for role, p in d.get("persons", {}).items()}
        for d in (before, after)
    )
    return any(number and new.get(role) != number for role, number in old.items())


def _holders(before: Document, after: Document) -> bool:
    old, new = (
        {h.get("personal_id") or h.get("name", {}).get("full") for h in d.get("holders", ())}
        for d in (before, after)
    )
    return bool(old) and old != new


def _area(before: Document, after: Document) -> bool:
    old, new = at(before, "area.legal"), at(after, "area.legal")
    return bool(old) and abs((new or 0) - old) > MOST_AREA_CHANGE * old


_RARE: Mapping[str, Mapping[str, Transition]] = {
    "places": {
        "withdrawn": lambda b, a: a.get("withdrawn", False) and not b.get("withdrawn", False),
        "parent": _differs("parent"),
    },
    "citizens": {
        "sex": _recoded("sex"),
        "birth_date": _differs("birth_date"),
        "name": _renamed,
        "nationality": _recoded("nationality"),
        "life_status": _revived,
        "parents": lambda b, a: any(
            _differs(f"{p}.personal_id")(b, a) for p in ("father", "mother")
        ),
    },
    "households": {"head": _differs("head.personal_id"), "restored": _revived},
    "civil_books": {"complete": lambda b, a: b["complete"] and not a["complete"]},
    "civil_status": {
        "type": _recoded("type"),
        "persons": _persons,
        "registered_on": _differs("registered_on"),
    },
    "parcels": {
        "holders": _holders,
        "area": _area,
        "restored": _revived,
        "commune": _recoded("reference.commune"),
    },
}
