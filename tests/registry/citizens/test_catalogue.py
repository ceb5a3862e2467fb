"""Every published attribute can come to have a value, from the columns of the steward's file."""

from __future__ import annotations

from datetime import date
from typing import Any

from datasets.formats import Row
from datasets.specs.citizens import CITIZENS
from datasets.specs.households import HOUSEHOLDS
from registry.citizens.attributes import CATALOGUE, VERIFIED
from registry.citizens.projection import lay_over
from registry.citizens.rules import true_on
from registry.households.attributes import CATALOGUE as HOUSEHOLD_CATALOGUE
from registry.kernel.fields import Catalogue, Selection
from tests.people import BAY, LAN

DAY = "03/02/2026"
FILLED = {
    "other_name": "Lan Anh",
    "religion": "Phật giáo",
    "other_nationalities": "FR",
    "blood_type": "04",
    "permanent_from": "2015",
    "temporary_from": DAY,
    "temporary_until": "31/12/2027",
    "current_from": DAY,
    "absence_from": DAY,
    "absence_until": "31/12/2027",
    "marital_status": "Đang có vợ hoặc chồng",
    "life_status": "Còn sống",
    "phone": "0900000000",
    "email": "lan@example.vn",
    "representative_kind": "GUARDIAN",
}
# These would contradict the rest or are papers that few people have.
NONE = dict.fromkeys(
    (
        "cancelled_id",
        "cancelled_id_on",
        "death_date",
        "missing_since",
        "origin_certificate",
        "passport",
        "valid_from",
    ),
    "",
)
# What stands in a column of which the specification shows no example, by how its name ends.
BY_ENDING = {
    "nine_digit_id": "900000002",
    "_id": BAY,
    "nationality": "VN",
    "_on": DAY,
    "_from": DAY,
    "_commune": "27007",
    "": "Nguyễn Văn Bảy",
}


def _filled(name: str) -> str:
    return next(value for ending, value in BY_ENDING.items() if name.endswith(ending))


def _paths_without_value(catalogue: Catalogue, document: Any) -> list[str]:
    selections = [(a.path, Selection([a])) for a in catalogue.attributes]
    on = date(2026, 6, 1)
    told = true_on(document, on)
    return [path for path, selection in selections if not selection.cut(told, on)]


def test_every_attribute_of_a_citizen_can_have_a_value() -> None:
    shown = {column.name: column.example for column in CITIZENS.columns}
    cells = {name: example or _filled(name) for name, example in shown.items()} | FILLED | NONE
    (entry,) = CITIZENS.read([Row(2, cells)])
    assert entry.change is not None, entry.findings
    # No file of citizens lists children: acts of birth and adoption tell of them.
    children = [{"name": "Trần Minh An", "personal_id": LAN, "basis": ["act"]}]
    document = lay_over(entry.change.document, {"children": children})
    # Nor does one say when its source last confirmed it: that rides with the answer.
    assert _paths_without_value(CATALOGUE, document) == [VERIFIED]


def test_every_attribute_of_a_household_can_have_a_value() -> None:
    cells = {column.name: column.example or "" for column in HOUSEHOLDS.columns}
    (entry,) = HOUSEHOLDS.read([Row(2, {**cells, "head_id": LAN, "member_id": LAN})])
    assert entry.change is not None, entry.findings
    assert _paths_without_value(HOUSEHOLD_CATALOGUE, entry.change.document) == []
