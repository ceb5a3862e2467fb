"""Every field of a form may fail alone, and says why: nothing that is not certain is locked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from datasets.synthetic.personas import load
from registry.citizens.changes import set_secrecy
from registry.corrections.cases import Reported, open_case
from registry.kernel.clock import fixed, now
from registry.parcels.changes import apply_changes
from tests.parcels import change as parcel
from tests.parcels import holder
from tests.town import (
    BIRTH,
    BUILDING,
    EXTRACT,
    MARRIAGE,
    PROFILES,
    STATUS,
    Town,
    state_of,
    value_of,
)

PERSONAS = {persona.slug: persona for persona in load().personas}
LAND = [field.key for field in PROFILES[BUILDING].fields if field.attribute.startswith("parcels:")]
PEOPLE = [
    field.key for field in PROFILES[BUILDING].fields if field.attribute.startswith("citizens:")
]
PLACES = ["owner.residence", "submitter.province", "submitter.commune", "submitter.address"]


def _states(leaves: dict[str, Any], keys: list[str]) -> set[tuple[str, str | None]]:
    return {state_of(leaves[key]) for key in keys}


# What is kept back or not known.


def test_a_register_that_is_down_takes_its_own_fields_alone(town: Town) -> None:
    leaves = town.leaves("mang", BUILDING)
    assert _states(leaves, LAND) == {("unavailable", "register_down")}
    assert state_of(leaves["owner.full_name"]) == ("ok", None)
    assert {leaves[key]["lock"] for key in LAND} == {"editable"}


def test_when_no_register_answers_the_form_is_empty_and_open(town: Town) -> None:
    for code in (BUILDING, MARRIAGE):
        leaves = town.leaves("sap", code)
        asked = [f.key for f in PROFILES[code].of_role("submitter") if f.attribute]
        # A question of yes or no has no other way around the register.
        assert _states(leaves, asked) == {("unavailable", "register_down")}
        assert not any("value" in leaf or leaf["lock"] == "locked" for leaf in leaves.values())


def test_a_register_that_is_slow_keeps_the_form_waiting_and_no_more(town: Town) -> None:
    leaves = town.leaves("cham", BIRTH)
    assert state_of(leaves["submitter.full_name"]) == ("ok", None)
    assert state_of(leaves["submitter.marriage_number"])[0] != "unavailable"


def test_a_protected_address_keeps_back_where_somebody_lives_and_nothing_else(
    town: Town,
) -> None:
    leaves = town.leaves("ngan", BUILDING)
    assert _states(leaves, [*PLACES, "owner.phone", *LAND]) == {("unavailable", "withheld")}
    assert value_of(leaves["owner.full_name"]) == "HỒ THỊ KIM NGÂN"
    outcomes = {row.outcome for row in town.rows(f"ngan-{BUILDING}")}
    assert outcomes == {"delivered", "withheld"}
    for row in town.rows(f"ngan-{BUILDING}"):
        assert (row.outcome == "withheld") == (
            "residence" in row.attributes or "reference" in row.attributes
        ), row.attributes


def test_a_secret_person_is_answered_for_like_nobody(town: Town) -> None:
    leaves = town.leaves("kin", MARRIAGE)
    asked = [f.key for f in PROFILES[MARRIAGE].of_role("submitter") if f.attribute]
    assert _states(leaves, asked) == {("not_found", "no_record")}
    assert "delivered" not in {row.outcome for row in town.rows(f"kin-{MARRIAGE}")}


def test_a_protected_person_is_of_age_all_the_same(own_town: Town) -> None:
    with own_town.database.transaction() as session:
        set_secrecy(session, own_town.people["bich"], "address")
    leaves = own_town.leaves("bich", MARRIAGE)
    assert leaves["submitter.of_age"]["value"] is True
    assert state_of(leaves["submitter.residence"]) == ("unavailable", "withheld")


def test_what_is_under_review_is_told_and_never_locked(town: Town) -> None:
    leaf = town.leaves("duc", BUILDING)["submitter.birth_date"]
    assert state_of(leaf) == ("under_review", "under_review")
    assert (leaf["value"], leaf["lock"], leaf["may_replace_paper"]) == (
        "1982-07-07",
        "editable",
        False,
    )


def test_what_a_correction_is_open_about_is_under_review(town: Town) -> None:
    person = town.people["long"]
    with town.database.transaction() as session:
        open_case(
            session,
            Reported(
                register="citizens",
                record_id=person,
                path="name.full",
                subject_id=person,
                declared="Quách Đình Lông",
                reason="misspelt",
                source="citizen",
                opened_by=person,
                client_id="ward-office",
                procedure=BUILDING,
                case_number="R-1",
            ),
        )
    answer = town.filled(town.token("long", BUILDING), BUILDING, "R-1")
    leaf = answer["fields"]["owner.full_name"]
    assert state_of(leaf) == ("under_review", "under_review")
    assert leaf["lock"] == "editable"
    assert "Lông" not in str(answer)
    assert answer["fields"]["owner.personal_id"]["lock"] == "locked"
    [paper] = [paper for paper in answer["papers"] if paper["code"] == "identity_paper"]
    assert (paper["needed"], paper["because"]) == (True, ["owner.full_name"])


def test_no_entry_in_books_that_are_not_complete_is_no_answer(town: Town) -> None:
    for slug in ("nhat", "huong"):
        leaf = town.leaves(slug, STATUS)["subject.marital_status"]
        assert state_of(leaf) == ("incomplete", "no_coverage"), slug
        assert "value" not in leaf
    leaf = town.leaves("nhat", STATUS, keys=["subject.divorce_number"])["subject.divorce_number"]
    assert state_of(leaf) == ("incomplete", "no_coverage")


def test_no_entry_in_complete_books_is_one(town: Town) -> None:
    leaves = town.leaves("bich", STATUS)
    assert leaves["subject.marital_status"]["state"] == "ok"
    assert state_of(leaves["subject.divorce_number"]) == ("not_found", "no_record")


def test_a_commune_that_was_divided_is_for_the_person_to_say(town: Town) -> None:
    leaves = town.leaves("loi", BUILDING)
    assert _states(leaves, PLACES) == {("incomplete", "split_unit")}
    assert {leaves[key]["lock"] for key in PLACES} == {"editable"}
    assert "Đa Kao" not in str(value_of(leaves["submitter.commune"]))


def test_a_value_that_nobody_confirmed_for_long_is_asked_about(own_town: Town) -> None:
    token = own_town.token("mai", BUILDING)
    fresh = own_town.filled(token, BUILDING, "S-1")["fields"]["owner.residence"]
    assert (fresh["lock"], state_of(fresh)) == ("locked", ("ok", None))
    with fixed(now() + timedelta(days=367)):
        answer = own_town.filled(own_town.token("mai", BUILDING), BUILDING, "S-2")
    leaf = answer["fields"]["owner.residence"]
    assert (leaf["lock"], state_of(leaf)) == ("confirm", ("ok", "stale"))
    assert leaf["value"] == fresh["value"]
    # What does not go stale is as certain as it was.
    assert answer["fields"]["owner.full_name"]["lock"] == "locked"


# What is known.


def test_only_a_year_is_told_as_a_year(town: Town) -> None:
    leaf = town.leaves("be", BUILDING)["submitter.birth_date"]
    assert (state_of(leaf), leaf["value"]) == (("ok", None), "1948")


def test_a_merged_record_is_answered_for_by_the_one_that_stands(town: Town) -> None:
    leaves = town.leaves("hoa-cu", BUILDING)
    assert leaves["owner.personal_id"]["value"] == town.numbers["hoa-moi"]
    assert leaves["owner.full_name"]["source"]["record_id"] == town.people["hoa-moi"]


@pytest.mark.parametrize("slug", ["ten-dai", "bhiong"])
def test_names_of_every_kind_come_whole(town: Town, slug: str) -> None:
    assert town.leaves(slug, BUILDING)["owner.full_name"]["value"] == PERSONAS[slug].name.upper()


def test_whoever_has_no_land_is_told_so_field_by_field(town: Town) -> None:
    leaves = town.leaves("bich", BUILDING)
    assert _states(leaves, LAND) == {("not_found", "no_record")}
    assert not any("candidates" in leaves[key] for key in LAND)


def test_a_mortgage_and_every_holder_are_told(town: Town) -> None:
    assert town.leaves("long", BUILDING)["owner.restricted"]["value"] is True
    for slug in ("hai", "hung"):
        leaf = town.leaves(slug, BUILDING)["owner.land_holders"]
        assert leaf["value"] == ["Bùi Văn Hải", "Bùi Văn Hùng"]


def test_a_divorce_is_found_by_what_the_note_is_about(town: Town) -> None:
    leaves = town.leaves("huong", STATUS)
    assert leaves["subject.divorce_number"]["value"] == "150/2020/QĐST-HNGĐ"
    assert leaves["subject.divorce_effective_on"]["value"] == "2020-06-15"


def test_a_leaf_says_where_it_comes_from_and_since_when(town: Town) -> None:
    leaves = town.leaves("mai", STATUS)
    leaf = leaves["subject.full_name"]
    assert leaf["source"] == {
        "register": "citizens",
        "record_id": town.people["mai"],
        "version": leaf["source"]["version"],
    }
    assert (leaf["valid_from"], leaf["as_of"][:2]) == ("1988-04-12", "20")
    # A derived value is as old as what it is derived from, and not as the record.
    assert leaves["subject.marital_status"]["valid_from"] == "2013-06-01"
    assert leaf["last_verified_at"]


# Several records.


def test_of_several_acts_the_person_chooses(town: Town) -> None:
    token = town.token("mai", EXTRACT)
    leaf = town.filled(token, EXTRACT, "V-1")["fields"]["subject.act_number"]
    assert (state_of(leaf), "value" in leaf) == (("incomplete", "several"), False)
    assert [each["label"] for each in leaf["candidates"]][:2] == [
        "Khai sinh · 1988-05-02",
        "Kết hôn · 2012-10-20",
    ]
    meant = leaf["candidates"][1]["id"]
    leaves = town.filled(token, EXTRACT, "V-1", choices={"civil_status": meant})["fields"]
    assert leaves["subject.act_number"]["value"] == "903"
    assert leaves["subject.act_number"]["source"]["record_id"] == meant
    assert leaves["subject.act_book"]["value"] == "01/2012-KH"


def test_candidates_are_named_by_no_more_than_was_agreed_to(town: Town) -> None:
    details = [
        {**detail, "attributes": ["civil_status:number"], "optional": []}
        for detail in PROFILES[EXTRACT].details(EXTRACT)
        if detail["subjects"] == ["subject"]
    ]
    answer = town.filled(town.token("mai", EXTRACT, details), EXTRACT, "V-2")
    leaf = answer["fields"]["subject.act_number"]
    assert [each["label"] for each in leaf["candidates"]] == [""] * 4
    assert "Kết hôn" not in str(answer["fields"]["subject.act_type"].get("candidates"))


def test_nobody_chooses_the_record_of_another(town: Town) -> None:
    token = town.token("mai", EXTRACT)
    stranger = town.leaves("nga", EXTRACT)["subject.act_number"]["candidates"][0]["id"]
    answer = town.filled(token, EXTRACT, "V-3", choices={"civil_status": stranger})
    leaf = answer["fields"]["subject.act_number"]
    assert state_of(leaf) == ("incomplete", "several")


def test_of_several_parcels_the_person_chooses(own_town: Town) -> None:
    holders = [holder(own_town.numbers["mai"])]
    more = [parcel(f"T-{n}", number=str(n), column=n, holders=holders) for n in (1, 2)]
    with own_town.database.transaction() as session:
        apply_changes(session, more, source="test", load=None)
    token = own_town.token("mai", BUILDING)
    fields = own_town.filled(token, BUILDING, "V-4")["fields"]
    leaf = fields["owner.parcel_number"]
    assert (state_of(leaf), len(leaf["candidates"])) == (("incomplete", "several"), 3)
    assert state_of(fields["owner.full_name"]) == ("ok", None)
    [meant] = [each["id"] for each in leaf["candidates"] if each["label"].startswith("12 / 2")]
    fields = own_town.filled(token, BUILDING, "V-4", choices={"parcels": meant})["fields"]
    assert {fields[key]["state"] for key in ("owner.parcel_number", "owner.parcel_area")} == {"ok"}
    assert fields["owner.parcel_number"]["value"] == "2"
