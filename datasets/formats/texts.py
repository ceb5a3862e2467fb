"""The lines of a text file, some blocks at a time: in which letters, and none of them endless."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from datasets.formats.legacy import TCVN3, VNI, converted
from datasets.formats.letters import (
    candidates,
    decode,
    encoding_question,
    fits,
    known_encoding,
)
from datasets.formats.mending import MOJIBAKE_BYTES
from datasets.formats.rows import question, refusal
from datasets.formats.syllables import share_of_vietnamese
from registry.kernel.errors import Invalid, Text

LONGEST_LINE = 16 << 20
_BLOCK = 1 << 18
_HEAD = 1 << 16
_ENOUGH_WORDS = 2000
_ASCII = bytes(range(128))
_UTF16 = {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
# In these a line end is a byte; all others are made UTF-8 on the way.
_BYTEWISE = {"utf-8", "ascii", TCVN3, VNI, "cp1258", "cp1252", "iso8859-1"}
_MOST_NULS = 0.3
# So many words of a file must look wrong as they are, and right otherwise, before it is asked.
_WRONG, _RIGHT, _FEW = 0.5, 0.7, 3

_TOO_LONG = Text(
    "Có dòng dài quá 16 MiB: tệp không phải bảng, hoặc dấu nháy không đóng.",
    "A line is longer than 16 MiB: this is no table, or a quote is never closed.",
)
_BINARY = Text("Tệp không phải văn bản.", "The file is no text.")
_CONTRADICTED = Text(
    "Tệp không đọc được bằng bảng mã chữ đã chọn.",
    "The file can't be read by the encoding that was told.",
)


@dataclass(slots=True)
class Lines:
    """Yields the lines of a text file; raises Invalid for one longer than `LONGEST_LINE`.

    ``row`` is set by the reader to the record it is at, so that a record of endless lines is
    found too. ``doubtful`` tells that what was last read may hold text of a wrong table.
    """

    path: Path
    encoding: str
    typed_for: str | None = None
    row: int = 0
    doubtful: bool = True

    def blocks(self) -> Iterator[Iterator[str]]:
        """Yield the lines block by block, as they stand in the file, with their ends."""
        row, size, before = 0, 0, True
        for block in _blocks(self.path, self.encoding):
            size = size + len(block) if self.row == row else 0
            row = self.row
            if size > LONGEST_LINE:
                raise refusal("line_too_long", _TOO_LONG)
            here = MOJIBAKE_BYTES.search(block.translate(None, _ASCII)) is not None
            # A row may have begun in the block before.
            self.doubtful = here or before or self.encoding != "utf-8"
            before = here
            text = decode(block, self.encoding if self.encoding in _BYTEWISE else "utf-8")
            yield io.StringIO(converted(text, self.typed_for) if self.typed_for else text, "")

    @property
    def legacy(self) -> str | None:
        """The old Vietnamese table behind the text, whichever way it is written."""
        return self.typed_for or (self.encoding if self.encoding in {TCVN3, VNI} else None)


def _blocks(path: Path, encoding: str) -> Iterator[bytes]:
    """Yield whole lines, as UTF-8 those of encodings in which a line end is no byte."""
    with path.open("rb") as file:
        start = file.read(len(codecs.BOM_UTF8))
        file.seek(len(start) if start == codecs.BOM_UTF8 else 0)
        rest = b""
        for chunk in _chunks(file, encoding):
            whole = rest + chunk
            # Lines may end in CR alone, but the last one may be half of CR LF.
            cut = whole.rfind(b"\n") + 1 or whole.rfind(b"\r", 0, -1) + 1
            rest = whole[cut:]
            if len(rest) > LONGEST_LINE:
                raise refusal("line_too_long", _TOO_LONG)
            if cut:
                yield whole[:cut]
        if rest:
            yield rest


def _chunks(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    if encoding in _BYTEWISE:
        while chunk := file.read(_BLOCK):
            yield chunk
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    while chunk := file.read(_BLOCK):
        yield decoder.decode(chunk).encode()
    decoder.decode(b"", final=True)


def open_lines(path: Path, told: str | None) -> Lines:
    """Return the lines of a file, in the encoding that is ``told`` or that it proves itself.

    Raises Invalid for what is no text, and for an encoding that nobody told.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if told is not None:
        return _as_told(path, head, told)
    if head[:2] in _UTF16:
        return Lines(path, "utf-16")
    if wide := _wide(head):
        raise encoding_question([wide])
    if head.count(0) > _MOST_NULS * len(head):
        raise refusal("file_binary", _BINARY)
    guesses = typed_for(head.decode("utf-8", "ignore"))
    if guesses:
        raise encoding_question([*guesses, "utf-8"])
    return Lines(path, "utf-8")


def _as_told(path: Path, head: bytes, told: str) -> Lines:
    encoding = known_encoding(told)
    if encoding is None:
        raise encoding_question(candidates(sample_lines(path)))
    if encoding in {TCVN3, VNI} and not head.isascii() and _is_unicode(head):
        # Typed for an old font and then saved as Unicode: the letters are wrong all the same.
        return Lines(path, "utf-16" if head[:2] in _UTF16 else "utf-8", encoding)
    if encoding.startswith("utf-16") and head[:2] in _UTF16:
        return Lines(path, "utf-16")
    return Lines(path, "utf-8" if encoding == "utf-8-sig" else encoding)


def _is_unicode(head: bytes) -> bool:
    if head[:2] in _UTF16:
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # may end within a letter
    except UnicodeDecodeError:
        return False
    return True


def _wide(head: bytes) -> str | None:
    """Return which UTF-16 a text without a mark is, by where its empty halves are."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    most = _MOST_NULS * len(head) / 2
    if odd > most and even < odd / 4:
        return "utf-16-le"
    return "utf-16-be" if even > most and odd < even / 4 else None


def typed_for(text: str) -> list[str]:
    """Return the tables of fonts that Unicode ``text`` was typed for, as far as it looks so.

    >>> typed_for("NguyÔn ThÞ Hoµ, TrÇn V¨n Bª")
    ['tcvn3']
    >>> typed_for("Nguyễn Thị Hoà, Trần Văn Bê")
    []
    """
    strange = [word for word in text.split() if not word.isascii()][:_ENOUGH_WORDS]
    if len(strange) < _FEW or share_of_vietnamese(" ".join(strange)) > _WRONG:
        return []
    scores = {
        table: share_of_vietnamese(" ".join(converted(word, table) for word in strange))
        for table in (TCVN3, VNI)
    }
    right = [table for table, score in scores.items() if score > _RIGHT]
    return sorted(right, key=lambda table: -scores[table])


def sample_lines(path: Path) -> list[bytes]:
    """Return lines of a file that hold other than ASCII letters, as many as tell its encoding."""
    found: list[bytes] = []
    words = 0
    for block in _blocks(path, "iso8859-1"):
        for line in block.splitlines():
            if not line.isascii():
                found.append(line)
                words += line.count(b" ") + 1
            if words > _ENOUGH_WORDS:
                return found
    return found


def candidates_of(lines: list[bytes]) -> list[str]:
    """Return the encodings that lines of a file may be in, the likeliest first."""
    if all(fits(line, "utf-8") for line in lines):
        shown = b" ".join(lines).decode()
        return [*typed_for(shown), "utf-8"]
    return candidates(lines)


def undecodable(path: Path, told: str | None) -> Invalid:
    """Return what to raise where the bytes of a file are no text of its encoding."""
    if told is None:
        return encoding_question(candidates(sample_lines(path)))
    return question(
        "encoding", "encoding_contradicted", _CONTRADICTED, candidates(sample_lines(path))
    )
