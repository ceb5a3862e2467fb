"""A file of citizens checked and published into PostgreSQL, against a bare COPY of the same rows.

The rows that a release has written are dumped, the tables emptied, and the dump is copied back
into them, indexes and all: that is the bare side. Both take turns in one run, each round in a
database of its own; the median of the rounds counts. Wall time is what a steward waits;
processor time (ours, our readers', the server's) is what can be compared on a busy machine.

The file itself, unchecked, is also loaded into one table of texts by COPY and by the shell of
SQLite where it is installed: what loaders without any check do.

Usage: ``python -m tests.benchmarks.bulk [--citizens N ...] [--rounds R] [--folder F]``, where F
keeps the generated files for another run.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psycopg

import migrations
from datasets import checking, publishing, review
from datasets.submissions import Uploads, submit
from datasets.synthetic import files
from registry.kernel.db import Database, new_id
from tests.cluster import cluster

_TABLES = ("citizen", "citizen_version", "citizen_identifier")
_BAR_SECONDS, _BAR_BYTES, _BAR_RATIO = 60, 10**9, 0.30
_BLOCK = 1 << 18
_SAMPLE_SECONDS = 0.2
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Took(NamedTuple):
    """Microseconds a row: of the wall clock, of our processors and of the server's."""

    wall: float
    ours: float
    server: float

    @property
    def processor(self) -> float:
        """Processor time on both sides."""
        return self.ours + self.server

    def __str__(self) -> str:
        """Tell all three."""
        return f"{self.wall:6.1f} us/row ({self.ours:5.1f} ours + {self.server:5.1f} server's CPU)"


@dataclass(frozen=True, slots=True)
class Round:
    """One round: our two steps and the bare ones, and the most memory that we held, in bytes."""

    check: Took
    publish: Took
    copy: Took
    texts: Took
    memory: int

    @property
    def wall(self) -> float:
        """How our wall time compares: 1 is as fast as the bare COPY."""
        return self.copy.wall / (self.check.wall + self.publish.wall)

    @property
    def processor(self) -> float:
        """How our processor time compares."""
        return self.copy.processor / (self.check.processor + self.publish.processor)


def main() -> int:
    """Run the rounds for every size and print what they took; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--citizens", type=int, nargs="+", default=[100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    told = parser.parse_args()
    costs: dict[int, float] = {}
    met = True
    with tempfile.TemporaryDirectory() as scratch, cluster(durable=True) as server:
        for count in told.citizens:
            path = _file(told.folder or Path(scratch), count)
            rounds = [_round(server, path, count, Path(scratch)) for _ in range(told.rounds)]
            met &= _tell(count, rounds, path, Path(scratch))
            costs[count] = median(r.check.processor + r.publish.processor for r in rounds)
    least = costs[min(costs)]
    for count, cost in costs.items():
        _say(f"{count:>9,} rows: {cost:6.1f} us of CPU a row, {cost / least:.2f} of the smallest")
    return 0 if met else 1


def _file(folder: Path, count: int) -> Path:
    made = folder / str(count)
    if not (made / "citizens.csv").exists():
        files.generate("citizens", count, 1, made)
    return made / "citizens.csv"


def _round(server: str, path: Path, count: int, scratch: Path) -> Round:
    name = f"bulk_{new_id().replace('-', '')}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    address = server.replace("/postgres?", f"/{name}?")
    database = Database(address.replace("postgresql://", "postgresql+psycopg://"))
    try:
        migrations.upgrade(database)
        uploads = Uploads(scratch / name)
        with database.transaction() as session:
            made = submit(session, uploads, "citizens", path, "an").id
        with _memory() as most:
            check = _timed(address, count, lambda: checking.check(database, uploads, made, "an"))
            with database.transaction() as session:
                review.open_unusual(session, made, "binh")
                review.approve(session, made, "binh")
            publish = _timed(address, count, lambda: _publish(database, made))
        dumps = _dump(address, scratch)
        copy = _timed(address, count, lambda: _copy(address, dumps))
        texts = _timed(address, count, lambda: _copy_texts(address, path))
        return Round(check, publish, copy, texts, max(most))
    finally:
        database.close()
        shutil.rmtree(scratch / name, ignore_errors=True)
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _publish(database: Database, submission: str) -> None:
    with database.transaction() as session:
        publishing.publish(session, submission, "binh")


def _dump(address: str, folder: Path) -> dict[str, Path]:
    """Write the rows of each table into a file, and empty the tables."""
    dumps = {table: folder / f"{table}.copy" for table in _TABLES}
    with psycopg.connect(address, autocommit=True) as connection:
        for table, path in dumps.items():
            with (
                path.open("wb") as file,
                connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as rows,
            ):
                for block in rows:
                    file.write(block)
        connection.execute(f"TRUNCATE {', '.join(_TABLES)} CASCADE".encode())
    return dumps


def _copy(address: str, dumps: dict[str, Path]) -> None:
    """Copy every file back into its table, in one transaction as a release is."""
    with psycopg.connect(address) as connection:
        for table, path in dumps.items():
            _send(connection, f"COPY {table} FROM STDIN", path)


def _copy_texts(address: str, path: Path) -> None:
    """Copy the submitted file into a table of texts with a primary key, nothing checked."""
    with path.open(encoding="utf-8", newline="") as file:
        names = next(csv.reader(file))
    columns = ", ".join(f"{name} text" for name in names)
    with psycopg.connect(address) as connection:
        connection.execute("DROP TABLE IF EXISTS texts")
        connection.execute(f"CREATE TABLE texts ({columns}, PRIMARY KEY ({names[0]}))".encode())
        _send(connection, "COPY texts FROM STDIN WITH (FORMAT csv, HEADER)", path)


def _send(connection: psycopg.Connection, statement: str, path: Path) -> None:
    with path.open("rb") as file, connection.cursor().copy(statement.encode()) as copy:
        while block := file.read(_BLOCK):
            copy.write(block)


def _timed(address: str, rows: int, work: Callable[[], object]) -> Took:
    """Do ``work`` with the server's earlier writing out of the way; return what a row took."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    postmaster = int((Path(row[0]) / "postmaster.pid").read_text().split()[0])
    wall, ours, server = time.perf_counter(), _own_seconds(), _tree_seconds(postmaster)
    work()
    return Took(
        (time.perf_counter() - wall) / rows * 1e6,
        (_own_seconds() - ours) / rows * 1e6,
        (_tree_seconds(postmaster) - server) / rows * 1e6,
    )


def _own_seconds() -> float:
    return sum(os.times()[:4])


def _tree_seconds(postmaster: int) -> float:
    """Return the processor time of a server and of its children, gone ones too."""
    stats = [fields for pid, fields in _processes() if postmaster in {pid, int(fields[1])}]
    own = sum(int(fields[11]) + int(fields[12]) for fields in stats)
    gone = sum(int(f[13]) + int(f[14]) for p, f in _processes() if p == postmaster)
    return (own + gone) / _TICKS


def _processes() -> Iterator[tuple[int, list[str]]]:
    """Yield every process with the fields of its stat file from its state on (proc(5))."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue  # it has ended meanwhile
            yield int(folder.name), stat.rpartition(")")[2].split()


@contextmanager
def _memory() -> Iterator[list[int]]:
    """Watch how many bytes this process and its children hold together."""
    held, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(_SAMPLE_SECONDS):
            mine = [f for pid, f in _processes() if os.getpid() in {pid, int(f[1])}]
            held.append(sum(int(fields[21]) for fields in mine) * _PAGE)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield held
    finally:
        done.set()
        watcher.join()


def _tell(count: int, rounds: list[Round], path: Path, scratch: Path) -> bool:
    def middle(of: Callable[[Round], Took]) -> Took:
        return Took(*(median(each) for each in zip(*map(of, rounds), strict=True)))

    check, wall = middle(lambda r: r.check), median(r.wall for r in rounds)
    memory = max(r.memory for r in rounds)
    _say(f"{count:,} citizens, {len(rounds)} rounds, medians")
    _say(f"  check              {check}  = {1e6 / check.wall:,.0f} rows/s")
    _say(f"  publish            {middle(lambda r: r.publish)}")
    _say(f"  bare COPY          {middle(lambda r: r.copy)}")
    _say(f"  texts, COPY        {middle(lambda r: r.texts)}")
    _say(f"  texts, .import     {_import_texts(path, count, scratch)}")
    _say(f"  most memory        {memory / 1e6:,.0f} MB with the readers")
    processor = median(r.processor for r in rounds)
    _say(f"  check + publish against the bare COPY: {wall:.2f} wall, {processor:.2f} CPU")
    # Microseconds a row are seconds a million.
    return wall >= _BAR_RATIO and check.wall <= _BAR_SECONDS and memory <= _BAR_BYTES


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _import_texts(path: Path, count: int, scratch: Path) -> str:
    """Import the file with the shell of SQLite; tell what a row took."""
    shell = shutil.which("sqlite3")
    if shell is None:
        return "   (sqlite3 is not installed)"
    target = scratch / "texts.db"
    target.unlink(missing_ok=True)
    before = time.perf_counter()
    subprocess.run(  # noqa: S603 - our own command line
        [shell, str(target), ".mode csv", f".import {path} texts"], check=True
    )
    return f"{(time.perf_counter() - before) / count * 1e6:6.1f} us/row"


if __name__ == "__main__":
    sys.exit(main())
