"""How people write the name of an administrative unit: "P. 14", "Q.1", "TP.HCM" (pure)."""

from __future__ import annotations

import re

from registry.kernel.text import clean, fold

TYPES = (
    "Thành phố",
    "Tỉnh",
    "Quận",
    "Huyện",
    "Thị xã",
    "Thị trấn",
    "Phường",
    "Xã",
    "Đặc khu",
)
_SHORT = {
    "tp": "Thành phố",
    "q": "Quận",
    "h": "Huyện",
    "tx": "Thị xã",
    "tt": "Thị trấn",
    "p": "Phường",
    "x": "Xã",
}
_BY_FOLD = {fold(name): name for name in TYPES} | _SHORT
_GLUED = re.compile(r"^(tp|tx|tt|[pqhx])(?=\d|hcm$)")
_NICKNAMES = {"hcm": "ho chi minh", "tphcm": "ho chi minh", "sg": "ho chi minh"}


def split_type(name: str) -> tuple[str, str]:
    """Return the type and the rest of a unit's full official name.

    >>> split_type("Phường Bến Nghé"), split_type("Quận 1")
    (('Phường', 'Bến Nghé'), ('Quận', '1'))
    """
    for kind in TYPES:
        if name.startswith(kind + " "):
            return kind, name.removeprefix(kind + " ")
    raise ValueError("not the full name of a unit")


def short_key(name: str) -> str:
    """Return what is compared of a name without its type: no marks, no leading zeros.

    >>> short_key("Bến Nghé"), short_key("03")
    ('ben nghe', '3')
    """
    folded = fold(name)
    folded = _NICKNAMES.get(folded, folded)
    return str(int(folded)) if folded.isdecimal() else folded


def readings(written: str) -> dict[str, str | None]:
    """Return the short keys that a written name may mean, each with the type it then names.

    >>> readings("P.03")
    {'p 03': None, '3': 'Phường'}
    >>> readings("Xà Phiên")  # a name may begin like a type
    {'xa phien': None, 'phien': 'Xã'}
    """
    words = fold(_GLUED.sub(r"\1 ", clean(written).casefold()))
    found: dict[str, str | None] = {short_key(words): None}
    for type_key, kind in _BY_FOLD.items():
        if words.startswith(type_key + " "):
            found.setdefault(short_key(words.removeprefix(type_key + " ")), kind)
    return found


def bears(name: str, wanted: dict[str, str | None]) -> bool:
    """Say whether the unit of that full ``name`` is one of the `readings` ``wanted``."""
    kind, short = split_type(name)
    key = short_key(short)
    return key in wanted and wanted[key] in (None, kind)
