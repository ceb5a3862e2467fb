"""What acts of civil status decide of a citizen, laid over what the citizens' own file says (pure).

A projected attribute carries its ``basis``, the acts behind it, and the document lists it under
``projected``. What the file said of it is kept under ``claimed``, which nobody is answered from:
it comes back where an act turns out to be about somebody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.kernel.fields import Document

_PARTS = ("family", "middle", "given")


def lay_over(document: Document, values: Mapping[str, Any]) -> Document:
    """Return ``document`` with the projected ``values`` in place of all earlier ones.

    A value None says that acts know of none. Other names are no matter of acts and stay, as do
    the parts of a name that acts give only whole.

    >>> lay_over({"sex": {"code": "1"}}, {"sex": {"code": "2", "basis": ["a"]}})["claimed"]
    {'sex': {'code': '1'}}
    """
    own = as_claimed(document)
    if not values:
        return own
    result = {key: value for key, value in own.items() if key not in values}
    for path, value in values.items():
        if value is not None:
            result[path] = _named(value, own.get("name", {})) if path == "name" else value
    claimed = {path: own[path] for path in values if path in own}
    result["projected"] = sorted(values)
    return result | ({"claimed": claimed} if claimed else {})


def as_claimed(document: Document) -> Document:
    """Return the document as it would be without any act."""
    if "projected" not in document:
        return document
    laid = {*document["projected"], "projected", "claimed"}
    rest = {key: value for key, value in document.items() if key not in laid}
    claimed: Document = document.get("claimed", {})
    return {**rest, **claimed}


def carry(before: Document, comes: Document) -> Document:
    """Return the state that comes from a file, with what acts decided before still laid over."""
    if "projected" not in before:
        return comes
    return lay_over(comes, {path: _decided(before, path) for path in before["projected"]})


def without_books(document: Document) -> Document:
    """Return the document without the books that its marital status names as missing.

    They are those of the places where somebody lived, which a protected address withholds.
    """
    status = document.get("marital_status", {})
    if "missing" not in status.get("coverage", {}):
        return document
    coverage = {"complete": status["coverage"]["complete"]}
    return {**document, "marital_status": {**status, "coverage": coverage}}


def _decided(document: Document, path: str) -> Any:
    """Return what acts said, without what was only kept of the file's name."""
    value = document.get(path)
    if path != "name" or value is None:
        return value
    claimed = document.get("claimed", {}).get("name", {})
    kept = {part for part in _PARTS if part in claimed and claimed[part] == value.get(part)}
    return {key: part for key, part in value.items() if key not in kept | {"other"}}


def _named(value: Document, own: Document) -> Document:
    kept = {"other": own["other"]} if "other" in own else {}
    if own.get("full") == value.get("full"):
        kept |= {part: own[part] for part in _PARTS if part in own}
    return kept | dict(value)
