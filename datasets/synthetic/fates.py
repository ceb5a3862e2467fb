"""What befalls made-up people: where their birth is registered, marriages, adoptions, mistakes.

Drawn apart from the making of the people, so that the file of citizens and the file of acts tell
of the same lives whichever of them is written.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from datasets.synthetic.names import Name, lowland
from datasets.synthetic.people import ON, Home, Mistake, Person, Places

# Shares. docs/reference/datasets.md tells them.
ADOPTED = 0.004  # of children who live with both parents
CORRECTED = 0.02  # of births since 1976
UNCORRECTED_FILE = 0.4  # of those corrected

_HUSBAND_AGE, _WIFE_AGE = 20, 18
_MARRIED_WITHIN = 3650
_CORRECTIONS_BEGAN = date(2016, 1, 1)
_REUNIFICATION = 1976
_CHILD = "Con đẻ"


class Fates:
    """Draws the events of one home after the other from a source of chance of their own."""

    def __init__(self, seed: int, places: Places) -> None:
        self._random = Random(seed + 2)  # noqa: S311 - made-up people, not secrets
        self._places = places

    def befall(self, home: Home) -> None:
        """Add to everybody of ``home`` what happened to them."""
        people = [person for person, _ in home.members] + home.others
        for person in people:
            if person.born_in is None:
                person.born_in = self._random.choice(self._places.of(person.born))
        for person in people:
            if person.spouse is not None and person.married_on is None:
                person.married_on = person.spouse.married_on = self._wedding(person, people)
        home.members = [(person, self._adopted(person, label)) for person, label in home.members]
        for person in people:
            if person.born.year >= _REUNIFICATION and person.adopted_on is None:
                person.mistake = person.mistake or self._mistake(person)

    def _wedding(self, person: Person, people: list[Person]) -> date:
        """Return a day on which both were old enough, before their first child where that fits."""
        spouse = person.spouse
        assert spouse is not None  # noqa: S101 - the caller asks for couples only
        husband, wife = (person, spouse) if person.sex == "1" else (spouse, person)
        couple = (husband, wife)
        first = max(birthday(husband.born, _HUSBAND_AGE), birthday(wife.born, _WIFE_AGE))
        children = [p.born for p in people if p.father in couple or p.mother in couple]
        ends = [*(p.died for p in couple if p.died), ON]
        last = min(first + timedelta(days=_MARRIED_WITHIN), *ends)
        if children:
            last = min(last, max(first, min(children) - timedelta(days=250)))
        return between(self._random, first, last)

    def _adopted(self, person: Person, label: str) -> str:
        if label != _CHILD or self._random.random() >= ADOPTED:
            return label
        if person.mother is None or person.mistake is not None:
            return label
        first = person.born + timedelta(days=90)
        if first > ON:
            return label
        person.adopted_on = between(
            self._random, first, min(birthday(person.born, 10), ON - timedelta(days=5))
        )
        return "Con nuôi"

    def _mistake(self, person: Person) -> Mistake | None:
        chance = self._random.random
        first = max(_CORRECTIONS_BEGAN, birthday(person.born, 1))
        if chance() >= CORRECTED or first >= ON or person.died or person.year_only:
            return None
        name, born = None, None
        if person.name.middle and chance() < 0.5:  # noqa: PLR2004 - as often the one as the other
            name = self._misspelt(person)
        else:
            # Earlier, so that nobody is registered before that birth, yet of the id's own year.
            days = min(20, (person.born - date(person.born.year, 1, 1)).days)
            if not days:
                return None
            born = person.born - timedelta(days=self._random.randint(1, days))
        mended = between(self._random, first, ON - timedelta(days=5))
        return Mistake(name, born, mended, carried=chance() < UNCORRECTED_FILE)

    def _misspelt(self, person: Person) -> Name:
        while True:
            wrong = lowland(self._random, person.sex, person.name.family, old=False)
            if wrong.full != person.name.full:
                return wrong


def birthday(born: date, age: int) -> date:
    """Return the day on which ``age`` is completed; after 29 February, 1 March."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def between(random: Random, first: date, last: date) -> date:
    """Return a day from ``first`` to ``last``, ``first`` where there is none."""
    return first + timedelta(days=random.randint(0, max((last - first).days, 0)))
