"""The linter finds what may not be asked for, and papers that nobody needs any more."""

from __future__ import annotations

from datetime import date

import pytest

from registry.prefill.linting import MESSAGES, lint
from tests.registry.prefill.profile import DAY, profile

REASON = '"Reason" }'
PAPER = 'replaced_by = ["submitter.full_name"], ground = "shared"'
NOTE = 'note = { vi = "Phải nộp lại.", en = "Surrendered." }'

FOUND = {
    "no_basis": ((REASON, REASON + ', attribute = "citizens:email"'), "owner.reason"),
    "unknown_attribute": (('"citizens:sex"', '"citizens:shoe_size"'), "owner.sex"),
    "basis_out_of_force": (("2020-01-01", "2020-01-01, valid_to = 2026-11-25"), "law"),
    "paper_not_answered": (
        ('["submitter.full_name"], g', '["owner.reason"], g'),
        "paper",
    ),
    "paper_may_be_unticked": (('["submitter.full_name"], g', '["submitter.phone"], g'), "paper"),
    "paper_answered": ((PAPER, 'ground = "", proves = ["owner.sex"]'), "paper"),
    "paper_open": ((f", {PAPER}", ""), "paper"),
    "sensitive_unjustified": (
        (REASON, REASON + ', attribute = "citizens:religion", basis = "law"'),
        "owner.reason",
    ),
    "others_unjustified": (
        (REASON, REASON + ', attribute = "households:members", basis = "law"'),
        "owner.reason",
    ),
    "required_unticked": (
        ("optional_to_share = true", "optional_to_share = true, required = true"),
        "submitter.phone",
    ),
    "answer_not_boolean": ((REASON, REASON + ', predicate = "is_over:18"'), "owner.reason"),
    "act_missing": (
        (REASON, REASON + ', attribute = "civil_status:number", basis = "law"'),
        "owner.reason",
    ),
    "act_misplaced": ((REASON, REASON + ', act = "birth"'), "owner.reason"),
    "no_code_in_force": (("valid_to = 2027-01-01", "valid_to = 2026-11-25"), "codes"),
    "unused_basis": ((', ground = "shared"', ', ground = "law"'), "shared"),
    "unused_role": (
        ('  { role = "members", standard = ["full_name"], basis = "law" },\n', ""),
        "members",
    ),
}


@pytest.mark.parametrize("code", FOUND)
def test_what_is_wrong_is_found_at_its_place(code: str) -> None:
    change, at = FOUND[code]
    found = {(finding.code, finding.at) for finding in lint(profile(change), DAY)}
    assert (code, at) in found


def test_every_message_has_a_profile_that_earns_it() -> None:
    assert FOUND.keys() == MESSAGES.keys()
    assert all(text.vi and text.en for text in MESSAGES.values())


def test_what_is_right_has_no_finding() -> None:
    assert lint(profile(), DAY) == []


def test_a_register_that_does_not_exist_has_no_attribute() -> None:
    found = lint(profile(('"citizens:sex"', '"horoscopes:sex"')), DAY)
    assert [finding.code for finding in found] == ["unknown_attribute"]


def test_a_justification_lets_a_sensitive_attribute_in() -> None:
    asked = ', attribute = "citizens:ethnicity", basis = "law"'
    why = ', justification = { vi = "Vì mẫu ghi.", en = "The form states it." }'
    assert lint(profile((REASON, REASON + asked + why)), DAY) == []


def test_whoever_else_is_named_needs_a_role_or_a_reason() -> None:
    for path in ("parcels:holders.name", "citizens:spouse.personal_id", "households:head"):
        found = lint(profile((REASON, f'{REASON}, attribute = "{path}", basis = "law"')), DAY)
        assert [finding.code for finding in found] == ["others_unjustified"], path
    own = profile((REASON, REASON + ', attribute = "households:code", basis = "law"'))
    assert lint(own, DAY) == []


def test_a_paper_stays_where_a_note_says_why() -> None:
    kept = profile((PAPER, f'proves = ["owner.sex"], {NOTE}'))
    assert {finding.code for finding in lint(kept, DAY)} == {"unused_basis"}


def test_a_paper_that_tells_what_no_register_has_is_no_finding() -> None:
    kept = profile((PAPER, 'proves = ["owner.sex", "owner.reason"]'))
    assert {finding.code for finding in lint(kept, DAY)} == {"unused_basis"}


def test_the_person_may_choose_the_act() -> None:
    choice = (
        REASON + ', attribute = "civil_status:number", basis = "law" },\n'
        '  { role = "owner", name = "kind", label = { vi = "Loại", en = "Kind" },'
        ' attribute = "civil_status:type", basis = "law"'
    )
    assert lint(profile((REASON, choice)), DAY) == []


def test_a_basis_holds_from_its_first_day_to_the_last() -> None:
    text = ("2020-01-01", "2020-01-01, valid_to = 2026-11-25")
    assert lint(profile(text), date(2026, 11, 24)) == []
    assert [f.code for f in lint(profile(), date(2025, 12, 1))] == ["basis_out_of_force"]
