"""Identifiers of people: shape, soft rules and masking (pure).

The personal identification number is twelve digits without a check digit (Law on
Identification 26/2023/QH15, article 12): province or country of birth registration (3),
century and sex (1), year of birth (2), random (6). Only the shape is a hard rule: a number may
be cancelled and re-issued, so its parts and the register may disagree for a while.
"""

from __future__ import annotations

import re
from typing import Literal

from registry.kernel.dates import PartialDate
from registry.kernel.errors import Text

Kind = Literal["personal_id", "nine_digit_id"]
Sex = Literal["male", "female"]

_PERSONAL_ID = re.compile(r"[0-9]{12}")
_NINE_DIGIT_ID = re.compile(r"[0-9]{9}")
_FIRST_FOREIGN_BLOCK = 101
_NEVER_ISSUED_FROM = 900

# Province codes of Circular 07/2016/TT-BCA, annex 1: those before the mergers, kept for ever.
_PROVINCE_BLOCKS = (
    "001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 "
    "034 035 036 037 038 040 042 044 045 046 048 049 051 052 054 056 058 060 062 064 066 "
    "067 068 070 072 074 075 077 079 080 082 083 084 086 087 089 091 092 093 094 095 096"
)
PROVINCE_BLOCKS = frozenset(_PROVINCE_BLOCKS.split())


class IdentifierError(ValueError):
    """A text is no personal identification number; ``text`` says so without repeating it."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def require_personal_id(value: str) -> str:
    """Return ``value`` if it is exactly twelve ASCII digits; raises IdentifierError.

    Spaces, full-width digits and a trailing newline are refused, not repaired: whoever asks
    by number must send the number.
    """
    if _PERSONAL_ID.fullmatch(value) is None:
        raise IdentifierError(
            Text("Số định danh cá nhân gồm đúng 12 chữ số.", "A personal id is exactly 12 digits.")
        )
    return value


def kind_of(value: str) -> Kind | None:
    """Tell which identifier a look-up value can be by its shape, or None.

    >>> kind_of("000190000001"), kind_of("012345678"), kind_of("12 34")
    ('personal_id', 'nine_digit_id', None)
    """
    if _PERSONAL_ID.fullmatch(value):
        return "personal_id"
    return "nine_digit_id" if _NINE_DIGIT_ID.fullmatch(value) else None


def personal_id_warnings(
    value: str, sex: Sex | None = None, birth: PartialDate | None = None
) -> tuple[str, ...]:
    """Return the soft rules that a twelve-digit ``value`` breaks, as codes; never a reason to
    refuse it.

    Codes: ``unknown_block``, ``sex_digit``, ``birth_year`` (century and year digits together).

    >>> personal_id_warnings("079190000001", "male", PartialDate(1990))
    ('sex_digit',)
    """
    require_personal_id(value)
    found = []
    block = value[:3]
    if block not in PROVINCE_BLOCKS and int(block) < _FIRST_FOREIGN_BLOCK:
        found.append("unknown_block")
    century, female = divmod(int(value[3]), 2)
    if sex is not None and (sex == "female") != bool(female):
        found.append("sex_digit")
    if birth is not None and birth.year != 1900 + 100 * century + int(value[4:6]):
        found.append("birth_year")
    return tuple(found)


def is_never_issued(value: str) -> bool:
    """Say whether ``value`` lies in a block that no living person can have.

    Synthetic people use these blocks only: 000, 9xx, or a century digit for births after 2299.
    """
    require_personal_id(value)
    block = int(value[:3])
    return block == 0 or block >= _NEVER_ISSUED_FROM or value[3] in "89"


def mask(value: str) -> str:
    """Return ``value`` with its middle hidden, for screens and reports.

    >>> mask("000190000001"), mask("012345678")
    ('000•••••0001', '012•••678')
    """
    shown = 4 if len(value) == 12 else 3  # noqa: PLR2004 - a personal id has 12 digits
    if len(value) <= 3 + shown:
        return "•" * len(value)
    return value[:3] + "•" * (len(value) - 3 - shown) + value[-shown:]
