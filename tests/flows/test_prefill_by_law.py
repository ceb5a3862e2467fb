"""A task by law needs no consent, and is told of, logged and held to the form all the same."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from auth.consents.records import list_consents
from tests.auth.grants import another
from tests.town import BUILDING, STATUS, Town, agree_with, state_of

LAW = "Luật Đất đai 31/2024/QH15, Điều 223"


@pytest.fixture(scope="module")
def office(town: Town) -> Iterator[Town]:
    """Give the town in which an office asks by law for one form, and by consent for another."""
    mine, town.form = town.form, another(town.form, "land-office")
    agree_with(town, "land-office", STATUS)
    agree_with(town, "land-office", BUILDING, legal_task=True, legal_basis=LAW)
    yield town
    town.form = mine


def _token(office: Town) -> str:
    answer = office.form.token(grant_type="client_credentials")
    return str(answer.get_json()["access_token"])


def test_without_the_agreement_s_word_the_law_is_none(office: Town) -> None:
    number = office.numbers["tuan"]
    answer = office.fill(_token(office), STATUS, "L-1", personal_id=number)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "consent-needed")
    assert {row.outcome for row in office.rows("L-1")} == {"refused"}
    with office.database.reading() as session:
        assert list_consents(session, office.people["tuan"]) == []


def test_nobody_and_a_secret_person_are_told_apart_by_nothing(office: Town) -> None:
    answers = [
        office.fill(_token(office), BUILDING, "L-2", personal_id=office.numbers[slug])
        for slug in ("khong-ai", "kin")
    ]
    assert {answer.status_code for answer in answers} == {404}
    first, second = ({**answer.get_json(), "trace_id": ""} for answer in answers)
    assert first == second
    assert {row.outcome for row in office.rows("L-2")} == {"refused"}
    with office.database.reading() as session:
        assert list_consents(session, office.people["kin"]) == []


def test_a_task_by_law_is_done_without_consent_and_leaves_one_notice(office: Town) -> None:
    token, number = _token(office), office.numbers["mai"]
    first = office.filled(token, BUILDING, "L-3", personal_id=number)
    assert first["fields"]["owner.full_name"]["value"] == "LÊ THỊ MAI"
    office.filled(token, BUILDING, "L-3", personal_id=number)
    with office.database.reading() as session:
        notices = list_consents(session, office.people["mai"])
    [told] = [each for each in notices if each.client_id == "land-office"]
    assert (told.state, told.via, told.grant_id) == ("INAPPLICABLE", "legal_task", None)
    assert (told.legal_basis, told.procedure) == (LAW, BUILDING)
    office.filled(token, BUILDING, "L-4", personal_id=number)
    with office.database.reading() as session:
        notices = list_consents(session, office.people["mai"])
    assert len([each for each in notices if each.client_id == "land-office"]) == 2


def test_the_log_says_by_which_law(office: Town) -> None:
    office.filled(_token(office), BUILDING, "L-5", personal_id=office.numbers["long"])
    rows = office.rows("L-5")
    assert {row.legal_basis for row in rows} == {LAW}
    assert {row.subject_id for row in rows} == {office.people["long"]}
    assert {row.person_id for row in rows} == {None}


def test_a_task_by_law_meets_the_same_faults_and_protections(office: Town) -> None:
    token = _token(office)
    leaves = office.filled(token, BUILDING, "L-6", personal_id=office.numbers["mang"])["fields"]
    assert state_of(leaves["owner.parcel_number"]) == ("unavailable", "register_down")
    leaves = office.filled(token, BUILDING, "L-7", personal_id=office.numbers["ngan"])["fields"]
    assert state_of(leaves["owner.residence"]) == ("unavailable", "withheld")


def test_many_offices_ask_by_law_at_once(office: Town) -> None:
    token, slugs = _token(office), ("mai", "tuan", "hai", "hung", "dung", "long", "be", "loi")
    barrier = Barrier(len(slugs))

    def fill(slug: str) -> int:
        barrier.wait()
        number = office.numbers[slug]
        return office.fill(token, BUILDING, "L-9", personal_id=number).status_code

    for _ in range(2):
        with ThreadPoolExecutor(len(slugs)) as pool:
            assert set(pool.map(fill, slugs)) == {200}


def test_a_merged_number_leads_to_the_record_that_stands(office: Town) -> None:
    answer = office.filled(_token(office), BUILDING, "L-8", personal_id=office.numbers["hoa-cu"])
    assert answer["fields"]["owner.personal_id"]["value"] == office.numbers["hoa-moi"]
