"""The one text that a value has however it is written: what digests are made of (pure).

Two spellings of one value have one canonical text; two values never do. So a form may show a date
as 17/05/1990 and a name in capitals, and nobody is suspected; whoever changes a letter, a tone
mark or a digit is seen. The rules are published with test vectors in docs/prefill-canonical.md.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from registry.kernel.dates import DateError, PartialDate
from registry.kernel.text import with_old_tones
from registry.prefill.amounts import amount

_DEEPEST = 8
_ALIKE = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02", '"')
    | dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032\u00b4`\uff07", "'")
)
# Format characters and variation selectors are not seen; control characters are no text.
_UNSEEN = frozenset({"Cf", "Cc"})
_SELECTORS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f]")
_JOINED = re.compile(r"\s*'\s*")
_AROUND = re.compile(r"\s*([/.-])\s*")
_YES = frozenset({"true", "1", "yes", "có", "on", "đúng"})
_NO = frozenset({"false", "0", "no", "không", "off", "sai"})
# How the registry came to understand an address is no part of it.
_NOT_OF_ADDRESS = frozenset({"method", "confidence"})


class CanonicalError(ValueError):
    """A value is none of its type, so it has no canonical text and equals no value given."""


def canonical(value: Any, kind: str) -> str:
    """Return the canonical text of ``value`` as a field of the type ``kind``.

    ``kind`` is text, name, date, partial_date, code, number, boolean, address or list, or
    ``list:`` with the type of its members. Raises CanonicalError.

    >>> canonical("NGUYỄN THỊ  HOÀ", "name") == canonical("Nguyễn Thị Hòa", "name")
    True
    >>> canonical("17/5/1990", "date"), canonical({"code": "01", "label": "Kinh"}, "code")
    ('1990-05-17', '01')
    """
    if kind.startswith("list:"):
        return _written([canonical(member, kind[5:]) for member in _members(value)])
    form = _FORMS.get(kind)
    if form is None:
        raise CanonicalError(f"no such type: {kind}")
    return form(value)


def is_blank(value: Any) -> bool:
    """Say whether a form sent nothing: null, white space, an empty list or object.

    >>> is_blank(" \u200b"), is_blank([]), is_blank(0), is_blank(False)
    (True, True, False, False)
    """
    if value is None or (isinstance(value, Sequence | Mapping) and not value):
        return True
    return isinstance(value, str) and not _seen(value)


def _seen(text: str) -> str:
    """Return what is seen of a text, spaces as single ones, in the form NFC."""
    if any(unicodedata.category(c) == "Cs" for c in text):
        raise CanonicalError("half a character")
    shown = "".join(
        c for c in text if c.isspace() or unicodedata.category(c) not in _UNSEEN
    ).translate(_ALIKE)
    return with_old_tones(_SELECTORS.sub("", shown))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise CanonicalError("not a text")
    return _seen(value)


def _name(value: Any) -> str:
    text = _JOINED.sub("'", _text(value))
    return _titled(text) if text == text.upper() else text


def _titled(text: str) -> str:
    """Return capitals as names are spelt: a capital after whatever is no letter."""
    made, inside = [], False
    for character in text:
        made.append(character.lower() if inside else character)
        inside = unicodedata.category(character)[0] in "LM"
    # Lower-casing may leave a letter and its mark apart.
    return unicodedata.normalize("NFC", "".join(made))


def _partial_date(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("value")
    if isinstance(value, date):
        value = value.isoformat()
    try:
        return PartialDate.from_text(_AROUND.sub(r"\1", _text(value))).value
    except DateError as error:
        raise CanonicalError("not a date") from error


def _date(value: Any) -> str:
    text = _partial_date(value)
    if len(text) != len("2026-11-01"):
        raise CanonicalError("not a whole date")
    return text


def _code(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("code")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    # Numbers of papers are printed in groups; a code has no spaces of its own.
    return "".join(_text(value).split())


def _number(value: Any) -> str:
    try:
        return amount(_seen(value) if isinstance(value, str) else value)
    except ValueError as error:
        raise CanonicalError("not a number") from error


def _boolean(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    word = _text(value).casefold()
    if word not in _YES | _NO:
        raise CanonicalError("neither yes nor no")
    return "true" if word in _YES else "false"


def _address(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if not isinstance(value, Mapping):
        raise CanonicalError("not an address")
    return _written(_any({k: v for k, v in value.items() if k not in _NOT_OF_ADDRESS}))


def _list(value: Any) -> str:
    return _written([_any(member) for member in _members(value)])


def _members(value: Any) -> Sequence[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise CanonicalError("not a list")
    return value


def _any(value: Any, depth: int = 0) -> Any:
    """Return a value of no declared type by its shape, each part as its canonical text."""
    if depth > _DEEPEST:
        raise CanonicalError("too deep")
    if isinstance(value, Mapping):
        return _object(value, depth)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_any(member, depth + 1) for member in value]
    return None if value is None else _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return _boolean(value)
    if isinstance(value, int | float | Decimal):
        return _number(value)
    return value.isoformat() if isinstance(value, date) else _text(value)


def _object(value: Mapping[str, Any], depth: int) -> Any:
    if value.keys() == {"value", "precision"}:
        return _partial_date(value)
    told = {key: part for key, part in value.items() if not is_blank(part)}
    if "code" in told:
        told.pop("label", None)
        told["code"] = _code(told["code"])
        if told.keys() == {"code"}:
            return told["code"]
    return {key: _any(part, depth + 1) for key, part in told.items()}


def _written(value: Any) -> str:
    """Return JSON as RFC 8785 has it for texts, lists and objects: sorted keys, no spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


_FORMS: Mapping[str, Callable[[Any], str]] = {
    "text": _text,
    "name": _name,
    "date": _date,
    "partial_date": _partial_date,
    "code": _code,
    "number": _number,
    "boolean": _boolean,
    "address": _address,
    "list": _list,
}
TYPES = (*_FORMS,)
