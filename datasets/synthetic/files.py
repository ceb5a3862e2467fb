"""Writes made-up families as the files that stewards submit."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Literal, get_args

from datasets.specs import SPECS
from datasets.synthetic.books import books
from datasets.synthetic.civil import Registrar
from datasets.synthetic.fates import Fates
from datasets.synthetic.land import Land
from datasets.synthetic.papers import identity_card, other_numbers
from datasets.synthetic.people import (
    ABSENT,
    BLOOD_TYPE,
    BOOKS_INCOMPLETE,
    MISSING,
    NO_ETHNICITY,
    ON,
    TEMPORARY,
    Families,
    Home,
    Move,
    Person,
    Places,
    written_birthday,
    written_name,
)

Dataset = Literal["citizens", "households", "civil_books", "civil_status", "parcels", "all"]
DATASETS: tuple[str, ...] = get_args(Dataset)[:-1]
"""What can be made up, in the order in which it must be loaded; units are facts for everybody."""
# Without the coverage of the books, the lack of an act says nothing.
_WITH = {"civil_status": ("civil_books",)}
_PERSONAS = 5
_CARD = ("personal_id_issued_on", "personal_id_issuer", "personal_id_expires_on")
_MINORS_BORN_AFTER = date(ON.year - 18, ON.month, ON.day)
_BIRTH_PLACES = (
    "Bệnh viện Từ Dũ",
    "Bệnh viện Hùng Vương",
    "Bệnh viện quận",
    "Trạm y tế",
    "Nhà hộ sinh",
)


def generate(  # noqa: PLR0913 - what to write, and how
    dataset: Dataset,
    citizens: int,
    seed: int,
    out: Path,
    progress: Callable[[int], None] | None = None,
    *,
    outlines: Path | None = None,
) -> list[Path]:
    """Write the CSV files of ``dataset`` into ``out``; return their paths.

    Parcels lie in a simple city, or in the commune ``outlines`` of a GeoJSON file.

    The same ``citizens`` and ``seed`` give the same bytes. ``progress`` is told how many people
    are written.
    """
    out.mkdir(parents=True, exist_ok=True)
    wanted = list(DATASETS) if dataset == "all" else [*_WITH.get(dataset, ()), dataset]
    writers = {name: _Writer(out / f"{name}.csv", name) for name in wanted}
    # Chance of its own for how things are written, so that each file alone is the same as both.
    families = Families(seed)
    fates = Fates(seed, families.places)
    hand = _Hand(seed, families.places)
    registrar = Registrar(seed, families.places)
    land = Land(seed, outlines)
    told = 0
    try:
        if "civil_books" in writers:
            writers["civil_books"].write(books(seed))
        for home in families.homes(citizens):
            fates.befall(home)
            people = hand.citizens(home)
            if "citizens" in writers:
                writers["citizens"].write(people)
            if "households" in writers:
                writers["households"].write(list(_household(home)))
            if "civil_status" in writers:
                writers["civil_status"].write(registrar.acts(home))
            if "parcels" in writers:
                land.settle(home)
            told += len(people)
            if progress:
                progress(told)
        if "parcels" in writers:
            for rows in land.rows():
                writers["parcels"].write(rows)
    finally:
        for writer in writers.values():
            writer.close()
    return [writer.path for writer in writers.values()]


class _Writer:
    def __init__(self, path: Path, dataset: str) -> None:
        self.path = path
        self._file = path.open("w", encoding="utf-8", newline="")
        columns = [column.name for column in SPECS[dataset].columns]
        self._writer = csv.DictWriter(self._file, columns, restval="", lineterminator="\n")
        self._writer.writeheader()

    def write(self, rows: list[dict[str, str]]) -> None:
        self._writer.writerows(rows)

    def close(self) -> None:
        self._file.close()


class _Hand:
    """Writes people down with the slips of many clerks."""

    def __init__(self, seed: int, places: Places) -> None:
        self.random = Random(seed + 1)  # noqa: S311 - made-up people, not secrets
        self._places = places
        self._written = 0

    def citizens(self, home: Home) -> list[dict[str, str]]:
        people = [person for person, _ in home.members] + home.others
        return [self._row(person, home) for person in people]

    def _row(self, person: Person, home: Home) -> dict[str, str]:
        self._written += 1
        careful = self._written <= _PERSONAS
        name, born = person.recorded_name, person.recorded_birthday
        row = {
            "personal_id": person.personal_id,
            **identity_card(self.random, person),
            "full_name": name.full,
            "family_name": name.family,
            "middle_name": name.middle,
            "given_name": name.given,
            "birth_date": str(born.year) if person.year_only else f"{born:%d/%m/%Y}",
            "sex": "Nam" if person.sex == "1" else "Nữ",
            "ethnicity": person.ethnicity,
            "religion": self.random.choice(("Không",) * 8 + ("Phật giáo", "Công giáo")),
            "nationality": "VN",
            **self._birth(person, home),
            "hometown": home.hometown.name,
            "hometown_commune": home.hometown.code,
            "hometown_on": f"{ON:%d/%m/%Y}",
            "marital_status": person.marital,
            "marital_books_complete": "1",
            "marital_books": "Sổ hộ tịch đã số hóa của Thành phố Hồ Chí Minh",
            **_kin(person),
            **_residence(person, home),
        }
        return row if careful else row | self._slips(person, row)

    def _birth(self, person: Person, home: Home) -> dict[str, str]:
        """Return where somebody was born and registered, by the units of that day."""
        commune = person.born_in or home.commune
        day = f"{person.born:%d/%m/%Y}"
        return {
            "birth_place": self.random.choice(_BIRTH_PLACES),
            "birth_place_commune": commune.code,
            "birth_place_on": day,
            "birth_registration_place": f"Ủy ban nhân dân {commune.name}",
            "birth_registration_place_commune": commune.code,
            "birth_registration_place_on": day,
        }

    def _slips(self, person: Person, row: dict[str, str]) -> dict[str, str]:
        chance = self.random.random
        slips = {
            "full_name": written_name(self.random, row["full_name"]),
            "birth_date": written_birthday(self.random, person.recorded_birthday),
            **other_numbers(self.random, person, self._written),
        }
        if chance() < NO_ETHNICITY:
            slips["ethnicity"] = ""
        if chance() < BOOKS_INCOMPLETE:
            slips["marital_books_complete"] = "0"
        if chance() < BLOOD_TYPE:
            slips["blood_type"] = self.random.choice(("O", "O", "O", "A", "A", "B", "B", "AB"))
        return slips if person.died else slips | self._whereabouts(person)

    def _whereabouts(self, person: Person) -> dict[str, str]:
        chance = self.random.random
        cells: dict[str, str] = {}
        if chance() < TEMPORARY:
            room = f"Nhà trọ số {self.random.randint(1, 90)}"
            commune = self.random.choice(self._places.home).code
            for kind in ("temporary", "current"):
                cells[f"{kind}_address"] = room
                cells[f"{kind}_address_commune"] = commune
                cells[f"{kind}_address_on"] = "01/09/2025"
                cells[f"{kind}_from"] = "01/09/2025"
            cells["temporary_until"] = "31/08/2027"
        elif chance() < ABSENT:
            cells["absence_address"] = self.random.choice(self._places.elsewhere).name
            cells["absence_from"] = "01/12/2025"
            cells["absence_until"] = "30/11/2026"
        if person.born.year < 2000 and chance() < MISSING:  # noqa: PLR2004 - grown up by then
            cells["life_status"] = "Mất tích"
            cells["missing_since"] = str(self.random.randint(2019, 2024))
        return cells


def _kin(person: Person) -> dict[str, str]:
    found: dict[str, str] = {}
    for kin in ("father", "mother", "spouse"):
        other: Person | None = getattr(person, kin)
        if other is not None:
            found |= _named(kin, other)
    guardian = person.mother or person.father
    if guardian is not None and person.born > _MINORS_BORN_AFTER:
        found |= _named("representative", guardian) | {"representative_kind": "Cha hoặc mẹ"}
    return found


def _named(role: str, person: Person) -> dict[str, str]:
    return {
        f"{role}_name": person.recorded_name.full,
        f"{role}_id": person.personal_id,
        f"{role}_nationality": "VN",
    }


def _residence(person: Person, home: Home) -> dict[str, str]:
    if person.died:
        return {"life_status": "Đã chết", "death_date": f"{person.died:%d/%m/%Y}"}
    since = person.lives_since(home.since)
    return {
        "life_status": "Còn sống",
        "permanent_address": home.address,
        "permanent_address_commune": home.commune.code,
        "permanent_address_on": f"{home.written:%d/%m/%Y}",
        "permanent_from": str(since.year) if since.year < 2010 else f"{since:%d/%m/%Y}",  # noqa: PLR2004
        "residence_file": home.code,
        **({"valid_from": f"{since:%d/%m/%Y}"} if person.move else {}),
    }


def write_before(seed: int, out: Path) -> Path:
    """Write what the file of citizens said of the personas before they moved; return its path.

    Loaded before the file of today, it gives them the history that one state can't tell.
    """
    families = Families(seed)
    home = next(families.homes(_PERSONAS))
    Fates(seed, families.places).befall(home)
    hand = _Hand(seed, families.places)
    writer = _Writer(out / "citizens_before.csv", "citizens")
    try:
        for (person, _), row in zip(home.members, hand.citizens(home), strict=True):
            if move := person.move:
                writer.write([row | _before(person, move)])
    finally:
        writer.close()
    return writer.path


def _before(person: Person, move: Move) -> dict[str, str]:
    return {
        "permanent_address": move.address,
        "permanent_address_commune": move.commune.code,
        "permanent_address_on": f"{move.on:%d/%m/%Y}",
        "permanent_from": f"{move.since:%d/%m/%Y}",
        "residence_file": "",
        # The card is younger than that.
        **dict.fromkeys(_CARD, ""),
        "valid_from": f"{person.born:%d/%m/%Y}",
    }


def _household(home: Home) -> Iterator[dict[str, str]]:
    for person, relation in home.members:
        yield {
            "household_code": home.code,
            "kind": "Thường trú",
            "address": home.address,
            "address_commune": home.commune.code,
            "address_on": f"{home.written:%d/%m/%Y}",
            "head_id": home.members[0][0].personal_id,
            "member_id": person.personal_id,
            "relation": relation,
            "member_from": f"{person.lives_since(home.since):%d/%m/%Y}",
        }
