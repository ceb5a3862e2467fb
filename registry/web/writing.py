"""How values of the registers are written for people in Viet Nam (pure).

Days are dd/MM/yyyy, numbers have a decimal comma, a code is told by its label, and a number of
another person is told with its middle hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from registry.kernel.clock import VIET_NAM
from registry.kernel.errors import Text
from registry.kernel.identifiers import mask
from registry.places.catalogue import catalogue

Line = Text | str
_UNRESOLVED = Text(
    "Địa chỉ cũ, chưa chuyển chắc chắn sang đơn vị hành chính mới.",
    "An old address, not yet converted to the new units for certain.",
)
_NUMBERS = {
    "personal_id": Text("số định danh", "personal id"),
    "nine_digit_id": Text("chứng minh nhân dân", "old identity number"),
    "cancelled_id": Text("số đã hủy", "cancelled number"),
    "passport": Text("hộ chiếu", "passport"),
    "origin_certificate": Text("giấy chứng nhận căn cước", "certificate of origin"),
}
_RESIDENCES = {
    "permanent": Text("thường trú", "permanent"),
    "temporary": Text("tạm trú", "temporary"),
    "current": Text("nơi ở hiện tại", "current"),
}
_TERMS = {"long_term": Text("Lâu dài", "Long-term")}


def day(value: date | datetime | Mapping[str, Any] | str) -> str:
    """Return a day as people write it, as precise as it is known.

    >>> day("2020-02-11"), day({"value": "1989-05", "precision": "month"}), day("1989")
    ('11/02/2020', '05/1989', '1989')
    """
    if isinstance(value, datetime):
        # Days of the law are days of Viet Nam, whatever the server's own clock is set to.
        value = value.replace(tzinfo=value.tzinfo or UTC).astimezone(VIET_NAM).date()
    text = value.isoformat() if isinstance(value, date) else value
    text = text if isinstance(text, str) else str(text["value"])
    return "/".join(reversed(text.split("T")[0].split("-")))


def number(value: float) -> str:
    """Return a number with a decimal comma and dots between thousands.

    >>> number(88.2), number(12500), number(1234.5)
    ('88,2', '12.500', '1.234,5')
    """
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return text.translate(str.maketrans(",.", ".,"))


def written(value: Any) -> list[Line]:
    """Return the lines by which a value of any register is told, none for nothing.

    >>> written({"code": "2", "label": "Nữ"}), written(None), written([1, 2.5])
    (['Nữ'], [], ['1', '2,5'])
    """
    if value is None or value == "":
        return []
    if isinstance(value, str | Text):
        return [value]
    if isinstance(value, bool):
        return [Text("Có", "Yes") if value else Text("Không", "No")]
    if isinstance(value, int | float):
        return [number(value)]
    if isinstance(value, Mapping):
        return next((tell(value) for key, tell in _SHAPES if key in value), _parts(value))
    return [line for item in value for line in written(item)]


def _parts(value: Mapping[str, Any]) -> list[Line]:
    return [line for key in value for line in written(value[key])]


def _date(value: Mapping[str, Any]) -> list[Line]:
    if "precision" in value:
        return [day(value)]
    return _identifier(value)


def _identifier(value: Mapping[str, Any]) -> list[Line]:
    kind = _NUMBERS.get(value.get("type", ""))
    issued = day(value["issued_on"]) if "issued_on" in value else ""
    vi = [str(value["value"]), kind.vi if kind else "", f"cấp {issued}" if issued else ""]
    en = [str(value["value"]), kind.en if kind else "", f"issued {issued}" if issued else ""]
    return [Text(_joined(vi), _joined(en))]


def _address(value: Mapping[str, Any]) -> list[Line]:
    current, legacy = value.get("current"), value.get("legacy")
    units = (
        [current[level]["label"] for level in ("commune", "province") if level in current]
        if (current)
        else _former(legacy or {})
    )
    recorded = str(value["as_recorded"])
    told = _joined([recorded, *(unit for unit in units if unit not in recorded)])
    return [told, _UNRESOLVED] if value.get("method") == "unresolved" else [told]


def _former(legacy: Mapping[str, Any]) -> list[str]:
    """Return the names that units had on the day of the address, the smallest first."""
    names = []
    for level in ("commune", "district", "province"):
        known = "as_of" in legacy and level in legacy
        unit = (
            catalogue().unit(legacy[level], date.fromisoformat(legacy["as_of"])) if known else None
        )
        names += [unit.name] if unit else []
    return names


def _age(value: Mapping[str, Any]) -> list[Line]:
    least, most = value["least"], value["most"]
    return [str(least) if least == most else f"{least}–{most}"]


def _person(value: Mapping[str, Any]) -> list[Line]:
    name = value.get("name", "")
    told = str(name["full"]) if isinstance(name, Mapping) else str(name)
    code = str(value.get("personal_id", ""))
    return [_joined([told, mask(code) if code else ""], " · ")]


def _residence(value: Mapping[str, Any]) -> list[Line]:
    kind = _RESIDENCES.get(value.get("kind", ""))
    return [*written(value["address"]), *([kind] if kind else [])]


def _term(value: Mapping[str, Any]) -> list[Line]:
    if "date" in value:
        until = day(value["date"])
        return [Text(f"đến {until}", f"until {until}")]
    kind = str(value["kind"])
    return [_TERMS.get(kind, kind)]


def _joined(parts: Iterable[str], glue: str = ", ") -> str:
    return glue.join(part for part in parts if part)


# The first key that a value has says of what shape it is.
_SHAPES: tuple[tuple[str, Callable[[Mapping[str, Any]], list[Line]]], ...] = (
    ("as_recorded", _address),
    ("address", _residence),
    ("label", lambda value: [str(value["label"])]),
    ("least", _age),
    ("full", lambda value: [str(value["full"])]),
    ("name", _person),
    ("value", _date),
    ("kind", _term),
)
