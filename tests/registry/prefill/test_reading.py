"""A profile that says something unknown, missing or twice is never read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from registry.kernel.errors import NotFound
from registry.prefill.profiles import ProfileError, load_from
from registry.prefill.reading import read_standard, require_apart
from tests.registry.prefill.profile import SHARED, profile

SEX = 'transform = "sex"'


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (('level = "commune"', 'level = "commune"\ncolour = "red"'), "colour"),
        (('level = "commune"', 'level = "district"'), "level"),
        (('version = "2026-11-01"', ""), "version"),
        (('version = "2026-11-01"', "version = 2026-11-01"), "version"),
        (('id = "small"', 'id = "Small One"'), "id"),
        (('id = "small"', 'id = "small"\nid = "small"'), "-"),
        (('en = "Small procedure"', 'en = " "'), "name"),
        (('en = "Small procedure"', 'de = "Klein"'), "name.en"),
        (('shared_bases = ["shared"]', 'shared_bases = ["gone"]'), "shared_bases"),
        (('shared_bases = ["shared"]', 'shared_bases = ["shared", "shared"]'), "shared_bases"),
        (('"1.000001"', '"1.1"'), "codes[0].code"),
        (("valid_to = 2027-01-01", "valid_to = 2025-07-01"), "codes[0].valid_to"),
        (("valid_from = 2025-07-01,", 'valid_from = "2025-07-01",'), "codes[0].valid_from"),
        (("2020-01-01, verified = true", "2020-01-01"), "bases[0].verified"),
        (("verified = true", 'verified = "yes"'), "bases[0].verified"),
        (('id = "owner"', 'id = "submitter"'), "roles"),
        (('who = "household"', 'who = "neighbour"'), "roles"),
        (('"same_as:submitter"', '"same_as:nobody"'), "roles"),
        (('"same_as:submitter"', '"same_as:owner"'), "roles"),
        (('consent = "own", ', ""), "roles"),
        (('role = "owner", name = "reason"', 'role = "guest", name = "reason"'), "fields[3].role"),
        (
            ('standard = ["full_name"], basis = "law", r', 'standard = ["x"], r'),
            "fields[0].standard",
        ),
        (('name = "reason"', 'standard = ["full_name"], name = "reason"'), "fields[3].name"),
        (('name = "reason", ', ""), "fields[3].name"),
        (('"Reason" }', '"Reason" }, basis = "gone"'), "fields[3](reason).basis"),
        (('"Reason" }', '"Reason" }, lock = "locked"'), "fields[3](reason).lock"),
        (('"Reason" }', '"Reason" }, type = "colour"'), "fields[3](reason).type"),
        (('"Reason" }', '"Reason" }, type = "code"'), "fields[3](reason).codes"),
        (('"Reason" }', '"Reason" }, predicate = "is_over"'), "fields[3](reason).predicate"),
        (('"Reason" }', '"Reason" }, act = "wedding"'), "fields[3](reason).act"),
        (('"Reason" }', '"Reason" }, portal = "fullname"'), "portal"),
        (
            ('"Reason" }', '"Reason" }, stale_after_days = true'),
            "fields[3](reason).stale_after_days",
        ),
        ((SEX, 'transform = "gender"'), "fields[2](sex).transform"),
        ((SEX, SEX + ', attributes = "x"'), "fields[2].attributes"),
        (('codes = "sex"', 'codes = "gender"'), "fields[2](sex).codes"),
        (('codes = "sex"', 'codes = "../sex"'), "fields[2](sex).codes"),
        (('"citizens:sex"', '"citizens.sex"'), "fields[2](sex).attribute"),
        (('name = "reason"', 'name = "sex"'), "fields"),
        (('kind = "paper"', 'kind = "stone"'), "components[0].kind"),
        (('["submitter.full_name"]', '["submitter.nothing"]'), "components[0].replaced_by"),
        (('ground = "shared"', 'ground = "gone"'), "components[0].ground"),
        ((', ground = "shared"', ""), "components[0].ground"),
        (('replaced_by = ["submitter.full_name"], ', ""), "components[0].ground"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_key(change: tuple[str, str], key: str) -> None:
    with pytest.raises(ProfileError) as refused:
        profile(change)
    assert (refused.value.file, refused.value.key) == ("small.toml", key)
    assert str(refused.value).startswith(f"small.toml: {key}: ")


def test_an_adult_is_not_told_of_on_the_word_of_another() -> None:
    for who in ("spouse", "adult", "household"):
        with pytest.raises(ProfileError, match="consents itself"):
            profile(('who = "household", consent = "own"', f'who = "{who}"'))


def test_two_profiles_have_no_id_and_no_code_of_one_day_in_common() -> None:
    one = profile()
    with pytest.raises(ProfileError, match=r"^b\.toml: id: stands twice: small"):
        require_apart([("a.toml", one), ("b.toml", one)])
    other = profile(('id = "small"', 'id = "other"'))
    with pytest.raises(ProfileError, match=r"^b\.toml: codes: 1\.000001 means small"):
        require_apart([("a.toml", one), ("b.toml", other)])
    later = profile(
        ('id = "small"', 'id = "other"'),
        ("valid_from = 2025-07-01, valid_to = 2027-01-01", "valid_from = 2027-01-01"),
    )
    assert require_apart([("a.toml", one), ("b.toml", later)]).keys() == {"small", "other"}


def test_a_standard_field_stands_once_and_has_no_unknown_member() -> None:
    field = '[[fields]]\nname = "a"\nlabel = { vi = "A", en = "A" }\n'
    with pytest.raises(ProfileError, match=r"fields\[1\].name: stands twice"):
        read_standard("fields.toml", field + field)
    with pytest.raises(ProfileError, match=r"fields\[0\].size: unknown member"):
        read_standard("fields.toml", field + "size = 3\n")


def test_a_folder_names_the_file_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    for name in ("bases", "fields"):
        (tmp_path / "shared" / f"{name}.toml").touch()
    (tmp_path / "broken.toml").write_text("id = ", "utf-8")
    with pytest.raises(ProfileError, match=r"^broken.toml: -: is not TOML"):
        load_from(tmp_path)


def test_a_profile_says_of_a_standard_field_what_it_says_otherwise() -> None:
    [name] = [f for f in profile().fields if f.key == "submitter.full_name"]
    assert (name.attribute, name.basis, name.required) == ("citizens:name.full", "law", True)


def test_a_portal_key_belongs_to_one_role_unless_a_profile_says_so() -> None:
    found = profile()
    assert found.field("submitter.full_name").portal == "fullname"
    assert found.field("members.full_name").portal == ""
    named = profile(
        (
            'role = "members", standard = ["full_name"]',
            'role = "members", standard = ["full_name"], portal = "ownerFullname"',
        )
    )
    assert named.field("members.full_name").portal == "ownerFullname"


def test_details_name_each_role_with_what_it_may_leave_out() -> None:
    assert profile().details("1.000001") == [
        {
            "type": "sogoc_prefill",
            "procedure": "1.000001",
            "attributes": attributes,
            "optional": optional,
            "subjects": [role],
        }
        for role, attributes, optional in (
            ("members", ["citizens:name.full"], []),
            ("owner", ["citizens:sex"], []),
            ("submitter", ["citizens:name.full", "citizens:phone"], ["citizens:phone"]),
        )
    ]


def test_an_attribute_that_another_field_needs_may_not_be_left_out() -> None:
    twice = profile(
        (
            'role = "owner", name = "reason", label',
            'role = "submitter", name = "mobile", attribute = "citizens:phone",'
            ' basis = "law", label',
        )
    )
    [mine] = [d for d in twice.details("1.000001") if d["subjects"] == ["submitter"]]
    assert mine["optional"] == []


def test_a_field_or_role_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        profile().field("submitter.shoe_size")
    with pytest.raises(NotFound):
        profile().role("guest")


def test_a_basis_and_a_code_end_on_their_day() -> None:
    [code] = profile().codes
    assert [code.in_force(date(year, 1, 1)) for year in (2025, 2026, 2027)] == [False, True, False]
    assert SHARED["shared"].in_force(date(2030, 1, 1))
    assert not SHARED["shared"].in_force(date(2025, 12, 31))
