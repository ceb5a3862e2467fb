"""How the bytes of old files are read as letters: by what is certain, else asked back (pure)."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from datasets.formats.legacy import TCVN3, VNI, WINDOWS, from_tcvn3, from_vni
from datasets.formats.syllables import share_of_vietnamese
from registry.kernel.errors import FieldError, Invalid, Text

ENCODING_OPEN = Text(
    "Hãy cho biết bảng mã chữ của tệp: tệp không nói đúng.",
    "Say the encoding of the texts: what the file says of it can't be true.",
)
LEGACY = (TCVN3, VNI, "cp1258", WINDOWS)
_OWN = {TCVN3: TCVN3, "abc": TCVN3, "tcvn5712": TCVN3, VNI: VNI, "vni-windows": VNI}


def known_encoding(name: str) -> str | None:
    """Return the one name of an encoding, None for what is none.

    >>> known_encoding("1258"), known_encoding("TCVN3"), known_encoding("hex")
    ('cp1258', 'tcvn3', None)
    """
    if own := _OWN.get(name.strip().lower()):
        return own
    # A code page is written as a bare number by the programs that write Shapefiles.
    for candidate in (name, f"cp{name}"):
        try:
            "a".encode(candidate)  # refuses codecs that are not of texts
            return codecs.lookup(candidate).name
        except (LookupError, UnicodeError):
            continue
    return None


def decode(raw: bytes, encoding: str) -> str:
    r"""Return the text of ``raw``; raises UnicodeDecodeError where it can't be that.

    >>> decode(b"Nguy\xea\xden", "cp1258")
    'Nguyễn'
    """
    if encoding not in {TCVN3, VNI}:
        text = raw.decode(encoding)
        # Windows writes a tone after its letter, which is one letter of Unicode.
        return unicodedata.normalize("NFC", text) if encoding == "cp1258" else text
    shown = raw.decode("latin-1" if encoding == TCVN3 else WINDOWS)
    try:
        return from_tcvn3(shown) if encoding == TCVN3 else from_vni(shown)
    except ValueError:
        raise UnicodeDecodeError(encoding, raw, 0, 1, "no letter of this table") from None


def fits(sample: bytes, encoding: str) -> bool:
    """Tell whether bytes can be read by ``encoding`` at all."""
    try:
        decode(sample, encoding)
    except UnicodeDecodeError:
        return False
    return True


def candidates(samples: Iterable[bytes]) -> list[str]:
    r"""Return the old encodings that ``samples`` may be in, the likeliest first.

    >>> candidates([b"Nguy\xd4n Th\xde Ho\xb5"])[0]
    'tcvn3'
    """
    taken = list(samples)
    scores = {
        encoding: share_of_vietnamese(" ".join(decode(sample, encoding) for sample in taken))
        for encoding in LEGACY
        if all(fits(sample, encoding) for sample in taken)
    }
    return sorted(scores, key=lambda encoding: -scores[encoding])


@dataclass(frozen=True, slots=True)
class Letters:
    """Reads texts whose bytes were taken one for one, as `BYTES` does."""

    encoding: str
    BYTES: ClassVar[str] = "ISO-8859-1"

    def read(self, raw: str) -> str:
        """Return the text behind such bytes."""
        return decode(raw.encode("latin-1"), self.encoding)


def decided(told: str | None, samples: Iterable[bytes], *, certain: bool) -> Letters:
    r"""Return how to read ``samples``: as ``told``, or as UTF-8 where nothing is told.

    ``certain`` says that a person told it; a file that says so itself may be wrong. Raises
    Invalid where the bytes contradict what is told, with the encodings that would fit.

    >>> decided("ISO-8859-1", [b"B\xe9"], certain=False).encoding
    'iso8859-1'
    """
    named = known_encoding(told) if told else "utf-8"
    strange = {sample for sample in samples if not sample.isascii()}
    unicode = all(fits(sample, "utf-8") for sample in strange)
    if named is None or not all(fits(sample, named) for sample in strange):
        raise encoding_question(["UTF-8"] if unicode and strange else candidates(strange))
    # Nobody writes by chance what is a row of UTF-8 letters.
    if strange and unicode and named != "utf-8" and not certain:
        raise encoding_question(["UTF-8", str(told)])
    return Letters(named)


def encoding_question(found: list[str]) -> Invalid:
    """Return what asks the steward for the encoding, with those that would fit."""
    error = FieldError("/encoding", "encoding_unknown", ENCODING_OPEN)
    return Invalid(ENCODING_OPEN, errors=[error], candidates=found)
