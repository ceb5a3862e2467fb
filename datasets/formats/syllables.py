"""Tells Vietnamese from letters that were read by the wrong table (pure)."""

from __future__ import annotations

import re
import unicodedata

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_TONE = re.compile(f"[{_TONES}]")
_ONSET = "ngh?|nh|kh|gh|gi|ph|th|tr|ch|qu|[bcdđghklmnpqrstvx]"
_NUCLEUS = (
    "iêu|yêu|oai|oao|oay|oeo|uây|uôi|uya|uyê|uyu|ươi|ươu|ai|ao|au|ay|âu|ây|eo|êu|ia|iê|iu|oa|oă|oe"
    "|oi|oo|ôi|ơi|ua|uâ|uê|ui|uô|uơ|uy|ưa|ưi|ươ|ưu|yê|[aăâeêioôơuưy]"
)
_SYLLABLE = re.compile(f"(?:{_ONSET})?(?:{_NUCLEUS})(?:ng|nh|ch|[cmnpt])?")
_SEPARATOR = re.compile(r"[\s\d\"',;|./()\-:_]+")


def is_syllable(word: str) -> bool:
    """Tell whether a word is spelled as Vietnamese syllables are, in one manner of capitals.

    >>> is_syllable("Nguyễn"), is_syllable("NguyÔn"), is_syllable("Nguyeãn")
    (True, False, False)
    """
    # Composed first: a mark of its own would end a word for `istitle`.
    composed = unicodedata.normalize("NFC", word)
    if not (composed.islower() or composed.isupper() or composed.istitle()):
        return False
    marked = unicodedata.normalize("NFD", composed.lower())
    bare, tones = _TONE.subn("", marked)
    spelled = unicodedata.normalize("NFC", bare)
    return tones <= 1 and _SYLLABLE.fullmatch(spelled) is not None


def share_of_vietnamese(text: str) -> float:
    """Return how many of the words with other than ASCII letters are Vietnamese: 0 to 1.

    Text without such words is as good as any: 1.
    """
    words = [word for word in _SEPARATOR.split(text) if not word.isascii()]
    return sum(map(is_syllable, words)) / len(words) if words else 1.0
