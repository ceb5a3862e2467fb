"""What can't be true of an act is found; what only might be wrong is not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from registry.civil_status.acts import amended
from registry.civil_status.checks import check_act, check_among
from registry.civil_status.quality import source_quality
from tests.acts import AN, HOA, MINH, act, birth, death, document, entry, marriage, note
from tests.people import BAY, LAN

TODAY = date(2026, 11, 24)


def _born(code: str = "KS-1", **changed: Any) -> dict[str, Any]:
    told = birth(code, "2018-09-20", AN, father=MINH, mother=LAN)
    for role, value in changed.items():
        told["persons"][role]["birth_date"] = {"value": value}
    return told


@pytest.mark.parametrize(
    ("told", "codes"),
    [
        (_born(child="2018-02-30"), ["date_impossible"]),
        (_born(father="1017-10-09"), ["date_impossible"]),
        ({"code": "X", "type": {"code": "birth"}, "persons": {}}, ["undated"]),
        (_born(child="2027-01-01"), ["date_future", "registered_before_event"]),
        (_born(child="2018-09-21"), ["registered_before_event"]),
        (death("KT-1", "1989-12-31", LAN, "1989-12-30"), ["death_before_birth"]),
        (_born(father="2019"), ["child_older_than_parent"]),
        (_born(mother="2007"), ["parent_too_young"]),
        (marriage("KH-1", "2008-05-16", MINH, LAN), ["under_age"]),
    ],
)
def test_what_cannot_be_is_found(told: dict[str, Any], codes: list[str]) -> None:
    assert check_act(told, TODAY) == codes


@pytest.mark.parametrize(
    "told",
    [
        _born(),
        _born(child="2018"),
        _born(mother="2006"),
        death("KT-1", "1991-01-01", LAN, "1990"),
        marriage("KH-1", "2010", MINH, LAN),
        document("X-1", "change", "2020-01-01"),
    ],
)
def test_what_may_be_is_left_alone(told: dict[str, Any]) -> None:
    assert check_act(told, TODAY) == []


WEDDING = act(marriage("KH-2", "2020-06-01", MINH, LAN))


def _among(*others: dict[str, Any]) -> list[str]:
    return check_among(WEDDING, amended([WEDDING, *(act(other) for other in others)]))


def test_nobody_marries_the_dead() -> None:
    assert _among(death("KT-1", "2019-02-01", LAN, "2019-01-20")) == ["marries_the_dead"]
    assert _among(death("KT-1", "2020-07-01", LAN, "2020")) == []
    assert _among(death("KT-1", "2021-02-01", LAN, "2021-01-20")) == []


def test_nobody_marries_twice_at_once() -> None:
    first = marriage("KH-1", "2016-05-05", MINH, HOA)
    assert _among(first) == ["already_married"]
    assert _among(first, note("LH-1", "divorce", "2019-01-01", amends="KH-1")) == []
    assert _among(first, note("LH-1", "divorce", "2021-01-01", amends="KH-1")) == [
        "already_married"
    ]
    assert _among(first, note("LH-1", "divorce", "2020", amends="KH-1")) == []
    assert _among(first, death("KT-1", "2019-01-01", HOA, "2018-12-01")) == []
    assert _among(marriage("KH-1", "2020", MINH, HOA)) == []


def test_the_same_couple_registered_again_is_not_married_twice() -> None:
    assert _among(marriage("KH-1", "1999-01-01", MINH, LAN)) == []


def test_a_birth_is_not_a_wedding() -> None:
    assert check_among(act(_born()), [WEDDING]) == []


def test_the_envelope_says_what_it_lacks() -> None:
    assert source_quality(_born())["code"] == "complete"
    bare = {"code": "X", "type": {"code": "marriage"}, "persons": {"husband": entry(BAY)}}
    told = source_quality(bare)
    assert (told["code"], told["label"]) == ("incomplete", "Thiếu thông tin")
    assert told["missing"] == [
        "number",
        "book",
        "registered_on",
        "signer",
        "office.code",
        "persons.wife",
    ]
    doubtful = {**_born(), "source_quality": {"code": "doubtful", "label": "Có nghi vấn"}}
    assert source_quality(doubtful)["code"] == "doubtful"
