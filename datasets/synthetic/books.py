"""The books that made-up acts stand in: their numbers, what time took from them, their coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from random import Random

from datasets.synthetic.names import family_name, lowland
from datasets.synthetic.people import ON
from registry.places.catalogue import Unit, catalogue

OFFICE_YEARS = date(2000, 1, 1)
"""Since when the books of most offices are here whole."""

# Shares. docs/reference/datasets.md tells them.
OFFICE_INCOMPLETE = 0.15  # of offices
OLD_NO_NUMBER = 0.25  # of acts registered before 2000, as the next three
OLD_NO_BOOK = 0.4
OLD_NO_DAY = 0.35
OLD_NO_SIGNER = 0.5

_CITY = "79"
_KINDS = ("birth", "marriage", "death")
_BOOKS = {
    "birth": "KS",
    "marriage": "KH",
    "death": "KT",
    "guardianship": "GH",
    "guardianship_end": "GH",
    "parentage": "NCMC",
    "correction": "CC",
    "court_note": "GC",
    "foreign_note": "GCNN",
}
_ELECTRONIC = 2016
_SIGNERS = 40


class Clerk:
    """Numbers entries as the books do: from 1 again each year, in each office and kind of book."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._last: Counter[tuple[str, str, int]] = Counter()
        self._written = 0
        self._signers = [
            lowland(random, random.choice("12"), family_name(random), old=False).full
            for _ in range(_SIGNERS)
        ]

    def entry(self, kind: str, day: date, registration: str, office: Unit) -> dict[str, str]:
        """Return the cells that every act has."""
        self._written += 1
        book = _BOOKS[kind]
        self._last[office.code, book, day.year] += 1
        return {
            "code": f"HT-{self._written:08d}",
            "type": kind,
            "number": str(self._last[office.code, book, day.year]),
            "book": f"01/{day.year}-{book}",
            "registered_on": f"{day:%d/%m/%Y}",
            "office_name": f"Ủy ban nhân dân {office.name}",
            "office_code": office.code,
            "signer_name": self._random.choice(self._signers),
            "signer_title": "Phó Chủ tịch",
            "registration_kind": registration,
            "digitisation": "born_digital" if day.year >= _ELECTRONIC else "digitised",
        }

    def worn(self, entry: dict[str, str]) -> dict[str, str]:
        """Return an entry without what its old book lacks."""
        year = entry["registered_on"][-4:]
        if int(year) >= OFFICE_YEARS.year:
            return entry
        chance = self._random.random
        lost = {
            name: ""
            for name, share in (
                ("number", OLD_NO_NUMBER),
                ("book", OLD_NO_BOOK),
                ("signer_name", OLD_NO_SIGNER),
            )
            if chance() < share
        }
        if "signer_name" in lost:
            lost["signer_title"] = ""
        if chance() < OLD_NO_DAY:
            lost |= {"registered_on": "", "year": year}
        return entry | lost


def books(seed: int) -> list[dict[str, str]]:
    """Return how far the books of the city's offices are here, those of former units included."""
    random = Random(seed + 4)  # noqa: S311 - made-up people, not secrets
    return [row for unit in _offices() for row in _coverage(random, unit)]


def _coverage(random: Random, unit: Unit) -> Iterator[dict[str, str]]:
    first = max(OFFICE_YEARS, unit.valid_from or OFFICE_YEARS).year
    last = str(unit.valid_to.year) if unit.valid_to else ""
    whole = first
    if unit.valid_from is None and random.random() < OFFICE_INCOMPLETE:
        whole = random.randint(2005, 2020)
    for kind in _KINDS:
        cells = {
            "office_code": unit.code,
            "office_name": f"Ủy ban nhân dân {unit.name}",
            "office_on": f"{unit.valid_from:%d/%m/%Y}" if unit.valid_from else "",
            "kind": kind,
        }
        if whole > first:
            gone = {"year_from": str(first), "year_to": str(whole - 1), "complete": "0"}
            yield cells | gone
        yield cells | {"year_from": str(whole), "year_to": last, "complete": "1"}


@lru_cache(maxsize=1)
def _offices() -> list[Unit]:
    """Return the communes of the city as it is, and all that went into them."""
    places = catalogue()
    return [
        unit
        for unit in places
        if unit.level == "commune"
        and any(
            candidate.unit.parent == _CITY
            for candidate in places.convert(unit.code, unit.valid_from or _before(unit)).candidates
        )
    ]


def _before(unit: Unit) -> date:
    return unit.valid_to.replace(year=unit.valid_to.year - 1) if unit.valid_to else ON
