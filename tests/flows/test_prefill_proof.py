"""What a filled form can prove afterwards: its receipt, its log, and what became of the values."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from joserfc.jwk import KeySet
from joserfc.jwt import decode

from registry.citizens.changes import apply_changes
from registry.citizens.related import documents
from registry.corrections.models import CorrectionCase
from registry.kernel.clock import today
from registry.kernel.db import Database
from registry.kernel.ledger import Change, Moment
from registry.prefill import answering
from registry.prefill.canonical import canonical
from registry.prefill.models import Prefill
from registry.prefill.receipts import TYPE, digest, read_receipt
from tests.town import BUILDING, BUSINESS, Town


def _given(filled: dict[str, Any]) -> dict[str, Any]:
    """Return what a form that changes nothing sends back."""
    return {
        key: leaf.get("code", leaf.get("value"))
        for key, leaf in filled["fields"].items()
        if key in filled["salts"]
    }


def _verify(town: Town, token: str, case: str, prefill: str, fields: dict[str, Any]) -> Any:
    path = f"/v1/prefill/{prefill}/verify"
    answer = town.call(token, "POST", path, BUILDING, case, json={"fields": fields})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def _prefills(town: Town, case: str) -> list[Prefill]:
    with town.database.reading() as session:
        return list(session.scalars(sa.select(Prefill).where(Prefill.case == case)))


def _rewrite(town: Town, slug: str, **more: Any) -> None:
    """Let a steward change the record of a persona from today on."""
    who = town.people[slug]
    with town.database.transaction() as session:
        document = documents(session, [who], Moment())[who]
        change = Change({**document, **more}, today())
        apply_changes(session, [change], source="test", load=None)


# What may not stand alone.


def test_what_fails_after_reading_leaves_neither_release_nor_rows(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = town.token("mai", BUILDING)

    def fails(*_: object) -> Any:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(answering, "release", fails)
        assert town.fill(token, BUILDING, "T-1").status_code == 500
    assert _prefills(town, "T-1") == []
    assert "delivered" not in {row.outcome for row in town.rows("T-1")}
    # Nor is the consent bound to a case that was never served.
    assert town.fill(token, BUILDING, "T-2").status_code == 200


def test_of_two_cases_at_once_a_consent_serves_one(town: Town) -> None:
    for attempt in range(3):
        token, barrier = town.token("mai", BUILDING), Barrier(2)

        def fill(number: int, token: str = token, barrier: Barrier = barrier) -> int:
            barrier.wait()
            return town.fill(token, BUILDING, f"T-3-{attempt}-{number}").status_code  # noqa: B023

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(fill, range(2))) == [200, 409]
        kept = [len(_prefills(town, f"T-3-{attempt}-{number}")) for number in range(2)]
        assert sorted(kept) == [0, 1]


def test_one_case_may_ask_twice_at_once(town: Town) -> None:
    token, barrier = town.token("mai", BUILDING), Barrier(2)

    def fill(_: int) -> int:
        barrier.wait()
        return town.fill(token, BUILDING, "T-4").status_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(fill, range(2))) == [200, 200]


def test_a_locked_value_that_came_back_otherwise_is_not_valid(town: Town) -> None:
    token = town.token("tuan", BUILDING)
    filled = town.filled(token, BUILDING, "T-5")
    given = _given(filled) | {"owner.full_name": "PHẠM QUỐC TOÀN"}
    told = _verify(town, token, "T-5", filled["id"], given)
    assert not told["valid"]
    assert told["fields"]["owner.full_name"]["result"] == "changed"
    assert "correction" not in told["fields"]["owner.full_name"]
    del given["owner.full_name"]
    assert not _verify(town, token, "T-5", filled["id"], given)["valid"]


def test_a_prefill_that_is_closed_is_verified_and_watched_no_more(town: Town) -> None:
    token = town.token("tuan", BUILDING)
    filled = town.filled(token, BUILDING, "T-6")
    path = f"/v1/prefill/{filled['id']}"
    closed = [town.call(token, "POST", f"{path}/close", BUILDING, "T-6") for _ in range(2)]
    assert closed[0].get_json() == closed[1].get_json()
    body: dict[str, Any] = {"json": {"fields": {}}}
    assert town.call(token, "POST", f"{path}/verify", BUILDING, "T-6", **body).status_code == 409
    assert town.call(token, "GET", path, BUILDING, "T-6").get_json()["state"] == "closed"
    assert town.call(token, "GET", path, BUILDING, "T-6b").status_code == 409


# What is proved.


def test_a_receipt_is_read_with_our_public_keys_alone(town: Town) -> None:
    filled = town.filled(town.token("mai", BUILDING), BUILDING, "T-7")
    client = town.form.service.app.test_client()
    keys = KeySet.import_key_set(client.get("/oauth/jwks").get_json())
    assert decode(filled["receipt"], keys, algorithms=["ES256"]).header["typ"] == TYPE
    receipt = read_receipt(keys, filled["receipt"])
    assert (receipt.client_id, receipt.procedure, receipt.case) == ("ward-office", BUILDING, "T-7")
    assert receipt.prefill_id == filled["id"]
    assert town.people["mai"] != receipt.subject
    text = canonical(filled["fields"]["submitter.birth_date"]["value"], "partial_date")
    made = digest(filled["salts"]["submitter.birth_date"], "submitter.birth_date", text)
    assert made == receipt.fields["submitter.birth_date"].digest
    # A salt is for a value; neither is in the receipt, nor is a value in what is kept.
    [kept] = _prefills(town, "T-7")
    assert filled["salts"].keys() == {k for k, given in receipt.fields.items() if given.digest}
    assert "LÊ THỊ MAI" not in str(kept.fields)


def test_values_that_are_only_written_otherwise_are_unchanged(town: Town) -> None:
    token = town.token("mai", BUILDING)
    filled = town.filled(token, BUILDING, "T-8")
    given = _given(filled) | {
        "owner.full_name": "  lê thị  mai ".upper(),
        "submitter.birth_date": "12/4/1988",
        "owner.parcel_area": "96,5",
        "owner.months": "6",
    }
    told = _verify(town, token, "T-8", filled["id"], given)
    results = {key: one["result"] for key, one in told["fields"].items()}
    assert told["valid"], results
    assert {results[key] for key in filled["salts"]} == {"unchanged"}
    assert results["owner.months"] == "added"
    assert {one["register"] for one in told["fields"].values() if "register" in one} == {"same"}


def test_a_disputed_value_opens_one_correction_with_a_day(town: Town) -> None:
    token = town.token("hung", BUILDING)
    filled = town.filled(token, BUILDING, "T-9")
    disputed = {"value": "BÙI VĂN HƯNG", "reason": "misspelt", "note": "sai dấu"}
    given = _given(filled) | {"owner.full_name": disputed}
    first = _verify(town, token, "T-9", filled["id"], given)
    again = _verify(town, token, "T-9", filled["id"], given)
    assert first["valid"]
    opened = first["fields"]["owner.full_name"]["correction"]
    assert again["fields"]["owner.full_name"]["correction"] == opened
    assert opened["due_on"] > today().isoformat()
    with town.database.reading() as session:
        wanted = sa.select(CorrectionCase).where(CorrectionCase.subject_id == town.people["hung"])
        [case] = session.scalars(wanted)
    assert (case.id, case.path, case.reason) == (opened["id"], "name.full", "misspelt")
    assert case.prefill_id == filled["id"]
    # From now on every form hears that the value is in question.
    leaf = town.filled(token, BUILDING, "T-9")["fields"]["owner.full_name"]
    assert (leaf["state"], leaf["lock"]) == ("under_review", "editable")


def test_a_prefill_says_when_what_it_used_is_another_now(own_town: Town) -> None:
    token = own_town.token("mai", BUILDING)
    filled = own_town.filled(token, BUILDING, "T-10")
    path = f"/v1/prefill/{filled['id']}"
    first = own_town.call(token, "GET", path, BUILDING, "T-10")
    assert (first.status_code, first.get_json()["changed"]) == (200, [])
    same = {"headers": {"If-None-Match": first.headers["ETag"]}}
    assert own_town.call(token, "GET", path, BUILDING, "T-10", **same).status_code == 304
    # What the form did not use changes nothing for it.
    _rewrite(own_town, "mai", religion={"code": "1", "label": "Phật giáo"})
    assert own_town.call(token, "GET", path, BUILDING, "T-10", **same).status_code == 304
    _rewrite(own_town, "mai", phone="0911111111")
    after = own_town.call(token, "GET", path, BUILDING, "T-10", **same)
    assert (after.status_code, after.get_json()["changed"]) == (
        200,
        ["owner.phone", "submitter.phone"],
    )
    told = _verify(own_town, token, "T-10", filled["id"], _given(filled))
    assert told["fields"]["owner.phone"] == {"result": "unchanged", "register": "changed"}


# What it costs and writes down.


def test_each_person_told_of_has_rows_and_nobody_else(town: Town) -> None:
    filled = town.filled(town.token("mai", BUSINESS), BUSINESS, "T-11")
    rows = [row for row in town.rows("T-11") if row.outcome == "delivered"]
    of_people = [str(row.subject_id) for row in rows if "birth_date" in row.attributes]
    told = {
        leaf["source"]["record_id"]
        for key, leaf in filled["fields"].items()
        if "source" in leaf and leaf["source"]["register"] == "citizens"
    }
    # In two roles or in one, a person is read once.
    assert sorted(of_people) == sorted(told)
    assert {row.procedure for row in rows} == {BUSINESS}


@contextmanager
def _counting(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(" ".join(statement.split()))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", note)


def test_a_form_costs_statements_by_people_and_registers_and_not_by_fields(town: Town) -> None:
    token = town.token("mai", BUILDING)
    few = ["owner.full_name", "owner.parcel_number"]
    for keys in (None, few):
        town.filled(token, BUILDING, "T-12", **({"keys": keys} if keys else {}))
    with _counting(town.database) as some:
        town.filled(token, BUILDING, "T-12", keys=few)
    with _counting(town.database) as every:
        town.filled(token, BUILDING, "T-12")
    assert _of_fill(every) == _of_fill(some)
    assert len(_of_fill(every)) <= 25
    home = town.token("mai", BUSINESS)
    town.filled(home, BUSINESS, "T-13")
    with _counting(town.database) as household:
        told = town.filled(home, BUSINESS, "T-13")
    assert len(_of_fill(household)) <= 25 * len(told["participants"])


def _of_fill(statements: list[str]) -> list[str]:
    """Leave out what every call does at the door, and what makes a unit of work."""
    door = ("auth_generation", "FROM client", "call_count", "auth_secret", "slowed_client")
    kept = [each for each in statements if not any(name in each for name in door)]
    return [each.partition(" WHERE ")[0] for each in kept if not each.startswith("BEGIN")]
