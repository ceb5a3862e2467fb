"""The look-up over HTTP, token checked and access row durable, against its two ceilings.

- PostgreSQL: `pgbench`, which does the same read and the same durable insert and nothing else.
- SQLite: the same server that answers a constant of the same length.

Usage: ``python -m tests.benchmarks.lookup [--citizens N] [--seconds S] [--pairs P]``. The two
sides of a ratio take turns in one run; the median of the pairs is what counts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from registry.kernel.db import Database
from tests.benchmarks import stage
from tests.cluster import cluster

_SAME_WORK = """
\\set n random(0, :count - 1)
SELECT c.id, i.type, i.value, c.secrecy, c.state, c.merged_into, c.document
  FROM citizen_identifier i JOIN citizen c ON c.row = i.citizen
  WHERE i.value = '900190' || lpad(:n::text, 6, '0');
INSERT INTO access_event (at, context_id, case_number, trace_id, subject_id, outcome, reason)
  VALUES (now(), '0123456789abcdef0123456789abcdef', 'BENCH-0001',
  '0123456789abcdef0123456789abcdef', gen_random_uuid(), 'delivered', NULL);
"""


def against_pgbench(citizens: int, seconds: int, pairs: int) -> float:
    """Return the median ratio of look-ups to pgbench transactions, printing every pair."""
    with cluster(durable=True) as address, tempfile.TemporaryDirectory() as folder:
        url = address.replace("postgresql://", "postgresql+psycopg://")
        settings = stage.settings_for(url, Path(folder))
        database = Database(url)
        stage.fill(database, citizens)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
        database.close()
        bearer = stage.token(settings)
        ratios = []
        with stage.serving(settings) as port:
            stage.wrk(port, 2, bearer=bearer, count=citizens)
            for _ in range(pairs):
                ours = stage.wrk(port, seconds, bearer=bearer, count=citizens)
                theirs = stage.pgbench(address, _SAME_WORK, seconds, citizens)
                ratios.append(_tell("PostgreSQL / pgbench", ours, theirs))
    return median(ratios)


def against_constant(citizens: int, seconds: int, pairs: int, synchronous: str) -> float:
    """Return the median ratio of look-ups on SQLite to constant answers, printing every pair."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/registry.db"
        settings = stage.settings_for(url, Path(folder), synchronous=synchronous)
        database = Database(url)
        stage.fill(database, citizens)
        database.close()
        bearer = stage.token(settings)
        with stage.serving(settings) as port:
            size = stage.size_of_answer(port, bearer)
            with stage.constant(settings, size) as other:
                stage.wrk(port, 2, bearer=bearer, count=citizens)
                ratios = []
                for _ in range(pairs):
                    ours = stage.wrk(port, seconds, bearer=bearer, count=citizens)
                    theirs = stage.wrk(other, seconds, bearer=bearer, count=citizens)
                    name = f"SQLite {synchronous} / constant"
                    ratios.append(_tell(name, ours, theirs.per_second))
    return median(ratios)


def _tell(name: str, ours: stage.Load, theirs: float) -> float:
    if ours.errors:
        raise RuntimeError(f"{ours.errors} look-ups failed")
    ratio = ours.per_second / theirs
    sys.stdout.write(
        f"{name}: {ratio:.2f} ({ours.per_second:,.0f} to {theirs:,.0f} a second;"
        f" p50 {ours.p50_ms:.2f} ms, p99 {ours.p99_ms:.2f} ms)\n"
    )
    return ratio


def main() -> int:
    """Run every comparison; exit 0, or 2 where a program is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--citizens", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=3)
    asked = parser.parse_args()
    work = (asked.citizens, asked.seconds, asked.pairs)
    try:
        found = {
            "PostgreSQL look-up / pgbench, same read and durable insert": against_pgbench(*work),
            "SQLite NORMAL look-up / constant answer": against_constant(*work, "NORMAL"),
            "SQLite FULL look-up / constant answer": against_constant(*work, "FULL"),
        }
    except stage.Missing as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    for name, ratio in found.items():
        sys.stdout.write(f"median  {ratio:.2f}  {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
