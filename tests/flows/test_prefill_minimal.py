"""Nothing is told but what the form, the agreement and the consent all three allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auth.principals import Agreement, Principal, Purpose
from registry.citizens.changes import apply_changes
from registry.citizens.related import documents
from registry.civil_status.changes import record_acts
from registry.kernel.clock import today
from registry.kernel.ledger import Change, Moment
from registry.parcels import changes as parcels
from registry.prefill.answering import House, Terms, fill
from registry.prefill.filling import CATALOGUES, Form
from registry.prefill.shapes import Profile
from registry.prefill.subjects import Consented, members
from tests import acts
from tests.parcels import holder
from tests.parcels import parcel as parcel_of
from tests.town import BIRTH, BUILDING, PROFILES, STATUS, Town

# What stands in the registers of one person, and the attributes by which alone it may be told.
MARKS: Mapping[str, set[str]] = {
    "Mốc Họ Tên": {"citizens:name.full"},
    "1987-06-05": {"citizens:birth_date"},
    "0988111222": {"citizens:phone"},
    "moc@example.vn": {"citizens:email"},
    "Mốc Mẹ": {"citizens:mother.name"},
    "Mốc Cha": {"citizens:father.name"},
    "Mốc Đạo": {"citizens:religion"},
    "Mốc Quê": {"citizens:hometown"},
    "Mốc Nhà": {"citizens:effective_residence", "citizens:residence.permanent.address"},
    "999000777": {"citizens:identifiers"},
    "MC 123456": {"parcels:certificates.serial"},
    "MOC-77": {"parcels:certificates.register_number"},
    "Mốc Đất": {"parcels:address"},
    "Mốc Chủ": {"parcels:holders.name"},
    "98765": {"parcels:reference"},
    "77/2012-KH": {"civil_status:book"},
    "Cao Su Mốc": {"parcels:purposes.purpose"},
}
ROLES = {code: [role.id for role in PROFILES[code].roles] for code in (BUILDING, BIRTH, STATUS)}
WHO = "ten-dai"
EVERY = sorted(f"{c.register}:{a.path}" for c in CATALOGUES.values() for a in c.attributes)


def _place(text: str, unit: Any) -> dict[str, Any]:
    return {**unit, "as_recorded": text}


@pytest.fixture(scope="module")
def marked(town: Town) -> Town:
    """Give the town in which every value of one person can be searched for."""
    who = town.people[WHO]
    with town.database.transaction() as session:
        document = documents(session, [who], Moment())[who]
        home = document["residence"]["permanent"]
        more: dict[str, Any] = {
            "name": {"full": "Mốc Họ Tên"},
            "birth_date": {"value": "1987-06-05", "precision": "day"},
            "phone": "0988111222",
            "email": "moc@example.vn",
            "mother": {"name": "Mốc Mẹ"},
            "father": {"name": "Mốc Cha"},
            "religion": {"code": "1", "label": "Mốc Đạo"},
            "hometown": _place("Mốc Quê", home["address"]),
            "residence": {"permanent": {**home, "address": _place("Mốc Nhà", home["address"])}},
            "identifiers": [
                *document.get("identifiers", []),
                {"type": "nine_digit_id", "value": "999000777"},
            ],
        }
        apply_changes(session, [Change({**document, **more}, today())], source="test", load=None)
        land = parcel_of(
            reference={
                "commune": {"code": "27007", "label": "Phường Tân Hòa"},
                "sheet": "98765",
                "number": "4",
            },
            address=_place("Mốc Đất", home["address"]),
            holders=[holder(town.numbers[WHO], "Mốc Chủ")],
            purposes=[{"purpose": {"code": "CLN", "label": "Cao Su Mốc"}, "area": 400.0}],
            certificates=[{"serial": "MC 123456", "register_number": "MOC-77"}],
        )
        parcels.apply_changes(session, [Change(land, date(2010, 5, 4))], source="test", load=None)
        wedding = acts.marriage(
            "KH-M", "2012-10-20", town.numbers["nhat"], town.numbers[WHO], book="77/2012-KH"
        )
        record_acts(session, [acts.change(wedding)], source="test", load=None)
    return town


def _details(profile: Profile, agreed: Mapping[str, Iterable[str]]) -> list[dict[str, Any]]:
    return [
        {"procedure": profile.codes[0].code, "subjects": [role], "attributes": sorted(attributes)}
        for role, attributes in agreed.items()
    ]


def _answer(town: Town, code: str, held: set[str], form: Form, consent: Consented) -> Any:
    """Return the answer to a form under an agreement of the attributes ``held``; keep nothing."""
    by_register = {
        name: frozenset(each.partition(":")[2] for each in held if each.startswith(f"{name}:"))
        for name in CATALOGUES
    }
    agreement = Agreement("", "ward-office", code, by_register, {}, "Luật", date(2026, 1, 1))
    principal = Principal(
        "ward-office",
        frozenset({"prefill:read"}),
        "t" * 32,
        Purpose(code, "M-1"),
        agreement,
        person_id=consent.person_id,
    )
    state = town.form.service.app.extensions["sogoc"]
    house = House(state.keys.sign, state.settings.issuer, 30)
    with town.database.transaction() as session:
        terms = Terms(consent.person_id, None, "")
        told = fill(session, principal, form, terms, house)
        session.rollback()
    return told


@given(data=st.data())
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_value_is_told_only_where_form_agreement_and_consent_meet(
    marked: Town, data: st.DataObject
) -> None:
    code = data.draw(st.sampled_from(sorted(ROLES)))
    profile = PROFILES[code]
    needed = sorted({field.attribute for field in profile.fields if field.attribute})
    # Mostly what the form has a field for, and anything else that the registers have.
    some = st.one_of(st.just(set(needed)), st.sets(st.sampled_from(needed)))
    more = st.sets(st.sampled_from(EVERY), max_size=30)
    held = data.draw(some) | data.draw(more)
    agreed = {role: data.draw(some) | data.draw(more) for role in ROLES[code]}
    keys = data.draw(st.one_of(st.none(), st.frozensets(st.sampled_from(_keys(profile)))))
    person = marked.people[WHO]
    consent = Consented(person, _details(profile, agreed))
    with marked.database.reading() as session:
        people = members(session, profile, consent)
    form = Form(profile, people, keys=keys, predicates=_predicates(marked))
    told = _answer(marked, code, held, form, consent)
    asked = [field for field in profile.fields if keys is None or field.key in keys]
    allowed = {
        field.attribute
        for field in asked
        if field.attribute in held and field.attribute in agreed[field.role]
    }
    for field in asked:
        leaf = told["fields"].get(field.key, {})
        if "value" in leaf or "code" in leaf:
            assert field.attribute in allowed, field.key
            assert field.attribute in agreed[field.role], field.key
    text = orjson.dumps(told).decode().casefold()
    for mark, attributes in MARKS.items():
        if mark.casefold() in text:
            assert attributes & allowed, mark


def _keys(profile: Profile) -> list[str]:
    return [field.key for field in profile.fields]


def _predicates(town: Town) -> Any:
    return town.form.service.app.extensions["sogoc"].predicates


def test_every_mark_of_a_field_is_told_where_all_three_allow_it(marked: Town) -> None:
    # Or the search above would find nothing, whatever was told.
    person, found = marked.people[WHO], set[str]()
    for code, roles in ROLES.items():
        profile = PROFILES[code]
        every = dict.fromkeys(roles, EVERY)
        consent = Consented(person, _details(profile, every))
        with marked.database.reading() as session:
            people = members(session, profile, consent)
        form = Form(profile, people, predicates=_predicates(marked))
        told = orjson.dumps(_answer(marked, code, set(EVERY), form, consent)).decode().casefold()
        found |= {mark for mark in MARKS if mark.casefold() in told}
    never = {"Mốc Mẹ", "Mốc Cha", "Mốc Đạo", "999000777"}
    assert MARKS.keys() - found == never
