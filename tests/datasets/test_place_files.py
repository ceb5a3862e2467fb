"""A file of administrative units: what is refused, what is asked about, what is written once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from datasets.models import Submission, SubmissionFinding
from datasets.specs import RULES
from registry.kernel.clock import now, today
from registry.kernel.db import Database
from registry.kernel.errors import Conflict
from registry.kernel.ledger import Change, Counts
from registry.places.catalogue import catalogue, compose
from registry.places.changes import apply_changes
from registry.places.loaded import Fact
from registry.places.models import PlaceFact
from registry.places.stored import believed_facts
from registry.places.units import Unit
from tests.datasets.loads import Desk
from tests.places import DAY, MERGED, RENAMED, SPLIT, WARD, check, load

ISLAND = WARD | {"code": "26739", "name": "Phường Đảo", "predecessors": ""}
BOTH = "26740@01/05/2026:whole; 26743@01/05/2026:partial"
OLD = {"valid_from": "", "valid_to": "01/07/2025", "predecessors": ""}
ENDED = RENAMED | {"name": "Tỉnh Quảng Ninh", "valid_from": "01/07/2025", "valid_to": DAY}

# Each file breaks the rule, in the column of its first row that breaks any.
REFUSED = [
    ("required", "code", [RENAMED | {"code": ""}]),
    ("required", "level", [RENAMED | {"level": ""}]),
    ("required", "name", [RENAMED | {"name": ""}]),
    ("required", "valid_from", [RENAMED | {"valid_from": ""}]),
    ("required", "legal_number", [RENAMED | {"legal_number": ""}]),
    ("required", "legal_date", [RENAMED | {"legal_date": ""}]),
    ("date_future", "legal_date", [RENAMED | {"legal_date": "01/01/2999"}]),
    ("date_day_needed", "valid_from", [RENAMED | {"valid_from": "2026"}]),
    ("date_malformed", "valid_to", [RENAMED | {"valid_to": "nay"}]),
    ("interval_order", "valid_to", [RENAMED | {"valid_to": DAY}]),
    ("unknown_code", "level", [RENAMED | {"level": "Cấp ấp"}]),
    ("unknown_code", "state", [RENAMED | {"state": "xóa"}]),
    ("repeated_record", "code", [RENAMED, RENAMED]),
    ("place_code", "code", [RENAMED | {"code": "2"}]),
    ("place_code", "parent", [WARD | {"parent": "HCM"}]),
    ("place_unknown", "parent", [ISLAND | {"parent": "99"}]),
    ("place_unknown", "predecessors", [WARD | {"predecessors": f"99999@{DAY}:whole"}]),
    ("place_level", "code", [RENAMED | {"code": "022"}]),
    ("place_level", "name", [RENAMED | {"name": "Phường Quảng Ninh"}]),
    ("place_level", "level", [ISLAND | {"code": "760", "level": "Cấp huyện", "name": "Quận 1"}]),
    ("place_type", "name", [RENAMED | {"name": "Quảng Ninh"}]),
    ("place_parent", "parent", [ISLAND | {"parent": ""}]),
    ("place_parent", "parent", [RENAMED | {"parent": "79"}]),
    ("place_parent", "parent", [ISLAND | {"parent": "26740"}]),
    ("place_parent_then", "parent", [ISLAND | {"parent": "760"}]),
    ("place_overlap", "valid_from", [WARD | {"predecessors": ""}]),
    (
        "place_overlap",
        "valid_to",
        [ISLAND | OLD | {"code": "26740", "valid_to": DAY, "parent": "760"}],
    ),
    ("place_predecessor_form", "predecessors", [RENAMED | {"predecessors": "22"}]),
    ("place_predecessor_form", "predecessors", [RENAMED | {"predecessors": "22@2026:whole"}]),
    ("place_predecessor_form", "predecessors", [RENAMED | {"predecessors": "22@nay:whole"}]),
    (
        "place_predecessor_form",
        "predecessors",
        [RENAMED | {"predecessors": f"22@{DAY}:whole; 22@{DAY}:partial"}],
    ),
    ("place_predecessor_then", "predecessors", [ISLAND | {"predecessors": f"760@{DAY}:whole"}]),
    (
        "place_predecessor_day",
        "predecessors",
        [ISLAND | {"predecessors": "26740@01/04/2026:whole"}],
    ),
    ("place_predecessor_day", "predecessors", [WARD | {"predecessors": "26740@02/05/2026:whole"}]),
    (
        "place_whole_shared",
        "predecessors",
        [WARD | {"predecessors": f"26740@{DAY}:whole"}, SPLIT[1]],
    ),
    ("place_orphans", "valid_to", [ENDED | {"predecessors": ""}]),
    (
        "place_relation_broken",
        "valid_to",
        [WARD | OLD | {"parent": "760", "valid_to": "01/06/2025"}],
    ),
    ("place_not_loaded", "state", [WARD | {"state": "Rút lại"}]),
]
ASKED = [
    ("place_no_successor", "valid_to", [ISLAND | {"valid_to": "01/06/2026"}]),
    ("place_partial_alone", "predecessors", [SPLIT[1]]),
    (
        "place_code_reused",
        "predecessors",
        [
            WARD | {"predecessors": f"26743@{DAY}:whole"},
            WARD | {"code": "26743", "name": "Phường Bến Thành"},
            WARD | {"code": "26738", "name": "Phường Ba Son"},
        ],
    ),
]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give one desk for all files from which nothing is published."""
    folder = tmp_path_factory.mktemp("places")
    made = Database(f"sqlite:///{folder / 'registry.db'}")
    yield Desk(made, folder)
    made.close()


def told(desk: Desk, submission: Submission) -> list[tuple[str, int, str]]:
    with desk.database.reading() as session:
        found = SubmissionFinding
        query = sa.select(found.rule, found.line, found.column)
        mine = query.where(found.submission == submission.id).order_by(found.line, found.id)
        return [(rule, line, column) for rule, line, column in session.execute(mine)]


def fact(code: str, name: str, parent: str | None = "79") -> Change:
    began = date(2026, 5, 1)
    unit = Unit(code, "commune" if parent else "province", name, parent, began, None)
    return Change(Fact(unit).to_document(), began)


@pytest.mark.parametrize(("rule", "column", "rows"), REFUSED)
def test_each_error_is_told_at_its_row_and_holds_the_file(
    shelf: Desk, rule: str, column: str, rows: list[dict[str, str]]
) -> None:
    submission = check(shelf, *rows)
    found = told(shelf, submission)
    assert (rule, column) in {(code, where) for code, _, where in found}, found
    assert (submission.rows_valid, submission.rows_rejected) == (0, len(rows))


@pytest.mark.parametrize(("rule", "column", "rows"), ASKED)
def test_each_warning_is_told_and_holds_nothing(
    shelf: Desk, rule: str, column: str, rows: list[dict[str, str]]
) -> None:
    submission = check(shelf, *rows)
    assert (rule, 2, column) in told(shelf, submission)
    assert submission.rows_rejected == 0


def test_right_rows_wait_for_the_wrong_one_of_their_file(desk: Desk) -> None:
    submission = check(desk, RENAMED, ISLAND | {"parent": ""})
    assert told(desk, submission) == [("places_held", 2, "code"), ("place_parent", 3, "parent")]
    assert desk.staged(submission) == []


def test_what_would_make_an_earlier_load_wrong_is_refused(desk: Desk) -> None:
    load(desk, *SPLIT)
    later = WARD | {"valid_from": "01/06/2026", "predecessors": "26738@01/06/2026:whole"}
    load(desk, later | {"code": "26739", "name": "Phường Cầu Mống"})
    submission = check(desk, SPLIT[1] | {"state": "Rút lại"}, RENAMED)
    assert told(desk, submission) == [
        ("place_breaks_loaded", 2, "code"),
        ("places_held", 3, "code"),
    ]


def test_a_load_that_no_longer_fits_is_not_published(desk: Desk) -> None:
    waiting = check(desk, *SPLIT)
    load(desk, WARD | {"valid_from": "01/04/2026", "predecessors": "26740@01/04/2026:whole"})
    load(desk, WARD | {"code": "26739", "predecessors": f"26740@{DAY}:whole"})
    with pytest.raises(Conflict, match="26738"):
        desk.publish(waiting)
    with desk.database.reading():
        assert catalogue().unit("26738", date(2026, 5, 1)) is None


def test_a_fact_that_fits_nothing_is_never_written(desk: Desk) -> None:
    with pytest.raises(Conflict), desk.database.transaction() as session:
        apply_changes(session, [fact("26740", "Phường Sài Gòn")], source="x", load=None)
    with desk.database.reading() as session:
        assert believed_facts(session) == []


def test_a_loaded_fact_that_a_later_release_contradicts_is_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    right, wrong = (
        Fact.from_document(fact(code, name).document)
        for code, name in (("26738", "Phường Ba Son"), ("26740", "Phường Sài Gòn"))
    )
    places = compose([right, wrong], date(2026, 6, 1))
    assert [len(places.meanings(code)) for code in ("26738", "26740")] == [1, 2]
    assert "26740" in caplog.text
    assert compose([wrong], date(2026, 6, 1)) is catalogue()


def test_the_same_facts_again_are_unchanged(desk: Desk) -> None:
    changes = [fact("26738", "Phường Ba Son"), fact("26739", "Phường Cầu Mống")]
    with desk.database.transaction() as session:
        assert apply_changes(session, changes, source="a", load=None) == Counts(added=2)
        before = catalogue().version
    with desk.database.transaction() as session:
        assert apply_changes(session, changes, source="b", load=None) == Counts(unchanged=2)
        assert catalogue().version == before
        assert set(session.scalars(sa.select(PlaceFact.source))) == {"a"}


def test_a_wrong_fact_is_taken_back_and_stays_for_audit(desk: Desk) -> None:
    first = load(desk, RENAMED)
    moment = now()
    back = check(desk, RENAMED | {"state": "Rút lại", "legal_number": "03/2026/QH16"})
    assert (back.rows_rejected, back.unusual) == (0, 1)
    second = desk.publish(back)
    assert second.counts == {"added": 0, "changed": 1, "unchanged": 0}
    with desk.database.reading() as session:
        assert [u.name for u in catalogue().meanings("22")] == ["Tỉnh Quảng Ninh"] * 2
        [then] = believed_facts(session, moment)
        assert (then.unit.name, then.withdrawn) == ("Thành phố Quảng Ninh", False)
        [gone, taken] = session.scalars(sa.select(PlaceFact).order_by(PlaceFact.id))
    assert (gone.load, gone.superseded_by) == (first.submission, second.submission)
    assert gone.superseded_at == taken.recorded_at
    assert taken.superseded_at is None


def test_a_corrected_fact_supersedes_the_one_of_the_same_code_and_day(desk: Desk) -> None:
    load(desk, RENAMED)
    load(desk, RENAMED | {"name": "Thành phố Quảng Ninh Mới"})
    with desk.database.reading():
        assert catalogue().convert("22").candidates[0].unit.name == "Thành phố Quảng Ninh Mới"


def test_a_merger_leads_both_wards_into_one(desk: Desk) -> None:
    load(desk, MERGED)
    with desk.database.reading():
        places = catalogue()
        for code in ("26740", "26743"):
            answer = places.convert(code, date(2026, 4, 30))
            assert (answer.outcome, answer.candidates[0].unit.code) == ("exact", "26740")
        assert places.unit("26743", date(2026, 5, 1)) is None


def test_a_unit_older_than_its_first_day_may_be_added(desk: Desk) -> None:
    lost = WARD | {"code": "26551", "name": "Phường Cũ", "parent": "760", **OLD}
    checked = check(desk, lost | {"valid_to": "01/01/2025"})
    assert told(desk, checked) == [("place_no_successor", 2, "valid_to")]
    desk.publish(checked)
    again = check(desk, lost | {"valid_to": "02/01/2025"})
    assert desk.publish(again).counts["changed"] == 1


def test_every_rule_of_places_is_broken_here() -> None:
    shown = {rule for rule, *_ in REFUSED + ASKED} | {"places_held", "place_breaks_loaded"}
    ours = {code for code, rule in RULES.items() if rule.about == "place_files"}
    assert ours - shown == set()


def test_a_day_in_the_future_is_no_error(shelf: Desk) -> None:
    soon = f"{today() + timedelta(days=60):%d/%m/%Y}"
    coming = RENAMED | {"valid_from": soon, "predecessors": f"22@{soon}:whole"}
    assert told(shelf, check(shelf, coming)) == []
