"""A whole form filled over HTTP, against a look-up of one citizen by the same server.

The form is the building permit of somebody with one parcel, as a task by law: two registers are
read, and the receipt, the prefill, the notice and the access rows are durable. Both sides take
turns in one run, over 16 connections, and the median of the pairs counts.

Usage: ``python -m tests.benchmarks.prefill [--citizens N] [--seconds S] [--pairs P]``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median

from auth.agreements import create_agreement
from auth.principals import Agreement
from registry.kernel.clock import today
from registry.kernel.db import Database
from registry.parcels.changes import apply_changes
from registry.prefill.filling import needed_attributes
from registry.prefill.profiles import for_procedure
from tests.benchmarks import stage
from tests.cluster import cluster
from tests.parcels import change, holder

_PROCEDURE = "1.013225"
_WRK = """
local count = tonumber(os.getenv("BENCH_COUNT"))
local headers = {
  ["Content-Type"] = "application/json",
  ["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN"),
  ["Sogoc-Procedure"] = "1.013225",
  ["Sogoc-Case"] = "BENCH-0001",
}
request = function()
  local id = string.format("900190%06d", math.random(0, count - 1))
  return wrk.format("POST", "/v1/prefill", headers, '{"personal_id": "' .. id .. '"}')
end
"""


def fill(database: Database, citizens: int) -> None:
    """Make the schema and citizens with a parcel each, and let the client fill their forms."""
    stage.fill(database, citizens)
    needed = needed_attributes(for_procedure(_PROCEDURE, today()))
    law = "Luật Xây dựng 50/2014/QH13"
    with database.transaction() as session:
        land = (
            change(f"B-{n}", number=str(n), column=n, holders=[holder(stage.person(n))])
            for n in range(citizens)
        )
        apply_changes(session, land, source="benchmark", load=None)
        create_agreement(
            session,
            Agreement(
                "",
                stage.CLIENT,
                _PROCEDURE,
                needed,
                {},
                law,
                date(2026, 1, 1),
                legal_task=True,
            ),
        )


@contextmanager
def _addresses(folder: Path) -> Iterator[dict[str, str]]:
    with cluster(durable=True) as address:
        yield {
            "SQLite": f"sqlite:///{folder}/registry.db",
            "PostgreSQL": address.replace("postgresql://", "postgresql+psycopg://"),
        }


def compare(name: str, url: str, folder: Path, work: tuple[int, int, int]) -> float:
    """Return the median number of look-ups that one form costs, printing every pair."""
    citizens, seconds, pairs = work
    settings = stage.settings_for(url, folder)
    database = Database(url)
    fill(database, citizens)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    database.close()
    bearer = stage.token(settings, ("citizens:read", "prefill:read"))
    ratios = []
    with stage.serving(settings) as port:
        for lua in ({}, {"lua": _WRK}):
            stage.wrk(port, 2, bearer=bearer, count=citizens, **lua)
        for _ in range(pairs):
            forms = stage.wrk(port, seconds, bearer=bearer, count=citizens, lua=_WRK)
            people = stage.wrk(port, seconds, bearer=bearer, count=citizens)
            if forms.errors or people.errors:
                raise RuntimeError(f"{forms.errors} forms and {people.errors} look-ups failed")
            ratios.append(people.per_second / forms.per_second)
            sys.stdout.write(
                f"{name}: a form costs {ratios[-1]:.0f} look-ups ({forms.per_second:,.0f} to"
                f" {people.per_second:,.0f} a second; p50 {forms.p50_ms:.0f} ms,"
                f" p99 {forms.p99_ms:.0f} ms)\n"
            )
    return median(ratios)


def main() -> int:
    """Compare on both databases; exit 0, or 2 where a program is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--citizens", type=int, default=2_000)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=3)
    asked = parser.parse_args()
    work = (asked.citizens, asked.seconds, asked.pairs)
    try:
        with tempfile.TemporaryDirectory() as folder, _addresses(Path(folder)) as addresses:
            found = {}
            for name, url in addresses.items():
                own = Path(folder) / name
                own.mkdir()
                found[name] = compare(name, url, own, work)
    except stage.Missing as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    for name, ratio in found.items():
        sys.stdout.write(f"median  {ratio:.0f}  {name}: look-ups that one form costs\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
