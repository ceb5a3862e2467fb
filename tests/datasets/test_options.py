"""What is said of a file is a part of the load: nothing unknown is taken, nothing is dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from datasets.formats import Options
from datasets.formats.delimited import read_rows
from registry.kernel.errors import Invalid


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"colour": "red"}, "option_unknown"),
        ({"crs": "9210"}, "option_malformed"),
        ({"crs": True}, "option_malformed"),
        ({"names": {"a": 1}}, "option_malformed"),
        ({"names": ["a"]}, "option_malformed"),
        ({"delimiter": "x"}, "option_malformed"),
        ({"encoding": "hex"}, "option_malformed"),
        ({"outlines": "../../etc/passwd"}, "option_malformed"),
        ({"sheet": 1}, "option_malformed"),
    ],
)
def test_what_is_no_option_is_refused(said: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        Options.from_json(said)
    [error] = refused.value.errors
    assert (error.pointer, error.code) == (f"/{next(iter(said))}", code)


def test_every_option_is_written_and_read_again() -> None:
    said = {
        "crs": 9210,
        "delimiter": "\t",
        "encoding": "vni",
        "layer": "THUA",
        "names": {"a": "", "b": "code"},
        "outlines": "communes.geojson",
        "sheet": "Trang 1",
        "text_layer": "SO",
    }
    options = Options.from_json(said)
    assert options.to_json() == said
    assert options.outlines == Path("communes.geojson")


def test_a_delimiter_is_one_of_four(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"a\n")
    with pytest.raises(Invalid) as refused:
        list(read_rows(path, ("a",), [], Options(delimiter="x")))
    assert refused.value.errors[0].pointer == "/delimiter"
