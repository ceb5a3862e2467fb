"""Parcels of the made-up city: each commune's ground is cut, and every home there gets its lot."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random

from datasets.synthetic import deeds
from datasets.synthetic.grounds import Box, Ground, Grounds, Piece, communes, share_out
from datasets.synthetic.people import ON, Home, Person
from registry.places.catalogue import REFORM, Unit, catalogue

# Shares of homes in the city; docs/reference/datasets.md tells them.
SPLIT = 0.08
MERGE = 0.04
HOUSEHOLD_HOLDER = 0.12
CO_USERS = 0.06
TWO_SERIES = 0.25  # of old communes

_HOME_M2 = 110.0
_ROAD = 0.2  # of a home's parcel, given up when it was split
_LOTS_A_SHEET = 120
_FIRST_PARENT = date(1996, 1, 1)
_ADULT_DAYS = 18 * 366
_GROUP = 2
# Land Law 31/2024/QH15, in force since then: households are given no more rights.
_LAND_LAW = date(2024, 8, 1)

Rows = list[dict[str, str]]


@dataclass(slots=True)
class _Lot:
    """A home to be given ground; ``event`` is how its parcel came to be, if not as it is."""

    code: str
    home: Home
    event: str
    persona: bool


@dataclass(slots=True)
class _Numbers:
    """Hands out the sheet and number of the next parcel of one commune."""

    first_sheet: int
    count: int = 0

    def next(self) -> tuple[str, str]:
        sheet, number = divmod(self.count, _LOTS_A_SHEET)
        self.count += 1
        return str(self.first_sheet + sheet), str(number + 1)


@dataclass(slots=True)
class Land:
    """Takes homes one after the other, then gives every parcel of their communes.

    Homes outside the city have no parcel here: this is the register of the city.
    """

    seed: int
    outlines: Path | None = None
    _lots: dict[str, list[_Lot]] = field(default_factory=lambda: defaultdict(list))
    _count: int = 0
    _certificates: int = 0
    _old_numbers: Counter[str] = field(default_factory=Counter)
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        """Draw chance of its own, so that people are the same without parcels."""
        self.random = Random(self.seed + 2)  # noqa: S311 - made-up parcels, not secrets

    def settle(self, home: Home) -> None:
        """Give a home a place among the lots of its present commune."""
        commune = _present(home.commune.code, home.written)
        if commune not in communes():
            return
        self._count += 1
        persona = self._count == 1
        chance = self.random.random()
        event = "Tách thửa" if persona or chance < SPLIT else ""
        if not event and chance < SPLIT + MERGE:
            event = "Hợp thửa"
        self._lots[commune].append(_Lot(f"TD-{self._count:07d}", home, event, persona))

    def rows(self) -> Iterator[Rows]:
        """Yield the rows of each parcel, commune by commune."""
        grounds = Grounds(self.outlines)
        for code in sorted(self._lots):
            lots = self._lots[code]
            ground = grounds.of(code, _HOME_M2 * len(lots))
            if ground is not None:
                yield from self._commune(code, lots, ground)

    def _commune(self, code: str, lots: list[_Lot], ground: Ground) -> Iterator[Rows]:
        unit = communes()[code][0]
        # A merger put the sheets of several communes one after the other.
        numbers = _Numbers(self.random.randint(1, 90))
        weights = [2 if lot.event == "Hợp thửa" else 1 for lot in lots]
        for lot, box in zip(lots, share_out(self.random, ground.homes, weights), strict=True):
            for rows in self._parcels(lot, box, unit, numbers):
                rows[0]["srid"] = str(ground.srid)
                yield rows
        for place, piece in enumerate(ground.around, 1):
            rows = [self._public(f"TD-{code}-{place}", piece, unit, numbers)]
            rows[0]["srid"] = str(ground.srid)
            yield rows

    def _parcels(self, lot: _Lot, box: Box, unit: Unit, numbers: _Numbers) -> Iterator[Rows]:
        """Yield the parcels on the ground of a home: its own, those before, what was given up."""
        born = [person.born for person in _holders(lot.home)]
        grown = max(day + timedelta(days=_ADULT_DAYS) for day in born)
        since = min(max(lot.home.since, grown, _FIRST_PARENT), ON)
        if lot.event == "Tách thửa":
            before, [kept, road] = [box], box.cut(1 - _ROAD)
        elif lot.event == "Hợp thửa":
            before, kept, road = list(box.cut(0.5)), box, None
        else:
            before, kept, road = [], box, None
        parents = [f"{lot.code}-{place}" for place in range(1, len(before) + 1)]
        for code, ground in zip(parents, before, strict=True):
            yield [self._before(code, ground, unit, numbers, lot, since)]
        told = {
            "lineage_event": lot.event,
            "lineage_from": ";".join(parents),
            "lineage_on": f"{since:%d/%m/%Y}",
        }
        lineage = told if parents else {}
        yield self._home(lot, kept, unit, numbers, since, lineage)
        if road is not None:
            piece = Piece(road.wkt, road.area)
            yield [self._public(f"{lot.code}-L", piece, unit, numbers, "DGT") | lineage]

    def _plot(self, code: str, wkt: str, unit: Unit, numbers: _Numbers) -> dict[str, str]:
        """Return the cells that every parcel has."""
        sheet, number = numbers.next()
        known = self.random.random() < deeds.PARCEL_ID
        return {
            "code": code,
            "parcel_id": f"{unit.code}.{sheet}.{number}" if known else "",
            "commune": unit.code,
            "commune_on": f"{ON:%d/%m/%Y}",
            "sheet": sheet,
            "number": number,
            "geometry": wkt,
        }

    def _before(  # noqa: PLR0913, PLR0917 - a parcel, and the one that came of it
        self, code: str, box: Box, unit: Unit, numbers: _Numbers, lot: _Lot, ended: date
    ) -> dict[str, str]:
        """Return a parcel that was split or merged: its paper names nobody by number."""
        began = ended - timedelta(days=self.random.randint(400, 4000))
        area = round(box.area, 1)
        urban = unit.name.startswith("Phường")
        return {
            **self._plot(code, box.wkt, unit, numbers),
            **self._old(lot.home, unit),
            "legal_area": deeds.decimal(area),
            **deeds.purpose(1, "ODT" if urban else "ONT", area, "CNQ-CTT"),
            "valid_from": f"{began:%d/%m/%Y}",
            "holder_kind": "Hộ gia đình",
            "holder_role": "Chủ hộ",
            "holder_name": _household_name(lot.home.members[-1][0]),
        }

    def _home(  # noqa: PLR0913, PLR0917 - a parcel, and how it came to be
        self,
        lot: _Lot,
        box: Box,
        unit: Unit,
        numbers: _Numbers,
        since: date,
        lineage: dict[str, str],
    ) -> Rows:
        random, careful = self.random, lot.persona
        drawn = round(box.area, 1)
        area = drawn if careful else deeds.legal_area(random, box.area)
        urban = unit.name.startswith("Phường")
        uses = deeds.purposes(random, area, urban=urban)
        if careful:
            uses = deeds.purpose(1, "ODT" if urban else "ONT", area, "NCQ-8")
        issued = since if careful else deeds.issued_after(random, since)
        paper = self._certificate(issued, lot, unit)
        first = {
            **self._plot(lot.code, box.wkt, unit, numbers),
            **self._old(lot.home, unit),
            "address": lot.home.address,
            "legal_area": deeds.decimal(area),
            **uses,
            **deeds.asset(random, area),
            **deeds.restriction(random, self._certificates, issued),
            "valid_from": f"{since:%d/%m/%Y}" if lineage else "",
            **lineage,
        }
        holders = self._named(lot.home, issued, careful=careful)
        return [
            {**(first if place == 0 else {"code": lot.code}), **paper, **holder}
            for place, holder in enumerate(holders)
        ]

    def _certificate(self, issued: date, lot: _Lot, unit: Unit) -> dict[str, str]:
        self._certificates += 1
        old = _predecessor(lot.home, unit)
        if lot.persona:
            paper = deeds.certificate(self.random, self._certificates, issued, old)
            return paper | {"certificate": "BĐ 266864", "certificate_on": f"{issued:%d/%m/%Y}"}
        if self.random.random() < deeds.NO_CERTIFICATE:
            return {}
        return deeds.certificate(self.random, self._certificates, issued, old)

    def _named(self, home: Home, issued: date, *, careful: bool) -> Rows:
        """Return who holds a home's parcel: alone, as a couple, by shares or as a household."""
        holders = _holders(home)
        chance = 1.0 if careful else self.random.random()
        head = holders[0]
        if chance < HOUSEHOLD_HOLDER and issued < _LAND_LAW:
            row = _holder(head, "Hộ gia đình", "Chủ hộ")
            return [row | {"holder_name": _household_name(head)}]
        if len(holders) < _GROUP:
            return [_holder(head, "Cá nhân", "Cá nhân")]
        if chance < HOUSEHOLD_HOLDER + CO_USERS:
            parts = self.random.choice((("1/2", "1/2"), ("1/3", "2/3"), ("60%", "40%")))
            return [
                _holder(person, "Đồng sử dụng", "Cá nhân") | {"holder_share": part}
                for person, part in zip(holders, parts, strict=True)
            ]
        return [_holder(p, "Vợ chồng", "Chồng" if p.sex == "1" else "Vợ") for p in holders]

    def _public(
        self, code: str, piece: Piece, unit: Unit, numbers: _Numbers, use: str = "CLN"
    ) -> dict[str, str]:
        """Return a parcel of an organisation: roads, and the fields around the homes."""
        area = round(piece.area, 1)
        company = use != "DGT" and self.random.random() < 0.5  # noqa: PLR2004 - one of two kinds
        name = f"Công ty TNHH Giả Lập {unit.code}" if company else f"Ủy ban nhân dân {unit.name}"
        return {
            **self._plot(code, piece.wkt, unit, numbers),
            "legal_area": deeds.decimal(area),
            **deeds.purpose(1, use, area, "DT-THN" if company else "DG-QL"),
            "right": "Thuê quyền sử dụng đất" if company else "Được giao quản lý",
            "holder_kind": "Tổ chức",
            "holder_role": "Người đại diện",
            "holder_name": name,
            "holder_organisation_id": f"00{int(company)}{unit.code:>07}",
        }

    def _old(self, home: Home, unit: Unit) -> dict[str, str]:
        """Return the reference on maps of before the reform, whose sheets began with 1.

        Some old communes had two map sets, both numbered from 1: there a reference without its
        series means two parcels.
        """
        old = _predecessor(home, unit)
        if old is None:
            return {}
        count = self._old_numbers[old.code]
        self._old_numbers[old.code] += 1
        two = int(old.code) % 100 < 100 * TWO_SERIES
        place, other = divmod(count, 2) if two else (count, 0)
        sheet, number = divmod(place, _LOTS_A_SHEET)
        return {
            "old_series": ("Bộ 2005", "Bộ 1998")[other],
            "old_scale": ("1/500", "1/1000")[other],
            "old_sheet": str(sheet + 1),
            "old_number": str(number + 1),
            "old_commune": old.code,
            "old_commune_on": f"{REFORM - timedelta(days=1):%d/%m/%Y}",
        }


def _holders(home: Home) -> list[Person]:
    """Return the head, and the spouse who lives there too."""
    return [person for person, relation in home.members if relation in {"Chủ hộ", "Vợ", "Chồng"}]


def _household_name(head: Person) -> str:
    return f"{'Hộ ông' if head.sex == '1' else 'Hộ bà'} {head.name.full}"


def _holder(person: Person, kind: str, role: str) -> dict[str, str]:
    return {
        "holder_kind": kind,
        "holder_role": role,
        "holder_name": person.name.full,
        "holder_id": person.personal_id,
    }


@lru_cache(maxsize=10_000)
def _present(code: str, on: date) -> str:
    """Return the commune of today; of several heirs the one that the law names first."""
    candidates = catalogue().convert(code, on).candidates
    chosen = [c for c in candidates if c.default or c.whole] or list(candidates)
    return chosen[0].unit.code if chosen else ""


@lru_cache
def _predecessors() -> dict[str, list[Unit]]:
    """Return the communes of the last day before the reform by the one that they became."""
    known, day = catalogue(), REFORM - timedelta(days=1)
    found: dict[str, list[Unit]] = defaultdict(list)
    for unit in known.units(day, "commune"):
        for candidate in known.convert(unit.code, day).candidates:
            found[candidate.unit.code].append(unit)
    return found


def _predecessor(home: Home, unit: Unit) -> Unit | None:
    """Return the old commune of a parcel: that of the home's address, or some of its commune's."""
    old = _predecessors().get(unit.code, [])
    if home.commune in old:
        return home.commune
    return old[int(home.code[-3:]) % len(old)] if old else None
