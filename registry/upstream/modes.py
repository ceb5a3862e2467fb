"""The mode of each dataset: reading it, setting it, and noticing within a second that it changed.

National rules on local copies differ by dataset and over time, so the mode is data, not a setting
that needs a restart. Nothing here says how a register answers in a mode; it only says which.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Literal, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.errors import Conflict, FieldError, Invalid, NotInMode, Text
from registry.upstream.address import require_address
from registry.upstream.models import DatasetMode

Name = Literal["mirror", "cache", "pointer"]

# Datasets that an adapter can fetch, each with the table that holds its copies.
SOURCED: Mapping[str, str] = {"citizens": "citizen"}
# How long a worker may go without asking whether a mode has changed.
_FRESH_SECONDS = 0.5
_LONGEST_SECONDS = 366 * 86_400
_CREDENTIALS = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class Mode:
    """How one dataset is answered.

    ``mirror``: from what is held. ``cache``: from what is held and no older than ``ttl_seconds``,
    else fetched from ``source_url`` first; while the source is silent, for ``stale_seconds`` more.
    ``pointer``: fetched every time, nothing held. ``credentials`` names a file of secrets.
    """

    dataset: str
    name: Name = "mirror"
    source_url: str | None = None
    ttl_seconds: int = 0
    stale_seconds: int = 0
    credentials: str | None = None


def read_mode(session: Session, dataset: str) -> Mode:
    """Return the mode of ``dataset``; one that was never set is a mirror."""
    found = session.scalar(sa.select(DatasetMode).where(DatasetMode.dataset == dataset))
    return _mode(found) if found else Mode(dataset)


def list_modes(session: Session) -> list[DatasetMode]:
    """Return every mode that was ever set, with who set it and when, in order of dataset."""
    return list(session.scalars(sa.select(DatasetMode).order_by(DatasetMode.dataset)))


def set_mode(session: Session, mode: Mode, by: str) -> None:
    """Set a dataset's mode; running servers follow within a second.

    Raises Invalid for what the mode can't have or lacks, and Conflict for pointers beside copies:
    what is held doesn't go away by itself, and history is never deleted.
    """
    if mode.name != "mirror" and mode.dataset not in SOURCED:
        raise _invalid("/mode", "mode", _no_adapter(mode.dataset))
    _check(mode)
    if mode.name == "pointer" and _holds(session, SOURCED[mode.dataset]):
        raise Conflict(
            Text(
                "Sổ đang giữ bản ghi: chế độ con trỏ cần một sổ chưa từng có bản ghi.",
                "The register holds records: pointers need a register that never held any.",
            )
        )
    values = {
        "dataset": mode.dataset,
        "mode": mode.name,
        "source_url": mode.source_url,
        "credentials": mode.credentials,
        "ttl_seconds": mode.ttl_seconds,
        "stale_seconds": mode.stale_seconds,
        "changed_by": by,
        "changed_at": now(),
    }
    session.merge(DatasetMode(**values))
    session.flush()


def require_copies(session: Session, dataset: str) -> None:
    """Raise NotInMode where ``dataset`` may not be copied here."""
    if read_mode(session, dataset).name == "pointer":
        raise NotInMode


class ModeWatch:
    """Knows the modes in force, and reads them again every half second."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._asked = float("-inf")
        self._modes: dict[str, Mode] = {}

    def current(self, dataset: str) -> Mode | None:
        """Return the mode of ``dataset``; None is a mirror that was never anything else."""
        if time.monotonic() - self._asked >= _FRESH_SECONDS:
            self._refresh()
        return self._modes.get(dataset)

    def _refresh(self) -> None:
        with self._lock:
            # Another thread may have asked while this one waited.
            if time.monotonic() - self._asked >= _FRESH_SECONDS:
                with self._database.reading() as session:
                    self._modes = {row.dataset: _mode(row) for row in list_modes(session)}
                self._asked = time.monotonic()


def _mode(row: DatasetMode) -> Mode:
    return Mode(
        row.dataset,
        cast("Name", row.mode),
        row.source_url,
        row.ttl_seconds,
        row.stale_seconds,
        row.credentials,
    )


def _check(mode: Mode) -> None:
    for name, value, only in (
        ("ttl_seconds", mode.ttl_seconds, ("cache",)),
        ("stale_seconds", mode.stale_seconds, ("cache",)),
        ("credentials", mode.credentials, ("cache", "pointer")),
        ("source_url", mode.source_url, ("cache", "pointer")),
    ):
        if value and mode.name not in only:
            raise _invalid(f"/{name}", "not_in_mode", _FOREIGN)
    if mode.name == "mirror":
        return
    if not mode.source_url:
        raise _invalid("/source_url", "required", _NO_SOURCE)
    require_address(mode.source_url)
    if mode.name == "cache" and not 1 <= mode.ttl_seconds <= _LONGEST_SECONDS:
        raise _invalid("/ttl_seconds", "required", _NO_TTL)
    if not 0 <= mode.stale_seconds <= _LONGEST_SECONDS:
        raise _invalid("/stale_seconds", "value", _NO_TTL)
    if mode.credentials and _CREDENTIALS.fullmatch(mode.credentials) is None:
        raise _invalid("/credentials", "value", _BAD_NAME)


def _holds(session: Session, table: str) -> bool:
    return bool(session.scalar(sa.select(sa.exists().select_from(sa.table(table)))))


def _no_adapter(dataset: str) -> Text:
    able: Sequence[str] = sorted(SOURCED)
    return Text(
        f"{dataset} chỉ có chế độ mirror; bộ có nguồn: {', '.join(able)}.",
        f"{dataset} can only be a mirror; datasets with a source: {', '.join(able)}.",
    )


def _invalid(pointer: str, code: str, text: Text) -> Invalid:
    return Invalid(text, errors=[FieldError(pointer, code, text)])


_FOREIGN = Text(
    "Chế độ này không có tùy chọn đó (source, ttl, stale, credentials).",
    "This mode has no such option (source, ttl, stale, credentials).",
)
_NO_SOURCE = Text(
    "Chế độ này cần địa chỉ nguồn: --source URL.", "This mode needs a source: --source URL."
)
_NO_TTL = Text(
    "Chế độ cache cần thời hạn từ 1 giây đến một năm: --ttl SECONDS.",
    "A cache needs a time to live from a second to a year: --ttl SECONDS.",
)
_BAD_NAME = Text(
    "Tên tệp bí mật gồm chữ thường, chữ số và dấu gạch.",
    "Credentials are named by small letters, digits and hyphens.",
)
