"""Questions about a person that are answered yes, no or not known, and disclose nothing else.

Each register brings its own; the composition root puts them together for `/v1/citizens/verify`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from registry.citizens.attributes import CATALOGUE
from registry.citizens.rules import Verdict, is_over, resident_of, valid_age, valid_unit
from registry.kernel.fields import Catalogue, Document


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a predicate is about: the record, what it may tell of the day, and that day."""

    record_id: str
    document: Document
    on: date


Check = Callable[[Session, Subject, str], Verdict]


def is_record_id(argument: str) -> bool:
    """Say whether an argument has the form of a record's opaque id."""
    try:
        uuid.UUID(argument)
    except ValueError:
        return False
    return True


def _nobody(_session: Session, _argument: str) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Predicate:
    """One question: the attributes whose right it needs, its argument, its answer.

    ``rights`` are attribute paths by catalogue, since an answer derived from values needs the
    right to all of them. ``also`` names the record ids of others whom the answer tells of.
    """

    rights: Mapping[Catalogue, tuple[str, ...]]
    valid: Callable[[str], bool]
    check: Check
    also: Callable[[Session, str], Iterable[str]] = field(default=_nobody)


PREDICATES: Mapping[str, Predicate] = {
    "is_over": Predicate(
        {CATALOGUE: ("birth_date",)},
        valid_age,
        lambda _, who, years: is_over(who.document, years, who.on),
    ),
    "resident_of": Predicate(
        {CATALOGUE: ("residence.permanent.address",)},
        valid_unit,
        lambda _, who, code: resident_of(who.document, code),
    ),
}
