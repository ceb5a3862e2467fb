"""What makes a form's value of a register's value (pure, but for the day that coverage needs).

A transform takes the value at an attribute's path, as `value_at` finds it, and returns None where
no value can be made: a guess is never one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from registry.civil_status.predicates import single_on
from registry.kernel.clock import today
from registry.kernel.codes import load
from registry.kernel.dates import DateError, PartialDate

Transform = Callable[[Any], Any]
# The codes of the marriage declaration, which are finer than those of the register.
_MARRIAGE_FORM = {"married": "1", "single": "2", "divorced": "3", "widowed": "4"}
_IDENTITY = ("personal_id", "origin_certificate", "passport", "nine_digit_id")


def value_at(document: Any, path: str) -> Any:
    """Return what a document has at a dotted path, None for nothing.

    A path that leads through a list gives the values of all its items, as `registry.kernel.fields`
    reads such a path.

    >>> value_at({"holders": [{"name": "Lan"}, {"name": "Bảy"}]}, "holders.name")
    ['Lan', 'Bảy']
    """
    first, _, rest = path.partition(".")
    if isinstance(document, list):
        found = [value for item in document if (value := value_at(item, path)) is not None]
        return found or None
    if not isinstance(document, Mapping):
        return None
    value = document.get(first)
    return value_at(value, rest) if rest and value is not None else value


def plain(value: Any) -> Any:
    """Return the value itself; empty text is none.

    >>> plain("900190000001"), plain("")
    ('900190000001', None)
    """
    return None if value == "" else value


def name(value: Any) -> str | None:
    """Return a person's name, which an act keeps beside its parts.

    >>> name({"full": "Nguyễn Thị Lan"}), name("Nguyễn Thị Lan")
    ('Nguyễn Thị Lan', 'Nguyễn Thị Lan')
    """
    found = value.get("full") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) and found else None


def upper(value: Any) -> str | None:
    """Return a name in capitals, as the forms print it.

    >>> upper("Nguyễn Thị Hòa")
    'NGUYỄN THỊ HÒA'
    """
    found = name(value)
    return found.upper() if found else None


def date(value: Any) -> str | None:
    """Return a date as precise as it is known (ISO 8601): the day, the month or the year.

    >>> date({"value": "1945", "precision": "year"}), date("2020-03-01"), date("30/02/1990")
    ('1945', '2020-03-01', None)
    """
    text = value.get("value") if isinstance(value, Mapping) else value
    try:
        return PartialDate.parse(text).value if isinstance(text, str) else None
    except DateError:
        return None


def year(value: Any) -> str | None:
    """Return the year of a date, whatever its precision.

    >>> year({"value": "1990-05-17", "precision": "day"})
    '1990'
    """
    found = date(value)
    return found[:4] if found else None


def code(value: Any) -> dict[str, str] | None:
    """Return a coded value with its label; what has no code is no choice of a list.

    >>> code({"code": "2", "label": "Nữ", "basis": ["a"]})
    {'code': '2', 'label': 'Nữ'}
    >>> code({"as_recorded": "đất vườn"}) is None
    True
    """
    if not isinstance(value, Mapping) or "code" not in value:
        return None
    return {"code": str(value["code"]), "label": str(value.get("label", value["code"]))}


def label(value: Any) -> str | None:
    """Return the words of a coded value, as registered where that is told; of a text, itself.

    >>> label({"code": "16", "label": "Cơ-ho", "as_recorded": "K'Ho"})
    "K'Ho"
    """
    if not isinstance(value, Mapping):
        return value or None if isinstance(value, str) else None
    return value.get("as_recorded") or value.get("label")


def office(value: Any) -> str | None:
    """Return the name of the office of registration, as it was then.

    >>> office({"name": "Ủy ban nhân dân Phường 14", "code": "27007"})
    'Ủy ban nhân dân Phường 14'
    """
    found = first(value)
    return name(found.get("name") if isinstance(found, Mapping) else found)


def sex(value: Any) -> dict[str, str] | None:
    """Return male, female or other; a form offers no "unknown".

    >>> sex({"code": "0", "label": "Chưa rõ"}) is None
    True
    """
    found = code(value)
    return None if found is None or found["code"] == "0" else found


def parent_kind(value: Any) -> dict[str, str] | None:
    """Return mother or father by the sex of a parent.

    >>> parent_kind({"code": "2", "label": "Nữ"})
    {'code': 'ME_DE', 'label': 'Mẹ đẻ'}
    """
    found = {"1": "CHA_DE", "2": "ME_DE"}.get((code(value) or {}).get("code", ""))
    return load("household_relation").leaf(found) if found else None


def _address(value: Any) -> Mapping[str, Any] | None:
    # A residence in force wraps its address, with its kind beside it.
    found = value.get("address", value) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else None


def address_line(value: Any) -> str | None:
    """Return an address in one line: as recorded, then today's commune and province.

    A unit that the recorded text names itself is not repeated; where nobody can tell today's
    unit, the recorded text stands alone.

    >>> address_line({"as_recorded": "169/8A/12 đường Số 1", "current": {
    ...     "province": {"code": "79", "label": "Thành phố Hồ Chí Minh"},
    ...     "commune": {"code": "27007", "label": "Phường Tân Hòa"}}})
    '169/8A/12 đường Số 1, Phường Tân Hòa, Thành phố Hồ Chí Minh'
    """
    found = _address(value)
    if found is None:
        return plain(value) if isinstance(value, str) else None
    recorded = str(found.get("as_recorded", ""))
    current = found.get("current", {})
    units = [current.get(level, {}).get("label", "") for level in ("commune", "province")]
    told = [recorded, *(unit for unit in units if unit and unit not in recorded)]
    return ", ".join(filter(None, told)) or None


def address_text(value: Any) -> str | None:
    """Return the recorded text alone, for forms that ask for the units beside it.

    >>> address_text({"as_recorded": "12 Lê Lợi", "current": {}})
    '12 Lê Lợi'
    """
    found = _address(value)
    return (found or {}).get("as_recorded") or None


def commune(value: Any) -> dict[str, str] | None:
    """Return today's commune of an address; None where a split leaves it open.

    >>> commune({"as_recorded": "Sơn Kỳ", "candidates": ["27013", "27019"]}) is None
    True
    """
    return code(((_address(value) or {}).get("current") or {}).get("commune"))


def province(value: Any) -> dict[str, str] | None:
    """Return today's province of an address.

    >>> province({"current": {"province": {"code": "79", "label": "Thành phố Hồ Chí Minh"}}})
    {'code': '79', 'label': 'Thành phố Hồ Chí Minh'}
    """
    return code(((_address(value) or {}).get("current") or {}).get("province"))


def residence_kind(value: Any) -> dict[str, str] | None:
    """Return which kind of residence is in force, as `effective_residence` tells it.

    >>> residence_kind({"kind": "temporary", "address": {}})
    {'code': 'temporary', 'label': 'Tạm trú'}
    """
    kind = value.get("kind") if isinstance(value, Mapping) else None
    known = load("residence_kind")
    return known.leaf(str(kind)) if kind in known else None


def marriage_form_status(value: Any) -> dict[str, str] | None:
    """Return the marital status by the codes of the marriage declaration, or None if not certain.

    That nobody has registered a marriage is said only where the books that would hold one are
    complete up to today: the mere lack of a row is never "single".

    >>> marriage_form_status({"code": "single", "state": "known", "coverage": {"complete": True}})
    {'code': '2', 'label': 'Chưa đăng ký kết hôn với ai'}
    >>> marriage_form_status(
    ...     {"code": "divorced", "state": "known", "coverage": {"complete": False}}) is None
    True
    """
    if not isinstance(value, Mapping):
        return None
    verdict, told = single_on(value, today()), str(value.get("code", ""))
    if verdict == "unknown" or told not in _MARRIAGE_FORM:
        return None
    return load("marriage_form_status").leaf(_MARRIAGE_FORM[told])


def first(value: Any) -> Any:
    """Return the one value of a list; several different ones are no single answer.

    >>> first(["AA 06654954"]), first(["AA 06654954", "AB 123456"]), first("12")
    ('AA 06654954', None, '12')
    """
    if not isinstance(value, list):
        return plain(value)
    return value[0] if value and all(item == value[0] for item in value) else None


def first_date(value: Any) -> str | None:
    """Return the date of the one certificate or act.

    >>> first_date([{"value": "2015-04-02", "precision": "day"}])
    '2015-04-02'
    """
    return date(first(value))


def first_code(value: Any) -> dict[str, str] | None:
    """Return the coded value of the one act.

    >>> first_code([{"code": "birth", "label": "Khai sinh"}])
    {'code': 'birth', 'label': 'Khai sinh'}
    """
    return code(first(value))


def sheet(value: Any) -> str | None:
    """Return the map sheet of the one parcel's present reference.

    >>> sheet({"commune": {"code": "27007"}, "sheet": "12", "number": "345"})
    '12'
    """
    found = first(value)
    return found.get("sheet") if isinstance(found, Mapping) else None


def parcel_number(value: Any) -> str | None:
    """Return the number of the one parcel on its sheet.

    >>> parcel_number([{"commune": {"code": "27007"}, "sheet": "12", "number": "12-A"}])
    '12-A'
    """
    found = first(value)
    return found.get("number") if isinstance(found, Mapping) else None


def term(value: Any) -> str | None:
    """Return how long a land use lasts: "Lâu dài", or the day on which it ends.

    >>> term([{"kind": "long_term"}]), term({"kind": "until", "date": {"value": "2070-12-31"}})
    ('Lâu dài', '2070-12-31')
    """
    found = first(value)
    if not isinstance(found, Mapping):
        return None
    return "Lâu dài" if found.get("kind") == "long_term" else date(found.get("date"))


def labels(value: Any) -> list[str] | None:
    """Return the words of each coded value, in their order.

    >>> labels([{"code": "ODT", "label": "Đất ở tại đô thị"}, {"as_recorded": "đất vườn"}])
    ['Đất ở tại đô thị', 'đất vườn']
    """
    items: Iterable[Any] = value if isinstance(value, list) else [value]
    return [told for item in items if (told := label(item))] or None


def is_any(value: Any) -> bool | None:
    """Return True where there is anything; the lack of a row is no "no", so it gives None.

    >>> is_any([{"code": "mortgage", "label": "Thế chấp"}]), is_any([])
    (True, None)
    """
    return True if value else None


def texts(value: Any) -> list[str] | None:
    """Return the texts of a list.

    >>> texts(["Nguyễn Thị Lan", ""]), texts("Lan")
    (['Nguyễn Thị Lan'], ['Lan'])
    """
    items = value if isinstance(value, list) else [value]
    return [found for item in items if (found := name(item))] or None


def members(value: Any) -> list[dict[str, Any]] | None:
    """Return the members of a household: the personal id of each, and the relation to its head.

    >>> members([
    ...     {"personal_id": "900190000001", "relation": {"code": "CHU_HO", "label": "Chủ hộ"}}])
    [{'personal_id': '900190000001', 'relation': {'code': 'CHU_HO', 'label': 'Chủ hộ'}}]
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        return None
    found = [
        {"personal_id": item["personal_id"], "relation": code(item.get("relation"))}
        for item in value
        if isinstance(item, Mapping) and "personal_id" in item
    ]
    return found or None


def personal_id(value: Any) -> str | None:
    """Return the number of a person that another document names, such as the head of household.

    >>> personal_id({"personal_id": "900190000001", "citizen_id": "a"})
    '900190000001'
    """
    return value.get("personal_id") if isinstance(value, Mapping) else None


def _papers(value: Any) -> list[Mapping[str, Any]]:
    listed = value if isinstance(value, list) else []
    return [item for item in listed if isinstance(item, Mapping)]


def _paper(value: Any) -> Mapping[str, Any]:
    """Return the identity paper in force, by the order in which the law prefers them."""
    papers = {each.get("type"): each for each in _papers(value) if each.get("status") == "valid"}
    return next((papers[kind] for kind in _IDENTITY if kind in papers), {})


def paper_issued_on(value: Any) -> str | None:
    """Return the day on which the identity paper in force was issued.

    >>> paper_issued_on([{"type": "personal_id", "value": "900190000001", "status": "valid",
    ...     "issued_on": {"value": "2021-04-25", "precision": "day"}}])
    '2021-04-25'
    """
    return date(_paper(value).get("issued_on"))


def paper_issuer(value: Any) -> str | None:
    """Return who issued the identity paper in force.

    >>> paper_issuer([{"type": "personal_id", "status": "valid", "issuer": "Bộ Công an"}])
    'Bộ Công an'
    """
    return _paper(value).get("issuer")


def old_number(value: Any) -> str | None:
    """Return the nine-digit number that a person had before, which old papers bear.

    >>> old_number([{"type": "nine_digit_id", "value": "020000001", "status": "expired"}])
    '020000001'
    """
    kind = "nine_digit_id"
    return next((each.get("value") for each in _papers(value) if each.get("type") == kind), None)


TRANSFORMS: Mapping[str, Transform] = {
    made.__name__: made
    for made in (
        *(plain, name, upper, date, year, code, label, office, sex, parent_kind),
        *(address_line, address_text, commune, province, residence_kind, marriage_form_status),
        *(first, first_date, first_code, labels, sheet, parcel_number, term),
        *(is_any, texts, members, personal_id),
        *(paper_issued_on, paper_issuer, old_number),
    )
}
