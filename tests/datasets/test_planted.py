"""A check finds what is wrong, all of it and nothing else, in a file with known errors."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import migrations
from datasets import checking, parallel
from datasets.formats import Options
from datasets.sources import read_file
from datasets.specs import SPECS
from datasets.submissions import Uploads
from datasets.synthetic import files
from registry.kernel.db import Database
from tests.benchmarks.acceptance import found_in, submit_planted
from tests.datasets.planted import MISTAKES, plant

PEOPLE = 4000
ERRORS = 600
BEYOND_ONE_PROCESS = 12_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    [path] = files.generate("citizens", PEOPLE, 21, tmp_path_factory.mktemp("made"))
    return path


def _found(path: Path) -> Counter[tuple[str, int, str]]:
    spec = SPECS["citizens"]
    columns = [column.name for column in spec.columns]
    required = [column.name for column in spec.columns if column.required]
    entries = spec.read(read_file(path, columns, required, Options()))
    return Counter((f.rule, f.line, f.column) for entry in entries for f in entry.findings)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_findings_are_exactly_those_planted(made: Path, tmp_path: Path, seed: int) -> None:
    expected = plant(made, tmp_path / "planted.csv", ERRORS, seed)
    assert _found(tmp_path / "planted.csv") == Counter(expected)
    rules = Counter(rule for rule, *_ in expected)
    assert rules.keys() == {mistake.rule for mistake in MISTAKES} | {"split_commune"}
    assert rules.total() - rules["split_commune"] == ERRORS


def test_without_errors_only_what_is_declared_is_found(made: Path, tmp_path: Path) -> None:
    expected = plant(made, tmp_path / "planted.csv", 0, 1)
    assert (tmp_path / "planted.csv").read_bytes() == made.read_bytes()
    assert _found(made) == Counter(expected)
    assert {rule for rule, *_ in expected} == {"split_commune"}


def test_the_same_seed_plants_the_same(made: Path, tmp_path: Path) -> None:
    first, second, other = (
        plant(made, tmp_path / f"{number}.csv", 60, seed) for number, seed in enumerate((5, 5, 6))
    )
    assert first == second != other
    assert (tmp_path / "0.csv").read_bytes() == (tmp_path / "1.csv").read_bytes()


def test_more_errors_than_rows_are_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too few rows"):
        plant(made, tmp_path / "planted.csv", PEOPLE, 1)


def test_several_processes_find_what_one_finds(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However many processors there are.
    monkeypatch.setattr(parallel, "_processors", lambda: 2)
    migrations.upgrade(database)
    submission, expected = submit_planted(database, tmp_path, BEYOND_ONE_PROCESS, ERRORS)
    checking.check(database, Uploads(tmp_path / "uploads"), submission, "steward")
    checked, found = found_in(database, submission)
    assert found == expected
    assert checked.rows_read == BEYOND_ONE_PROCESS
