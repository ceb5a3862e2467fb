"""The direction of imports is checked with every run of the tests, and covers every module."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from importlinter.cli import lint_imports_command

ROOT = Path(__file__).parents[2]
PACKAGES = ("registry", "datasets", "auth")
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONTRACTS = CONFIGURATION["tool"]["importlinter"]["contracts"]


def layers() -> list[list[str]]:
    """Return the modules of each layer of the one direction, the highest first."""
    [told] = [c["layers"] for c in CONTRACTS if c["name"] == "One direction"]
    return [[module.strip() for module in layer.split("|")] for layer in told]


def test_every_contract_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    # The command sets logging up for itself, and would silence every logger there is by now.
    monkeypatch.setattr("importlinter.cli.logging_config.dictConfig", lambda _: None)
    result = CliRunner().invoke(lint_imports_command, ["--cache-dir", str(tmp_path)])
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in result.output, result.output
    assert result.exit_code == 0


def test_every_module_has_its_layer() -> None:
    # A contract says nothing about a module that it doesn't name.
    named = {module for layer in layers() for module in layer}
    modules = {
        f"{package}.{path.stem}"
        for package in PACKAGES
        for path in (ROOT / package).iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    outside = {f"{package}.__init__" for package in PACKAGES} | {"registry.__main__"}
    assert modules - outside - named == set()
    assert named - modules == set()
