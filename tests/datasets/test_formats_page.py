"""The page of formats names every code that a file can be refused by."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CODE = re.compile(
    r'(?:refusal|_refused)\(\s*"([a-z_]+)"|question\(\s*"\w+",\s*"([a-z_]+)"'
    r'|"(?:/\w+)",\s*"([a-z_]+)"|\("((?:column|option)_[a-z]+)",|\), "(file_[a-z]+)"\)'
)
_SOURCES = [*(ROOT / "datasets" / "formats").glob("*.py"), ROOT / "datasets" / "exports.py"]


def test_every_code_is_on_the_page() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (*_SOURCES, ROOT / "datasets/sources.py"))
    found = {name for names in _CODE.findall(code) for name in names if name}
    page = (ROOT / "docs" / "files" / "formats.md").read_text("utf-8")
    assert len(found) > 45
    assert {name for name in found if f"`{name}`" not in page} == set()
