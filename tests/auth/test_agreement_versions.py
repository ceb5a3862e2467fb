"""Versions of agreements: two persons, no overlap, and nothing but what was approved counts."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

import migrations
from auth.agreements import (
    draft_agreement,
    end_agreement,
    expiring,
    list_agreements,
    reject_agreement,
    unfollowed,
)
from auth.clients import generation
from auth.models import AgreementRow
from auth.principals import Agreement
from registry.kernel.clock import today
from registry.kernel.db import Database, new_id
from registry.kernel.errors import Conflict, Invalid, NotFound, Refused
from tests.auth.agreeing import AN, BINH, approve, draft, present, row
from tests.conftest import PURPOSE, Service

TOMORROW = timedelta(days=1)


@pytest.mark.parametrize("by", [AN, " an ", "AN"])
def test_nobody_approves_what_they_proposed(service: Service, by: str) -> None:
    made = draft(service)
    with pytest.raises(Refused):
        approve(service, made, by)
    assert row(service, made).state == "draft"


@pytest.mark.parametrize("name", ["", "  "])
def test_a_draft_and_its_approval_have_names(service: Service, name: str) -> None:
    made = draft(service)
    with pytest.raises(Invalid):
        approve(service, made, name)
    with pytest.raises(Invalid), service.database.transaction() as session:
        draft_agreement(session, replace(present(service), id=""), name)


def test_only_a_draft_is_approved_or_rejected_and_once(service: Service) -> None:
    approved, rejected = draft(service), draft(service)
    approve(service, approved)
    with service.database.transaction() as session:
        reject_agreement(session, rejected, BINH, "Thiếu điều luật")
    for made in (approved, rejected, present(service).id):
        with pytest.raises(Conflict):
            approve(service, made)
        with pytest.raises(Conflict), service.database.transaction() as session:
            reject_agreement(session, made, BINH, "x")
    kept = row(service, rejected)
    assert (kept.state, kept.rejected_by, kept.note) == ("rejected", BINH, "Thiếu điều luật")


@pytest.mark.parametrize("key", ["01980000-0000-7000-8000-000000000001", "nonsense", ""])
def test_an_unknown_version_or_series_is_not_found(service: Service, key: str) -> None:
    with pytest.raises(NotFound):
        approve(service, key)
    with pytest.raises(NotFound), service.database.transaction() as session:
        reject_agreement(session, key, BINH, "x")
    if key:
        with pytest.raises(NotFound), service.database.transaction() as session:
            draft_agreement(session, replace(present(service), id=""), AN, key)


def test_a_rejection_says_why(service: Service) -> None:
    made = draft(service)
    with pytest.raises(Invalid), service.database.transaction() as session:
        reject_agreement(session, made, BINH, " ")


def test_a_version_keeps_client_and_procedure(service: Service) -> None:
    held = present(service)
    with pytest.raises(Conflict), service.database.transaction() as session:
        draft_agreement(session, replace(held, id="", procedure="2.000001"), AN, held.series)


def test_an_agreement_has_a_basis_and_ends_after_it_begins(service: Service) -> None:
    held = replace(present(service), id="")
    for wrong in (replace(held, legal_basis=" "), replace(held, valid_to=held.valid_from)):
        with pytest.raises(Invalid), service.database.transaction() as session:
            draft_agreement(session, wrong, AN)


def test_a_draft_that_is_over_is_not_approved(service: Service) -> None:
    past = {"valid_from": today() - 9 * TOMORROW, "valid_to": today()}
    with pytest.raises(Conflict):
        approve(service, draft(service, **past))


def test_one_person_can_end_an_agreement_sooner_and_never_later(service: Service) -> None:
    made = draft(service, valid_to=today() + 9 * TOMORROW)
    with pytest.raises(Conflict), service.database.transaction() as session:
        end_agreement(session, made)
    approve(service, made)
    with pytest.raises(Conflict), service.database.transaction() as session:
        end_agreement(session, made, today() + 10 * TOMORROW)
    with service.database.transaction() as session:
        end_agreement(session, made, today() + TOMORROW)
    assert row(service, made).valid_to == today() + TOMORROW


def _status(service: Service, token: str) -> int:
    asked = {"identifiers": ["900190000001"], "fields": ["sex"]}
    headers = {"Authorization": f"Bearer {token}", **PURPOSE}
    client = service.app.test_client()
    return client.post("/v1/citizens/lookup", json=asked, headers=headers).status_code


def test_only_an_approved_version_counts_and_within_a_second(service: Service) -> None:
    token = service.token()
    made = draft(service, "sex")
    time.sleep(1)
    assert _status(service, token) == 200
    approve(service, made)
    time.sleep(1)
    assert _status(service, token) == 403


def test_an_approval_is_counted_and_a_draft_is_not(service: Service) -> None:
    def number() -> int:
        with service.database.reading() as session:
            return generation(session)

    before = number()
    made = draft(service)
    assert number() == before
    approve(service, made)
    assert number() == before + 1


def test_a_version_ends_on_the_day_the_next_begins(service: Service) -> None:
    begin = today() + 9 * TOMORROW
    approve(service, draft(service, valid_from=begin))
    with service.database.reading() as session:
        first, second = list_agreements(session, "ward-office")
    assert (first.series, first.version) == (second.series, second.version - 1)
    assert (first.valid_to, second.valid_from) == (begin, begin)
    assert [first.in_force(begin - TOMORROW), second.in_force(begin - TOMORROW)] == [True, False]
    assert [first.in_force(begin), second.in_force(begin)] == [False, True]


def test_nothing_is_agreed_backwards(service: Service) -> None:
    before = present(service)
    approved = approve(service, draft(service, valid_from=before.valid_from))
    assert approved.valid_from == today()
    assert present(service).valid_to == today()


def test_an_earlier_beginning_takes_the_place_of_a_version_to_come(service: Service) -> None:
    late = draft(service, valid_from=today() + 9 * TOMORROW)
    soon = draft(service, valid_from=today() + 5 * TOMORROW)
    approve(service, late)
    approve(service, soon)
    for days in range(20):
        day = today() + days * TOMORROW
        with service.database.reading() as session:
            held = [a for a in list_agreements(session, "ward-office") if a.in_force(day)]
        assert [a.version for a in held] == [1 if days < 5 else 3]


def test_versions_approved_at_once_do_not_overlap(service: Service) -> None:
    made = [draft(service, valid_from=today() + n * TOMORROW) for n in range(1, 5)]
    start = Barrier(len(made))

    def race(key: str) -> None:
        start.wait()
        approve(service, key)

    with ThreadPoolExecutor(len(made)) as pool:
        list(pool.map(race, made))
    with service.database.reading() as session:
        held = list_agreements(session, "ward-office")
    for days in range(9):
        assert sum(a.in_force(today() + days * TOMORROW) for a in held) == 1


def test_a_draft_is_approved_once_however_many_try(service: Service) -> None:
    made, start = draft(service), Barrier(4)

    def race(name: str) -> str:
        start.wait()
        try:
            approve(service, made, name)
        except Conflict:
            return ""
        return name

    with ThreadPoolExecutor(4) as pool:
        [winner] = filter(None, pool.map(race, ["bình", "chi", "dũng", "em"]))
    assert row(service, made).approved_by == winner


def test_drafts_made_at_once_get_different_versions(service: Service) -> None:
    def race(_: int) -> int:
        try:
            return row(service, draft(service)).version
        except Conflict:
            return 0

    with ThreadPoolExecutor(4) as pool:
        versions = [version for version in pool.map(race, range(4)) if version]
    assert sorted(versions) == list(range(2, 2 + len(versions)))


BROKEN: dict[str, dict[str, Any]] = {
    "no such state": {"state": "'open'"},
    "approved by nobody": {"approved_by": "NULL"},
    "approved at no time": {"approved_at": "NULL"},
    "approved by its proposer": {"approved_by": "proposed_by"},
    "a draft that is approved": {"state": "'draft'"},
    "rejected by nobody": {"state": "'rejected'", "approved_by": "NULL"},
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_database_holds_two_persons_too(service: Service, name: str) -> None:
    made = draft(service)
    approve(service, made)
    values = ", ".join(f"{column} = {value}" for column, value in BROKEN[name].items())
    with pytest.raises(sa.exc.IntegrityError), service.database.transaction() as session:
        session.execute(sa.text(f"UPDATE agreement SET {values} WHERE version = 2"))  # noqa: S608 - the tests' own


def test_the_database_holds_a_version_once(service: Service) -> None:
    draft(service)
    with pytest.raises(sa.exc.IntegrityError), service.database.transaction() as session:
        session.execute(sa.text("UPDATE agreement SET version = 1 WHERE version = 2"))


def test_a_client_sees_what_comes_and_no_drafts(service: Service) -> None:
    begin = today() + 9 * TOMORROW
    approve(service, draft(service, "sex", valid_from=begin))
    draft(service)
    told = service.call("GET", "/v1/me/agreement", headers={}).get_json()
    [held], [coming] = told["agreements"], told["upcoming"]
    assert (held["version"], held["state"], held["in_force"]) == (1, "approved", True)
    assert (held["valid_to"], held["expires_in_days"]) == (begin.isoformat(), 9)
    assert (coming["version"], coming["valid_from"]) == (2, begin.isoformat())
    assert (coming["in_force"], "expires_in_days" in coming) == (False, False)
    assert set(held["attributes"]["citizens"]) - set(coming["attributes"]["citizens"]) == {"sex"}


@pytest.mark.parametrize(("days", "told"), [(1, 1), (59, 59), (60, None), (0, None), (-1, None)])
def test_an_end_is_told_of_when_less_than_sixty_days_are_left(days: int, told: int | None) -> None:
    day = date(2026, 6, 1)
    one = Agreement("", "c", "p", {}, {}, "x", date(2026, 1, 1), day + days * TOMORROW)
    assert expiring(one, day) == told
    assert expiring(replace(one, valid_to=None), day) is None


def test_an_end_that_another_version_follows_is_no_worry() -> None:
    first = Agreement("1", "c", "p", {}, {}, "x", date(2026, 1, 1), date(2026, 6, 1))
    following = replace(first, id="2", valid_from=date(2026, 6, 1), valid_to=None)
    assert unfollowed(first, [first])
    assert unfollowed(first, [first, replace(following, valid_from=date(2026, 6, 2))])
    assert unfollowed(first, [first, replace(following, procedure="q")])
    assert not unfollowed(first, [first, following])


def test_what_was_agreed_before_versions_is_the_first_version(empty_database: Database) -> None:
    config = migrations._config()
    step = ScriptDirectory.from_config(config).get_revision("0018")
    assert step is not None
    key = new_id()
    with empty_database.transaction() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, str(step.down_revision))
        # As the table was then: a column that came later is not in it.
        session.execute(
            sa.text(
                "INSERT INTO client (id, name, auth_method, secret_sha256, scopes, grant_types,"
                " redirect_uris, id_token_alg, rotates_refresh, created_at) VALUES"
                " ('ward-office', 'x', 'client_secret_basic', 'x', '[]', '[]', '[]', 'ES256',"
                " false, '2026-01-01T00:00:00+00:00')"
            )
        )
        session.execute(
            sa.text(
                "INSERT INTO agreement (id, client_id, procedure, attributes, search, legal_basis,"
                " valid_from) VALUES (:id, 'ward-office', '1.004222', '{\"citizens\":[\"sex\"]}',"
                " '{}', 'x', '2026-01-01')"
            ),
            {"id": key.replace("-", "")},
        )
    migrations.upgrade(empty_database)
    with empty_database.reading() as session:
        [held] = session.scalars(sa.select(AgreementRow))
        assert [a.id for a in list_agreements(session)] == [key]
    assert (held.id, held.series, held.version, held.state) == (key, key, 1, "approved")
    assert (held.proposed_by, held.approved_by) == ("migration", "migrated")
    assert (held.attributes, held.valid_from) == ({"citizens": ["sex"]}, date(2026, 1, 1))
