"""What acts say of a person does not depend on how they came, and nothing is said without them."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.civil_status.rules import Background, View, fold
from tests.acts import AN, HOA, MINH, act, amendment, birth, death, entry, marriage, note
from tests.people import BAY, LAN

TODAY = date(2026, 11, 24)
COVERED = Background(TODAY, gaps=())


def _on(
    acts: list[dict[str, Any]], who: str, day: str, background: Background = COVERED
) -> dict[str, Any]:
    """Return the view of one day."""
    told: View = {}
    for since, view in fold([act(a) for a in acts], who, background):
        if since <= date.fromisoformat(day):
            told = view
    return dict(told)


def _status(acts: list[dict[str, Any]], who: str, day: str) -> str:
    return str(_on(acts, who, day)["marital_status"]["code"])


BORN = birth("KS-1", "1990-06-01", LAN, father=BAY, mother=HOA)
MARRIED = marriage("KH-1", "2016-05-05", MINH, LAN)
CHILD = birth("KS-2", "2018-09-20", AN, father=MINH, mother=LAN)
DIVORCED = note("LH-1", "divorce", "2020-03-01", amends="KH-1")


def test_no_act_and_no_book_is_never_single() -> None:
    told = _on([BORN], LAN, "2015-01-01", Background(TODAY))["marital_status"]
    assert (told["code"], told["state"]) == ("unknown", "unknown")
    assert told["coverage"] == {"complete": False, "missing": [{"from": "2008-05-17"}]}


def test_a_child_is_single_without_any_book() -> None:
    told = _on([BORN], LAN, "2008-05-16", Background(TODAY))["marital_status"]
    assert (told["code"], told["state"]) == ("single", "known")
    assert told["coverage"] == {"complete": True, "until": "2008-05-16"}


def test_men_are_single_by_age_two_years_longer_than_women() -> None:
    for who, until in ((MINH, "2010-01-31"), (LAN, "2008-05-16")):
        told = _on([birth("KS", "1990-06-01", who)], who, "2000-01-01", Background(TODAY))
        assert told["marital_status"]["coverage"]["until"] == until


def test_a_marriage_and_its_end_are_told_from_their_days_on() -> None:
    acts = [BORN, MARRIED, DIVORCED]
    assert [_status(acts, LAN, day) for day in ("2016-05-04", "2016-05-05", "2020-03-01")] == [
        "single",
        "married",
        "divorced",
    ]
    assert _on(acts, LAN, "2019-01-01")["spouse"]["name"] == "Trần Văn Minh"
    assert _on(acts, LAN, "2020-03-01")["spouse"] is None


def test_a_divorce_without_its_entry_finds_the_couple_and_no_other() -> None:
    other = marriage("KH-0", "2009-01-01", BAY, LAN)
    ended = note("LH-0", "divorce", "2012-01-01", persons={"husband": entry(BAY)} | _wife(LAN))
    assert _status([BORN, other, ended, MARRIED], LAN, "2017-01-01") == "married"
    assert _status([BORN, other, ended], LAN, "2017-01-01") == "divorced"
    stranger = note("LH-9", "divorce", "2019-01-01", persons={"husband": entry(BAY)} | _wife(HOA))
    assert _status([BORN, MARRIED, stranger], LAN, "2021-01-01") == "married"


def _wife(who: str) -> dict[str, Any]:
    return {"wife": entry(who)}


def test_a_divorce_of_an_unknown_marriage_makes_the_time_before_unknown() -> None:
    ended = note("LH-0", "divorce", "2012-01-01", persons=_wife(LAN))
    assert _status([BORN, ended], LAN, "2011-01-01") == "unknown"
    assert _status([BORN, ended], LAN, "2012-01-01") == "divorced"


def test_an_annulled_marriage_leaves_what_was_before() -> None:
    annulled = note("HH-1", "annulment", "2017-01-01", amends="KH-1")
    assert _status([BORN, MARRIED, annulled], LAN, "2018-01-01") == "single"


def test_a_spouse_s_death_widows_the_living_and_not_the_dead() -> None:
    acts = [BORN, MARRIED, death("KT-1", "2019-02-01", MINH, "2019-01-20")]
    assert _status(acts, LAN, "2019-01-20") == "widowed"
    assert _status(acts, MINH, "2021-01-01") == "married"
    assert _on(acts, MINH, "2021-01-01")["life_status"]["code"] == "deceased"
    both = [*acts, death("KT-2", "2022-01-05", LAN, "2022-01-01")]
    assert (_status(both, LAN, "2023-01-01"), _status(both, MINH, "2023-01-01")) == (
        "widowed",
        "married",
    )


def test_the_divorced_are_not_widowed_later() -> None:
    died = death("KT-1", "2021-02-01", MINH, "2021-01-20")
    assert _status([BORN, MARRIED, DIVORCED, died], LAN, "2022-01-01") == "divorced"


def test_a_cancelled_declaration_gives_back_life_and_marriage() -> None:
    persons = {"person": entry(MINH)}
    acts = [
        BORN,
        MARRIED,
        note("MT-1", "declared_missing", "2018-01-01", persons=persons),
        note("CH-1", "declared_dead", "2021-01-01", persons=persons),
        note("HB-1", "declaration_cancelled", "2023-01-01", persons=persons, amends="CH-1"),
    ]
    days = ("2017-01-01", "2019-01-01", "2022-01-01", "2023-01-01")
    lives = [_on(acts, MINH, day)["life_status"]["code"] for day in days]
    assert lives == ["alive", "missing", "deceased", "alive"]
    assert [_status(acts, LAN, day) for day in days] == ["married", "married", "widowed", "married"]


def test_recognition_and_adoption_change_parents_and_the_end_restores_them() -> None:
    alone = birth("KS-3", "2018-09-20", AN, mother=LAN)
    recognised = _about_a_child("CN-1", "parentage", "2019-05-05", MINH, relation="father")
    adopted = note(
        "NN-1",
        "adoption",
        "2021-01-01",
        persons={"child": entry(AN), "mother": entry(HOA), "father": entry(BAY)},
    )
    ended = note("NN-2", "adoption_end", "2022-01-01", amends="NN-1")
    acts = [alone, recognised, adopted, ended]
    assert "father" not in _on(acts, AN, "2019-01-01")
    days = ("2019-06-01", "2021-01-01", "2022-01-01")
    fathers = [_on(acts, AN, day)["father"]["personal_id"] for day in days]
    assert fathers == [MINH, BAY, MINH]
    of_minh = [_on(acts, MINH, day)["children"] is not None for day in days]
    assert of_minh == [True, False, True]
    assert [_on(acts, LAN, day)["children"] is not None for day in days] == of_minh
    assert _on(acts, HOA, "2021-06-01")["children"][0]["name"] == "Trần Minh An"


def _about_a_child(code: str, kind: str, on: str, parent: str, relation: str) -> dict[str, Any]:
    told = note(code, kind, on, persons={"child": entry(AN), "parent": entry(parent)})
    return told | {"parentage": {"relation": relation}}


def test_an_adoption_by_one_leaves_no_other_parent() -> None:
    adopted = note(
        "NN-1", "adoption", "2021-01-01", persons={"child": entry(AN), "mother": entry(HOA)}
    )
    told = _on([CHILD, adopted], AN, "2021-01-01")
    assert (told["mother"]["personal_id"], told["father"]) == (HOA, None)


def test_a_correction_holds_from_the_beginning_and_a_change_from_its_day() -> None:
    corrected = amendment(
        "CC-1", "correction", "2021-01-01", LAN, ("name.full", "Nguyễn Thị Lân"), amends="KS-1"
    )
    changed = amendment(
        "TD-1", "change", "2022-01-01", LAN, ("name.full", "Nguyễn Thị Lan Anh"), amends="KS-1"
    )
    acts = [BORN, corrected, changed]
    assert _on(acts, LAN, "2000-01-01")["name"]["full"] == "Nguyễn Thị Lân"
    assert _on(acts, LAN, "2022-01-01")["name"]["full"] == "Nguyễn Thị Lan Anh"
    assert _on(acts, LAN, "2022-01-01")["name"]["basis"] == ["id-KS-1", "id-CC-1", "id-TD-1"]


def test_a_corrected_correction_says_what_the_later_says() -> None:
    first = amendment(
        "CC-1", "correction", "2021-01-01", LAN, ("birth_date", _day("1991-05-17")), amends="KS-1"
    )
    second = amendment(
        "CC-2", "correction", "2022-01-01", LAN, ("birth_date", _day("1990-07-17")), amends="CC-1"
    )
    told = fold([act(a) for a in (second, BORN, first)], LAN, COVERED)
    assert told[0][0] == date(1990, 7, 17)
    assert told[0][1]["birth_date"]["value"] == "1990-07-17"


def _day(text: str) -> dict[str, str]:
    return {"value": text, "precision": "day"}


def test_corrections_in_a_circle_change_nothing() -> None:
    one = amendment("CC-1", "correction", "2021-01-01", LAN, ("sex", None), amends="CC-2")
    other = amendment("CC-2", "correction", "2021-01-02", LAN, ("sex", None), amends="CC-1")
    assert _on([BORN, one, other], LAN, "2022-01-01")["sex"]["code"] == "2"


def test_a_correction_of_an_entry_in_no_book_here_holds_from_its_own_day() -> None:
    corrected = amendment(
        "CC-1", "correction", "2021-01-01", LAN, ("name.full", "Nguyễn Thị Lân"), amends="KS-lost"
    )
    assert "name" not in _on([MARRIED, corrected], LAN, "2020-01-01")
    assert _on([MARRIED, corrected], LAN, "2021-01-01")["name"]["full"] == "Nguyễn Thị Lân"


def test_a_correction_may_reach_another_person_or_the_event_of_the_entry() -> None:
    fixed = amendment(
        "CC-1", "correction", "2021-01-01", AN, ("father.name.full", "Trần Văn Mính"), amends="KS-2"
    )
    assert _on([CHILD, fixed], AN, "2021-01-01")["father"]["name"] == "Trần Văn Mính"
    died = death("KT-1", "2019-02-01", MINH, "2019-01-20")
    moved = amendment(
        "CC-2", "correction", "2019-03-01", MINH, ("death.date", _day("2019-01-25")), amends="KT-1"
    )
    assert _status([BORN, MARRIED, died, moved], LAN, "2019-01-24") == "married"
    assert _status([BORN, MARRIED, died, moved], LAN, "2019-01-25") == "widowed"


def test_an_ethnicity_redetermined_was_another_before() -> None:
    born = birth("KS-1", "1990-06-01", LAN)
    born["persons"]["child"]["ethnicity"] = {"code": "01", "label": "Kinh"}
    again = amendment(
        "DT-1",
        "ethnicity_redetermination",
        "2020-01-01",
        LAN,
        ("ethnicity", {"code": "12", "label": "Ê-đê"}),
        amends="KS-1",
    )
    assert _on([born, again], LAN, "2019-12-31")["ethnicity"]["code"] == "01"
    assert _on([born, again], LAN, "2020-01-01")["ethnicity"]["code"] == "12"


def test_a_year_is_told_as_a_year() -> None:
    married = marriage("KH-1", "2016", MINH, LAN)
    told = _on([BORN, married], LAN, "2016-01-01")["marital_status"]
    assert told["since"] == {"value": "2016", "precision": "year"}


def test_a_divorce_of_the_same_year_ends_the_marriage_that_it_names() -> None:
    married = marriage("KH-1", "2016-06-01", MINH, LAN)
    ended = note("LH-1", "divorce", "2016", amends="KH-1")
    assert _status([BORN, married, ended], LAN, "2017-01-01") == "divorced"


def test_nothing_is_told_of_days_to_come() -> None:
    told = fold([act(a) for a in (BORN, MARRIED)], LAN, Background(date(2010, 1, 1)))
    assert [since for since, _ in told] == [date(1990, 5, 17), date(2008, 5, 17)]


def test_an_event_abroad_counts_as_one_at_home() -> None:
    abroad = marriage("GC-1", "2017-01-01", MINH, LAN, of="marriage")
    abroad["type"] = {"code": "foreign_note", "label": "Ghi chú"}
    assert _status([BORN, abroad], LAN, "2018-01-01") == "married"


_PEOPLE = (LAN, MINH, AN, BAY, HOA)
_DAYS = st.dates(date(1950, 1, 1), TODAY).map(date.isoformat) | st.integers(1950, 2026).map(str)


_FIELDS = (
    ("name.full", "Trần Thị Mới"),
    ("birth_date", {"value": "1988", "precision": "year"}),
    ("death.date", {"value": "2011-04-30", "precision": "day"}),
    ("mother.name.full", "Lê Thị Khác"),
)
_KINDS = ("birth", "marriage", "death", "divorce", "adoption", "correction", "change")


@st.composite
def _some_acts(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw acts that may well contradict each other: books do."""
    acts: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 9))):
        target = draw(st.sampled_from([a["code"] for a in acts] or [None]))
        kind, on, field = draw(st.tuples(st.sampled_from(_KINDS), _DAYS, st.sampled_from(_FIELDS)))
        one, other = draw(st.permutations(_PEOPLE))[:2]
        acts.append(_made((f"A-{number}", kind, on), (one, other), field, target))
    return acts


def _made(
    head: tuple[str, str, str], people: tuple[str, str], field: tuple[str, Any], target: Any
) -> dict[str, Any]:
    code, kind, on = head
    one, other = people
    amends = {"amends": target} if target else {}
    if kind == "birth":
        return birth(code, on, one, father=other)
    if kind == "marriage":
        return marriage(code, on, one, other)
    if kind == "death":
        return death(code, on, one, on)
    if kind == "divorce":
        return note(code, kind, on, **amends)
    if kind == "adoption":
        return note(code, kind, on, persons={"child": entry(one), "father": entry(other)})
    return amendment(code, kind, on, one, field, **amends)


@given(st.data())
def test_the_order_of_arrival_never_matters(data: st.DataObject) -> None:
    acts = [act(a) for a in data.draw(_some_acts())]
    other = data.draw(st.permutations(acts))
    for who in _PEOPLE:
        assert fold(acts, who, COVERED) == fold(other, who, COVERED)


@given(_some_acts(), st.sampled_from(_PEOPLE))
def test_a_timeline_moves_forward_and_tells_only_what_changes(
    acts: list[dict[str, Any]], who: str
) -> None:
    told = fold([act(a) for a in acts], who, COVERED)
    days = [since for since, _ in told]
    assert days == sorted(set(days))
    assert all(one[1] != other[1] for one, other in pairwise(told))


@pytest.mark.parametrize("kind", ["birth", "marriage", "death"])
def test_an_act_without_any_date_has_no_place_in_time(kind: str) -> None:
    undated = {"code": "X", "type": {"code": kind}, "persons": {}}
    with pytest.raises(ValueError, match="without any date"):
        act(undated)
