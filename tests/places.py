"""Changes of administrative units for the tests; the resolutions are made up."""

from __future__ import annotations

from pathlib import Path

from datasets.models import Release, Submission
from tests.datasets.loads import Desk
from tests.datasets.rows import write

DAY = "01/05/2026"
RENAMED = {
    "code": "22",
    "level": "Cấp tỉnh",
    "name": "Thành phố Quảng Ninh",
    "valid_from": DAY,
    "predecessors": f"22@{DAY}:whole",
    "legal_number": "01/2026/QH16",
    "legal_date": "01/04/2026",
}
WARD = {
    "code": "26740",
    "level": "Cấp xã",
    "name": "Phường Sài Gòn",
    "parent": "79",
    "valid_from": DAY,
    "predecessors": f"26740@{DAY}:partial",
    "legal_number": "02/NQ-UBTVQH16",
    "legal_date": "01/04/2026",
}
# Phường Sài Gòn keeps its code and gives a part to a new ward.
SPLIT = (WARD, WARD | {"code": "26738", "name": "Phường Ba Son"})
# Phường Sài Gòn and Phường Bến Thành become one, under the code of the first.
MERGED = WARD | {"predecessors": f"26740@{DAY}:whole; 26743@{DAY}:whole"}


def check(desk: Desk, *rows: dict[str, str]) -> Submission:
    """Submit and check a file of units."""
    return desk.check(write(Path(desk.folder) / "places.csv", rows), dataset="places")


def load(desk: Desk, *rows: dict[str, str]) -> Release:
    """Take a file of units the whole way."""
    checked = check(desk, *rows)
    assert checked.rows_rejected == 0, desk.found(checked)
    return desk.publish(checked)
