"""From the acts around a person to what is true of them on each day (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from registry.civil_status.acts import (
    PROSPECTIVE,
    RETROACTIVE,
    Act,
    amended,
    changes_in,
    put,
    root_of,
    text_code,
)
from registry.civil_status.coverage import Gap
from registry.civil_status.events import (
    PARENT_KINDS,
    about,
    has_life_events,
    life_on,
    marital_on,
    marriages_of,
    parents_on,
)
from registry.kernel.codes import load
from registry.kernel.dates import PartialDate, age_on

View = Mapping[str, Any]
"""Values by attribute of a citizen; None where acts say that there is none."""

# Law on Marriage and Family 52/2014/QH13, article 8: men from 20, women from 18. Where the sex
# is not known the lower age is the careful one.
_MALE_AGE, _FEMALE_AGE = 20, 18
_MALE = "1"
_NATURAL = ("name", "birth_date", "sex", "ethnicity")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Background:
    """What is known of a person apart from acts.

    ``gaps`` are the books of marriages that are not complete, since birth; ``start`` is the first
    day of which the register of citizens knows anything.
    """

    today: date
    birth: PartialDate | None = None
    sex: str | None = None
    start: date | None = None
    gaps: Sequence[Gap] = (Gap(date.min, date.max),)


def marriageable_from(birth: PartialDate, sex: str | None) -> date:
    """Return the first day on which a person may have been old enough to marry.

    >>> marriageable_from(PartialDate(2004, 2, 29), "1"), marriageable_from(PartialDate(2000), "2")
    (datetime.date(2024, 2, 29), datetime.date(2018, 1, 1))
    """
    born = birth.first
    year = born.year + (_MALE_AGE if sex == _MALE else _FEMALE_AGE)
    day = date(year, born.month, min(born.day, 28))
    # A person born on 29 February completes a year on 1 March where there is no such day.
    while age_on(PartialDate(born.year, born.month, born.day), day)[0] < year - born.year:
        day += _DAY
    return day


def fold(acts: Iterable[Act], who: str, background: Background) -> list[tuple[date, View]]:
    """Return what acts say of ``who``: from each day on, until the next, the view of that day.

    ``acts`` are those around the person in any order; corrections are applied to what they
    correct first. A view holds only attributes that acts decide, each with its ``basis``.
    """
    known = amended(acts)
    person = _Person(known, who, background)
    timeline: list[tuple[date, View]] = []
    for day in person.days():
        view = person.view(day)
        if not timeline or timeline[-1][1] != view:
            timeline.append((day, view))
    return timeline


class _Person:
    """One person among the acts around them; answers for a day."""

    def __init__(self, acts: Sequence[Act], who: str, background: Background) -> None:
        self._acts, self._who, self._background = acts, who, background
        self._born = next((a for a in acts if a.kind == "birth" and a.who("child") == who), None)
        self._changes = [a for a in acts if _changes_the_person(a, who, acts)]
        self._lives = has_life_events(acts, who)
        self._marriages = marriages_of(acts, who)
        self._orphans = [m.ended.day for m in self._marriages if m.start is None and m.ended]
        self._children = sorted(
            {
                child
                for a in acts
                if a.kind in PARENT_KINDS
                and (child := a.who("child") or a.who("person"))
                and who in {a.who(role) for role in ("father", "mother", "parent")}
            }
        )
        self._about = {key: about(acts, key) for key in (who, *self._children)}
        self._entry: Mapping[str, Any] = self._born.persons["child"] if self._born else {}
        told = self._entry.get("birth_date")
        self._birth = PartialDate.parse(told["value"]) if told else background.birth
        self._sex = text_code(self._entry.get("sex")) or background.sex
        self._adult = marriageable_from(self._birth, self._sex) if self._birth else None

    def days(self) -> list[date]:
        """Return every day on which something may change, in order, none in the future."""
        days = {act.day for act in self._acts}
        days |= {m.last for m in self._marriages if m.last}
        days |= {self._birth.first} if self._birth else set()
        days |= {self._background.start} if self._background.start else set()
        days |= {gap.start for gap in self._background.gaps if gap.start != date.min}
        days |= {self._adult} if self._adult else set()
        first = self._birth.first if self._birth else date.min
        return sorted(day for day in days if first <= day <= self._background.today)

    def _gaps(self, since: date) -> list[Gap]:
        gaps = self._background.gaps
        return [replace(gap, start=max(gap.start, since)) for gap in gaps if gap.end > since]

    def view(self, day: date) -> dict[str, Any]:
        """Return what acts decide of the person on ``day``."""
        view: dict[str, Any] = {}
        life = life_on(self._acts, self._who, day)
        if self._lives:
            view["life_status"] = _leaf("life_status", life.code, life.basis) | (
                {"date": life.since.to_json()} if life.since else {}
            )
        # What a marriage was at death it stays; the widow's later life is not the dead one's.
        when = day
        if life.code == "deceased" and life.since:
            when = min(day, life.since.first - _DAY)
        view |= self._marital(when)
        view |= dict(self._natural(day))
        view |= self._family(day)
        return view

    def _marital(self, day: date) -> dict[str, Any]:
        told = marital_on(self._acts, self._marriages, day)
        if told is None:
            leaf = self._without_acts(day)
            apart: dict[str, Any] = {"spouse": None} if self._marriages else {}
            if leaf["state"] == "known":
                apart = {"spouse": None}
            return {"marital_status": leaf, **apart}
        since = told.since.first if told.since else day
        if told.code == "married" and self._adult:
            since = min(self._adult, since)
        leaf = _leaf("marital_status", told.code, told.basis)
        leaf |= {"state": "known", "coverage": self._coverage(since, day)}
        if told.since:
            leaf["since"] = told.since.to_json()
        spouse = _relative(told.marriage.entry, told.basis) if told.code == "married" else None
        return {"marital_status": leaf, "spouse": spouse}

    def _without_acts(self, day: date) -> dict[str, Any]:
        """Return the status where no act tells one: never "single" from the mere lack of a row."""
        if self._adult is not None and day < self._adult:
            until = (self._adult - _DAY).isoformat()
            return {**_single(), "coverage": {"complete": True, "until": until}}
        if self._adult is None:
            return {**_unknown(), "coverage": {"complete": False, "missing": []}}
        coverage = self._coverage(self._adult, day)
        # A divorce whose marriage is in no book here says that a book is missing.
        known = coverage["complete"] and not any(day < end for end in self._orphans)
        return {**(_single() if known else _unknown()), "coverage": coverage}

    def _coverage(self, since: date, day: date) -> dict[str, Any]:
        gaps = self._gaps(since)
        missing = [gap.to_json() for gap in gaps if gap.start <= day]
        if missing:
            return {"complete": False, "missing": missing}
        later = min((gap.start for gap in gaps), default=None)
        until = {"until": (later - _DAY).isoformat()} if later else {}
        return {"complete": True, **until}

    def _natural(self, day: date) -> Iterator[tuple[str, Any]]:
        """Yield name, birth date, sex and ethnicity: of the birth, then of each change since."""
        held: dict[str, Any] = {}
        basis: dict[str, tuple[str, ...]] = {}
        if self._born and self._born.day <= day:
            held = {key: entry for key, entry in self._entry.items() if key in _NATURAL}
            basis = dict.fromkeys(_NATURAL, self._born.basis)
        for act in self._changes:
            if act.day > day:
                continue
            for path, value in changes_in(act.document):
                own = path[1:] if path[0] in {"person", "child"} else path
                if own and own[0] in _NATURAL:
                    held = put(held, own, value)
                    basis[own[0]] = (*basis.get(own[0], ()), *act.basis)
        for name in _NATURAL:
            if held.get(name):
                yield name, {**held[name], "basis": list(basis.get(name, ()))}

    def _family(self, day: date) -> dict[str, Any]:
        family: dict[str, Any] = {}
        for side, parent in parents_on(self._about[self._who], day).items():
            family[side] = parent.entry and _relative(parent.entry, parent.basis)
        if self._children:
            family["children"] = [
                child for key in self._children if (child := self._child(key, day)) is not None
            ] or None
        return family

    def _child(self, key: str, day: date) -> dict[str, Any] | None:
        parents = parents_on(self._about[key], day).values()
        mine = next((parent for parent in parents if parent.who == self._who), None)
        if mine is None:
            return None
        entry: Mapping[str, Any] = next(
            entry
            for act in self._acts
            if act.id in mine.basis
            for role, entry in act.persons.items()
            if act.who(role) == key
        )
        return _relative(entry, mine.basis)


def _changes_the_person(act: Act, who: str, acts: Sequence[Act]) -> bool:
    """Say whether an amendment changes ``who`` from its own day on.

    So does a correction whose entry is in no book here: it can't be applied to that.
    """
    known = {a.code: a for a in acts}
    apart = act.kind in RETROACTIVE and root_of(act, known) not in {"", *known}
    if not apart and act.kind not in PROSPECTIVE:
        return False
    if act.persons:
        return who in {act.who("person"), act.who("child")}
    target = known.get(act.amends or "")
    return target is not None and target.who("child") == who


def _relative(entry: Mapping[str, Any], basis: tuple[str, ...]) -> dict[str, Any]:
    name = entry.get("name")
    told = {
        "id": entry.get("citizen_id"),
        "name": name.get("full") if isinstance(name, Mapping) else name,
        "personal_id": entry.get("personal_id"),
        "nationality": entry.get("nationality"),
    }
    return {**{key: value for key, value in told.items() if value}, "basis": list(basis)}


def _leaf(codes: str, code: str, basis: tuple[str, ...]) -> dict[str, Any]:
    return {**load(codes).leaf(code), "basis": list(basis)}


def _single() -> dict[str, Any]:
    return {**load("marital_status").leaf("single"), "state": "known", "basis": []}


def _unknown() -> dict[str, Any]:
    return {**load("marital_status").leaf("unknown"), "state": "unknown", "basis": []}
