"""A small profile in TOML, and what changes of it mean."""

from __future__ import annotations

from datetime import date

from registry.prefill.profiles import Basis, Profile
from registry.prefill.reading import Standard, read_profile

DAY = date(2026, 11, 25)
SHARED = {"shared": Basis("shared", "Nghị định 1/2026/NĐ-CP", "Điều 1", date(2026, 1, 1))}
STANDARD: Standard = {
    "full_name": {
        "label": {"vi": "Họ tên", "en": "Name"},
        "attribute": "citizens:name.full",
        "portal": "fullname",
        "portal_role": "submitter",
    },
}
TEXT = """
id = "small"
version = "2026-11-01"
name = { vi = "Thủ tục nhỏ", en = "Small procedure" }
level = "commune"
shared_bases = ["shared"]
codes = [
  { code = "1.000001", valid_from = 2025-07-01, valid_to = 2027-01-01 },
]
bases = [
  { id = "law", act = "Luật 1", article = "Điều 1", valid_from = 2020-01-01, verified = true },
]
roles = [
  { id = "submitter", label = { vi = "Người nộp", en = "Submitter" }, who = "submitter" },
  { id = "owner", label = { vi = "Chủ", en = "Owner" }, who = "same_as:submitter" },
  { id = "members", label = { vi = "Hộ", en = "All" }, who = "household", consent = "own", many = true },
]
fields = [
  { role = "submitter", standard = ["full_name"], basis = "law", required = true },
  { role = "submitter", name = "phone", label = { vi = "Điện thoại", en = "Phone" }, attribute = "citizens:phone", basis = "law", optional_to_share = true },
  { role = "owner", name = "sex", label = { vi = "Giới tính", en = "Sex" }, attribute = "citizens:sex", type = "code", codes = "sex", transform = "sex", basis = "law" },
  { role = "owner", name = "reason", label = { vi = "Lý do", en = "Reason" } },
  { role = "members", standard = ["full_name"], basis = "law" },
]
components = [
  { code = "paper", label = { vi = "Giấy", en = "Paper" }, kind = "paper", basis = "law", replaced_by = ["submitter.full_name"], ground = "shared" },
]
"""  # noqa: E501 - an inline table stands in one line


def profile(*changes: tuple[str, str]) -> Profile:
    """Return the profile with some of its text changed."""
    text = TEXT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return read_profile("small.toml", text, SHARED, STANDARD)
