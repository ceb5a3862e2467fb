"""How much of an act's envelope its source gives (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from registry.civil_status.acts import kind_of_event, text_code
from registry.kernel.codes import load
from registry.kernel.fields import Document

# Old books lack some of these; the act is kept all the same, and says what it lacks.
_ENVELOPE = ("number", "book", "registered_on", "signer")
_PRINCIPALS = {
    "birth": ("child",),
    "marriage": ("husband", "wife"),
    "death": ("deceased",),
    "guardianship": ("guardian", "ward"),
    "parentage": ("parent", "child"),
}


def source_quality(document: Document) -> dict[str, Any]:
    """Return the quality of an act: complete, incomplete with what is missing, or doubtful.

    Doubt is the source's own word, which no rule takes back.

    >>> source_quality({"type": {"code": "death"}, "number": "7", "book": "01/1978"})["missing"]
    ['registered_on', 'signer', 'office.code', 'persons.deceased']
    """
    missing = list(_missing(document))
    told = text_code(document.get("source_quality"))
    code = told if told == "doubtful" else "incomplete" if missing else "complete"
    leaf: dict[str, Any] = dict(load("civil_source_quality").leaf(code))
    return leaf | ({"missing": missing} if missing else {})


def _missing(document: Document) -> Iterator[str]:
    yield from (part for part in _ENVELOPE if not document.get(part))
    if not document.get("office", {}).get("code"):
        yield "office.code"
    persons = document.get("persons", {})
    for role in _PRINCIPALS.get(kind_of_event(document), ()):
        if not persons.get(role, {}).get("name"):
            yield f"persons.{role}"
