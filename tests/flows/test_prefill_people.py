"""Other people in a form: adults each alone, minors by a parent, and nobody by a stranger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auth.agreements import list_agreements
from auth.consents.records import list_consents, withdraw
from registry.civil_status.changes import record_acts
from registry.kernel.clock import fixed, now
from registry.prefill import profiles
from tests import acts
from tests.town import BIRTH, BUSINESS, PROFILES, Town, agree_with, state_of

SCHOOL = "9.000001"
# A form about a child whom the submitter chooses; the product's own have no such field yet.
_SCHOOL = """
id = "school"
version = "2026-11-01"
name = { vi = "Nhập học", en = "Enrolment" }
level = "commune"
codes = [{ code = "9.000001", valid_from = 2025-07-01 }]
roles = [
  { id = "submitter", label = { vi = "Phụ huynh", en = "Parent" }, who = "submitter" },
  { id = "child", label = { vi = "Học sinh", en = "Pupil" }, who = "child" },
]
components = []
fields = [
  { role = "submitter", standard = ["full_name"], basis = "law" },
  { role = "child", standard = ["full_name", "birth_date"], basis = "law" },
]
[[bases]]
id = "law"
act = "Luật Giáo dục 43/2019/QH14"
article = "Điều 28"
valid_from = 2020-07-01
verified = false
"""


@pytest.fixture(name="school")
def _school(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be one form more, which the client may ask for."""
    shared = Path(profiles.__file__).parent / "data" / "shared"
    (tmp_path / "shared").symlink_to(shared)
    (tmp_path / "school.toml").write_text(_SCHOOL, "utf-8")
    made = {**profiles.load(), **profiles.load_from(tmp_path)}
    monkeypatch.setattr(profiles, "load", lambda: made)
    monkeypatch.setitem(PROFILES, SCHOOL, made["school"])
    with town.database.reading() as session:
        agreed = {each.procedure for each in list_agreements(session, "ward-office")}
    if SCHOOL not in agreed:
        agree_with(town, "ward-office", SCHOOL)


def _told(leaves: dict[str, Any], role: str) -> dict[str, Any]:
    return {key: leaf for key, leaf in leaves.items() if key.startswith(f"{role}.")}


# Another adult.


def test_nobody_is_told_of_before_they_agree_themselves(town: Town) -> None:
    answer = town.filled(town.token("mai", BIRTH), BIRTH, "P-1")
    states = {
        state_of(leaf)
        for key, leaf in _told(answer["fields"], "other_parent").items()
        if PROFILES[BIRTH].field(key).attribute
    }
    assert states == {("unavailable", "awaiting_consent")}
    assert answer["participants"] == [
        {"role": "other_parent", "number": 0, "state": "awaiting_consent"}
    ]
    assert town.people["tuan"] not in {
        row.subject_id
        for row in town.rows("P-1")
        if row.outcome == "delivered" and "name.full" in row.attributes
    }
    assert "PHẠM QUỐC TUẤN" not in str(answer)


def test_an_invitation_of_the_husband_is_for_nobody_else(town: Town) -> None:
    token = town.token("mai", BIRTH)
    filled = town.filled(token, BIRTH, "P-2")
    made = town.invite(token, BIRTH, "P-2", filled["id"], role="other_parent").get_json()
    for slug in ("hai", "mai"):
        page = town.answer(slug, made["code"])
        assert page.status_code == 403, slug
        assert "QUỐC TUẤN" not in page.text.upper()
    again = town.filled(token, BIRTH, "P-2")
    assert again["participants"][0]["state"] == "awaiting_consent"


@pytest.mark.parametrize("role", ["submitter", "child", "nobody"])
def test_nobody_is_invited_where_nobody_is_awaited(town: Town, role: str) -> None:
    token = town.token("mai", BIRTH)
    case = f"P-3-{role}"
    filled = town.filled(token, BIRTH, case)
    answer = town.invite(token, BIRTH, case, filled["id"], role=role)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "conflict")


def test_an_invitation_belongs_to_a_prefill_that_is_open(town: Town) -> None:
    token = town.token("mai", BIRTH)
    filled = town.filled(token, BIRTH, "P-4")
    whom = {"role": "other_parent"}
    unknown = "01980000-0000-7000-8000-000000000077"
    assert town.invite(token, BIRTH, "P-4", unknown, **whom).status_code == 404
    town.call(token, "POST", f"/v1/prefill/{filled['id']}/close", BIRTH, "P-4")
    assert town.invite(token, BIRTH, "P-4", filled["id"], **whom).status_code == 409


def test_whoever_declines_is_not_told_of_and_the_rest_goes_on(town: Town) -> None:
    token = town.token("mai", BIRTH)
    filled = town.filled(token, BIRTH, "P-5")
    made = town.invite(token, BIRTH, "P-5", filled["id"], role="other_parent").get_json()
    town.answer("tuan", made["code"], "decline")
    answer = town.filled(token, BIRTH, "P-5")
    leaf = answer["fields"]["other_parent.full_name"]
    assert state_of(leaf) == ("unavailable", "declined")
    assert answer["participants"][0]["state"] == "declined"
    assert state_of(answer["fields"]["submitter.full_name"]) == ("ok", None)


def test_the_husband_agrees_on_his_own_phone_and_may_take_it_back(town: Town) -> None:
    token = town.token("mai", BIRTH)
    filled = town.filled(token, BIRTH, "P-6")
    made = town.invite(token, BIRTH, "P-6", filled["id"], role="other_parent").get_json()
    assert town.answer("tuan", made["code"]).status_code == 200
    answer = town.filled(token, BIRTH, "P-6")
    assert answer["fields"]["other_parent.full_name"]["value"] == "PHẠM QUỐC TUẤN"
    assert answer["participants"][0]["state"] == "consented"
    assert town.people["tuan"] in {
        row.subject_id for row in town.rows("P-6") if row.outcome == "delivered"
    }
    with town.database.transaction() as session:
        withdraw(session, town.people["tuan"], list_consents(session, town.people["tuan"])[0].id)
    leaf = town.filled(token, BIRTH, "P-6")["fields"]["other_parent.full_name"]
    assert state_of(leaf) == ("unavailable", "awaiting_consent")


def test_a_consent_to_another_role_is_none_to_this_one(town: Town) -> None:
    token = town.token("mai", BIRTH)
    filled = town.filled(token, BIRTH, "P-7")
    made = town.invite(token, BIRTH, "P-7", filled["id"], role="other_parent").get_json()
    town.answer("tuan", made["code"])
    # The other person agreed to a case of Mai's, and to nothing in a case of anybody else.
    own = town.filled(town.token("tuan", BIRTH), BIRTH, "P-8")
    assert state_of(own["fields"]["other_parent.full_name"])[1] == "awaiting_consent"


# A household.


def test_in_a_household_minors_come_with_a_parent_and_adults_alone(town: Town) -> None:
    answer = town.filled(town.token("mai", BUSINESS), BUSINESS, "H-1")
    names = {
        key: (leaf["state"], leaf.get("value"))
        for key, leaf in answer["fields"].items()
        if key.startswith("members.") and key.endswith("full_name")
    }
    assert sorted(names.values(), key=str) == [
        ("ok", "LÊ THỊ MAI"),
        ("ok", "PHẠM GIA AN"),
        ("ok", "PHẠM KHÁNH VY"),
        ("unavailable", None),
    ]
    [paper] = [paper for paper in answer["papers"] if paper["code"] == "identity_paper"]
    assert paper["needed"]
    assert all(key.startswith("members.") for key in paper["because"])


def test_adults_of_one_household_agree_each_for_themselves(town: Town) -> None:
    token = town.token("hai", BUSINESS)
    filled = town.filled(token, BUSINESS, "H-2")
    waiting = [one["number"] for one in filled["participants"] if one["state"] != "consented"]
    assert len(waiting) == 2
    codes = [
        town.invite(token, BUSINESS, "H-2", filled["id"], role="members", number=number).get_json()[
            "code"
        ]
        for number in waiting
    ]
    # Each code is for one of them; who is not meant is refused.
    answers = {slug: [town.answer(slug, code).status_code for code in codes] for slug in ("hung",)}
    assert sorted(answers["hung"]) == [200, 403]
    after = town.filled(token, BUSINESS, "H-2")
    assert sorted(one["state"] for one in after["participants"]) == [
        "awaiting_consent",
        "consented",
        "consented",
    ]
    assert "BÙI VĂN HÙNG" in str(after)
    assert "BÙI MỸ DUNG" not in str(after)


# A child, and a ward.


@pytest.mark.usefixtures("school")
def test_a_child_is_chosen_by_the_parent_on_the_page(town: Town) -> None:
    child = town.people["vy"]
    token = town.token("mai", SCHOOL, **{"person:child": child})
    fields = town.filled(token, SCHOOL, "B-1")["fields"]
    assert fields["child.full_name"]["value"] == "PHẠM KHÁNH VY"
    assert "PHẠM GIA AN" not in str(fields)
    assert {row.subject_id for row in town.rows("B-1")} == {child, town.people["mai"]}


@pytest.mark.usefixtures("school")
def test_nobody_chooses_a_child_that_is_not_theirs(town: Town) -> None:
    town.sits("mai")
    uri, page = town.ask(SCHOOL)
    answer = town.form.decide(uri, page, **{"person:child": town.people["ngoc"]})
    assert answer.status_code == 400
    assert "Bảo Ngọc" not in page.text


@pytest.mark.usefixtures("school")
def test_who_has_come_of_age_is_no_child_any_more(town: Town) -> None:
    token = town.token("mai", SCHOOL, **{"person:child": town.people["vy"]})
    assert town.filled(token, SCHOOL, "B-2")["fields"]["child.full_name"]["state"] == "ok"
    with fixed(now().replace(year=2036, month=11, day=6)):
        token = town.token("mai", SCHOOL)
        leaf = town.filled(token, SCHOOL, "B-3")["fields"]["child.full_name"]
    assert state_of(leaf) == ("unavailable", "no_such_person")


@pytest.mark.usefixtures("school")
def test_adoptive_parents_choose_the_child_they_adopted(town: Town) -> None:
    for slug in ("phuc", "hanh"):
        fields = town.filled(town.token(slug, SCHOOL), SCHOOL, f"B-4-{slug}")["fields"]
        assert fields["child.full_name"]["value"] == "TRẦN BẢO NGỌC", slug


@pytest.mark.usefixtures("school")
def test_a_guardian_stands_for_the_ward_until_the_acts_end_it(town: Town) -> None:
    ward, guardian = town.numbers["be"], town.numbers["dung"]

    def register(**more: Any) -> None:
        told = acts.document(
            "GH-T1",
            "guardianship",
            "2020-01-01",
            persons={"guardian": acts.entry(guardian), "ward": acts.entry(ward)},
            guardianship={"from": acts.day("2020-01-01")} | more,
        )
        with town.database.transaction() as session:
            record_acts(session, [acts.change(told)], source="test", load=None)

    register()
    token = town.token("dung", SCHOOL)
    fields = town.filled(token, SCHOOL, "B-5")["fields"]
    assert fields["child.full_name"]["value"] == "PHAN THỊ BÉ"
    register(to=acts.day("2026-01-01"))
    leaf = town.filled(token, SCHOOL, "B-5")["fields"]["child.full_name"]
    assert state_of(leaf)[0] == "unavailable"
