"""Make the tables of administrative units; needed only when the facts change.

Usage: python tools/build_places.py DIR, where DIR is the ``data`` folder of the unpacked package
vietnamadminunits 1.0.4 (MIT). Only facts are taken: codes, names, parents and which unit went
into which. The package itself never runs, because its converter sends addresses to an outside
geocoder. What the package lacks is in wave_2025_01.csv, written by hand with its legal source.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "registry" / "places" / "data"
WAVE, REFORM = "2025-01-01", "2025-07-01"
HUE = ("46", "Tỉnh Thừa Thiên Huế")  # a city since the wave: Resolution 175/2024/QH15
UNITS = ("code", "level", "parent", "name", "valid_from", "valid_to")
RELATIONS = ("day", "old", "new", "part", "default")
# The package writes the type of ten units with two capitals.
_SPELLING = re.compile("^(Thành Phố|Thị Xã|Thị Trấn)")
Row = tuple[str, ...]


def units(database: sqlite3.Connection, wave: list[dict[str, str]]) -> Iterator[Row]:
    """Yield every unit of every generation, in the columns of UNITS."""
    begun = {row["new_code"] for row in wave} | {HUE[0]}
    for level, code, parent, name in _until_june(database):
        official = _SPELLING.sub(lambda found: found.group().capitalize(), name)
        yield code, level, parent, official, WAVE if code in begun else "", REFORM
    for row in wave:
        yield row["old_code"], "commune", row["district"], row["old_name"], "", WAVE
    yield HUE[0], "province", "", HUE[1], "", WAVE
    for row in database.execute(
        "SELECT DISTINCT provinceCode, province, wardCode, ward FROM admin_units"
    ):
        yield row[0], "province", "", row[1], REFORM, ""
        yield row[2], "commune", row[0], row[3], REFORM, ""


def _until_june(database: sqlite3.Connection) -> Iterator[Row]:
    for row in database.execute(
        "SELECT DISTINCT provinceCode, province, districtCode, district, wardCode, ward"
        " FROM admin_units_legacy"
    ):
        yield "province", row[0], "", row[1]
        yield "district", row[2], row[0], row[3]
        if row[4]:
            yield "commune", row[4], row[2], row[5]


def relations(
    database: sqlite3.Connection, converter: dict[str, Any], wave: list[dict[str, str]]
) -> Iterator[Row]:
    """Yield which unit went into which, in the columns of RELATIONS."""
    # A district that had no communes stands for itself.
    old = {
        "_".join(part for part in (province, district, ward) if part): code
        for province, district, ward, code in database.execute(
            "SELECT provinceKey, districtKey, wardKey, coalesce(wardCode, districtCode)"
            " FROM admin_units_legacy"
        )
    }
    new = {
        (province, ward): code
        for province, ward, code in database.execute(
            "SELECT provinceKey, wardKey, wardCode FROM admin_units"
        )
    }
    for province, wards in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, sources in wards.items():
            for source in sources:
                yield REFORM, old[source.strip("_")], new[province, ward], "whole", ""
    for province, sources in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for source, parts in sources.items():
            for part in parts:
                default = "1" if part["isDefaultNewWard"] else ""
                heir = new[province, part["newWardKey"]]
                yield REFORM, old[source.strip("_")], heir, "partial", default
    for row in wave:
        yield WAVE, row["old_code"], row["new_code"], row["part"], ""
    yield WAVE, HUE[0], HUE[0], "whole", ""


def write(name: str, header: Row, rows: Iterable[Row]) -> None:
    """Write sorted, distinct rows, so that the same input gives the same bytes."""
    with (TARGET / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(sorted(set(rows)))


def stamp() -> None:
    """Put the tables' checksums into the README beside them."""
    readme = TARGET / "README.md"
    text = readme.read_text("utf-8")
    for path in sorted(TARGET.glob("*.csv")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        text = re.sub(rf"(?<={re.escape(path.name)}` )[0-9a-f]{{64}}", digest, text)
    readme.write_text(text, "utf-8")


def main(source: Path) -> None:
    """Write units.csv and relations.csv from the package's ``source`` folder."""
    database = sqlite3.connect(f"file:{source / 'dataset.db'}?mode=ro", uri=True)
    converter = json.loads((source / "converter_2025.json").read_text("utf-8"))
    with (TARGET / "wave_2025_01.csv").open(encoding="utf-8") as file:
        wave = list(csv.DictReader(file))
    write("units.csv", UNITS, units(database, wave))
    write("relations.csv", RELATIONS, relations(database, converter, wave))
    stamp()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
