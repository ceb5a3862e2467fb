"""What must hold of the code as text: its size, its words and what it may reach."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("registry", "datasets", "auth", "migrations")

# Lines of the longest file below each of these folders. A flow of tests may be longer than the
# code it protects, since its parts have nothing to do with each other.
LONGEST_FILE = {PRODUCT: 450, ("tools",): 300, ("tests",): 600}
MEDIAN_FILE = 120
# Migrations are lists of columns, so their length says nothing.
WRITTEN = ("registry", "datasets", "auth", "tools", "tests")
LONGEST_FUNCTION = 60
MEDIAN_FUNCTION = 10

# Whatever calls another computer. A module that must may be named here, with its reason; it has to
# check the address it is given, so that nobody can make the registry call its own network.
_CALLERS = {
    "aiohttp",
    "ftplib",
    "http.client",
    "httpx",
    "requests",
    "smtplib",
    "urllib.request",
    "urllib3",
}
_ALLOWED_TO_CALL = {
    # The source of a dataset that is cached or pointed to; `registry.upstream.address` checks it.
    "registry/upstream/http.py",
    # The OpenID provider of the settings, whose address they check; `is_safe` checks its others.
    "auth/signin/outbound.py",
    # What a client names, such as its keys; `registry.kernel.reach` checks name and address.
    "registry/kernel/outbound.py",
}

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def sources(folders: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every module below ``folders``."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


def silent(text: str) -> list[str]:
    """Return the public classes and functions, methods included, that have no docstring."""
    tree = ast.parse(text)
    found = [] if ast.get_docstring(tree) else ["<module>"]
    bodies: list[list[ast.stmt]] = [tree.body]
    while bodies:
        for node in bodies.pop():
            if not isinstance(node, Definition) or node.name.startswith("_"):
                continue
            if not ast.get_docstring(node):
                found.append(node.name)
            if isinstance(node, ast.ClassDef):
                bodies.append(node.body)
    return found


def called(text: str) -> set[str]:
    """Return the modules that ``text`` imports to call another computer."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {
        caller for caller in _CALLERS if any(f"{name}.".startswith(f"{caller}.") for name in names)
    }


def test_nothing_calls_another_computer() -> None:
    found = {path for path, text in sources(PRODUCT) if called(text)}
    assert found == _ALLOWED_TO_CALL


@pytest.mark.parametrize(
    "text",
    [
        "import requests",
        "from urllib import request",
        "import http.client as h",
        "def f():\n    from urllib.request import urlopen",
    ],
)
def test_a_call_would_be_found(text: str) -> None:
    assert called(text)
    assert not called("from urllib.parse import urlsplit")


def test_public_names_say_what_they_are_for() -> None:
    found = {path: names for path, text in sources((*PRODUCT, "tools")) if (names := silent(text))}
    assert found == {}


def test_a_silent_name_would_be_found() -> None:
    text = (
        '"""A module."""\nclass Loud:\n    """Says."""\n    def quiet(self): ...\ndef _own(): ...\n'
    )
    assert silent(text) == ["quiet"]


def test_files_are_small() -> None:
    lengths: dict[str, int] = {}
    for folders, longest in LONGEST_FILE.items():
        found = {path: text.count("\n") for path, text in sources(folders)}
        assert {path: lines for path, lines in found.items() if lines > longest} == {}
        lengths |= found
    assert median(lengths.values()) <= MEDIAN_FILE


def test_functions_are_short() -> None:
    lengths = {
        f"{path}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path, text in sources(WRITTEN)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}
    assert median(lengths.values()) <= MEDIAN_FUNCTION
