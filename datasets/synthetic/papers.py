"""The papers that made-up people carry, with the days and issuers of their time."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from datasets.synthetic.fates import between, birthday
from datasets.synthetic.people import CANCELLED_ID, NINE_DIGIT_ID, ON, PASSPORT, Person

_CARDS_BEGAN = date(2021, 3, 1)
_MINISTRY = date(2024, 7, 1)
_CARD_AGES = (25, 40, 60)
_AGE_OF_FIRST_CARD = 14
_PROVINCES = ("TP. Hồ Chí Minh", "tỉnh Bình Dương", "tỉnh Bà Rịa - Vũng Tàu", "tỉnh Long An")


def identity_card(random: Random, person: Person) -> dict[str, str]:
    """Return the cells of the identity card; children below 14 and the long dead have none.

    A card lasts until the bearer is 25, 40 or 60, and for life after that (Law on
    Identification, article 21).
    """
    first = max(_CARDS_BEGAN, birthday(person.born, _AGE_OF_FIRST_CARD))
    last = person.died or ON
    if first >= last:
        return {}
    issued = between(random, first, last)
    cells = {
        "personal_id_issued_on": f"{issued:%d/%m/%Y}",
        "personal_id_issuer": "Bộ Công an"
        if issued >= _MINISTRY
        else "Cục Cảnh sát quản lý hành chính về trật tự xã hội",
    }
    # A card made in the two years before such a birthday lasts until the next one.
    ends = (birthday(person.born, age) for age in _CARD_AGES)
    good_until = next((day for day in ends if day > issued + timedelta(days=730)), None)
    return cells | ({"personal_id_expires_on": f"{good_until:%d/%m/%Y}"} if good_until else {})


def other_numbers(random: Random, person: Person, serial: int) -> dict[str, str]:
    """Return the cells of an old nine-digit id, a cancelled id and a passport, some of each."""
    cells: dict[str, str] = {}
    adult = birthday(person.born, _AGE_OF_FIRST_CARD)
    if person.born.year < 2000 and random.random() < NINE_DIGIT_ID:  # noqa: PLR2004 - born then
        # No province ever had the 9 in front.
        cells["nine_digit_id"] = f"9{serial:08d}"
        first = max(adult, date(1978, 1, 1))
        issued = between(random, first, max(first, date(2015, 12, 31)))
        cells["nine_digit_id_issued_on"] = f"{issued:%d/%m/%Y}"
        cells["nine_digit_id_issuer"] = f"Công an {random.choice(_PROVINCES)}"
    if random.random() < CANCELLED_ID:
        cells["cancelled_id"] = f"990{person.personal_id[3:6]}{serial:06d}"
        ended = between(random, max(person.born, _CARDS_BEGAN), ON)
        cells["cancelled_id_on"] = f"{ended:%d/%m/%Y}"
    if adult < ON and not person.died and random.random() < PASSPORT:
        issued = between(random, max(adult, ON - timedelta(days=3000)), ON)
        # Passports of Viet Nam have one letter in front, so two are nobody's.
        cells["passport"] = f"ZZ{serial:07d}"
        cells["passport_issued_on"] = f"{issued:%d/%m/%Y}"
        cells["passport_issuer"] = "Cục Quản lý xuất nhập cảnh"
        cells["passport_expires_on"] = f"{birthday(issued, 10):%d/%m/%Y}"
    return cells
