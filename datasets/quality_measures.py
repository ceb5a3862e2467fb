"""What good data is: correct, complete, clean, live and consistent, record by record (pure).

The five words by which public data is judged in Viet Nam: đúng, đủ, sạch, sống, thống nhất. Each
measure looks at one record and says yes or no (complete: which share); what depends on others, as
whether a parent is registered, is told beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from registry.kernel.dates import PartialDate
from registry.kernel.fields import Document
from registry.kernel.identifiers import Sex, personal_id_warnings

DIMENSIONS = ("correct", "complete", "clean", "live", "consistent")
LABELS = {
    "correct": ("Đúng", "Correct"),
    "complete": ("Đủ", "Complete"),
    "clean": ("Sạch", "Clean"),
    "live": ("Sống", "Live"),
    "consistent": ("Thống nhất", "Consistent"),
}
LIVE_FOR: Mapping[str, timedelta | None] = {
    "citizens": timedelta(days=365),
    "households": timedelta(days=365),
    # What a book says of an event of the past does not grow old.
    "civil_status": None,
    "parcels": timedelta(days=5 * 365),
}
"""How long after it was last recorded or confirmed a record counts as live."""

_SEX: Mapping[str, Sex] = {"1": "male", "2": "female"}
_CORE = {
    "citizens": (
        "name.full",
        "birth_date",
        "sex",
        "ethnicity",
        "nationality",
        "hometown",
        "residence.permanent",
        "father",
        "mother",
    ),
    "households": ("address", "head", "members"),
    "civil_status": ("number", "book", "registered_on", "office.code", "signer", "persons"),
    "parcels": (
        "reference.commune",
        "reference.sheet",
        "reference.number",
        "area.legal",
        "purposes",
        "holders",
        "certificates",
        "geometry",
    ),
}
_MOST_AREA_DIFFERENCE = 0.02


class Measured(NamedTuple):
    """Shares from 0 to 1, one for each of `DIMENSIONS`."""

    correct: float
    complete: float
    clean: float
    live: float
    consistent: float


def measure(
    dataset: str,
    document: Document,
    recorded_at: datetime,
    at: datetime,
    registered: Collection[str] = (),
) -> Measured:
    """Return how good one record is at the moment ``at``.

    ``recorded_at`` is when it was last recorded or confirmed; ``registered`` are the personal
    ids, among those that it names, of people who are in the register of citizens.
    """
    limit = LIVE_FOR[dataset]
    return Measured(
        float(_correct(dataset, document)),
        _share(document, _CORE[dataset]),
        float(all(_resolved(address) for address in _addresses(dataset, document))),
        float(limit is None or at - recorded_at <= limit),
        float(all(number in registered for number in named_people(dataset, document))),
    )


def ward_of(dataset: str, document: Document) -> str:
    """Return the code of the commune in which a record counts, "" where it is not known."""
    if dataset == "civil_status":
        return str(_at(document, "office.code") or "")
    if dataset == "parcels":
        return str(_at(document, "reference.commune.code") or "")
    path = "address" if dataset == "households" else "residence.permanent.address"
    return str(_at(document, f"{path}.current.commune.code") or "")


def named_people(dataset: str, document: Document) -> Iterator[str]:
    """Yield the personal ids of others that a record names."""
    entries: Iterable[Any] = ()
    if dataset == "citizens":
        entries = (document.get(kin) for kin in ("father", "mother", "spouse"))
    elif dataset == "civil_status":
        entries = document.get("persons", {}).values()
    else:
        entries = document.get("members" if dataset == "households" else "holders", ())
    for entry in entries:
        if entry and entry.get("personal_id"):
            yield entry["personal_id"]


def _at(document: Document, path: str) -> Any:
    found: Any = document
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _share(document: Document, paths: Collection[str]) -> float:
    return sum(bool(_at(document, path)) for path in paths) / len(paths)


def _correct(dataset: str, document: Document) -> bool:
    """Say whether nothing of a record is doubted, by an investigation or by its own numbers."""
    if document.get("under_review"):
        return False
    rule = _CORRECT.get(dataset)
    return rule is None or rule(document)


def _number_agrees(document: Document) -> bool:
    birth = document.get("birth_date")
    sex = _SEX.get(document.get("sex", {}).get("code", ""))
    day = PartialDate.parse(birth["value"]) if birth else None
    return not set(personal_id_warnings(document["personal_id"], sex, day)) - {"unknown_block"}


def _not_doubtful(document: Document) -> bool:
    return bool(_at(document, "source_quality.code") != "doubtful")


def _area_agrees(document: Document) -> bool:
    legal, computed = _at(document, "area.legal"), _at(document, "area.computed")
    if not legal or not computed:
        return True
    return bool(abs(computed - legal) <= _MOST_AREA_DIFFERENCE * legal)


_CORRECT: Mapping[str, Callable[[Document], bool]] = {
    "citizens": _number_agrees,
    "civil_status": _not_doubtful,
    "parcels": _area_agrees,
}


def _addresses(dataset: str, document: Document) -> Iterator[Document]:
    if dataset == "citizens":
        for residence in document.get("residence", {}).values():
            yield residence.get("address", {})
    elif dataset == "households":
        yield document.get("address", {})


def _resolved(address: Document) -> bool:
    """Say whether it is certain in which commune of today an address lies."""
    return "current" in address
