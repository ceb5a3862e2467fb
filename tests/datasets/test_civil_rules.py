"""Each rule of acts and books is broken by some row, and names that row and its column."""

from __future__ import annotations

import pytest

from datasets.specs import RULES
from tests.datasets.civil_rows import BIRTH, BOOK, CORRECTION, DEATH, DIVORCE, MARRIAGE
from tests.datasets.rows import entries, found

Rows = dict[str, str]

ACTS: list[tuple[str, str, Rows, Rows]] = [
    ("required", "code", BIRTH, {"code": ""}),
    ("required", "type", BIRTH, {"type": ""}),
    ("required", "office_name", BIRTH, {"office_name": ""}),
    ("required", "decision_kind", DIVORCE, {"decision_kind": ""}),
    ("required", "of", BIRTH, {"type": "foreign_note"}),
    ("required", "change1_field", CORRECTION, {"change1_field": ""}),
    ("required", "amends", CORRECTION, {"amends": "", "person_name": "", "person_id": ""}),
    ("required", "change2_field", CORRECTION, {"change2_to": "x"}),
    ("unknown_code", "type", BIRTH, {"type": "Sinh nhật"}),
    ("unknown_code", "of", BIRTH, {"type": "foreign_note", "of": "du lịch"}),
    ("unknown_code", "parentage_relation", BIRTH, {"parentage_relation": "chú"}),
    ("unknown_code", "change1_to", CORRECTION, {"change1_field": "sex", "change1_to": "Sao"}),
    ("personal_id_shape", "child_id", BIRTH, {"child_id": "79988000001"}),
    ("date_no_such_day", "child_birth_date", BIRTH, {"child_birth_date": "30/02/2015"}),
    ("date_no_such_day", "change1_to", CORRECTION, {"change1_to": "31/04/2015"}),
    ("date_out_of_range", "year", BIRTH, {"year": "15"}),
    ("date_future", "registered_on", BIRTH, {"registered_on": "2999"}),
    ("time_malformed", "death_time", DEATH, {"death_time": "25:00"}),
    ("change_field", "change1_field", CORRECTION, {"change1_field": "blood_type"}),
    ("change_field", "change1_field", CORRECTION, {"change1_field": "full"}),
    ("office_not_then", "office_code", BIRTH, {"office_code": "99999"}),
    ("office_not_then", "office_code", BIRTH, {"office_on": "01/01/2026", "office_code": "26731"}),
    ("registered_before_event", "registered_on", BIRTH, {"registered_on": "19/08/2015"}),
    ("death_before_birth", "death_date", DEATH, {"deceased_birth_date": "2013"}),
    ("child_older_than_parent", "child_birth_date", BIRTH, {"mother_birth_date": "2016"}),
    ("parent_too_young", "child_birth_date", BIRTH, {"mother_birth_date": "2004"}),
    ("under_age", "marriage_on", MARRIAGE, {"husband_birth_date": "07/06/1994"}),
    ("act_incomplete", "number", BIRTH, {"number": ""}),
    ("act_incomplete", "signer_name", BIRTH, {"signer_name": "", "signer_title": ""}),
    ("act_incomplete", "office_code", BIRTH, {"office_code": ""}),
    ("act_incomplete", "wife_name", MARRIAGE, {"wife_name": ""}),
    ("interval_order", "guardianship_to", BIRTH, {"guardianship_from": "2018"}),
    ("undated", "registered_on", DIVORCE, {}),
]
_MORE = {
    "interval_order": {"guardianship_to": "2017"},
    "undated": {"registered_on": "", "decision_effective_on": "", "book": ""},
}
BOOKS: list[tuple[str, str, Rows]] = [
    ("required", "kind", {"kind": ""}),
    ("required", "year_from", {"year_from": ""}),
    ("unknown_code", "complete", {"complete": "có"}),
    ("unknown_code", "kind", {"kind": "Sinh nhật"}),
    ("date_out_of_range", "year_from", {"year_from": "0200"}),
    ("date_out_of_range", "year_to", {"year_to": "2999"}),
    ("interval_order", "year_to", {"year_to": "1999"}),
    ("office_not_then", "office_code", {"office_code": "26731", "year_from": "2025"}),
]
# These ask the registers, so they are broken in test_civil_checks.
AMONG = {"marries_the_dead", "already_married", "person_not_registered", "amended_act_unknown"}
SHOWN = {rule for rule, *_ in ACTS} | {rule for rule, *_ in BOOKS} | AMONG


@pytest.mark.parametrize(("rule", "column", "row", "changes"), ACTS)
def test_a_wrong_act_is_reported_where_it_stands(
    rule: str, column: str, row: Rows, changes: Rows
) -> None:
    first = BIRTH | {"code": "KS-0"}
    broken = row | changes | _MORE.get(rule, {})
    told = found("civil_status", first, broken)
    assert (rule, 3, column) in told
    assert {line for _, line, _ in told} == {3}
    right, wrong = entries("civil_status", first, broken)
    assert right.change is not None
    rejected = any(RULES[name].severity == "error" for name, *_ in told)
    assert (wrong.change is None) == rejected


@pytest.mark.parametrize(("rule", "column", "changes"), BOOKS)
def test_a_wrong_book_is_reported_where_it_stands(rule: str, column: str, changes: Rows) -> None:
    first = BOOK | {"kind": "Khai sinh"}
    assert (rule, 3, column) in found("civil_books", first, BOOK | changes)
    right, wrong = entries("civil_books", first, BOOK | changes)
    assert right.change is not None
    assert wrong.change is None


def test_the_second_row_of_an_act_or_a_book_is_rejected() -> None:
    assert found("civil_status", BIRTH, BIRTH) == [("repeated_record", 3, "code")]
    assert found("civil_books", BOOK, BOOK) == [("repeated_record", 3, "office_code")]


def test_right_acts_have_no_findings() -> None:
    rows = (BIRTH, MARRIAGE, DEATH, DIVORCE, CORRECTION)
    assert found("civil_status", *rows) == []
    assert found("civil_books", BOOK) == []


def test_an_old_act_is_kept_and_says_what_it_lacks() -> None:
    old = BIRTH | {"registered_on": "", "year": "2015", "number": "", "office_code": ""}
    [entry] = entries("civil_status", old)
    assert [finding.rule for finding in entry.findings] == ["act_incomplete"]
    assert entry.change is not None
    assert "registered_on" not in entry.change.document
    assert entry.change.document["year"] == "2015"


def test_a_code_means_the_office_that_had_it_on_the_day_of_registration() -> None:
    [entry] = entries("civil_status", BIRTH)
    assert entry.change is not None
    assert entry.change.document["office"]["as_of"] == "2015-09-01"
    # Since the reform the same code is another, larger commune, and this one is no more.
    told = found("civil_status", BIRTH | {"office_code": "26731"})
    assert told == []
    late = BIRTH | {"office_code": "26731", "registered_on": "01/08/2025"}
    assert ("office_not_then", 2, "office_code") in found("civil_status", late)


def test_a_change_is_read_as_what_it_changes() -> None:
    row = CORRECTION | {
        "change2_field": "child.ethnicity",
        "change2_from": "Kinh",
        "change2_to": "Tày",
        "change3_field": "name.full",
        "change3_to": "Nguyễn Minh Khang",
    }
    [entry] = entries("civil_status", row)
    assert entry.change is not None
    assert entry.change.document["amendment"]["changes"] == [
        {
            "field": "birth_date",
            "from": {"value": "2015-08-20", "precision": "day"},
            "to": {"value": "2015-08-02", "precision": "day"},
        },
        {
            "field": "child.ethnicity",
            "from": {"code": "01", "label": "Kinh"},
            "to": {"code": "02", "label": "Tày"},
        },
        {"field": "name.full", "to": "Nguyễn Minh Khang"},
    ]
