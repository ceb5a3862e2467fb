"""What the pages of reference say is what the code does now, and every command explains itself."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from auth.scopes import SCOPES
from datasets.specs import RULES
from datasets.synthetic.personas import load as load_personas
from registry.cli import main
from registry.kernel.settings import Settings
from registry.problems import PROBLEMS
from tools import reference


def _commands(
    command: click.Command = main, path: tuple[str, ...] = ("sogoc",)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from _commands(below, (*path, name))


LEAVES = {
    " ".join(path[1:]): command
    for path, command in _commands()
    if not isinstance(command, click.Group)
}


def _examples(command: click.Command) -> list[list[str]]:
    """Return the arguments of each line of shell in the command's examples."""
    lines = (command.epilog or "").replace("\\\n", " ").splitlines()
    shown = [shlex.split(line) for line in lines if line.startswith("  sogoc ")]
    return [words[1 : words.index(">") if ">" in words else None] for words in shown]


def test_the_committed_pages_are_what_the_code_says() -> None:
    kept = {path.name: path.read_text("utf-8") for path in reference.FOLDER.iterdir()}
    made = reference.render()
    assert kept.keys() == made.keys()
    stale = [name for name in made if kept[name] != made[name]]
    assert stale == [], "run make docs"


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("settings", [f"`SOGOC_{field.name.upper()}`" for field in fields(Settings)]),
        ("scopes", [f"`{scope}`" for scope in SCOPES]),
        ("problems", [f"`{code}`" for code in PROBLEMS]),
        ("commands", [f"## {' '.join(path)}\n" for path, _ in _commands()]),
        ("rules", [f"`{code}`" for code in RULES]),
        ("personas", [f"`{p.slug}`" for p in load_personas().personas]),
        ("attributes", [f"`{a.path}`" for c in reference.catalogues() for a in c.attributes]),
    ],
)
def test_every_name_that_users_rely_on_is_documented(page: str, names: list[str]) -> None:
    text = (reference.FOLDER / f"{page}.md").read_text("utf-8")
    assert names
    assert [name for name in names if name not in text] == []


def test_no_setting_is_without_its_meaning() -> None:
    assert [field.name for field in fields(Settings) if not field.metadata.get("about")] == []


def test_no_option_is_without_its_meaning() -> None:
    silent = [
        f"{' '.join(path)} {option.opts[0]}"
        for path, command in _commands()
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert silent == []


def test_no_command_is_without_help_and_example() -> None:
    assert [" ".join(path) for path, command in _commands() if not command.help] == []
    assert [name for name, command in LEAVES.items() if not _examples(command)] == []


@pytest.mark.parametrize("name", LEAVES)
def test_examples_are_understood(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in _examples(LEAVES[name]):
        path = name.split()
        assert words[: len(path)] == path
        given = words[len(path) :]
        for file in (Path(word) for word in given if word.endswith((".csv", ".json", ".xlsx"))):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        with LEAVES[name].make_context(name, given) as context:
            assert context.params.keys() == {param.name for param in LEAVES[name].params}
