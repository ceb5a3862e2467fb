"""The acts of civil status behind made-up families, and which books of them are here.

Every birth, marriage and death of the people in the file of citizens has its act; what the file
says of them follows from the acts. Who is only named (parents of the old, a late spouse) has a
number of the block 980, which is in no file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from datasets.synthetic.books import OFFICE_YEARS, Clerk
from datasets.synthetic.fates import between, birthday
from datasets.synthetic.names import family_name, lowland
from datasets.synthetic.people import ON, Home, Person, Places
from registry.places.catalogue import REFORM, Unit, catalogue

# Shares. docs/reference/datasets.md tells them.
LATE = 0.03  # of births since 1976
RE_REGISTERED = 0.1  # of births before 1976
RECOGNISED = 0.02  # of births to a couple
FOREIGN_MARRIAGE = 0.01  # of marriages since 2000
GUARDIAN = 0.02  # of minors who live with a grandparent

_OLD = 1976
_MINORS_BORN_AFTER = date(ON.year - 18, ON.month, ON.day)
_DIVORCED, _WIDOWED = "Đã ly hôn", "Góa"
_MALE = "1"
_CAUSES = ("Bệnh già", "Bệnh tim mạch", "Tai biến mạch máu não", "Ung thư", "Tai nạn giao thông")
_HOSPITALS = ("Bệnh viện Chợ Rẫy", "Bệnh viện Nhân dân 115", "Tại nhà", "Bệnh viện Thống Nhất")
_COURTS = ("Tòa án nhân dân Quận 1", "Tòa án nhân dân huyện Củ Chi", "Tòa án nhân dân Quận 10")
_COUNTRIES = ("JP", "KR", "US", "AU", "DE")
Row = dict[str, str]


class Registrar:
    """Writes the acts of one home after the other."""

    def __init__(self, seed: int, places: Places) -> None:
        self._random = Random(seed + 3)  # noqa: S311 - made-up people, not secrets
        self._clerk = Clerk(self._random)
        self._places = places
        self._strangers = 0

    def acts(self, home: Home) -> list[Row]:
        """Return the acts of everybody in ``home``, each birth before what follows from it."""
        people = [person for person, _ in home.members] + home.others
        rows: list[Row] = []
        for person in people:
            rows += self._birth(person)
        for person in people:
            if person.married_on and (person.sex == _MALE or person.spouse not in people):
                rows.append(self._marriage(person))
            elif person.marital in {_DIVORCED, _WIDOWED} and person.spouse is None:
                rows += self._past_marriage(person, people)
            if person.died:
                rows.append(self._death(person, _child_of(person, people)))
        return rows + list(self._guardianships(home))

    def _birth(self, person: Person) -> Iterator[Row]:
        """Yield the birth, and what was added to its entry later."""
        day, kind = self._registered(person)
        office = person.born_in
        if office is None or not office.valid_on(day):
            office = self._office(day)
        chance = self._random.random
        recognised = (
            person.father is not None
            and person.adopted_on is None
            and person.mistake is None
            and person.born.year >= _OLD
            and person.born < ON - timedelta(days=800)
            and chance() < RECOGNISED
        )
        entry = self._clerk.entry("birth", day, kind, office)
        entry |= self._child(person) | {
            "birth_place": "Bệnh viện" if person.born.year >= _OLD else "Nhà hộ sinh",
            "birth_place_commune": person.born_in.code if person.born_in else "",
            "birth_place_on": f"{person.born:%d/%m/%Y}",
        }
        for role in ("mother", "father"):
            parent: Person | None = getattr(person, role)
            if person.adopted_on or parent is None:
                entry |= self._named_parent(person, role)
            elif role == "mother" or not recognised:
                entry |= person_cells(role, parent)
        yield self._clerk.worn(entry)
        if person.adopted_on:
            yield self._adoption(person, entry["code"])
        if recognised:
            yield self._recognition(person, entry["code"])
        if person.mistake:
            yield self._correction(person, entry)

    def _registered(self, person: Person) -> tuple[date, str]:
        """Return the day of registration and its kind."""
        chance = self._random.random()
        born, kind = person.born, "on_time"
        last = (person.died or ON) - timedelta(days=1)
        days = self._random.randint(8, 55)
        if born.year < _OLD and chance < RE_REGISTERED:
            day, kind = (
                between(self._random, birthday(born, 20), date(2020, 12, 31)),
                "re_registered",
            )
        elif born.year >= _OLD and chance < LATE and not person.mistake and not person.adopted_on:
            day, kind = born + timedelta(days=self._random.randint(61, 700)), "late"
        else:
            day = born + timedelta(days=days)
        return max(min(day, last), born), kind

    def _child(self, person: Person) -> Row:
        cells = person_cells("child", person)
        mistake = person.mistake
        if mistake and mistake.name:
            cells["child_name"] = mistake.name.full
        if mistake and mistake.born:
            cells["child_birth_date"] = f"{mistake.born:%d/%m/%Y}"
        return cells

    def _named_parent(self, child: Person, role: str) -> Row:
        """Return a parent who is in no file, of whom the entry knows the name and the year."""
        sex = _MALE if role == "father" else "2"
        family = child.name.family if sex == _MALE else ""
        name = lowland(self._random, sex, family or family_name(self._random), old=True)
        year = child.born.year - self._random.randint(20, 38)
        return {f"{role}_name": name.full, f"{role}_birth_date": str(year)}

    def _correction(self, person: Person, entry: Row) -> Row:
        mistake = person.mistake
        assert mistake is not None  # noqa: S101 - the caller asks for mistakes only
        if mistake.name:
            change = ("name.full", mistake.name.full, person.name.full)
        else:
            change = ("birth_date", entry["child_birth_date"], f"{person.born:%d/%m/%Y}")
        cells = dict(zip(("change1_field", "change1_from", "change1_to"), change, strict=True))
        return (
            self._clerk.entry(
                "correction", mistake.mended_on, "on_time", self._office(mistake.mended_on)
            )
            | cells
            | {
                "amends": entry["code"],
                "person_name": person.name.full,
                "person_id": person.personal_id,
                "amendment_reason": "Ghi sai khi đăng ký khai sinh",
                "amendment_basis": "Giấy chứng sinh",
            }
        )

    def _recognition(self, person: Person, birth: str) -> Row:
        assert person.father is not None  # noqa: S101 - the caller asks for those only
        day = between(
            self._random, person.born + timedelta(days=60), min(birthday(person.born, 2), ON)
        )
        return (
            self._clerk.entry("parentage", day, "on_time", self._office(day))
            | person_cells("parent", person.father)
            | person_cells("child", person)
            | {"parentage_relation": "father", "amends": birth}
        )

    def _adoption(self, person: Person, birth: str) -> Row:
        assert person.adopted_on is not None  # noqa: S101 - the caller asks for those only
        day = person.adopted_on
        entry = self._clerk.entry("court_note", day, "on_time", self._office(day))
        entry |= person_cells("child", person)
        for role in ("father", "mother"):
            parent: Person | None = getattr(person, role)
            entry |= person_cells(role, parent) if parent else {}
        return entry | self._decision("adoption", day, "Ủy ban nhân dân phường") | {"amends": birth}

    def _marriage(self, person: Person) -> Row:
        spouse, day = person.spouse, person.married_on
        assert spouse is not None  # noqa: S101 - who has the day has the spouse
        assert day is not None  # noqa: S101 - the caller asks for those only
        husband, wife = (person, spouse) if person.sex == _MALE else (spouse, person)
        # The personas married where they live now.
        office = wife.born_in if wife.born_in and wife.born_in == husband.born_in else None
        if day >= OFFICE_YEARS and self._random.random() < FOREIGN_MARRIAGE and not office:
            entry = self._foreign_marriage(day)
        else:
            fitting = office if office and office.valid_on(day) else self._office(day)
            entry = self._clerk.entry("marriage", day, "on_time", fitting)
        entry |= person_cells("husband", husband) | person_cells("wife", wife)
        return self._clerk.worn(entry | {"marriage_on": f"{day:%d/%m/%Y}"})

    def _foreign_marriage(self, day: date) -> Row:
        noted = min(day + timedelta(days=self._random.randint(60, 900)), ON)
        country = self._random.choice(_COUNTRIES)
        office = self._office(noted)
        if noted < REFORM and office.parent:
            # Until the reform such notes were a matter of the district (Law on Civil Status, 48).
            office = catalogue().unit(office.parent, noted) or office
        return self._clerk.entry("foreign_note", noted, "foreign_element", office) | {
            "of": "marriage",
            "note": f"Đã đăng ký kết hôn ở nước ngoài ({country})",
        }

    def _past_marriage(self, person: Person, people: list[Person]) -> Iterator[Row]:
        """Yield the marriage of somebody widowed or divorced to a stranger, and its end."""
        sex = "2" if person.sex == _MALE else _MALE
        born = person.born + timedelta(days=self._random.randint(-700, 700))
        name = lowland(self._random, sex, family_name(self._random), old=born.year < 1965)  # noqa: PLR2004 - a cohort
        spouse = Person(self._stranger(sex, born), name, sex, born, person.ethnicity)
        first = birthday(max(person.born, born), 20)
        children = [p.born for p in people if person in (p.father, p.mother)]
        day = min(first + timedelta(days=self._random.randint(30, 1500)), *children, ON)
        husband, wife = (person, spouse) if person.sex == _MALE else (spouse, person)
        marriage = self._clerk.entry("marriage", day, "on_time", self._office(day))
        marriage |= person_cells("husband", husband) | person_cells("wife", wife)
        yield self._clerk.worn(marriage | {"marriage_on": f"{day:%d/%m/%Y}"})
        last = max(day, *children) if children else day
        end = between(self._random, last + timedelta(days=400), ON - timedelta(days=30))
        if person.marital == _WIDOWED:
            spouse.died = end
            yield self._death(spouse, person)
            return
        divorce = self._clerk.entry("court_note", end, "on_time", self._office(end))
        divorce |= person_cells("husband", husband) | person_cells("wife", wife)
        court = self._random.choice(_COURTS)
        yield divorce | self._decision("divorce", end, court) | {"amends": marriage["code"]}

    def _decision(self, kind: str, day: date, court: str) -> Row:
        return {
            "decision_kind": kind,
            "decision_number": f"{self._random.randint(1, 900)}/{day.year}/QĐ",
            "decision_court": court,
            "decision_effective_on": f"{day:%d/%m/%Y}",
        }

    def _death(self, person: Person, declarant: Person | None) -> Row:
        died = person.died
        assert died is not None  # noqa: S101 - the caller asks for the dead only
        told = min(died + timedelta(days=self._random.randint(1, 15)), ON)
        entry = self._clerk.entry("death", told, "on_time", self._office(told))
        entry |= person_cells("deceased", person) | {
            "death_date": f"{died:%d/%m/%Y}",
            "death_time": f"{self._random.randint(0, 23):02d}:{self._random.randint(0, 59):02d}",
            "death_place": self._random.choice(_HOSPITALS),
            "death_cause": self._random.choice(_CAUSES),
            "death_notice_number": str(self._random.randint(1, 400)),
            "death_notice_date": f"{died:%d/%m/%Y}",
        }
        # Their own kin report a death; so the act names them too.
        return self._clerk.worn(entry | (person_cells("declarant", declarant) if declarant else {}))

    def _guardianships(self, home: Home) -> Iterator[Row]:
        """Yield grandparents appointed as guardians, some no longer, where parents work away."""
        elders = [p for p, label in home.members if label.startswith(("Cha", "Mẹ"))]
        wards = [p for p, _ in home.members if p.mother and p.born > _MINORS_BORN_AFTER]
        for ward in wards if elders else ():
            first = max(ward.born + timedelta(days=400), home.since)
            if self._random.random() >= GUARDIAN or first >= ON - timedelta(days=40):
                continue
            begun = between(self._random, first, ON - timedelta(days=30))
            entry = self._clerk.entry("guardianship", begun, "on_time", self._office(begun))
            named = person_cells("guardian", elders[-1]) | person_cells("ward", ward)
            yield (
                entry
                | named
                | {
                    "guardianship_kind": "Giám hộ cử",
                    "guardianship_reason": "Cha mẹ đi làm xa",
                    "guardianship_scope": "Chăm sóc, học tập",
                    "guardianship_from": f"{begun:%d/%m/%Y}",
                }
            )
            if self._random.random() < 0.5:  # noqa: PLR2004 - half of them are over
                over = between(self._random, begun + timedelta(days=20), ON)
                yield (
                    self._clerk.entry("guardianship_end", over, "on_time", self._office(over))
                    | named
                    | {"guardianship_to": f"{over:%d/%m/%Y}", "amends": entry["code"]}
                )

    def _office(self, day: date) -> Unit:
        return self._random.choice(self._places.of(day))

    def _stranger(self, sex: str, born: date) -> str:
        """Return a number of a block that is no province's, for somebody who is in no file."""
        self._strangers += 1
        century = 2 * (born.year // 100 - 19) + (sex == "2")
        return f"980{century}{born.year % 100:02d}{self._strangers:06d}"


def person_cells(role: str, person: Person) -> Row:
    """Return what an entry says of somebody in ``role``."""
    born = person.born
    return {
        f"{role}_name": person.name.full,
        f"{role}_birth_date": str(born.year) if person.year_only else f"{born:%d/%m/%Y}",
        f"{role}_sex": "Nam" if person.sex == _MALE else "Nữ",
        f"{role}_ethnicity": person.ethnicity,
        f"{role}_nationality": "VN",
        f"{role}_id": person.personal_id,
    }


def _child_of(person: Person, people: list[Person]) -> Person | None:
    found = (p for p in people if person in (p.father, p.mother) or p.spouse is person)
    return next(found, None)
