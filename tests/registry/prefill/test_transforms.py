"""A value is made only of what is certain, from documents as the registers have them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from registry.kernel.clock import fixed
from registry.prefill.profiles import load
from registry.prefill.transforms import TRANSFORMS, marriage_form_status, value_at
from tests import acts, parcels, people

COVERED = {"coverage": {"complete": True}}


def made(profile: str, key: str, document: Any) -> Any:
    """Return what a shipped profile's field makes of a document."""
    field = load()[profile].field(key)
    return TRANSFORMS[field.transform](value_at(document, field.path))


@pytest.mark.parametrize(
    "status",
    [
        None,
        {},
        "single",
        {"code": "unknown", "state": "unknown", **COVERED},
        {"code": "single", "state": "unknown", **COVERED},
        {"code": "single", "state": "known"},
        {"code": "single", "state": "known", "coverage": {"complete": False}},
        {"code": "divorced", "state": "known", "coverage": {"complete": False, "missing": []}},
        {"code": "widowed", "state": "known", "coverage": {}},
        {"code": "single", "state": "known", "coverage": {"complete": True, "until": "2026-11-24"}},
        {"code": "separated", "state": "known", **COVERED},
    ],
)
def test_the_lack_of_a_row_is_never_single(status: Any) -> None:
    with fixed(datetime(2026, 11, 25, 3, tzinfo=UTC)):
        assert marriage_form_status(status) is None


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ({"code": "married", "state": "known", "coverage": {"complete": False}}, "1"),
        ({"code": "single", "state": "known", **COVERED}, "2"),
        ({"code": "divorced", "state": "known", **COVERED}, "3"),
        ({"code": "widowed", "state": "known", **COVERED}, "4"),
        (
            {
                "code": "single",
                "state": "known",
                "coverage": {"complete": True, "until": "2026-12-31"},
            },
            "2",
        ),
    ],
)
def test_what_acts_and_complete_books_say_has_the_code_of_the_form(status: Any, code: str) -> None:
    with fixed(datetime(2026, 11, 25, 3, tzinfo=UTC)):
        found = marriage_form_status(status)
    assert found is not None
    assert found["code"] == code


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - {"plain", "first"}))
@pytest.mark.parametrize("value", [None, [], {}, 7, True, "", [None], {"x": 1}, [{"x": None}], "?"])
def test_no_value_that_makes_no_sense_breaks_a_transform(name: str, value: Any) -> None:
    found = TRANSFORMS[name](value)
    assert found is None or isinstance(found, str | dict | list | bool)


def test_two_answers_are_no_single_one() -> None:
    land = {"certificates": [{"serial": "AA 06654954"}, {"serial": "AB 06654955"}]}
    assert made("house-building-permit", "owner.certificate_serial", land) is None
    one = {"certificates": land["certificates"][:1] * 2}
    assert made("house-building-permit", "owner.certificate_serial", one) == "AA 06654954"


def test_no_row_of_a_restriction_is_no_answer() -> None:
    key = "owner.restricted"
    assert made("house-building-permit", key, {}) is None
    mortgaged = {"restrictions": [{"type": {"code": "mortgage", "label": "Thế chấp"}}]}
    assert made("house-building-permit", key, mortgaged) is True


def test_a_unit_that_a_split_leaves_open_is_not_picked() -> None:
    home = {"as_recorded": "Phường Sơn Kỳ", "candidates": ["27013", "27019"]}
    document = {"effective_residence": {"kind": "permanent", "address": home}}
    assert made("birth-registration", "submitter.commune", document) is None
    assert made("birth-registration", "submitter.residence", document) == "Phường Sơn Kỳ"


def test_a_year_stays_a_year() -> None:
    born = {"birth_date": {"value": "1945", "precision": "year"}}
    assert made("birth-registration", "submitter.birth_date", born) == "1945"
    assert made("birth-registration", "other_parent.birth_year", born) == "1945"


def test_an_expired_paper_is_not_the_one_in_force() -> None:
    numbers = [
        {"type": "nine_digit_id", "value": "020000001", "status": "expired", "issuer": "Cũ"},
        {"type": "passport", "value": "C1", "status": "valid", "issuer": "Cục"},
    ]
    document = {"identifiers": numbers}
    assert made("birth-registration", "submitter.paper_issuer", document) == "Cục"
    assert made("birth-registration", "submitter.paper_issued_on", document) is None
    assert made("land-certificate-change", "owner.old_number", document) == "020000001"


def test_a_citizen_as_stored_fills_the_form() -> None:
    document = people.document(nationality={"code": "VN", "label": "Việt Nam"})
    home = {"kind": "permanent", "address": people.address()}
    document["effective_residence"] = home
    line = "169/8A/12 đường Số 1, Phường Tân Hòa, Thành phố Hồ Chí Minh"
    assert {
        key: made("birth-registration", f"submitter.{key}", document)
        for key in ("full_name", "birth_date", "sex", "parent_kind", "commune", "residence")
    } == {
        "full_name": "NGUYỄN THỊ LAN",
        "birth_date": "1990-05-17",
        "sex": {"code": "2", "label": "Nữ"},
        "parent_kind": {"code": "ME_DE", "label": "Mẹ đẻ"},
        "commune": {"code": "27007", "label": "Phường Tân Hòa"},
        "residence": line,
    }
    assert made("permanent-residence", "submitter.permanent_residence", document) == line


def test_an_act_as_stored_fills_the_form() -> None:
    act = acts.marriage("KH-12", "2015-06-01", people.BAY, people.LAN)
    assert {
        key: made("birth-registration", f"submitter.marriage_{key}", act)
        for key in ("number", "book", "registered_on", "office")
    } == {
        "number": "12",
        "book": "01/2015",
        "registered_on": "2015-06-01",
        "office": "Ủy ban nhân dân phường",
    }


def test_a_parcel_as_stored_fills_the_form() -> None:
    land = parcels.parcel(address=people.address())
    assert {
        key: made("house-building-permit", f"owner.{key}", land)
        for key in ("parcel_number", "sheet_number", "parcel_area", "land_purposes", "land_holders")
    } == {
        "parcel_number": "1",
        "sheet_number": "12",
        "parcel_area": 400.0,
        "land_purposes": ["Đất ở tại đô thị"],
        "land_holders": ["Nguyễn Thị Lan"],
    }


def test_a_household_as_stored_fills_the_form() -> None:
    household = people.household()
    key = "submitter.household_code"
    assert made("linked-birth", key, household) == "HK-1"
    assert TRANSFORMS["personal_id"](household["head"]) == people.LAN
    [head, father] = TRANSFORMS["members"](value_at(household, "members"))
    assert (head["personal_id"], head["relation"]["code"]) == (people.LAN, "CHU_HO")
    assert father["relation"] == {"code": "CHA_DE", "label": "Cha đẻ"}


def test_a_term_of_residence_is_a_plain_day() -> None:
    document = {"residence": {"temporary": {"term_end": date(2027, 1, 2).isoformat()}}}
    assert made("temporary-residence", "submitter.term_end", document) == "2027-01-02"
