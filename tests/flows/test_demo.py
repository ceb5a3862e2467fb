"""The demo is a story that works as it is printed: every line of it can be pasted."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(folder: Path, port: int) -> list[str]:
    options = ["--port", str(port), "--citizens", "20", "--data-dir", str(folder)]
    return [sys.executable, "-m", "registry", "demo", *options]


@pytest.fixture
def told(tmp_path: Path) -> Iterator[str]:
    """Give what a new demo prints; it is stopped afterwards, as Ctrl-C would."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        _command(tmp_path / "demo", _free_port()),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    yield "".join(lines)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0
    process.stdout.close()


def _readme() -> Any:
    [shown] = re.findall(r"```json\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    return json.loads(shown)


def _timeless(answer: Any) -> Any:
    """Return the answer without what differs from demo to demo and from year to year."""
    for result in answer["results"]:
        del result["record"]["id"], result["record"]["age"]
    return answer


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide is for curl")
def test_every_printed_line_answers(told: str) -> None:
    lines = [line for line in told.splitlines() if re.match(r"[A-Z]+=|curl ", line)]
    # A failed line ends the script, so that no answer is taken for another's.
    script = "\n".join(["set -eu", *(f"{x}; echo" if x.startswith("curl") else x for x in lines)])
    done = subprocess.run(  # noqa: S603 - what the demo printed
        [shutil.which("bash") or "sh", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    first, *others = map(json.loads, filter(None, done.stdout.splitlines()))
    assert 1 + len(others) == sum(line.startswith("curl ") for line in lines)
    assert _timeless(first) == _timeless(_readme())
    assert [a["code"] for a in others if "status" in a and "code" in a] == ["outside-agreement"]
    assert [a["attributes"] for a in others if "attributes" in a] == [["religion"]]
    assert [a["result"] for a in others if "result" in a] == ["candidates"]


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("the only copy")
    refused = subprocess.run(  # noqa: S603 - our own command
        _command(tmp_path, _free_port()), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert "choose another --data-dir" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
