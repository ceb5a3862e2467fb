"""Broken files and cadastres of others, on the way that a steward takes."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlalchemy as sa

from datasets.formats import Options
from registry.kernel.errors import Invalid
from registry.parcels.models import Parcel
from tests.datasets.loads import SAMPLES, Desk, needs_samples
from tests.datasets.test_parcel_loads import FRENCH

PEOPLE = Options({"id": "personal_id", "name": "full_name"})
NUMBERS = Options({"id": "personal_id", "name": "full_name", "age": ""})
LETTERS = Options({"A": "personal_id", "B": "full_name", "C": "", "D": "", "E": ""})
NAMELESS = Options({"id": "personal_id", "age": ""}, constants={"full_name": "Lan"})
MAP = SAMPLES / "parcels"
LAMBERT = 2154
PLACE = {"commune": "26740", "commune_on": "01/01/2026", "sheet": "1"}
REFUSED = [
    ("blank-headers.csv", NAMELESS, ["column_blank"]),
    ("capital-invalid.csv", PEOPLE, ["column_repeated"]),
    ("duplicate-headers.csv", NUMBERS, ["column_repeated"]),
    ("invalid.csv", PEOPLE, ["column_repeated", "column_blank"]),
    ("issue-312.xlsx", PEOPLE, ["column_repeated", "column_blank"]),
    ("bom.csv", Options(), ["column_unknown", "column_missing"]),
]
CHECKED = [
    ("blank-rows.csv", NUMBERS, (3, 0, 2, 1), {"personal_id_shape": 2, "blank_row": 1}),
    ("bom.csv", PEOPLE, (2, 0, 2, 0), {"personal_id_shape": 2}),
    ("duplicate-rows.csv", NUMBERS, (3, 0, 3, 0), {"personal_id_shape": 3}),
    ("cast-int-to-string-issue-1251.xlsx", LETTERS, (2, 0, 2, 0), {"personal_id_shape": 2}),
]


@needs_samples
@pytest.mark.parametrize(
    ("name", "options", "codes"),
    REFUSED,
)
def test_a_header_that_nobody_can_be_sure_of_is_refused(
    desk: Desk, name: str, options: Options, codes: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        desk.check(SAMPLES / "validation" / name, options, "citizens")
    assert [error.code for error in refused.value.errors] == codes
    assert refused.value.detail.vi != refused.value.detail.en


@needs_samples
@pytest.mark.parametrize(
    ("name", "options", "numbers", "found"),
    CHECKED,
)
def test_every_row_of_a_broken_file_is_accounted_for(
    desk: Desk,
    name: str,
    options: Options,
    numbers: tuple[int, ...],
    found: dict[str, int],
) -> None:
    checked = desk.check(SAMPLES / "validation" / name, options, "citizens")
    counted = checked.rows_read, checked.rows_valid, checked.rows_rejected, checked.rows_skipped
    assert counted == numbers
    assert desk.found(checked) == Counter(found)
    assert desk.staged(checked) == []


@needs_samples
def test_no_broken_file_is_left_out() -> None:
    tried = {case[0] for case in (*REFUSED, *CHECKED)}
    assert tried == {path.name for path in (SAMPLES / "validation").iterdir()}


@needs_samples
@pytest.mark.parametrize(
    ("name", "options", "count", "found"),
    [
        (
            "fr_25354_AB_shp.zip",
            Options(FRENCH),
            14,
            {"area_differs": 9, "no_purpose": 14, "reference_incomplete": 14},
        ),
        # A drawing says no areas, and its numbers are the only names that it has.
        (
            "fr_25354_AB.dxf",
            Options({"number": "code"}, LAMBERT, constants=PLACE),
            14,
            {"no_purpose": 14, "reference_incomplete": 14},
        ),
    ],
    ids=["shp", "dxf"],
)
def test_a_sheet_of_a_real_cadastre_is_published(
    desk: Desk, name: str, options: Options, count: int, found: dict[str, int]
) -> None:
    checked = desk.check(MAP / name, options)
    assert (checked.rows_read, checked.rows_valid) == (count, count)
    assert desk.found(checked) == Counter(found)
    assert desk.publish(checked).counts == {"added": count, "changed": 0, "unchanged": 0}
    with desk.database.reading() as session:
        assert set(session.scalars(sa.select(Parcel.srid))) == {LAMBERT}


@needs_samples
def test_a_drawing_without_a_system_or_a_code_is_a_question(desk: Desk) -> None:
    with pytest.raises(Invalid, match="EPSG"):
        desk.check(MAP / "fr_25354_AB.dxf")
    checked = desk.check(MAP / "fr_25354_AB.dxf", Options(crs=LAMBERT, constants=PLACE))
    assert (checked.rows_valid, desk.found(checked)) == (0, Counter({"required": 14}))
