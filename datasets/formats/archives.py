"""Zip archives, taken apart within limits: what an archive says of itself is never believed."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from datasets.formats.rows import refusal
from registry.kernel.errors import Text

_MOST_ENTRIES = 10_000
_BLOCK = 1 << 20
_PACKED = frozenset({".zip", ".7z", ".rar", ".gz", ".bz2", ".xz", ".tar", ".tgz", ".kmz"})
_ENCRYPTED = 0x1

# Also of a password, of a way to pack that is unknown, and of sizes that contradict one another.
_FAULTS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)
_BROKEN = Text("Tệp nén hỏng hoặc có mật khẩu.", "The archive is broken or has a password.")
_TOO_LARGE = Text("Tệp giải nén ra quá lớn.", "The file is too large when unpacked.")
_PATH = Text(
    "Tệp nén có tên chỉ ra ngoài thư mục.", "The archive has a name that points out of its folder."
)
_NESTED = Text(
    "Tệp nén chứa tệp nén: hãy giải nén rồi nộp từng tệp.",
    "The archive holds an archive: unpack it and submit each file.",
)


@dataclass(slots=True)
class Budget:
    """How many bytes may still be unpacked."""

    left: int

    def take(self, size: int) -> None:
        """Count bytes that were unpacked; raises Invalid once they are too many."""
        self.left -= size
        if self.left < 0:
            raise refusal("archive_too_large", _TOO_LARGE)


@contextmanager
def opened(path: Path, largest: int) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """Give an archive and its files; raises Invalid for one that is broken or means harm.

    An archive that claims more than ``largest`` bytes is refused before anything is unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [info for info in archive.infolist() if not info.is_dir()]
            _check(entries, largest)
            yield archive, entries
    except _FAULTS:
        raise refusal("archive_broken", _BROKEN) from None


def _check(entries: list[zipfile.ZipInfo], largest: int) -> None:
    if len(entries) > _MOST_ENTRIES or sum(info.file_size for info in entries) > largest:
        raise refusal("archive_too_large", _TOO_LARGE)
    names = [info.filename.replace("\\", "/") for info in entries]
    if len(set(names)) < len(names) or any(info.flag_bits & _ENCRYPTED for info in entries):
        raise refusal("archive_broken", _BROKEN)
    for name in names:
        parts = PurePosixPath(name).parts
        if ".." in parts or name.startswith("/") or ":" in name:
            raise refusal("archive_path", _PATH)
        if PurePosixPath(name).suffix.lower() in _PACKED:
            raise refusal("archive_nested", _NESTED)


def unpacked(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget
) -> Generator[bytes, None, None]:
    """Yield the content of one file, counted while it is unpacked: stated sizes may be false."""
    with archive.open(info) as packed:
        while block := packed.read(_BLOCK):
            budget.take(len(block))
            yield block
