"""Rows read in several processes: the same entries in the same order, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from datasets import parallel
from datasets.formats import Row
from datasets.formats.delimited import read_rows
from datasets.readers import ReaderFailed
from datasets.specs import SPECS, Entry
from datasets.specs.unique import Numbers, Seen
from datasets.synthetic import files
from registry.kernel.rendered import Rendered, render
from tests.datasets.rows import CITIZEN

CITIZENS = SPECS["citizens"]
# Enough that readers are started, and the last chunk isn't full.
MANY = 12_300


def _person(number: int) -> dict[str, str]:
    return CITIZEN | {"personal_id": f"900190{number:06d}"}


def _rows(count: int = MANY) -> Iterator[Row]:
    """Yield people of whom one comes twice, one has no name, and one row is blank."""
    for line in range(2, count + 2):
        cells = _person(2 if line == count else line)
        if line == count - 1:
            cells = {**cells, "full_name": " "}
        yield Row(line, {} if line == count - 2 else cells)


def _alike(entry: Entry) -> Entry:
    change = entry.change and replace(entry.change, document=dict(entry.change.document))
    return replace(entry, change=change, keys=())


def _readers() -> set[int]:
    """Return the processes that this one started and that still run."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if int(parent) == os.getpid() and state != "Z":
                found.add(int(folder.name))
    return found


def test_several_processes_say_what_one_says_in_the_order_of_the_file() -> None:
    alone = [_alike(entry) for entry in CITIZENS.read(_rows())]
    together = [_alike(entry) for entry in parallel.entries(CITIZENS, _rows(), processes=2)]
    assert together == alone
    told = [(f.rule, f.line) for entry in together for f in entry.findings]
    assert told == [
        ("blank_row", MANY - 2),
        ("required", MANY - 1),
        ("repeated_record", MANY),
    ]


def test_a_row_that_no_reader_can_read_fails_the_file_and_says_nothing_of_the_row() -> None:
    rows = [*_rows(), Row(9, {"secret": "900190000001"})]
    before = _readers()
    with pytest.raises(ReaderFailed, match="KeyError") as failed:
        list(parallel.entries(CITIZENS, rows, processes=2))
    assert "secret" not in str(failed.value)
    assert _readers() == before


def test_whoever_leaves_early_leaves_no_process_behind() -> None:
    before = _readers()
    entries = parallel.entries(CITIZENS, _rows(), processes=2)
    for entry in entries:
        if entry.line > MANY - 1500:
            break
    assert len(_readers() - before) == 2
    entries.close()
    assert _readers() == before


def test_a_reader_that_dies_fails_the_file() -> None:
    before = _readers()
    entries = parallel.entries(CITIZENS, _rows(MANY + 20_000), processes=2)
    with pytest.raises(ReaderFailed):
        for entry in entries:
            if entry.line == MANY:
                for process in _readers() - before:
                    os.kill(process, signal.SIGKILL)
    assert _readers() == before


_STARTER = """
import sys, time
from datasets import parallel
from tests.datasets.test_parallel import CITIZENS, _readers, _rows

entries = parallel.entries(CITIZENS, _rows(), processes=2)
next(entry for entry in entries if entry.line > 11_500)
print(*_readers(), flush=True)
time.sleep(600)
"""


def test_readers_end_when_whoever_started_them_is_killed() -> None:
    path = os.pathsep.join(part or str(Path.cwd()) for part in sys.path)
    with subprocess.Popen(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", _STARTER],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    ) as starter:
        assert starter.stdout is not None
        started = [int(process) for process in starter.stdout.readline().split()]
        starter.kill()
    assert len(started) == 2
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(Path(f"/proc/{p}").exists() for p in started):
        time.sleep(0.05)
    assert not any(Path(f"/proc/{process}").exists() for process in started)


def test_a_rendered_row_is_the_text_that_its_document_is_stored_as(tmp_path: Path) -> None:
    [path] = files.generate("citizens", 300, 3, tmp_path)
    columns = [column.name for column in CITIZENS.columns]
    for entry in CITIZENS.read(read_rows(path, columns, ())):
        assert entry.change is not None
        document = entry.change.document
        assert isinstance(document, Rendered)
        assert render(orjson.loads(document.text)) == document.text


def test_a_number_is_met_twice_only_if_it_was_there() -> None:
    numbers = Numbers()
    wanted = [(n * 7919 + 1) % 1_000_003 + 1 for n in range(20_000)]
    known: set[int] = set()
    for number in [*wanted, *wanted[::3], 1, 2**64 - 1]:
        assert numbers.add(number) == (number not in known)
        known.add(number)


@pytest.mark.parametrize(
    ("one", "other"), [("012", "12"), ("A1", "a1"), ("0" * 12, "0" * 11), ("1", "１")]
)
def test_values_that_look_alike_are_two(one: str, other: str) -> None:
    seen = Seen()
    assert seen.add("passport", one)
    assert seen.add("passport", other)
    assert seen.add("other", one)
    assert not seen.add("passport", one)
