"""The demo's load that waits for a second person: a small file with changes and mistakes."""

from __future__ import annotations

import csv
from collections import deque
from pathlib import Path

from datasets import checking
from datasets.submissions import Uploads, submit
from registry.kernel.db import Database

STEWARD, APPROVER = "demo-steward", "demo-approver"
FILE = "cong-dan-thang-11.csv"
_ROWS = 40
_CHANGED = 12


def leave_a_load(database: Database, kept: Uploads, citizens: Path, folder: Path) -> None:
    """Submit and check a file of some citizens anew, so that it waits for its approval.

    Some have another phone, one another nationality, which is unusual; three rows are wrong.
    """
    with citizens.open(encoding="utf-8", newline="") as source:
        reader = csv.DictReader(source)
        # The last ones: the family that the rest of the demo tells of comes first.
        rows = deque(reader, _ROWS)
        names = list(reader.fieldnames or ())
    for number, row in enumerate(list(rows)[:_CHANGED]):
        row["phone"] = f"09000000{number:02}"
    # What acts decide, such as the sex, no file can change; nationality it can, and hardly does.
    rows[0]["nationality"] = "LA"
    wrong = (("personal_id", "90019000001"), ("birth_date", "30/02/1990"), ("ethnicity", "Tây"))
    for row, (column, value) in zip(list(rows)[-len(wrong) :], wrong, strict=True):
        row[column] = value
    path = folder / FILE
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    with database.transaction() as session:
        made = submit(session, kept, "citizens", path, STEWARD)
    checking.check(database, kept, made.id, STEWARD)


def tour(curl: str, base: str, steward: str, approver: str, pick: str) -> str:
    """Return the lines by which the waiting load is looked at, approved and published.

    ``steward`` and ``approver`` are commands that print a token of each, ``pick`` a filter that
    takes the first id out of an answer.
    """
    desk = f"{base}/v1/datasets"
    json = "-H 'Content-Type: application/json'"
    one, other = (f'-H "Authorization: Bearer ${name}"' for name in ("STEWARD", "APPROVER"))
    return f"""
# Bàn làm việc cán bộ dữ liệu: một tệp đang chờ duyệt / a load waits for a second person
STEWARD=$({steward})
APPROVER=$({approver})
LOAD=$({curl} "{desk}/submissions?dataset=citizens" {one} | {pick})

# Đọc = hợp lệ + lỗi + bỏ qua, lỗi theo cách sửa / what was read, what is wrong, how to mend it
{curl} "{desk}/submissions/$LOAD" {one}

# Thay đổi bất thường: cũ và mới, nguồn ở dòng nào / unusual changes, old and new
{curl} "{desk}/submissions/$LOAD/differences?unusual=true" {other}

# Người nộp không tự duyệt được / nobody approves what is their own
{curl} -X POST "{desk}/submissions/$LOAD/approve" {one} {json} -d '{{}}'
{curl} -X POST "{desk}/submissions/$LOAD/approve" {other} {json} -d '{{}}'

# Công bố trong nền, rồi xem chất lượng / publish in the background, then see the quality
{curl} -X POST "{desk}/submissions/$LOAD/publish" {other} {json} -d '{{"notes": "tháng 11"}}'
{curl} {desk}/quality
"""
