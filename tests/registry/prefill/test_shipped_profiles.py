"""The profiles of the product: complete, without findings, and never "single" by a missing row."""

from __future__ import annotations

from datetime import date

import orjson
import pytest

from auth.oauth.details import read_details
from auth.principals import Agreement
from registry.kernel.clock import today
from registry.kernel.errors import NotFound
from registry.prefill.linting import attribute_of, lint
from registry.prefill.profiles import Profile, for_procedure, list_profiles, load
from tests.registry.prefill.profile import DAY

CODES = {
    "birth-registration": {"1.001193"},
    "linked-birth": {"2.000986"},
    "marriage-registration": {"1.000894"},
    "marital-status-confirmation": {"1.004873"},
    "death-registration": {"1.000656"},
    "civil-status-extract": {"2.000635"},
    "civil-status-correction": {"1.004859"},
    "permanent-residence": {"1.004222"},
    "temporary-residence": {"1.004194", "1.002755"},
    "house-building-permit": {"1.013225", "1.013229", "1.013227", "1.013228", "1.009122"},
    "land-certificate-change": {
        *("1.013831", "1.013833", "1.012783", "1.012786", "1.013977"),
        *("1.115194", "1.115269", "1.115345", "1.115464"),
    },
    "household-business": {"1.001612"},
}
PROFILES = pytest.mark.parametrize("profile", list_profiles(), ids=lambda profile: profile.id)


def test_a_code_that_means_nothing_is_not_found() -> None:
    for code, on in (("9.999999", DAY), ("1.001193", date(2025, 6, 30)), ("", DAY)):
        with pytest.raises(NotFound):
            for_procedure(code, on)


def test_every_code_leads_to_its_profile() -> None:
    assert {key: {code.code for code in p.codes} for key, p in load().items()} == CODES
    for key, codes in CODES.items():
        assert {for_procedure(code, DAY).id for code in codes} == {key}


@PROFILES
def test_no_profile_has_a_finding_today(profile: Profile) -> None:
    assert [(finding.code, finding.at) for finding in lint(profile, today())] == []


@PROFILES
def test_every_paper_is_replaced_or_says_why_not(profile: Profile) -> None:
    for component in profile.components:
        if component.kind in {"paper", "drawing"}:
            assert bool(component.replaced_by) != bool(component.note), component.code


@PROFILES
def test_what_is_filled_is_locked_or_may_be_mended(profile: Profile) -> None:
    for field in profile.fields:
        if not field.attribute:
            assert field.lock == "editable", field.key
        elif field.path in {"phone", "email"}:
            assert (field.lock, field.optional_to_share) == ("editable", True), field.key


@PROFILES
def test_what_may_change_any_day_goes_stale(profile: Profile) -> None:
    for field in profile.fields:
        if field.path in {"phone", "email", "marital_status", "effective_residence"}:
            assert field.stale_after_days, field.key


@PROFILES
def test_nobody_is_filled_who_is_not_in_the_registers_yet(profile: Profile) -> None:
    if profile.id in {"birth-registration", "linked-birth"}:
        assert not any(field.attribute for field in profile.of_role("child"))


@PROFILES
def test_marital_status_comes_only_by_the_rule_that_knows_of_coverage(profile: Profile) -> None:
    for field in profile.fields:
        if field.path == "marital_status":
            assert (field.transform, field.codes) == ("marriage_form_status",) * 2, field.key


@PROFILES
def test_religion_and_blood_are_asked_of_nobody(profile: Profile) -> None:
    asked = {field.attribute for field in profile.fields}
    assert not asked & {"citizens:religion", "citizens:blood_type", "civil_status:death.cause"}


@PROFILES
def test_the_authorization_server_takes_the_details_as_they_are(profile: Profile) -> None:
    held: dict[str, set[str]] = {}
    for field in profile.fields:
        if field.attribute:
            held.setdefault(field.register, set()).add(field.path)
    agreement = Agreement(
        "",
        "portal",
        profile.codes[0].code,
        {register: frozenset(paths) for register, paths in held.items()},
        {},
        "Luật Hộ tịch",
        DAY,
    )
    details = profile.details(profile.codes[0].code)
    text = orjson.dumps(details).decode()
    assert read_details(text, "portal", lambda _client, _code: agreement) == details


@PROFILES
def test_a_list_of_codes_is_that_of_the_attribute(profile: Profile) -> None:
    for field in profile.fields:
        attribute = attribute_of(field)
        if attribute and attribute.path in {"sex", "ethnicity", "nationality"}:
            assert field.codes in {attribute.path, "household_relation"}, field.key


def test_the_live_keys_of_portals_are_used() -> None:
    keys = {field.portal for field in load()["house-building-permit"].fields}
    assert keys >= {
        *("fullname", "birthday", "gender", "identityNumber", "phoneNumber", "email"),
        *("province", "district", "address", "ownerFullname", "isOwnerDossier"),
        *("SoThuaDat", "SoToBanDo", "diaChiThuaDat"),
    }
    [commune] = [f for f in load()["house-building-permit"].fields if f.portal == "district"]
    assert commune.key == "submitter.commune"


def test_a_basis_nobody_has_verified_says_so() -> None:
    bases = load()["house-building-permit"].bases
    assert not bases["land_data_replaces"].verified
    assert load()["birth-registration"].bases["replace_by_data"].verified
