"""What must hold of the files themselves."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_locks_have_hashes_and_no_index_address() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text("utf-8")
        pinned = re.findall(r"^[a-z0-9][^ \n]*==", text, re.MULTILINE)
        assert pinned, lock.name
        assert text.count("--hash=sha256:") >= len(pinned)
        assert "://" not in text


def test_decisions_fit_on_a_page() -> None:
    records = list((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert records
    for record in records:
        assert len(record.read_text("utf-8").splitlines()) <= 50, record.name


def test_only_one_place_commits() -> None:
    commits = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "registry").rglob("*.py")
        for _ in re.findall(r"\.commit\(", path.read_text("utf-8"))
    ]
    assert commits == ["registry/kernel/db.py"]
