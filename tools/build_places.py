"""Make the table of administrative units from the package vietnamadminunits (MIT), build time only.

Usage: python tools/build_places.py DIR, where DIR is the ``data`` folder of the unpacked package,
version 1.0.4. Only facts are taken: codes, names, parents and which unit went into which. The
package itself never runs, because its converter sends addresses to an outside geocoder.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

TARGET = Path(__file__).parents[1] / "registry" / "places" / "data"
Row = tuple[str, ...]


def units(database: sqlite3.Connection) -> Iterator[Row]:
    """Yield (until_2025_06 | from_2025_07, level, code, parent, name) for every unit."""
    old = "until_2025_06"
    for row in database.execute(
        "SELECT DISTINCT provinceCode, province, districtCode, district, wardCode, ward"
        " FROM admin_units_legacy"
    ):
        yield old, "province", row[0], "", row[1]
        yield old, "district", row[2], row[0], row[3]
        if row[4]:
            yield old, "commune", row[4], row[2], row[5]
    for row in database.execute(
        "SELECT DISTINCT provinceCode, province, wardCode, ward FROM admin_units"
    ):
        yield "from_2025_07", "province", row[0], "", row[1]
        yield "from_2025_07", "commune", row[2], row[0], row[3]


def relations(database: sqlite3.Connection, converter: dict[str, dict]) -> Iterator[Row]:
    """Yield (old code, new code, whole | partial), old districts without communes included."""
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
                yield old[source.strip("_")], new[province, ward], "whole"
    for province, sources in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for source, parts in sources.items():
            for part in parts:
                yield old[source.strip("_")], new[province, part["newWardKey"]], "partial"


def write(name: str, header: Row, rows: Iterable[Row]) -> None:
    """Write sorted, distinct rows, so that the same input gives the same bytes."""
    with (TARGET / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(sorted(set(rows)))


def main(source: Path) -> None:
    """Write units.csv and relations.csv from the package's ``source`` folder."""
    database = sqlite3.connect(f"file:{source / 'dataset.db'}?mode=ro", uri=True)
    converter = json.loads((source / "converter_2025.json").read_text("utf-8"))
    write("units.csv", ("generation", "level", "code", "parent", "name"), units(database))
    write("relations.csv", ("old", "new", "part"), relations(database, converter))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
