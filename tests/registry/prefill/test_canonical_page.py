"""The published test vectors of the canonical form hold, and every type has some."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from registry.prefill.canonical import TYPES, CanonicalError, canonical
from registry.prefill.receipts import digest

PAGE = (Path(__file__).parents[3] / "docs" / "prefill-canonical.md").read_text("utf-8")
[_TEXT] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
VECTORS: dict[str, list[Any]] = json.loads(_TEXT)


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=str)
def test_a_refused_vector_has_no_canonical_text(vector: tuple[str, Any]) -> None:
    kind, value = vector
    with pytest.raises(CanonicalError):
        canonical(value, kind)


@pytest.mark.parametrize("vector", VECTORS["different"], ids=str)
def test_different_vectors_are_told_apart(vector: tuple[str, Any, Any]) -> None:
    kind, one, other = vector
    assert canonical(one, kind) != canonical(other, kind)


@pytest.mark.parametrize("vector", VECTORS["same"], ids=lambda vector: vector["canonical"])
def test_every_spelling_of_a_vector_is_the_same(vector: dict[str, Any]) -> None:
    assert len(vector["written"]) > 0
    for value in vector["written"]:
        assert canonical(value, vector["type"]) == vector["canonical"]


def test_every_digest_is_as_published() -> None:
    for vector in VECTORS["digests"]:
        made = digest(vector["salt"], vector["key"], vector["canonical"])
        assert made == vector["digest"]


def test_every_type_has_a_rule_and_vectors() -> None:
    assert {vector["type"].split(":")[0] for vector in VECTORS["same"]} == set(TYPES)
    assert set(re.findall(r"^\| `(\w+):?`", PAGE, re.MULTILINE)) == set(TYPES)
