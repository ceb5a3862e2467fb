"""What the papers of a made-up parcel say: certificates of several eras, land uses, limits."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from datasets.synthetic.people import ON
from registry.places.catalogue import REFORM, Unit, catalogue

# Shares of dirt and of kinds, of parcels unless said otherwise. docs/reference/datasets.md
# tells them.
NO_CERTIFICATE = 0.1
YEAR_ONLY_CERTIFICATE = 0.08
AREA_DIFFERS = 0.04
NO_PURPOSE = 0.01
FREE_TEXT_PURPOSE = 0.03
SECOND_PURPOSE = 0.2
PARCEL_ID = 0.5
MORTGAGE = 0.15
DISPUTE = 0.01
PLANNING = 0.02
ASSET = 0.7

_FIRST_BOOKS = date(1994, 1, 1)
_LETTERS = "ABCDĐEGHIKLMNOPQRSTUVX"
_BANKS = ("Ngân hàng Giả Lập Sài Gòn", "Ngân hàng Giả Lập Đông Nam", "Quỹ tín dụng Giả Lập")
_WORDS = ("thổ cư", "T", "đất vườn", "ao")
_ORIGINS = ("CNQ-CTT", "CNQ-KTT", "NCQ-8", "NCQ-8", "NCQ-9", "NCQ-10")
_LOCAL_OFFICES = date(2016, 1, 1)
# The forms by their first day: letters in front, digits, and how the register numbered them.
_FORMS = (
    (date(2025, 1, 1), "AA", 8, "CN {n:05d}"),
    (date(2014, 7, 1), "C", 6, "CS {n:05d}"),
    (date(2009, 12, 1), "B", 6, "CH {n:05d}"),
    (date(2004, 7, 1), "A", 6, "H {n:05d}"),
    (date.min, "", 6, "{n}/QSDĐ"),
)


def issued_after(random: Random, since: date) -> date:
    """Return a day of issue, of a time that had certificates, not before ``since``."""
    first = max(since, _FIRST_BOOKS)
    return first + timedelta(days=random.randint(0, max((ON - first).days, 0)))


def certificate(random: Random, number: int, issued: date, old: Unit | None) -> dict[str, str]:
    """Return the cells of a certificate in the form of its day."""
    _, letters, digits, register = next(form for form in _FORMS if issued >= form[0])
    if len(letters) < 2:  # noqa: PLR2004 - the second letter tells the series
        letters += random.choice(_LETTERS)
    year_only = random.random() < YEAR_ONLY_CERTIFICATE
    return {
        "certificate": f"{letters} {(number * 7919 + 266_864) % 10**digits:0{digits}d}",
        "certificate_register_number": register.format(n=number % 100_000),
        "certificate_on": str(issued.year) if year_only else f"{issued:%d/%m/%Y}",
        "certificate_issuer": _issuer(issued, old),
    }


def _issuer(issued: date, old: Unit | None) -> str:
    if issued >= REFORM:
        return "Chi nhánh Văn phòng đăng ký đất đai"
    above = old.parent if old else None
    district = catalogue().unit(above, REFORM - timedelta(days=1)) if above else None
    if issued < _LOCAL_OFFICES and district is not None:
        return f"Ủy ban nhân dân {district.name}"
    return "Sở Tài nguyên và Môi trường"


def purposes(random: Random, area: float, *, urban: bool) -> dict[str, str]:
    """Return the cells of the land uses of a home's parcel, at times as old papers put them."""
    if random.random() < NO_PURPOSE:
        return {}
    code, home, garden = ("ODT" if urban else "ONT"), area, 0.0
    if random.random() < SECOND_PURPOSE:
        home = round(area * random.uniform(0.3, 0.8), 1)
        garden = round(area - home, 1)
    words = random.random() < FREE_TEXT_PURPOSE
    cells = purpose(1, random.choice(_WORDS) if words else code, home, random.choice(_ORIGINS))
    return cells | (purpose(2, "CLN", garden, "CNQ-KTT", "15/10/2063") if garden > 0 else {})


def purpose(
    number: int, code: str, area: float, origin: str, term: str = "Lâu dài"
) -> dict[str, str]:
    """Return the cells of one land use."""
    return {
        f"purpose_{number}": code,
        f"purpose_{number}_area": decimal(area),
        f"purpose_{number}_use": "Sử dụng riêng",
        f"purpose_{number}_term": term,
        f"purpose_{number}_origin": origin,
    }


def legal_area(random: Random, drawn: float) -> float:
    """Return the registered area of a drawn one, at times of another survey."""
    other = random.random() < AREA_DIFFERS
    return round(drawn * random.uniform(1.03, 1.1), 1) if other else round(drawn, 1)


def restriction(random: Random, number: int, since: date) -> dict[str, str]:
    """Return the cells of a mortgage, a dispute or a plan; most parcels have none."""
    chance = random.random()
    if chance > MORTGAGE + DISPUTE + PLANNING:
        return {}
    on = since + timedelta(days=random.randint(0, max((ON - since).days, 0)))
    cells = {"restriction_on": f"{on:%d/%m/%Y}"}
    if chance < MORTGAGE:
        return cells | {
            "restriction": "Thế chấp",
            "restriction_number": f"{number:06d}/TC",
            "restriction_party": random.choice(_BANKS),
        }
    return cells | {"restriction": "Tranh chấp" if chance < MORTGAGE + DISPUTE else "Quy hoạch"}


def asset(random: Random, area: float) -> dict[str, str]:
    """Return the cells of a house that fits its parcel; some parcels have none."""
    if random.random() >= ASSET:
        return {}
    built, storeys = round(area * random.uniform(0.4, 0.9), 1), random.randint(1, 5)
    return {
        "asset": "Nhà ở riêng lẻ",
        "asset_built_area": decimal(built),
        "asset_floor_area": decimal(built * storeys),
        "asset_storeys": str(storeys),
    }


def decimal(value: float) -> str:
    """Return a number to a tenth, as it is written in Viet Nam."""
    return f"{value:.1f}".replace(".", ",")
