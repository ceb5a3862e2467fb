"""At submission every altered value is seen, and every dispute is followed once."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from auth.principals import Principal, Purpose
from registry.citizens import changes as citizens
from registry.kernel import clock
from registry.kernel.clock import now
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, Invalid, NotFound
from registry.prefill.models import Prefill, PrefillCorrection, PrefillVerification
from registry.prefill.watching import close
from tests.people import BAY, LAN
from tests.registry.prefill.conftest import PERMANENT, SUBMITTED, Cases, Desk, Opened

MOVED = {"value": {**PERMANENT, "as_recorded": "1 Lê Lợi"}, "reason": "moved", "note": "từ tháng 9"}


def test_a_prefill_of_another_client_is_not_there(desk: Desk, stranger: Principal) -> None:
    with pytest.raises(NotFound):
        desk.verify(SUBMITTED, stranger)
    with pytest.raises(NotFound):
        desk.verify(SUBMITTED, replace(desk.principal, person_id=desk.people[BAY]))
    for unknown in (new_id(), "no id"):
        desk.released = replace(desk.released, id=unknown)
        with pytest.raises(NotFound):
            desk.verify(SUBMITTED)
    with desk.database.reading() as session:
        assert session.scalars(sa.select(PrefillVerification)).all() == []
        assert session.scalars(sa.select(Prefill.verifications)).one() == 0


def test_the_headers_of_another_case_are_refused(desk: Desk) -> None:
    other = replace(desk.principal, purpose=Purpose(desk.principal.purpose.procedure, "H29-0002"))  # type: ignore[union-attr]
    with pytest.raises(Conflict, match="another case"):
        desk.verify(SUBMITTED, other)


def test_what_is_over_says_what_to_do(desk: Desk) -> None:
    with (
        clock.fixed(now() + timedelta(days=31)),
        pytest.raises(Conflict, match=r"expired: prefill again"),
    ):
        desk.verify(SUBMITTED)
    with desk.database.transaction() as session:
        close(session, desk.principal, desk.released.id)
    with pytest.raises(Conflict, match=r"closed: prefill again"):
        desk.verify(SUBMITTED)
    assert desk.rows() == []


def test_unknown_keys_and_reasons_are_all_named(desk: Desk) -> None:
    wrong = {
        "owner.nickname": "Lan",
        "a/b~c": "",
        "owner.full_name": {"value": "x", "reason": "just so"},
        "owner.sex": {"value": "1", "reason": "other", "note": "n" * 501},
    }
    with pytest.raises(Invalid) as refused:
        desk.verify({**SUBMITTED, **wrong})
    assert [(e.pointer, e.code) for e in refused.value.errors] == [
        ("/fields/owner.nickname", "unknown"),
        ("/fields/a~1b~0c", "unknown"),
        ("/fields/owner.full_name/reason", "reason"),
        ("/fields/owner.sex/note", "note"),
    ]
    assert desk.cases.told == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("owner.full_name", "Nguyễn Thị Lân"),
        ("owner.full_name", "Nguyễn Thi Lan"),
        ("owner.full_name", ["Nguyễn Thị Lan"]),
        ("owner.birth_date", "18/05/1990"),
        ("owner.birth_date", "1990"),
        ("owner.birth_date", "no date"),
        ("household.code", "HK-2"),
        ("household.code", ""),
        ("household.code", None),
    ],
)
def test_a_locked_value_that_came_back_otherwise_is_not_valid(
    desk: Desk, key: str, value: Any
) -> None:
    answer = desk.verify({**SUBMITTED, key: value})
    assert answer["valid"] is False
    expected = "missing" if not value else "changed"
    assert [k for k, v in answer["fields"].items() if v["result"] == expected] == [key]
    assert desk.cases.told == []


def test_a_locked_value_left_out_is_not_valid(desk: Desk) -> None:
    answer = desk.verify({k: v for k, v in SUBMITTED.items() if k != "owner.full_name"})
    assert (answer["valid"], answer["fields"]["owner.full_name"]["result"]) == (False, "missing")


def test_values_written_otherwise_are_unchanged(desk: Desk) -> None:
    answer = desk.verify(SUBMITTED)
    assert answer == {
        "id": desk.released.id,
        "case": "H29-0001",
        "fields": {
            "owner.full_name": {"result": "unchanged", "register": "same"},
            "owner.birth_date": {"result": "unchanged", "register": "same"},
            "owner.sex": {"result": "unchanged", "register": "same"},
            "owner.address": {"result": "unchanged", "register": "same"},
            "household.code": {"result": "unchanged", "register": "same"},
            "owner.phone": {"result": "withheld"},
            "design.floors": {"result": "added"},
        },
        "valid": True,
    }
    [row] = desk.rows()
    assert (row.outcome, row.subject_id) == ("delivered", desk.principal.person_id)
    assert "citizens:name.full" in row.attributes.split()


def test_the_client_alone_may_verify_too(desk: Desk) -> None:
    desk.verify(SUBMITTED, replace(desk.principal, person_id=None))
    [row] = desk.rows()
    assert (row.person_id, row.subject_id) == (None, desk.people[LAN])


def test_what_is_not_locked_may_be_changed_and_is_told(desk: Desk) -> None:
    answer = desk.verify({**SUBMITTED, "owner.sex": "1", "owner.address": "1 Lê Lợi"})
    assert answer["valid"] is True
    assert answer["fields"]["owner.sex"]["result"] == "changed"
    assert answer["fields"]["owner.address"]["result"] == "changed"
    assert desk.cases.told == []


def test_a_reason_opens_one_correction_however_often_it_is_verified(desk: Desk) -> None:
    renamed = {"value": "Nguyễn Thị Lán", "reason": "misspelt"}
    submitted = {**SUBMITTED, "owner.full_name": renamed, "owner.address": MOVED}
    first = desk.verify(submitted)
    assert first["valid"] is True
    assert first["fields"]["owner.full_name"] == {
        "result": "changed",
        "reason": "misspelt",
        "correction": {"id": "case-2", "due_on": "2026-11-30"},
        "register": "same",
    }
    again = {**renamed, "value": "NGUYỄN THỊ LÁN"}
    assert desk.verify({**submitted, "owner.full_name": again}) == first
    assert len(desk.cases.told) == 2
    told = desk.cases.told[0]
    assert (told.key, told.reason, told.note) == ("owner.address", "moved", "từ tháng 9")
    assert (told.registered, told.declared) == (PERMANENT, MOVED["value"])
    assert (told.register, told.path) == ("citizens", "residence.permanent.address")
    # Another declaration is another dispute.
    other = {**renamed, "value": "Nguyễn Thị Lãn"}
    assert "case-3" in json.dumps(desk.verify({**submitted, "owner.full_name": other}))


def test_a_reason_without_a_change_or_a_registered_value_opens_nothing(desk: Desk) -> None:
    answer = desk.verify(
        {
            **SUBMITTED,
            "owner.full_name": {"value": "Nguyễn Thị Lan", "reason": "other"},
            "owner.phone": {"value": "0900000000", "reason": "other"},
            "household.code": {"value": "", "reason": "moved"},
        }
    )
    assert (answer["valid"], desk.cases.told) == (True, [])
    assert answer["fields"]["household.code"] == {
        "result": "missing",
        "reason": "moved",
        "register": "same",
    }


def test_two_that_verify_at_once_open_one_correction(desk: Desk) -> None:
    answers: list[dict[str, Any]] = []
    submitted = {**SUBMITTED, "owner.address": MOVED}
    threads = [
        threading.Thread(target=lambda: answers.append(desk.verify(submitted))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [a["fields"]["owner.address"]["correction"]["id"] for a in answers] == ["case-1"] * 4
    with desk.database.reading() as session:
        assert len(session.scalars(sa.select(PrefillCorrection)).all()) == 1
        assert len(session.scalars(sa.select(PrefillVerification)).all()) == 4
        assert session.scalars(sa.select(Prefill.verifications)).one() == 4


def test_a_correction_that_fails_leaves_no_verification(desk: Desk) -> None:
    class Refusing(Cases):
        def open(self, session: object, told: object) -> Opened:
            del session, told
            raise Conflict

    desk.cases = Refusing()
    with pytest.raises(Conflict):
        desk.verify({**SUBMITTED, "owner.address": MOVED})
    with desk.database.reading() as session:
        assert session.scalars(sa.select(PrefillVerification)).all() == []
        assert session.scalars(sa.select(Prefill.verifications)).one() == 0


def test_only_a_used_value_that_is_another_now_is_told_as_changed(desk: Desk) -> None:
    desk.rewrite(religion={"code": "01", "label": "Phật giáo"})
    assert {f.get("register") for f in desk.verify(SUBMITTED)["fields"].values()} == {"same", None}
    desk.rewrite(name={"full": "Nguyễn Thị Loan"})
    answer = desk.verify(SUBMITTED)["fields"]
    # It came back as it was given, so the form is not to blame.
    assert answer["owner.full_name"] == {"result": "unchanged", "register": "changed"}
    assert answer["owner.birth_date"]["register"] == "same"


def test_of_whoever_is_protected_since_nothing_is_told(desk: Desk) -> None:
    desk.rewrite(name={"full": "Nguyễn Thị Loan"})
    with desk.database.transaction() as session:
        citizens.set_secrecy(session, desk.principal.person_id or "", "full")
    answer = desk.verify({**SUBMITTED, "owner.address": MOVED})["fields"]
    assert "register" not in answer["owner.full_name"]
    assert desk.cases.told[0].registered is None


def test_no_value_is_kept_anywhere(desk: Desk) -> None:
    note = "ghi chú riêng"
    desk.verify({**SUBMITTED, "owner.address": {**MOVED, "note": note}})
    with desk.database.reading() as session:
        kept = []
        for table in ("prefill", "prefill_verification", "prefill_correction"):
            kept += [str(tuple(row)) for row in session.execute(sa.text(f"SELECT * FROM {table}"))]  # noqa: S608 - names of ours
    text = " ".join(kept)
    for value in ("Nguyễn", "1990", "169/8A", "Lê Lợi", note):
        assert value not in text
