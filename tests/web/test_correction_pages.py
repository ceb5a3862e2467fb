"""The pages of corrections: only of what was shown, checked before it is sent, followed after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.kernel.clock import today
from registry.kernel.db import Database
from tests.acts import AN, MINH
from tests.people import BAY, LAN
from tests.web.visiting import Site, site, text_of

_NEW = "/citizen/corrections/new"
_FILLED = {"proposed": "18/05/1990", "reason": "misspelt", "note": "Khai sinh số 7"}


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Iterator[Site]:
    with site(database, tmp_path) as made:
        yield made


def _birth(place: Site, number: str = LAN, of: str | None = None) -> dict[str, str]:
    key = place.ids[number]
    return {"of": of or key, "register": "citizens", "record": key, "path": "birth_date"}


@pytest.mark.parametrize("number", [BAY, MINH])
def test_nobody_reports_an_error_of_others(place: Site, number: str) -> None:
    visit = place.visit(LAN)
    for where in (_birth(place, number), _birth(place, number, of=place.ids[LAN])):
        assert visit.client.get(_NEW, query_string=where).status_code == 404
        assert visit.post(_NEW, **where, **_FILLED, step="send").status_code == 404
    assert place.corrections.reports == []


def test_nobody_reports_what_was_never_shown(place: Site) -> None:
    visit = place.visit(LAN)
    # An age is wrong where the date of birth is, and a cause of death is told to nobody.
    derived, hidden = {"path": "age"}, {"register": "civil_status", "path": "death.cause"}
    unknown, other, none = {"path": "nothing"}, {"register": "parcels"}, {"record": ""}
    for changed in (derived, hidden, unknown, other, none, {"register": "nothing"}):
        where = _birth(place) | changed
        assert visit.client.get(_NEW, query_string=where).status_code == 404, changed


def test_nothing_is_sent_without_the_token_of_the_session(place: Site) -> None:
    form = _birth(place) | _FILLED | {"step": "send", "form_token": "0" * 64}
    assert place.visit(LAN).post(_NEW, **form).status_code == 403
    assert place.corrections.reports == []


def test_what_is_missing_is_said_at_once_and_beside_its_field(place: Site) -> None:
    answer = place.visit(LAN).post(_NEW, **_birth(place), note="x" * 2001, proposed=" ")
    assert answer.status_code == 422
    for field in ("proposed", "reason", "note"):
        assert f'<a href="#{field}">' in answer.text
        assert f'id="{field}-wrong"' in answer.text
        assert f'id="{field}"' in answer.text
    assert "x" * 2001 in answer.text


def test_the_form_says_what_is_registered(place: Site) -> None:
    visit = place.visit(LAN)
    text = visit.get("/citizen").text
    link = next(part for part in text.split('"') if part.startswith(_NEW) and "birth_date" in part)
    answer = visit.get(link.replace("&amp;", "&"))
    assert answer.status_code == 200
    assert "Đang ghi là 17/05/1990" in text_of(answer)


def test_each_member_of_a_household_is_reported_apart(place: Site) -> None:
    visit = place.visit(LAN)
    parts = visit.get("/citizen").text.replace("&amp;", "&").split('"')
    links = [part for part in parts if part.startswith(_NEW) and "path=members" in part]
    told = [text_of(visit.get(link)) for link in links]
    assert ["900•••••0001" in text for text in told] == [True, False]
    assert ["900•••••0002" in text for text in told] == [False, True]


def test_answers_are_checked_before_they_are_sent_and_can_be_changed(place: Site) -> None:
    visit = place.visit(LAN)
    checked = visit.post(_NEW, **_birth(place), **_FILLED, step="check")
    assert "Đang ghi là 17/05/1990 Đúng ra phải là 18/05/1990" in text_of(checked)
    assert place.corrections.reports == []
    changed = visit.post(_NEW, **_birth(place), **_FILLED, step="change")
    assert 'value="18/05/1990"' in changed.text
    assert 'value="misspelt" checked' in changed.text


def test_a_report_says_what_was_registered_and_leads_to_its_case(place: Site) -> None:
    visit = place.visit(LAN)
    sent = visit.post(_NEW, **_birth(place), **_FILLED, step="send")
    assert sent.status_code == 303
    [report] = place.corrections.reports
    assert (report.person_id, report.subject_id) == (place.ids[LAN],) * 2
    assert (report.register, report.path) == ("citizens", "birth_date")
    assert (report.registered, report.proposed) == ("17/05/1990", "18/05/1990")
    assert (report.reason, report.note) == ("misspelt", "Khai sinh số 7")
    text = text_of(visit.get(sent.location))
    assert "Đã gửi." in text
    assert f"Nhận phản ánh ✓ xong ngày {today():%d/%m/%Y}" in text
    assert "Cấp xã kiểm tra chậm nhất ngày 05/01/2099" in text
    assert "Ngày, tháng, năm sinh" in text_of(visit.get("/citizen/corrections"))


def test_a_report_reads_no_more_than_what_it_is_about(place: Site) -> None:
    place.visit(LAN).client.get(_NEW, query_string=_birth(place))
    asked = {path for row in place.rows() for path in row.context.attributes.split()}
    assert any("birth_date" in path for path in asked)
    assert not any("religion" in path or "residence" in path for path in asked)


def test_a_parent_reports_an_error_of_a_child(place: Site) -> None:
    where, visit = _birth(place, AN), place.visit(LAN)
    assert visit.post(_NEW, **where, **_FILLED, step="send").status_code == 303
    [report] = place.corrections.reports
    assert (report.person_id, report.subject_id) == (place.ids[LAN], place.ids[AN])


def test_a_case_is_not_there_for_anybody_else(place: Site) -> None:
    sent = place.visit(LAN).post(_NEW, **_birth(place), **_FILLED, step="send")
    assert place.visit(BAY).get(sent.location).status_code == 404
