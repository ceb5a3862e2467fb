"""Every error that the product raises has its problem document, and no problem is left over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import registry.cli  # noqa: F401 - importing it imports every error
from registry.http import TEXTS
from registry.kernel.errors import SogocError
from registry.problems import _BY_STATUS, PROBLEMS

ROOT = Path(__file__).parents[2]


def _kinds(kind: type[SogocError] = SogocError) -> Iterator[type[SogocError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


def test_errors_and_problems_have_the_same_codes() -> None:
    # What the framework refuses by itself (a wrong method, a body too large) has no class of ours.
    assert {kind.code for kind in _kinds()} | set(_BY_STATUS.values()) == PROBLEMS.keys()


def test_no_error_borrows_the_code_of_another() -> None:
    codes = [kind.code for kind in _kinds()]
    assert len(codes) == len(set(codes))


def test_every_error_speaks_both_languages() -> None:
    for kind in _kinds():
        assert {"code", "text"} <= vars(kind).keys(), kind
        assert kind.text.vi != kind.text.en
        assert "".join((kind.text.vi, kind.text.en)).strip()


def test_the_framework_s_own_errors_have_their_status() -> None:
    for status, code in _BY_STATUS.items():
        assert PROBLEMS[code].status == status


def test_a_validator_fails_with_a_code_that_has_words() -> None:
    used = {
        code
        for path in (ROOT / "registry").rglob("*.py")
        for code in re.findall(r"\bfail\(\"(\w+)\"\)", path.read_text("utf-8"))
    }
    assert used
    assert used <= TEXTS.keys()
