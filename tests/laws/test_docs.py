"""What the pages name exists, what they draw is true, and what they let readers paste works."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from registry.cli import main
from registry.kernel.settings import Settings
from tests.laws.test_imports import layers
from tools import reference

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.vi.md")
PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
]

_NAME = re.compile(r"`((?:registry|auth|datasets|migrations)(?:\.\w+)+)`")
_PATH = re.compile(
    r"`((?:registry|auth|datasets|migrations|tests|docs|tools|requirements)/[^` ]*)`"
)
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def exists(name: str) -> bool:
    """Say whether a dotted name leads through modules, then through attributes, to something."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def test_a_name_that_is_gone_would_be_found() -> None:
    assert exists("auth.guard.authorize")
    assert exists("registry.fastpath.FastPath.__call__")
    assert not exists("auth.guard.authorise")
    assert not exists("registry.fastlane")


@pytest.mark.parametrize("page", PAGES)
def test_every_name_path_and_link_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert [name for name in _NAME.findall(text) if not exists(name)] == []
    assert [path for path in _PATH.findall(text) if not (ROOT / path).exists()] == []
    here = (ROOT / page).parent
    assert [link for link in _LINK.findall(text) if not (here / link).exists()] == []


def test_the_walk_of_a_look_up_names_its_functions() -> None:
    names = set(_NAME.findall((ROOT / "docs" / "request-flow.md").read_text("utf-8")))
    assert names >= {
        "registry.server.serve",
        "registry.fastpath.FastPath.__call__",
        "auth.guard.authorize",
        "registry.citizens.hot.HotLookup.ask",
        "registry.kernel.hotpath.HotPath.run",
        "registry.kernel.access_log.record_access",
        "registry.kernel.access_log.record_refusal",
    }


def test_decisions_fit_on_a_page_and_are_numbered_in_order() -> None:
    records = sorted((ROOT / "docs" / "adr").iterdir())
    for number, record in enumerate(records, start=1):
        text = record.read_text("utf-8")
        assert record.name.startswith(f"{number:04d}-")
        assert text.startswith(f"# {number}. ")
        assert len(text.splitlines()) <= 50, record.name


@pytest.mark.parametrize("page", READMES)
def test_the_picture_of_the_layers_is_true(page: str) -> None:
    height = {module: depth for depth, layer in enumerate(layers()) for module in layer}
    text = (ROOT / page).read_text("utf-8")
    [picture] = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    drawn = re.findall(r"\b(?:registry|datasets|auth)\.\w+", picture)
    assert set(drawn) <= height.keys()
    # From left to right and from top to bottom, nobody stands above whom they import.
    assert [height[name] for name in drawn] == sorted(height[name] for name in drawn)
    assert drawn[-1] == "registry.kernel"


@pytest.mark.parametrize("readme", reference.READMES, ids=lambda path: path.name)
def test_the_first_look_up_is_what_the_demo_prints(readme: Path) -> None:
    text = readme.read_text("utf-8")
    assert reference.with_first_look_up(text) == text, "run make docs"


def test_another_first_look_up_would_be_found() -> None:
    text = "Start\n```sh\nTOKEN=1\n\ncurl x\n```\nEnd\n"
    made = reference.with_first_look_up(text)
    assert made != text
    assert made.startswith("Start\n```sh\nTOKEN=$(curl ")
    assert made.endswith("\n```\nEnd\n")
    with pytest.raises(ValueError, match="no first look-up"):
        reference.with_first_look_up("Start\n")


@pytest.mark.parametrize("page", READMES)
def test_the_way_to_production_is_understood(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ward-office.jwks.json", "citizens.csv"):
        (tmp_path / name).touch()
    text = (ROOT / page).read_text("utf-8")
    told = re.findall(r"^export (\w+)=(\S+)$", text, re.MULTILINE)
    assert Settings.from_environ(dict(told)).production
    commands = [shlex.split(line) for line in re.findall(r"^sogoc (.*)$", text, re.MULTILINE)]
    assert commands
    for words in commands:
        command = main.commands[words[0]]
        depth = 1
        while hasattr(command, "commands"):
            command = command.commands[words[depth]]
            depth += 1
        command.make_context(words[depth - 1], words[depth:]).close()


def test_both_readmes_show_the_same() -> None:
    def blocks(page: str) -> list[str]:
        text = (ROOT / page).read_text("utf-8")
        return re.findall(r"```(?:sh|json)\n.*?```", text, re.DOTALL)

    assert blocks("README.md") == blocks("README.vi.md")
