"""Families: people with ages, links, households and the dirt that real files have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from datasets.synthetic.names import Name, family_name, highland, lowland, other_tone_style
from registry.places.catalogue import REFORM, WAVE, Unit, catalogue

ON = date(2026, 1, 1)
"""The day on which the made-up people are as told; a fixed one, so that files are the same."""

# Shares of dirt, of all people unless said otherwise. docs/reference/datasets.md tells them.
YEAR_ONLY = {1960: 0.45, 1980: 0.12, 2100: 0.01}  # by the last year of birth
NINE_DIGIT_ID = 0.7  # of those born before 2000
CANCELLED_ID = 0.01
LEGACY_ADDRESS = 0.4  # of households
UPPER_CASE = 0.05
OTHER_TONES = 0.2
NO_ETHNICITY = 0.01
BOOKS_INCOMPLETE = 0.2
HIGHLAND_FAMILY = 0.02
TEMPORARY = 0.08
ABSENT = 0.02
PASSPORT = 0.15
BLOOD_TYPE = 0.5
MISSING = 0.001
WOMAN_HEAD = 0.3
_HOME_PROVINCE = 0.85

_STREETS = (
    "Lê Lợi",
    "Nguyễn Trãi",
    "Số 1",
    "Số 7",
    "Tỉnh lộ 10",
    "Hương lộ 2",
    "Tân Hòa Đông",
    "Lũy Bán Bích",
    "Mã Lò",
    "Bình Long",
    "Trần Hưng Đạo",
    "Cách Mạng Tháng Tám",
)
_HOUSES = ("{n}", "{n}/{m}", "{n}/{m}A/12", "K{m}/{n}", "Số {n}, tổ {m}", "{n} KP2")
_PERSONA_BLOCK = 900_000
_COUPLE = {"Chủ hộ", "Vợ", "Chồng"}
_MINORITIES = ("Hoa", "Khơ-me", "Chăm", "Tày", "Nùng", "Mường")
_MINORITY_FAMILY = 0.05


@dataclass(frozen=True, slots=True)
class Mistake:
    """What the entry of a birth said wrongly until it was corrected: a name or a birthday.

    ``carried`` tells that the file of citizens still has the wrong one.
    """

    name: Name | None
    born: date | None
    mended_on: date
    carried: bool


@dataclass(frozen=True, slots=True)
class Move:
    """When somebody came to live with the family, and from where."""

    on: date
    address: str
    commune: Unit
    since: date


@dataclass(slots=True, eq=False)
class Person:
    """One made-up person; ``born`` is the true birthday, which the file may know only in part."""

    personal_id: str
    name: Name
    sex: str
    born: date
    ethnicity: str = "Kinh"
    father: Person | None = None
    mother: Person | None = None
    spouse: Person | None = None
    marital: str = "Chưa kết hôn"
    died: date | None = None
    year_only: bool = False
    """True where even the true file knows no more than the year."""
    born_in: Unit | None = None
    """The commune where the birth was registered, of the units of that day."""
    married_on: date | None = None
    adopted_on: date | None = None
    mistake: Mistake | None = None
    move: Move | None = None

    @property
    def recorded_name(self) -> Name:
        """The name as the file of citizens has it."""
        mistake = self.mistake
        return mistake.name if mistake and mistake.carried and mistake.name else self.name

    @property
    def recorded_birthday(self) -> date:
        """The birthday as the file of citizens has it."""
        mistake = self.mistake
        return mistake.born if mistake and mistake.carried and mistake.born else self.born

    def lives_since(self, day: date) -> date:
        """Return since when the person lives in a home where the family has lived since ``day``."""
        return self.move.on if self.move else max(day, self.born)


@dataclass(slots=True)
class Home:
    """One household: its place and its members with their relation to the head, head first."""

    code: str
    address: str
    commune: Unit
    written: date
    since: date
    members: list[tuple[Person, str]]
    hometown: Unit
    others: list[Person] = field(default_factory=list)
    """People of the family who are not members, such as the dead."""


class Numbers:
    """Hands out ids of the block 9xx, which is no province and no country, each once."""

    def __init__(self) -> None:
        self._next = 0

    def personal_id(self, sex: str, born: date) -> str:
        """Return the next id, with the digits of sex, century and year that the law gives it."""
        block, number = divmod(self._next, _PERSONA_BLOCK)
        self._next += 1
        century = 2 * (born.year // 100 - 19) + (sex == "2")
        return f"{900 + block}{century}{born.year % 100:02d}{number + 100:06d}"


class Places:
    """Communes to live in, of today and of before the reform."""

    def __init__(self) -> None:
        known = catalogue()
        self.home = known.units(ON, "commune", parent="79")
        self.elsewhere = known.units(ON, "commune")
        before = REFORM - timedelta(days=1)
        districts = {unit.code for unit in known.units(before, "district", parent="79")}
        self.legacy = [u for u in known.units(before, "commune") if u.parent in districts]
        self._old = [unit for unit in self.legacy if unit.valid_from is None]

    def of(self, day: date) -> list[Unit]:
        """Return communes of the city that existed on ``day``, as far as the facts reach."""
        if day >= REFORM:
            return self.home
        return self.legacy if day >= WAVE else self._old


class Families:
    """Makes households one after the other from one source of chance."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - made-up people, not secrets
        self.numbers = Numbers()
        self.places = Places()
        self._count = 0

    def homes(self, citizens: int) -> Iterator[Home]:
        """Yield homes, the one of the personas first, until ``citizens`` people are told of."""
        told = 0
        while told < citizens:
            home = self._home() if told else self._persona_home()
            people = len(home.members) + len(home.others)
            if told + people > citizens:
                home = self._single()
                people = 1
            told += people
            yield home

    def _persona_home(self) -> Home:
        """Return the Nguyễn family of the guide, whose numbers are the same for every seed."""
        grandfather = self._person(
            "1", date(1945, 9, 2), Name("Nguyễn Văn Bảy", "Nguyễn", "Văn", "Bảy")
        )
        husband = self._person(
            "1", date(1987, 12, 5), Name("Nguyễn Văn Hòa", "Nguyễn", "Văn", "Hòa")
        )
        wife = self._person("2", date(1990, 5, 17), Name("Trần Thị Lan", "Trần", "Thị", "Lan"))
        son = self._person(
            "1", date(2015, 8, 20), Name("Nguyễn Minh Khang", "Nguyễn", "Minh", "Khang")
        )
        daughter = self._person(
            "2", date(2020, 2, 11), Name("Nguyễn Ngọc My", "Nguyễn", "Ngọc", "My")
        )
        husband.father = grandfather
        grandfather.year_only = True
        grandfather.marital = "Góa"
        _marry(husband, wife)
        husband.married_on = wife.married_on = date(2014, 6, 6)
        for child in (son, daughter):
            child.father, child.mother = husband, wife
        # The contested case: the 11th was written down as the 21st, and corrected four years later.
        daughter.mistake = Mistake(None, date(2020, 2, 21), date(2024, 5, 6), carried=True)
        village = catalogue().unit("27556", date(2021, 6, 1))
        assert village is not None  # noqa: S101 - a fact of the package
        grandfather.move = Move(
            date(2021, 6, 1), "Ấp Tân Tiến, xã Tân Thông Hội", village, date(1976, 1, 1)
        )
        grandfather.born_in = village
        place = catalogue().unit("26737", date(2015, 3, 1))
        assert place is not None  # noqa: S101 - a fact of the package
        for person in (husband, wife, son, daughter):
            person.born_in = place
        members = [
            (husband, "Chủ hộ"),
            (wife, "Vợ"),
            (son, "Con đẻ"),
            (daughter, "Con đẻ"),
            (grandfather, "Cha đẻ"),
        ]
        return Home(
            self._code(),
            "169/8A/12 đường Số 1",
            place,
            date(2015, 3, 1),
            date(2015, 3, 1),
            members,
            self.places.home[0],
        )

    def _home(self) -> Home:
        chance = self.random.random()
        if chance < 0.12:  # noqa: PLR2004 - shares of kinds of households
            return self._single()
        if self.random.random() < HIGHLAND_FAMILY:
            return self._family(grandparents=0, ede=True)
        return self._family(grandparents=self.random.choice((1, 2)) if chance < 0.4 else 0)  # noqa: PLR2004

    def _single(self) -> Home:
        sex = self.random.choice("12")
        born = self._birthday(20, 85)
        person = self._person(sex, born, self._name(sex, born, family_name(self.random)))
        if born.year < 1990:  # noqa: PLR2004 - who lives alone at that age was mostly married
            person.marital = self.random.choice(("Chưa kết hôn", "Đã ly hôn", "Góa"))
        return self._at([(person, "Chủ hộ")])

    def _family(self, *, grandparents: int, ede: bool = False) -> Home:
        family = family_name(self.random)
        born = self._birthday(25, 60)
        head = self._adult("1", born, family, ede=ede)
        wife_born = _shift(born, self.random.randint(-365, 365 * 6))
        wife = self._adult("2", wife_born, family_name(self.random), ede=ede)
        _marry(head, wife)
        if not ede and self.random.random() < _MINORITY_FAMILY:
            head.ethnicity = wife.ethnicity = self.random.choice(_MINORITIES)
        by_her = self.random.random() < WOMAN_HEAD
        members = (
            [(wife, "Chủ hộ"), (head, "Chồng")] if by_her else [(head, "Chủ hộ"), (wife, "Vợ")]
        )
        oldest = max(head.born, wife.born)
        most = (ON - oldest).days // 365 - 20
        children = min(self.random.choice((0, 1, 1, 2, 2, 2, 3)), max(most, 0))
        members += [(self._child(head, wife, oldest, ede=ede), "Con đẻ") for _ in range(children)]
        others: list[Person] = []
        if grandparents:
            self._grandparents(head, family, grandparents, members, others)
        home = self._at(members)
        home.others = others
        return home

    def _child(self, father: Person, mother: Person, oldest: date, *, ede: bool) -> Person:
        span = (ON - oldest).days
        born = _shift(oldest, self.random.randint(20 * 365, max(20 * 365, min(span, 42 * 365))))
        sex = self.random.choice("12")
        name = highland(self.random, sex) if ede else self._name(sex, born, father.name.family)
        child = self._person(sex, min(born, ON), name)
        child.father, child.mother, child.ethnicity = father, mother, father.ethnicity
        return child

    def _grandparents(
        self,
        head: Person,
        family: str,
        living: int,
        members: list[tuple[Person, str]],
        others: list[Person],
    ) -> None:
        born = _shift(head.born, -self.random.randint(21 * 365, 35 * 365))
        grandfather = self._adult("1", born, family)
        grandmother = self._adult(
            "2",
            # Not younger than eighteen when her son was born.
            min(_shift(born, self.random.randint(-300, 1800)), _shift(head.born, -18 * 366)),
            family_name(self.random),
        )
        grandfather.ethnicity = grandmother.ethnicity = head.ethnicity
        labels = ("Cha chồng", "Mẹ chồng") if members[0][0].sex == "2" else ("Cha đẻ", "Mẹ đẻ")
        _marry(grandfather, grandmother)
        head.father, head.mother = grandfather, grandmother
        if living == 2:  # noqa: PLR2004 - both of them
            members += [(grandfather, labels[0]), (grandmother, labels[1])]
            return
        grandfather.died = _shift(ON, -self.random.randint(30, 20 * 365))
        grandmother.marital = "Góa"
        members.append((grandmother, labels[1]))
        others.append(grandfather)

    def _adult(self, sex: str, born: date, family: str, *, ede: bool = False) -> Person:
        name = highland(self.random, sex) if ede else self._name(sex, born, family)
        person = self._person(sex, born, name)
        if ede:
            person.ethnicity = "Ê-đê"
        return person

    def _name(self, sex: str, born: date, family: str) -> Name:
        return lowland(self.random, sex, family, old=born.year < 1965)  # noqa: PLR2004 - a cohort

    def _person(self, sex: str, born: date, name: Name) -> Person:
        return Person(self.numbers.personal_id(sex, born), name, sex, born)

    def _birthday(self, least: int, most: int) -> date:
        return _shift(ON, -self.random.randint(least * 365, most * 365))

    def _at(self, members: list[tuple[Person, str]]) -> Home:
        youngest = max(person.born for person, relation in members if relation in _COUPLE)
        since = _shift(youngest, self.random.randint(18 * 365, max(18 * 365, (ON - youngest).days)))
        since = min(since, ON)
        if since < REFORM and self.random.random() < LEGACY_ADDRESS:
            place, written = self.random.choice(self.places.legacy), max(since, date(2025, 1, 1))
        else:
            near = self.random.random() < _HOME_PROVINCE
            place = self.random.choice(self.places.home if near else self.places.elsewhere)
            written = ON
        number, lane = self.random.randint(1, 400), self.random.randint(1, 60)
        house = self.random.choice(_HOUSES).format(n=number, m=lane)
        address = f"{house} đường {self.random.choice(_STREETS)}"
        hometown = self.random.choice(self.places.elsewhere)
        return Home(self._code(), address, place, written, since, members, hometown)

    def _code(self) -> str:
        self._count += 1
        return f"HK-{self._count:07d}"


def _marry(one: Person, other: Person) -> None:
    one.spouse, other.spouse = other, one
    one.marital = other.marital = "Đang có vợ hoặc chồng"


def _shift(day: date, days: int) -> date:
    return day + timedelta(days=days)


def written_name(random: Random, name: str) -> str:
    """Return a name as some clerk wrote it: in capitals, or with the other tone style."""
    chance = random.random()
    if chance < UPPER_CASE:
        return name.upper()
    return other_tone_style(name) if chance < UPPER_CASE + OTHER_TONES else name


def written_birthday(random: Random, born: date) -> str:
    """Return a birthday as a file has it: the older the person, the more often only a year."""
    share = next(share for last, share in YEAR_ONLY.items() if born.year <= last)
    return str(born.year) if random.random() < share else f"{born:%d/%m/%Y}"
