"""Vietnamese names as they are met: family names by how common they are, given names by sex."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from registry.kernel.text import clean

_FAMILY = (
    ("Nguyễn", 384),
    ("Trần", 110),
    ("Lê", 95),
    ("Phạm", 70),
    ("Huỳnh", 51),
    ("Hoàng", 25),
    ("Phan", 45),
    ("Vũ", 19),
    ("Võ", 20),
    ("Đặng", 21),
    ("Bùi", 20),
    ("Đỗ", 14),
    ("Hồ", 13),
    ("Ngô", 13),
    ("Dương", 10),
    ("Lý", 5),
    ("Đinh", 8),
    ("Trương", 12),
    ("Lâm", 6),
    ("Mai", 5),
    ("Đoàn", 6),
    ("Tô", 3),
    ("Cao", 5),
    ("Châu", 3),
    ("Thái", 3),
    ("Quách", 2),
    ("Tạ", 3),
)
_MIDDLE = {
    "1": ("Văn", "Hữu", "Đức", "Minh", "Quốc", "Thanh", "Công", "Ngọc", "Hoàng", "Gia", "Xuân"),
    "2": ("Thị", "Thị", "Thị", "Ngọc", "Thị Thanh", "Thị Ngọc", "Kim", "Thùy", "Mỹ", "Bảo"),
}
_GIVEN = {
    "1": (
        "An",
        "Bình",
        "Cường",
        "Dũng",
        "Đạt",
        "Hải",
        "Hiếu",
        "Hòa",
        "Hùng",
        "Huy",
        "Khang",
        "Khoa",
        "Kiên",
        "Long",
        "Minh",
        "Nam",
        "Nghĩa",
        "Phong",
        "Phúc",
        "Quân",
        "Quý",
        "Sơn",
        "Tài",
        "Thành",
        "Thắng",
        "Tiến",
        "Toàn",
        "Trung",
        "Tuấn",
        "Vinh",
    ),
    "2": (
        "An",
        "Anh",
        "Chi",
        "Diễm",
        "Dung",
        "Hà",
        "Hạnh",
        "Hiền",
        "Hoa",
        "Hòa",
        "Hồng",
        "Hương",
        "Lan",
        "Linh",
        "Loan",
        "Mai",
        "My",
        "Nga",
        "Ngân",
        "Nhung",
        "Oanh",
        "Phương",
        "Quyên",
        "Thảo",
        "Thúy",
        "Trang",
        "Trinh",
        "Tuyết",
        "Vân",
        "Yến",
    ),
}
_OLD_GIVEN = {
    "1": ("Ba", "Tư", "Bảy", "Tám", "Chín", "Mười"),
    "2": ("Ba", "Tư", "Bảy", "Lý", "Sáu"),
}
_HIGHLAND = {
    "1": ("Y Bhiông", "Y Thim", "Y Moan", "Y Krông"),
    "2": ("H'Hen", "H'Mai", "H'Lim", "H'Zina"),
}
_HIGHLAND_FAMILY = ("Niê", "Êban", "Mlô", "Byă")


class Name(NamedTuple):
    """A name: whole, and in parts where the family name comes first."""

    full: str
    family: str
    middle: str
    given: str


def family_name(random: Random) -> str:
    """Return a family name, as often as it is met."""
    return random.choices([n for n, _ in _FAMILY], [weight for _, weight in _FAMILY])[0]


def lowland(random: Random, sex: str, family: str, *, old: bool) -> Name:
    """Return a name of three or four words; ``old`` people more often have a number for one."""
    given = _OLD_GIVEN if old and random.random() < 0.2 else _GIVEN  # noqa: PLR2004 - a share
    middle, last = random.choice(_MIDDLE[sex]), random.choice(given[sex])
    return Name(f"{family} {middle} {last}", family, middle, last)


def highland(random: Random, sex: str) -> Name:
    """Return an Ê-đê name, whose family name comes last and which nobody splits."""
    return Name(f"{random.choice(_HIGHLAND[sex])} {random.choice(_HIGHLAND_FAMILY)}", "", "", "")


def other_tone_style(name: str) -> str:
    """Return the name with its tone mark on the other vowel where a final oa or uy allows it."""
    pairs = (("òa", "oà"), ("óa", "oá"), ("ọa", "oạ"), ("úy", "uý"), ("ùy", "uỳ"), ("ủy", "uỷ"))
    for old, new in pairs:
        if name.endswith(old):
            return clean(name[: -len(old)] + new)
    return name
