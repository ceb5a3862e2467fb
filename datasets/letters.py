"""How the bytes of old files are read as letters: by what is certain, else asked back (pure)."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from registry.kernel.errors import FieldError, Invalid, Text

_OPEN = Text(
    "Hãy cho biết bảng mã chữ của tệp: tệp không nói đúng.",
    "Say the encoding of the texts: what the file says of it can't be true.",
)


@dataclass(frozen=True, slots=True)
class Letters:
    """Reads texts whose bytes were taken one for one, as `BYTES` does."""

    encoding: str
    BYTES: ClassVar[str] = "ISO-8859-1"

    def read(self, raw: str) -> str:
        """Return the text behind such bytes."""
        return raw.encode("latin-1").decode(self.encoding)


def decided(told: str | None, samples: Iterable[bytes], *, certain: bool) -> Letters:
    r"""Return how to read ``samples``: as ``told``, or as UTF-8 where nothing is told.

    ``certain`` says that a person told it; a file that says so itself may be wrong. Raises
    Invalid where the bytes contradict what is told, with the encodings that would fit.

    >>> decided("ISO-8859-1", [b"B\xe9"], certain=False).encoding
    'iso8859-1'
    """
    named = _codec(told) if told else "utf-8"
    strange = {sample for sample in samples if not sample.isascii()}
    unicode = all(_fits(sample, "utf-8") for sample in strange)
    if named is None or not all(_fits(sample, named) for sample in strange):
        raise _question(["UTF-8"] if unicode and strange else [])
    # Nobody writes by chance what is a row of UTF-8 letters.
    if strange and unicode and named != "utf-8" and not certain:
        raise _question(["UTF-8", str(told)])
    return Letters(named)


def _codec(name: str) -> str | None:
    # A code page is written as a bare number by the programs that write Shapefiles.
    for candidate in (name, f"cp{name}"):
        try:
            "a".encode(candidate)  # refuses codecs that are not of texts
            return codecs.lookup(candidate).name
        except (LookupError, UnicodeError):
            continue
    return None


def _fits(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _question(candidates: list[str]) -> Invalid:
    error = FieldError("/encoding", "encoding_unknown", _OPEN)
    return Invalid(_OPEN, errors=[error], candidates=candidates)
