"""Vietnamese text: the display form, the match key, the search fold and sort keys (pure).

Three forms of a name: *display* as registered (cleaned, never re-toned), *match key* for
equality between sources that place tone marks differently, *fold* for search without marks.
Computed here and stored beside the data, so both databases search and sort alike.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_CLEAN = str.maketrans(
    dict.fromkeys(_INVISIBLE)
    # Eth and African D look like Đ on screen, and typists pick them by mistake.
    | {"Ð": "Đ", "Ɖ": "Đ", "ð": "đ", "’": "'", "ʼ": "'", "`": "'", "\u2018": "'"}
)
_APOSTROPHE = re.compile(r"\s*'\s*")
_NOT_SEARCHED = re.compile(r"[^a-z0-9]+")
_HIDDEN_BETWEEN_LETTERS = re.compile(rf"(?<=\w)[{_INVISIBLE}]+(?=\w)")

_TONES = "\u0300\u0309\u0303\u0301\u0323"  # huyền, hỏi, ngã, sắc, nặng: their order in Vietnamese
_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_RANK = {letter: index for index, letter in enumerate(_LETTERS)}
# The new tone style puts the mark on the second vowel of a final oa, oe or uy.
_NEW_STYLE = re.compile(
    rf"(?<![A-Za-z])([A-Za-z]*)([OUou])([AEYaey])([{_TONES}])(?![A-Za-z\u0300-\u036f])"
)
_OPEN_PAIRS = {"oa", "oe", "uy"}
_WORDS = 20_000


_MARKED = "àảãáạằẳẵắặăầẩẫấậâđèẻẽéẹềểễếệêìỉĩíịòỏõóọồổỗốộôờởỡớợơùủũúụừửữứựưỳỷỹýỵ"
# Anything but ASCII that is seen, Vietnamese letters in one piece and single spaces.
_UNUSUAL = re.compile(rf"[^ -_a-~{_MARKED}{_MARKED.upper()}]|^ |  | $")


def is_clean(raw: str) -> bool:
    """Say whether ``raw`` surely is its own display form; most cells and stored names are.

    >>> is_clean("Đặng Văn Bé"), is_clean("Đặng  Văn Bé")
    (True, False)
    """
    return _UNUSUAL.search(raw) is None


def clean(raw: str) -> str:
    r"""Return the display form: NFC, no invisible characters, single spaces, real Đ.

    >>> clean("\u00d0\u1eb7ng  V\u0103n\u00a0B\u00e9")
    'Đặng Văn Bé'
    """
    if is_clean(raw):
        return raw
    visible = unicodedata.normalize("NFC", raw).translate(_CLEAN)
    # Again: a mark may have been kept from its letter by what was just dropped.
    return " ".join(unicodedata.normalize("NFC", visible).split())


def suggest_spacing(raw: str) -> str | None:
    r"""Return a repair when an invisible character hides a word break, else None.

    Such a value is for a person to decide, since dropping the character joins two words.

    >>> suggest_spacing("Trần\u200bVăn An")
    'Trần Văn An'
    """
    if not _HIDDEN_BETWEEN_LETTERS.search(raw):
        return None
    return clean(_HIDDEN_BETWEEN_LETTERS.sub(" ", raw))


def match_key(name: str) -> str:
    """Return the key under which two spellings of one registered name are equal.

    Case, tone placement (hoà and hòa) and a space after an apostrophe don't matter;
    i and y do, because Quí and Quý are different names.

    >>> match_key("NGUYỄN THỊ HOÀ"), match_key("H’ Hen Niê")
    ('nguyễn thị hòa', "h'hen niê")
    """
    folded = clean(name).casefold()
    if "'" in folded:
        folded = _APOSTROPHE.sub("'", folded)
    return " ".join(map(_match_word, folded.split()))


# The words of names are few, and a load meets each of them thousands of times.
@lru_cache(maxsize=_WORDS)
def _match_word(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", _NEW_STYLE.sub(_old_style, decomposed))


def _old_style(match: re.Match[str]) -> str:
    head, first, second, tone = match.groups()
    pair = (first + second).lower()
    if pair not in _OPEN_PAIRS or (head[-1:].lower() == "q" and pair[0] == "u"):
        return match.group()
    return head + first + tone + second


def with_old_tones(text: str) -> str:
    """Return the display form of ``text`` with every tone mark where the old style puts it.

    The two styles spell the same word; nothing else changes, and case stays.

    >>> with_old_tones("NGUYỄN Thị Hoà, Quý và Thuý")
    'NGUYỄN Thị Hòa, Quý và Thúy'
    """
    return " ".join(map(_match_word, clean(text).split()))


def fold(name: str) -> str:
    """Return the search form: lower-case ``[a-z0-9 ]`` without any mark.

    >>> fold("Đặng Văn Bé")
    'dang van be'
    """
    # As in the match key, a space beside an apostrophe makes no other name.
    joined = clean(name)
    if "'" in joined:
        joined = _APOSTROPHE.sub("", joined)
    return " ".join(filter(None, map(_fold_word, joined.split())))


@lru_cache(maxsize=_WORDS)
def _fold_word(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word.casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c)).replace("đ", "d")
    return _NOT_SEARCHED.sub(" ", bare).strip()


def sort_key(text: str) -> str:
    """Return an ASCII key whose byte order is Vietnamese dictionary order.

    Letters decide first (a ă â … d đ), then tones (ngang huyền hỏi ngã sắc nặng), word by
    word, so the key sorts the same in every database under binary collation.

    >>> sorted(["Đào", "Dũng", "Ân", "An", "Ánh"], key=sort_key)
    ['An', 'Ánh', 'Ân', 'Dũng', 'Đào']
    """
    return " ".join(map(_word_key, clean(text).casefold().split()))


@lru_cache(maxsize=_WORDS)
def _word_key(word: str) -> str:
    letters: list[str] = []
    tone = 0
    for character in unicodedata.normalize("NFD", word):
        if character in _TONES:
            tone = _TONES.index(character) + 1
        elif unicodedata.combining(character):
            whole = unicodedata.normalize("NFC", letters[-1] + character) if letters else ""
            if whole in _RANK:
                letters[-1] = whole
        elif character in _RANK or character.isdecimal():
            letters.append(character)
    # Digits come before letters; "!" ends the letters below any of them.
    return "".join(_letter_key(letter) for letter in letters) + f"!{tone}"


def _letter_key(letter: str) -> str:
    return chr(ord("A") + _RANK[letter]) if letter in _RANK else str(int(letter))


def person_sort_key(full_name: str) -> str:
    """Return the key that sorts people as Viet Nam does: given name, family, middle.

    >>> sorted(["Trần Văn Bé", "Lê Thị Bé", "Vũ An"], key=person_sort_key)
    ['Vũ An', 'Lê Thị Bé', 'Trần Văn Bé']
    """
    words = clean(full_name).casefold().split()
    return " ".join(map(_word_key, words[-1:] + words[:-1]))
