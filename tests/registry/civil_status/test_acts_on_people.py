"""Acts are the truth about people: they reach everybody they bear on, and nothing else does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from registry.citizens import changes as citizens
from registry.citizens.models import Citizen, CitizenVersion
from registry.civil_status.models import CivilAct, CivilActVersion
from registry.kernel import clock
from registry.kernel.errors import Conflict, Invalid
from tests.acts import AN, HOA, MINH, amendment, birth, death, entry, marriage, note
from tests.people import BAY, LAN
from tests.registry.civil_status.conftest import Books

BORN = birth("KS-1", "1990-06-01", LAN, father=BAY, mother=HOA)
MARRIED = marriage("KH-1", "2016-05-05", MINH, LAN)
CHILD = birth("KS-2", "2018-09-20", AN, father=MINH, mother=LAN)
DIED = death("KT-1", "2023-02-01", MINH, "2023-01-20")


def _status(books: Books, who: str, day: date | None = None) -> str:
    return str(books.document(who, day)["marital_status"]["code"])


def test_an_act_without_any_date_is_refused_by_its_code(books: Books) -> None:
    undated = {"code": "X-1", "type": {"code": "marriage"}, "persons": {"wife": entry(LAN)}}
    with pytest.raises(Invalid) as refused:
        books.record(MARRIED, undated)
    assert [(e.pointer, e.code) for e in refused.value.errors] == [("/X-1", "undated")]
    assert "projected" not in books.document(LAN)


def test_an_act_of_days_to_come_is_refused(books: Books) -> None:
    later = (clock.today() + timedelta(days=2)).isoformat()
    with pytest.raises(Conflict):
        books.record(marriage("KH-9", later, MINH, LAN))


def test_a_marriage_is_true_of_both_from_its_day_on(books: Books) -> None:
    books.record(MARRIED)
    for who, other in ((LAN, "Trần Văn Minh"), (MINH, "Nguyễn Thị Lan")):
        told = books.document(who)
        assert told["marital_status"]["code"] == "married"
        assert told["spouse"]["name"] == other
        assert told["spouse"]["id"] == books.id_of(MINH if who == LAN else LAN)
        assert len(told["marital_status"]["basis"]) == 1
        assert set(told["projected"]) == {"marital_status", "spouse"}
    assert _status(books, LAN, date(2016, 5, 4)) == "unknown"


def test_the_widow_whom_the_death_does_not_name_is_widowed(books: Books) -> None:
    books.record(MARRIED)
    books.record(DIED)
    assert (_status(books, LAN), _status(books, LAN, date(2023, 1, 19))) == ("widowed", "married")
    assert books.document(MINH)["life_status"]["date"]["value"] == "2023-01-20"
    assert books.document(MINH, date(2020, 1, 1))["life_status"]["code"] == "alive"


def test_whatever_comes_first_the_end_is_the_same(books: Books) -> None:
    divorce = note("LH-1", "divorce", "2020-03-01", amends="KH-1")
    for told in (DIED, CHILD, divorce, MARRIED):
        books.record(told)
    assert _status(books, LAN) == "divorced"
    assert _status(books, LAN, date(2018, 1, 1)) == "married"
    assert [child["name"] for child in books.document(MINH)["children"]] == ["Trần Minh An"]


def test_an_adoption_reaches_the_parents_who_are_not_named(books: Books) -> None:
    books.record(CHILD)
    persons = {"child": entry(AN), "mother": entry(HOA)}
    books.record(note("NN-1", "adoption", "2021-01-01", persons=persons))
    assert books.document(AN)["mother"]["personal_id"] == HOA
    assert "father" not in books.document(AN)
    assert "children" not in books.document(MINH)
    assert books.document(MINH, date(2020, 1, 1))["children"]
    books.record(note("NN-2", "adoption_end", "2022-01-01", amends="NN-1"))
    assert books.document(AN)["mother"]["personal_id"] == LAN
    assert books.document(MINH)["children"]


def test_a_correction_reaches_whom_the_entry_names(books: Books) -> None:
    books.record(CHILD)
    books.record(
        amendment(
            "CC-1", "correction", "2020-01-01", AN, ("name.full", "Trần Minh Ân"), amends="KS-2"
        )
    )
    assert books.document(AN, date(2019, 1, 1))["name"]["full"] == "Trần Minh Ân"
    assert books.document(LAN)["children"][0]["name"] == "Trần Minh Ân"


def test_the_same_acts_again_change_nothing(books: Books) -> None:
    told = (BORN, MARRIED, CHILD, DIED)
    books.record(*told, load="first")
    before = _everything(books)
    counts = books.record(*told, load="second")
    assert (counts.added, counts.changed, counts.unchanged) == (0, 0, 4)
    assert _everything(books) == before


def _everything(books: Books) -> list[Any]:
    with books.database.reading() as session:
        return [
            [tuple(row) for row in session.execute(sa.select(table).order_by(table.c.id))]
            for table in (
                CivilAct.__table__,
                CivilActVersion.__table__,
                Citizen.__table__,
                CitizenVersion.__table__,
            )
        ]


def test_a_mended_entry_is_a_new_version_and_frees_whom_it_named_wrongly(books: Books) -> None:
    books.register(BAY, life_status={"code": "alive", "label": "Còn sống"})
    books.record(death("KT-9", "2023-02-01", BAY, "2023-01-20"))
    assert books.document(BAY)["life_status"]["code"] == "deceased"
    counts = books.record(death("KT-9", "2023-02-01", HOA, "2023-01-10"))
    assert (counts.added, counts.changed) == (0, 1)
    assert books.document(BAY)["life_status"] == {"code": "alive", "label": "Còn sống"}
    assert books.document(HOA, date(2023, 1, 10))["life_status"]["code"] == "deceased"
    with books.database.reading() as session:
        versions = session.scalars(sa.select(CivilActVersion)).all()
    believed = [v for v in versions if v.superseded_at is None]
    assert len(versions) > len(believed)
    assert min(v.valid_from for v in believed) == date(2023, 1, 10)
    assert {v.document["persons"]["deceased"]["personal_id"] for v in believed} == {HOA}


def test_of_two_states_of_one_act_in_a_load_the_later_stands(books: Books) -> None:
    counts = books.record(MARRIED, marriage("KH-1", "2016-05-05", MINH, HOA))
    assert (counts.added, counts.changed) == (1, 1)
    again = books.record(
        marriage("KH-1", "2016-05-05", BAY, HOA), marriage("KH-1", "2016-05-05", BAY, LAN)
    )
    assert (again.added, again.changed) == (0, 2)
    told = {who: books.document(who).get("marital_status", {}).get("code") for who in _ALL}
    assert told == {LAN: "married", BAY: "married", MINH: "unknown", HOA: "unknown"}


_ALL = (LAN, BAY, MINH, HOA)


def test_a_file_of_citizens_does_not_overwrite_acts(books: Books) -> None:
    books.record(MARRIED)
    single = {"code": "single", "label": "Chưa kết hôn", "state": "known"}
    counts = books.register(LAN, marital_status=single, phone="0900000000")
    assert counts.changed == 1
    told = books.document(LAN)
    assert (told["marital_status"]["code"], told["phone"]) == ("married", "0900000000")
    assert books.register(LAN, marital_status=single, phone="0900000000").unchanged == 1


def test_somebody_registered_later_is_found_when_the_acts_come_again(books: Books) -> None:
    nobody = {**marriage("KH-2", "2012-01-01", MINH, LAN)}
    nobody["persons"] = {
        "husband": entry(MINH),
        "wife": entry("900190000099"),
    }
    books.record(nobody)
    assert books.document(MINH)["spouse"]["personal_id"] == "900190000099"
    assert "id" not in books.document(MINH)["spouse"]
    books.register("900190000099")
    assert books.record(nobody).changed == 1
    assert books.document("900190000099")["marital_status"]["code"] == "married"
    assert books.document(MINH)["spouse"]["id"] == books.id_of("900190000099")


def test_a_merged_person_keeps_the_acts_of_both_records(books: Books) -> None:
    books.record(marriage("KH-1", "2016-05-05", BAY, LAN))
    with books.database.transaction() as session:
        citizens.merge(session, books.id_of(BAY), books.id_of(MINH))
    books.record(death("KT-1", "2023-02-01", MINH, "2023-01-20"))
    assert _status(books, LAN) == "widowed"
    assert books.document(MINH)["spouse"]["name"] == "Nguyễn Thị Lan"


def test_what_was_known_never_changes_after_later_acts(books: Books) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    acts = [
        BORN,
        MARRIED,
        CHILD,
        amendment(
            "CC-1",
            "correction",
            "2020-01-01",
            LAN,
            ("birth_date", {"value": "1990-05-18", "precision": "day"}),
            amends="KS-1",
        ),
        note("LH-1", "divorce", "2020-03-01", amends="KH-1"),
        DIED,
        marriage("KH-1", "2016-06-06", MINH, LAN),
    ]
    days = [date(1990, 5, 17), date(2016, 5, 20), date(2019, 1, 1), date(2021, 1, 1), None]
    people = (LAN, MINH, AN, BAY)
    told: dict[datetime, list[Any]] = {}
    for hour, act in enumerate(acts):
        moment = start + timedelta(hours=hour)
        with clock.fixed(moment):
            books.record(act)
            told[moment] = _told(books, people, days, None)
        for earlier, answers in told.items():
            with clock.fixed(moment):
                assert _told(books, people, days, earlier) == answers, (hour, earlier)
    assert len({str(answers) for answers in told.values()}) == len(acts)


def _told(
    books: Books, people: tuple[str, ...], days: list[date | None], known_at: datetime | None
) -> list[Any]:
    # On a day that is not named the answer is that of today, which versions tell as well.
    return [books.document(who, day or clock.today(), known_at) for who in people for day in days]


def test_a_batch_costs_the_same_statements_for_many_as_for_few(books: Books) -> None:
    counts = []
    for size in (3, 60):
        people = [f"9009{size:02d}{n:06d}" for n in range(size)]
        for who in people:
            books.register(who)
        births = [
            birth(f"S{size}-{n}", "1990-06-01", LAN) | {"persons": {"child": entry(who)}}
            for n, who in enumerate(people)
        ]
        seen: list[str] = []

        def note_statement(*args: Any, seen: list[str] = seen) -> None:
            # Whoever comes after half a second asks whether units were loaded.
            if "place_generation" not in str(args[2]):
                seen.append(str(args[2]))

        sa.event.listen(books.database.engine, "before_cursor_execute", note_statement)
        books.record(*births)
        sa.event.remove(books.database.engine, "before_cursor_execute", note_statement)
        counts.append(len(seen))
    assert counts[0] == counts[1]
