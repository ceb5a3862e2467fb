"""Old Vietnamese tables that no codec knows: TCVN3 (ABC) and VNI-Windows, and cp1258 (pure).

All of them are read from the characters that Windows shows for their bytes, since that is also
how they stand in workbooks, and in files that were saved as Unicode without being converted.
"""

from __future__ import annotations

import re
import unicodedata

TCVN3, VNI = "tcvn3", "vni"
WINDOWS = "cp1252"

# TCVN 5712:1993, its third set: capital letters with a tone are the font's affair (.VnTimeH).
_TCVN3_BYTES = (
    ("a1a2a3a4a5a6a7a8a9aaabacadae", "ĂÂÊÔƠƯĐăâêôơưđ"),
    ("b5b6b7b8b9bbbcbdbec6c7c8c9cacb", "àảãáạằẳẵắặầẩẫấậ"),
    ("cccecfd0d1d2d3d4d5d6d7d8dcddde", "èẻẽéẹềểễếệìỉĩíị"),
    ("dfe1e2e3e4e5e6e7e8e9eaebecedee", "òỏõóọồổỗốộờởỡớợ"),
    ("eff1f2f3f4f5f6f7f8f9fafbfcfdfe", "ùủũúụừửữứựỳỷỹýỵ"),
)
_TCVN3 = {
    byte: letter
    for codes, letters in _TCVN3_BYTES
    for byte, letter in zip(bytes.fromhex(codes), letters, strict=True)
}
_NOT_TCVN3 = re.compile(f"[{''.join(chr(b) for b in range(0x80, 0x100) if b not in _TCVN3)}]")
_BEYOND = re.compile("[^\x00-\xff]")

# In VNI the mark is a character of its own after the vowel; ơ, ư, đ and most of i and y are one.
_TONES = {"ø": "\u0300", "ù": "\u0301", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
_ROOFS = {"â": "", "à": "\u0300", "á": "\u0301", "å": "\u0309", "ã": "\u0303", "ä": "\u0323"}
_BOWLS = {"ê": "", "è": "\u0300", "é": "\u0301", "ú": "\u0309", "ü": "\u0303", "ë": "\u0323"}
_SINGLES = {"ô": "ơ", "ö": "ư", "ñ": "đ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}


def _vni_pairs() -> dict[str, str]:
    pairs: dict[str, str] = {}
    for vowel in "aeiouyôö":
        bare = _SINGLES.get(vowel, vowel)
        pairs |= {vowel + mark: bare + tone for mark, tone in _TONES.items()}
    for vowel in "aeo":
        pairs |= {vowel + mark: vowel + "\u0302" + tone for mark, tone in _ROOFS.items()}
    pairs |= {"a" + mark: "a\u0306" + tone for mark, tone in _BOWLS.items()}
    pairs |= _SINGLES
    composed = {pair: unicodedata.normalize("NFC", letter) for pair, letter in pairs.items()}
    capital = {pair.upper(): letter.upper() for pair, letter in composed.items()}
    # A capital at the head of a word is typed with a small mark as often as with a capital one.
    headed = {
        pair[0].upper() + pair[1:]: letter.upper()
        for pair, letter in composed.items()
        if len(pair) > 1
    }
    return composed | capital | headed


_VNI = _vni_pairs()
_VNI_PAIR = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))


def from_tcvn3(shown: str) -> str:
    """Return what TCVN3 bytes mean that Windows shows as ``shown``; raises ValueError.

    >>> from_tcvn3("NguyÔn ThÞ Hoµ")
    'Nguyễn Thị Hoà'
    """
    if _BEYOND.search(shown) or _NOT_TCVN3.search(shown):
        raise ValueError
    return shown.translate(_TCVN3)


def from_vni(shown: str) -> str:
    """Return what VNI bytes mean that Windows shows as ``shown``; raises ValueError.

    >>> from_vni("Nguyeãn Thò Hoaø")
    'Nguyễn Thị Hoà'
    """
    if _BEYOND.search(shown):
        raise ValueError
    return _VNI_PAIR.sub(lambda pair: _VNI[pair[0]], shown)


def converted(text: str, encoding: str) -> str:
    """Return a cell in real letters that was typed for a font of ``encoding``.

    Of the cells of one file, some may be real Vietnamese already: they stay.
    """
    if text.isascii():
        return text
    try:
        return from_tcvn3(text) if encoding == TCVN3 else from_vni(text)
    except ValueError:
        return text
