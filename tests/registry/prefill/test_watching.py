"""Between prefill and decision a client hears of values that it used, of nothing else, and once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from joserfc import jwt

from auth.grants.grants import revoke_grant
from auth.grants.models import Grant
from auth.principals import Principal
from registry.background import HANDLERS, RECURRING
from registry.citizens import changes as citizens
from registry.households import changes as households
from registry.jobs.worker import Worker
from registry.kernel import clock
from registry.kernel.clock import now
from registry.kernel.db import new_id
from registry.kernel.errors import NotFound
from registry.kernel.settings import Settings
from registry.prefill import notices
from registry.prefill.models import Prefill, PrefillEvent
from registry.prefill.notices import CHANGED, read_events
from registry.prefill.values_today import reader
from registry.prefill.watching import changed_keys, close, tag
from tests.people import household
from tests.registry.prefill.conftest import ISSUER, Desk

RENAMED = {"full": "Nguyễn Thị Loan"}
CONVERTED = {"code": "01", "label": "Phật giáo"}


def _events(desk: Desk, after: int = 0, client: str = "ward-office") -> dict[str, Any]:
    with desk.database.transaction() as session:
        return read_events(session, replace(desk.principal, client_id=client), after, 100)


def _tag(desk: Desk) -> str:
    with desk.database.reading() as session:
        return tag(session, session.get_one(Prefill, desk.released.id), reader())


def _changed(desk: Desk) -> tuple[str, ...]:
    with desk.database.reading() as session:
        return changed_keys(session, session.get_one(Prefill, desk.released.id), reader())


def test_another_client_can_neither_look_nor_close(desk: Desk, stranger: Principal) -> None:
    with pytest.raises(NotFound):
        desk.look(stranger)
    with desk.database.transaction() as session, pytest.raises(NotFound):
        close(session, stranger, desk.released.id)
    assert desk.look().answer["state"] == "open"


def test_what_else_changed_in_a_record_is_not_told(desk: Desk) -> None:
    before = desk.look()
    assert before.answer["changed"] == []
    desk.rewrite(religion=CONVERTED)
    after = desk.look()
    assert (after.tag, after.answer) == (before.tag, before.answer)
    assert desk.notice().told == 0
    assert _events(desk) == {"events": [], "after": 0}


def test_what_was_used_and_changed_is_told_by_key(desk: Desk) -> None:
    before = desk.look()
    desk.rewrite(name=RENAMED)
    after = desk.look()
    assert after.answer["changed"] == ["owner.full_name"] == list(_changed(desk))
    assert before.tag != after.tag == _tag(desk)
    desk.rewrite(name={"full": "Nguyễn Thị Liên"})
    third = desk.look()
    # The same key, but another value: whoever has the second answer must not hear "as before".
    assert (third.answer, third.tag != after.tag) == (after.answer, True)
    assert [row.subject_id for row in desk.rows()] == [desk.principal.person_id] * 3


def test_a_value_that_is_gone_is_a_change(desk: Desk) -> None:
    desk.rewrite(residence={})
    assert _changed(desk) == ("owner.address",)


def test_a_value_that_was_only_written_otherwise_is_none(desk: Desk) -> None:
    desk.rewrite(name={"full": "NGUYỄN THỊ LAN"}, sex={"code": "2", "label": "nữ"})
    assert _changed(desk) == ()


def test_what_is_over_tells_no_change(desk: Desk) -> None:
    desk.rewrite(name=RENAMED)
    with clock.fixed(now() + timedelta(days=31)):
        expired = desk.look()
        assert desk.notice().looked == 0
    assert (expired.answer["state"], expired.answer["changed"]) == ("expired", [])
    with desk.database.transaction() as session:
        first = close(session, desk.principal, desk.released.id)
    with clock.fixed(now() + timedelta(days=1)), desk.database.transaction() as session:
        assert close(session, desk.principal, desk.released.id) == first
    closed = desk.look()
    assert (closed.answer["state"], closed.answer["changed"]) == ("closed", [])
    assert desk.notice().looked == 0
    assert desk.rows() == []


def test_after_a_withdrawal_no_change_is_told(desk: Desk) -> None:
    day = now()
    with desk.database.transaction() as session:
        session.add(
            Grant(
                id=(grant := new_id()),
                client_id="ward-office",
                person_id=new_id(),
                subject="s",
                scopes=[],
                details=[],
                auth_time=day,
                acr="",
                amr=[],
                created_at=day,
                expires_at=day + timedelta(days=1),
            )
        )
        session.flush()
        session.get_one(Prefill, desk.released.id).grant_id = grant
    desk.rewrite(name=RENAMED)
    assert desk.look().answer["changed"] == ["owner.full_name"]
    with desk.database.transaction() as session:
        revoke_grant(session, grant)
    assert desk.look().answer["changed"] == []
    assert desk.notice().told == 0


def test_a_change_is_told_once_and_going_back_too(desk: Desk) -> None:
    assert desk.notice().told == 0
    desk.rewrite(name=RENAMED)
    assert (desk.notice().told, desk.notice().told) == (1, 0)
    desk.rewrite(name=RENAMED, religion=CONVERTED)
    assert desk.notice().told == 0
    desk.rewrite(name=RENAMED, sex={"code": "1", "label": "Nam"})
    assert desk.notice().told == 1
    desk.rewrite()
    assert desk.notice().told == 1
    keys = [event["keys"] for event in _events(desk)["events"]]
    assert keys == [["owner.full_name"], ["owner.sex"], ["owner.full_name", "owner.sex"]]
    assert desk.look().answer["changed"] == []


def test_a_household_is_watched_too(desk: Desk) -> None:
    with desk.database.transaction() as session:
        other = households.LEDGER
        row = session.scalars(sa.select(other.records.row)).one()
        other.touch(session, row)
    assert _changed(desk) == ()
    with desk.database.transaction() as session:
        moved = {**household(), "code": "HK-9"}
        document = households.resolved(session, [moved])[0]
        other.touch(session, row, document=document)
    assert _changed(desk) == ("household.code",)


def test_of_whoever_is_protected_nothing_is_told_until_they_are_not(desk: Desk) -> None:
    who = desk.principal.person_id or ""
    with desk.database.transaction() as session:
        citizens.set_secrecy(session, who, "address")
    desk.rewrite(name=RENAMED)
    assert (desk.notice().told, desk.look().answer["changed"]) == (0, [])
    with desk.database.transaction() as session:
        citizens.set_secrecy(session, who, "none")
    assert (desk.notice().told, desk.notice().told) == (1, 0)


def test_a_notice_is_a_signed_event_without_any_value(desk: Desk) -> None:
    desk.rewrite(name=RENAMED)
    desk.notice()
    [event] = _events(desk)["events"]
    assert (event["prefill_id"], event["keys"]) == (desk.released.id, ["owner.full_name"])
    decoded = jwt.decode(event["set"], desk.keys.verifying, algorithms=["ES256"])
    assert decoded.header["typ"] == "secevent+jwt"
    claims = dict(decoded.claims)
    assert claims.pop("jti") != claims.pop("txn")
    assert abs(claims.pop("iat") - now().timestamp()) < 60
    assert claims == {
        "iss": ISSUER,
        "aud": "ward-office",
        "sub_id": {"format": "opaque", "id": desk.released.id},
        "events": {CHANGED: {"keys": ["owner.full_name"], "case": "H29-0001"}},
    }


def test_notices_are_handed_out_until_confirmed_and_to_nobody_else(desk: Desk) -> None:
    desk.rewrite(name=RENAMED)
    desk.notice()
    assert _events(desk, client="tax-office")["events"] == []
    first = _events(desk)
    assert _events(desk) == first
    assert [(row.case, row.attributes, row.subject_id) for row in desk.rows()] == [
        ("H29-0001", "citizens:name.full", desk.principal.person_id)
    ] * 2
    assert _events(desk, client="tax-office", after=first["after"])["events"] == []
    with desk.database.reading() as session:
        [row] = session.scalars(sa.select(PrefillEvent))
        assert (row.attempts, row.delivered_at) == (2, None)
    assert _events(desk, after=first["after"]) == {"events": [], "after": first["after"]}
    with desk.database.reading() as session:
        assert session.scalars(sa.select(PrefillEvent.delivered_at)).one() is not None


def test_two_looks_at_once_write_one_notice(desk: Desk) -> None:
    desk.rewrite(name=RENAMED)
    with desk.database.reading() as session:
        before = session.get_one(Prefill, desk.released.id)
    assert desk.notice().told == 1
    # The other look had read the row before the first one wrote.
    with desk.database.transaction() as session:
        assert not notices._first(session, before, "seen", {})


def test_the_walk_goes_on_where_it_stopped(desk: Desk) -> None:
    step = desk.notice(limit=1)
    assert (step.last, step.looked) == (desk.released.id, 1)
    assert desk.notice(step.last, 1) == replace(step, last=None, looked=0)


def test_the_worker_watches_by_itself(desk: Desk, tmp_path: Path) -> None:
    desk.rewrite(name=RENAMED)
    settings = Settings(issuer=ISSUER, key_file=str(tmp_path / "keys.json"))
    watching = [work for work in RECURRING if work.kind == "notice_prefill_changes"]
    assert Worker(desk.database, settings, HANDLERS, watching).run(lambda: False, idle_exit=0)
    [event] = _events(desk)["events"]
    decoded = jwt.decode(event["set"], desk.keys.verifying, algorithms=["ES256"])
    assert decoded.claims["sub_id"]["id"] == desk.released.id
