"""What a file says of a parcel: what holds it back, what is only remarked, what is kept."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from datasets.formats import Row
from datasets.specs import RULES
from datasets.specs.parcels import read
from tests.datasets.loads import EAST, NORTH, row, square


def entries(*rows: dict[str, str]) -> list[Any]:
    lines = (Row(n, {k: v for k, v in cells.items() if v}) for n, cells in enumerate(rows, 2))
    return list(read(lines))


def findings(*rows: dict[str, str]) -> set[str]:
    return {finding.rule for entry in entries(*rows) for finding in entry.findings}


def document(*rows: dict[str, str]) -> dict[str, Any]:
    [entry] = entries(*rows)
    assert entry.change is not None, entry.findings
    return dict(entry.change.document)


Cells = dict[str, str]


def outline(*points: tuple[int, int]) -> str:
    """Return a polygon by metres from the corner of the tests, as it stands: perhaps unclosed."""
    return f"POLYGON (({', '.join(f'{EAST + x} {NORTH + y}' for x, y in points)}))"


OPEN = outline((0, 0), (9, 0), (9, 9))
BOW_TIE = outline((0, 0), (9, 9), (9, 0), (0, 9), (0, 0))
SWAPPED = shapely.to_wkt(shapely.transform(shapely.from_wkt(square()), lambda xy: xy[:, ::-1]))
OPEN_JSON = '{"type": "Polygon", "coordinates": [[[106, 10], [107, 10], [107, 11]]]}'


# Errors hold the parcel back


ERRORS: list[tuple[str, Cells]] = [
    ("required", {"code": ""}),
    ("date_no_such_day", {"certificate_on": "30/02/2015"}),
    ("date_out_of_range", {"certificate_on": "9/10/1017"}),
    ("date_future", {"certificate_on": "01/01/2090"}),
    ("unclosed_ring", {"geometry": OPEN}),
    ("unclosed_ring", {"geometry": OPEN_JSON}),
    ("invalid_geometry", {"geometry": BOW_TIE}),
    ("invalid_geometry", {"geometry": "POINT (603000 1192000)"}),
    ("invalid_geometry", {"geometry": "POLYGON in the file"}),
    ("invalid_geometry", {"geometry": "{"}),
    ("empty_geometry", {"geometry": "POLYGON EMPTY"}),
    ("crs_missing", {"srid": ""}),
    ("crs_unknown", {"srid": "VN-2000"}),
    ("crs_unknown", {"srid": "99999"}),
    ("outside_crs_area", {"srid": "2154"}),
    ("swapped_axes", {"geometry": SWAPPED}),
    ("number_malformed", {"legal_area": "-400"}),
    ("number_malformed", {"legal_area": "400 m2"}),
    ("number_malformed", {"legal_area": "0"}),
    ("number_ambiguous", {"legal_area": "1.234"}),
    ("unknown_code", {"holder_kind": "Thần"}),
    ("unknown_code", {"restriction": "Bùa"}),
    ("required", {"restriction_number": "000001/TC"}),
    ("required", {"holder_id": "900190000001"}),
    ("personal_id_shape", {"holder_id": "79988000001", "holder_name": "Bảy"}),
    ("share_malformed", {"holder_share": "3/2", "holder_name": "Bảy"}),
    ("share_malformed", {"holder_share": "1/0", "holder_name": "Bảy"}),
    ("share_sum", {"holder_share": "1/2", "holder_name": "Bảy"}),
    ("lineage_incomplete", {"lineage_event": "Tách thửa"}),
    (
        "lineage_incomplete",
        {"lineage_event": "Hợp thửa", "lineage_from": "T-1", "lineage_on": "01/03/2015"},
    ),
    (
        "date_day_needed",
        {"lineage_event": "Hợp thửa", "lineage_from": "T-2", "lineage_on": "2015"},
    ),
    ("interval_order", {"restriction_on": "2020", "restriction_until": "2019"}),
]


@pytest.mark.parametrize(("rule", "cells"), ERRORS)
def test_an_error_holds_the_parcel_back(rule: str, cells: dict[str, str]) -> None:
    [entry] = entries(row(**cells))
    assert rule in {finding.rule for finding in entry.findings}
    assert RULES[rule].severity == "error"
    assert entry.change is None


def test_one_wrong_row_holds_all_rows_of_the_parcel_back() -> None:
    wrong = {"code": "T-1", "holder_name": "Trần Văn Bảy", "holder_id": "123"}
    [held, other] = entries(row(holder_name="Nguyễn Thị Lan"), row("T-2"), wrong)
    assert (held.rows, held.change) == (2, None)
    assert [(f.rule, f.line) for f in held.findings] == [
        ("personal_id_shape", 4),
        ("parcel_held", 2),
    ]
    assert other.change is not None


def test_rows_of_a_parcel_may_not_disagree_about_it() -> None:
    assert findings(row(), row(legal_area="401")) == {"parcel_rows_differ", "parcel_held"}
    assert findings(row(legal_area=""), row()) >= {"parcel_rows_differ"}
    assert not findings(row(), {"code": "T-1", "holder_name": "Nguyễn Thị Lan"})


def test_a_permanent_id_belongs_to_one_parcel() -> None:
    first, second = entries(row(parcel_id="07954.1.2"), row("T-2", parcel_id="07954.1.2"))
    assert first.change is not None
    assert [finding.rule for finding in second.findings] == ["repeated_parcel_id"]


@pytest.mark.parametrize("shares", [("1/2", "1/3"), ("1/2", ""), ("60%", "50%")])
def test_shares_of_a_right_are_all_told_and_are_one(shares: tuple[str, str]) -> None:
    one, other = shares
    rows = (
        row(holder_name="Nguyễn Thị Lan", holder_share=one),
        {"code": "T-1", "certificate": "BĐ 266864", "holder_name": "Bảy", "holder_share": other},
    )
    assert "share_sum" in findings(*rows)


# Warnings are remarks


WARNINGS: list[tuple[str, Cells]] = [
    ("area_differs", {"legal_area": "409", "purpose_1_area": "409"}),
    ("purpose_sum", {"purpose_1_area": "399,4"}),
    ("free_text_purpose", {"purpose_1": "thổ cư"}),
    ("free_text_origin", {"purpose_1_origin": "ông bà để lại"}),
    ("no_purpose", {"purpose_1": "", "purpose_1_area": ""}),
    ("no_geometry", {"geometry": "", "srid": ""}),
    ("serial_shape", {"certificate": "266864"}),
    ("reference_incomplete", {"sheet": ""}),
    ("reference_incomplete", {"old_sheet": "1"}),
    ("reference_old", {"commune": "27448", "commune_on": "01/03/2015"}),
    ("unknown_commune", {"commune": "99999"}),
    (
        "unknown_commune",
        {
            "old_commune": "99999",
            "old_sheet": "1",
            "old_number": "1",
            "old_commune_on": "01/03/2015",
        },
    ),
]
_OF_SEVERAL_ROWS = {"parcel_held", "parcel_rows_differ", "repeated_parcel_id"}
# What only a load can tell is in test_parcel_loads.
_OF_LOADS = {"overlap", "outside_commune", "unknown_holder"}
SHOWN = {rule for rule, _ in ERRORS + WARNINGS} | _OF_SEVERAL_ROWS | _OF_LOADS


@pytest.mark.parametrize(("rule", "cells"), WARNINGS)
def test_a_warning_lets_the_parcel_pass(rule: str, cells: dict[str, str]) -> None:
    [entry] = entries(row(**cells))
    assert rule in {finding.rule for finding in entry.findings}
    assert {RULES[finding.rule].severity for finding in entry.findings} == {"warning"}
    assert entry.change is not None


@pytest.mark.parametrize(
    "cells",
    [
        {"legal_area": "408", "purpose_1_area": "408"},  # two per cent off the drawn area
        {"purpose_1_area": "399,5"},  # half a square metre off
        {"certificate": "AA 06654954"},
        {"certificate": "W 654083"},
        {"certificate": "AÐ 266864"},  # typed with the letter eth
        {"srid": "EPSG:9210"},
    ],
)
def test_what_is_within_the_rules_is_not_remarked(cells: dict[str, str]) -> None:
    assert findings(row(**cells)) == set()


def test_every_rule_of_parcels_is_broken_by_some_row_here() -> None:
    assert {code for code, rule in RULES.items() if rule.about == "parcels"} <= SHOWN


# What is kept


@pytest.mark.parametrize(
    ("written", "meant"),
    [("29,16", 29.16), ("1.234,5", 1234.5), ("1 234,5", 1234.5), ("82.5", 82.5), ("0.125", 0.125)],
)
def test_areas_are_read_as_people_write_them(written: str, meant: float) -> None:
    [entry] = entries(row(legal_area=written))
    assert entry.change.document["area"] == {"legal": meant}


def test_an_outline_is_kept_as_surveyed_however_it_is_written() -> None:
    drawn = shapely.from_wkt(square())
    written = [
        square(),
        shapely.to_wkb(drawn, hex=True),
        shapely.to_wkb(shapely.set_srid(drawn, 9210), hex=True, include_srid=True),
        shapely.to_geojson(drawn),
    ]
    kept = [document(row(geometry=text))["geometry"] for text in written]
    assert kept == [{"srid": 9210, "wkb": shapely.to_wkb(drawn, byte_order=1).hex()}] * 4


def test_words_of_old_papers_are_kept_and_known_ones_become_codes() -> None:
    purposes = document(row(purpose_1="thổ cư", purpose_2="đất vườn"))["purposes"]
    assert purposes[0]["purpose"] == {"as_recorded": "thổ cư"}
    assert purposes[1]["purpose"]["code"] == "CLN"
    assert purposes[1]["purpose"]["as_recorded"] == "đất vườn"


def test_terms_are_long_or_until_a_day() -> None:
    [use] = document(row(purpose_1_term="Lâu dài"))["purposes"]
    assert use["term"] == {"kind": "long_term"}
    [use] = document(row(purpose_1_term="15/10/2063"))["purposes"]
    assert use["term"]["date"] == {"value": "2063-10-15", "precision": "day"}


def test_a_sheet_of_an_old_commune_is_no_present_reference() -> None:
    kept = document(row(commune="27448", commune_on="01/03/2015"))
    assert "reference" not in kept
    assert kept["references"][0]["commune_as_of"] == "2015-03-01"
    assert (kept["references"][0]["sheet"], kept["references"][0]["number"]) == ("12", "1")


def test_two_map_sets_numbered_alike_are_two_references() -> None:
    old = {"old_commune": "26737", "old_commune_on": "2015-03-01", "old_number": "1"}
    first = row(old_series="Bộ 1998", old_scale="1/1000", old_sheet="1", **old)
    second = {"code": "T-1", "old_series": "Bộ 2005", "old_scale": "1/500", "old_sheet": "1", **old}
    kept = document(first, second)["references"]
    assert [entry["series"] for entry in kept] == ["Bộ 1998", "Bộ 2005"]


@pytest.mark.parametrize(
    ("issued", "era"),
    [
        ("01/06/2004", "before_2004"),
        ("01/07/2004", "2004"),
        ("2010", "2009"),
        ("2014", None),  # two forms within the year
        ("01/07/2014", "2014"),
        ("2025", "2025"),
    ],
)
def test_the_form_of_a_certificate_is_that_of_its_day(issued: str, era: str | None) -> None:
    [paper] = document(row(certificate_on=issued))["certificates"]
    assert paper.get("era", {}).get("code") == era


def test_rows_give_one_right_each_with_its_holders() -> None:
    lease = {
        "code": "T-1",
        "right": "lease",
        "certificate": "CĐ 000001",
        "certificate_on": "2016",
        "holder_name": "Công ty Giả Lập",
        "holder_kind": "Tổ chức",
        "holder_organisation_id": "0000000001",
    }
    kept = document(row(holder_name="Nguyễn Thị Lan", holder_id="900190000001"), lease)
    assert [right["type"]["code"] for right in kept["rights"]] == ["use", "lease"]
    assert [holder["name"] for holder in kept["holders"]] == ["Nguyễn Thị Lan", "Công ty Giả Lập"]
    assert len(kept["certificates"]) == 2


def test_a_parcel_holds_since_its_event_else_its_certificate() -> None:
    event = {"lineage_event": "split", "lineage_from": "T-0;T-9", "lineage_on": "02/04/2014"}
    [entry] = entries(row(**event))
    assert entry.change.valid_from.isoformat() == "2014-04-02"
    assert [link["code"] for link in entry.change.document["lineage"]["from"]] == ["T-0", "T-9"]
    [entry] = entries(row())
    assert entry.change.valid_from.isoformat() == "2015-03-01"
    [entry] = entries(row(valid_from="2013"))
    assert entry.change.valid_from.isoformat() == "2013-01-01"
