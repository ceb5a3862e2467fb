"""Each rule is broken by some row, and names that row and its column."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from datasets.formats import Row
from datasets.specs import RULES, SPECS
from datasets.specs.parcel_rules import PARCEL_RULES
from tests.datasets.rows import CITIZEN, FATHER, MEMBER, entries, found
from tests.datasets.test_civil_rules import SHOWN as OF_ACTS
from tests.people import BAY, LAN

SECOND = CITIZEN | {"personal_id": "900190000003"}
NINE = {"nine_digit_id": "900000001"}

CITIZENS = [
    ("required", "full_name", [{"full_name": ""}]),
    ("personal_id_shape", "personal_id", [{"personal_id": "79988000001"}]),
    ("personal_id_shape", "father_id", [{"father_id": "7.9988E+10"}]),
    ("identifier_shape", "nine_digit_id", [{"nine_digit_id": "12345"}]),
    ("identifier_shape", "spouse_nine_digit_id", [{"spouse_nine_digit_id": "12345"}]),
    ("identifier_shape", "passport", [{"passport": "số cũ"}]),
    ("unknown_block", "personal_id", [{"personal_id": "003190000001"}]),
    ("sex_digit", "personal_id", [{"sex": "Nam"}]),
    ("birth_year", "personal_id", [{"birth_date": "1991"}]),
    ("date_malformed", "birth_date", [{"birth_date": "mùng hai Tết"}]),
    ("date_no_such_day", "birth_date", [{"birth_date": "30/02/1990"}]),
    ("date_out_of_range", "birth_date", [{"birth_date": "9/10/1017"}]),
    ("date_us_order", "birth_date", [{"birth_date": "12/25/1985"}]),
    ("date_future", "permanent_from", [{"permanent_from": "2999"}]),
    ("date_future", "valid_from", [{"valid_from": "01/01/2999"}]),
    ("unknown_code", "ethnicity", [{"ethnicity": "Sao Hỏa"}]),
    ("unknown_code", "other_nationalities", [{"other_nationalities": "FR; Sao Hỏa"}]),
    ("unknown_code", "marital_books_complete", [{"marital_books_complete": "có"}]),
    ("hidden_character", "full_name", [{"full_name": "Trần\u200bVăn An"}]),
    ("hidden_character", "full_name", [{"full_name": "Trần\x00An"}]),
    (
        "unknown_commune",
        "hometown_commune",
        [{"hometown_commune": "99999", "hometown_on": "01/01/2020"}],
    ),
    (
        "split_commune",
        "hometown_commune",
        [{"hometown_commune": "26737", "hometown_on": "01/01/2020"}],
    ),
    ("repeated_record", "personal_id", [{}, {}]),
    ("repeated_identifier", "nine_digit_id", [NINE, SECOND | NINE]),
    (
        "interval_order",
        "passport_expires_on",
        [{"passport_issued_on": "2020", "passport_expires_on": "2019"}],
    ),
    (
        "interval_order",
        "temporary_until",
        [{"temporary_from": "02/2026", "temporary_until": "01/2026"}],
    ),
    ("interval_order", "absence_until", [{"absence_from": "2025", "absence_until": "2024"}]),
    ("interval_order", "death_date", [{"life_status": "Đã chết", "death_date": "1989"}]),
    ("life_status_date", "death_date", [{"life_status": "Còn sống", "death_date": "2020"}]),
    ("life_status_date", "missing_since", [{"missing_since": "2020"}]),
]
HOUSEHOLDS = [
    ("household_head", "head_id", [{"relation": "Vợ"}]),
    ("household_head", "head_id", [{}, FATHER | {"relation": "Chủ hộ"}]),
    ("household_rows_differ", "address", [{}, FATHER | {"address": "nơi khác"}]),
    ("repeated_member", "member_id", [{}, FATHER, FATHER]),
    ("repeated_record", "household_code", [{}, {"household_code": "HK-2"}, {}]),
    ("required", "relation", [{"relation": ""}]),
    ("required", "household_code", [{"household_code": ""}]),
    ("interval_order", "member_to", [{"member_to": "2014"}]),
]


@pytest.mark.parametrize(("rule", "column", "changes"), CITIZENS)
def test_a_wrong_citizen_is_reported_where_it_stands(
    rule: str, column: str, changes: list[dict[str, str]]
) -> None:
    rows = [SECOND | {"personal_id": "900190000009"}, *(CITIZEN | change for change in changes)]
    assert found("citizens", *rows) == [(rule, len(rows) + 1, column)]
    last = entries("citizens", *rows)[-1]
    assert (last.change is None) == (RULES[rule].severity == "error")


@pytest.mark.parametrize(("rule", "column", "changes"), HOUSEHOLDS)
def test_a_wrong_household_is_reported_and_waits_whole(
    rule: str, column: str, changes: list[dict[str, str]]
) -> None:
    rows = [MEMBER | change for change in changes]
    told = found("households", *rows)
    assert rule in {r for r, _, c in told if c == column}
    rejected = [entry for entry in entries("households", *rows) if entry.change is None]
    assert sum(entry.rows for entry in rejected) >= 1


def test_the_other_rows_of_a_rejected_household_are_told_to_wait() -> None:
    told = found("households", MEMBER, FATHER | {"member_id": "12"})
    assert told == [
        ("personal_id_shape", 3, "member_id"),
        ("row_of_rejected", 2, "household_code"),
    ]


def test_a_ragged_row_is_reported() -> None:
    [entry] = SPECS["citizens"].read([Row(7, CITIZEN, ragged=True)])
    assert [(f.rule, f.line) for f in entry.findings] == [("ragged_row", 7)]
    assert entry.change is None


@pytest.mark.parametrize("dataset", SPECS)
def test_a_blank_row_is_skipped_and_told_of(dataset: str) -> None:
    [entry] = SPECS[dataset].read([Row(7, {})])
    assert [(f.rule, f.line) for f in entry.findings] == [("blank_row", 7)]
    assert (entry.rows, entry.change, entry.skipped) == (1, None, True)


@dataclass(frozen=True, slots=True)
class _Cells(Row):
    """A row of a format that keeps amounts, or whose letters were read anew."""

    numeric: frozenset[str] = frozenset()
    repaired: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("dataset", "row", "column"),
    [
        ("citizens", CITIZEN, "personal_id"),
        ("citizens", CITIZEN | {"phone": "901234567"}, "phone"),
        ("households", MEMBER, "member_id"),
    ],
)
def test_a_number_of_a_paper_that_was_kept_as_an_amount_is_refused(
    dataset: str, row: dict[str, str], column: str
) -> None:
    [entry] = SPECS[dataset].read([_Cells(2, row, numeric=frozenset({column}))])
    assert [(f.rule, f.column) for f in entry.findings] == [("numeric_cell", column)]
    assert entry.change is None


def test_an_amount_that_is_no_number_of_a_paper_is_taken() -> None:
    [entry] = SPECS["citizens"].read([_Cells(2, CITIZEN, numeric=frozenset({"birth_date"}))])
    assert entry.findings == ()


def test_letters_that_were_read_anew_are_told_of() -> None:
    [entry] = SPECS["citizens"].read([_Cells(2, CITIZEN, repaired=frozenset({"full_name"}))])
    assert [(f.rule, f.column) for f in entry.findings] == [("repaired_text", "full_name")]
    assert entry.change is not None


def test_every_rule_is_broken_by_some_row_here() -> None:
    shown = {rule for rule, *_ in CITIZENS + HOUSEHOLDS} | {"ragged_row", "row_of_rejected"}
    shown |= {"blank_row", "numeric_cell", "repaired_text"}
    # Those of parcels are broken in test_parcel_files, which says so itself.
    assert shown | OF_ACTS == RULES.keys() - {words[0] for words in PARCEL_RULES}


def test_right_rows_have_no_findings() -> None:
    assert found("citizens", CITIZEN) == []
    assert found("households", MEMBER, FATHER) == []


def test_a_template_is_right_itself() -> None:
    for name, spec in SPECS.items():
        example = {column.name: column.example for column in spec.columns}
        severities = {RULES[rule].severity for rule, *_ in found(name, example)}
        assert "error" not in severities


def test_people_of_one_row_each_keep_the_order_of_the_file() -> None:
    read = entries("citizens", CITIZEN, CITIZEN | {"personal_id": BAY, "sex": "Nam"})
    people = [entry.change.document["personal_id"] for entry in read if entry.change]
    assert people == [LAN, BAY]
