"""The demo: a whole registry of made-up people in one folder, filled the way real data comes in."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import click
import orjson

import migrations
import registry.wsgi
from auth.clients import create_agreement, create_client
from auth.principals import Agreement
from auth.scopes import SCOPES
from datasets import publishing, submissions
from datasets.cli import uploads
from datasets.specs import SPECS
from datasets.synthetic import files
from registry.citizens.attributes import CATALOGUE as CITIZENS
from registry.households.attributes import CATALOGUE as HOUSEHOLDS
from registry.kernel.db import Database
from registry.kernel.settings import Settings
from registry.parcels.attributes import CATALOGUE as PARCELS
from registry.server import serve

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

MARK = "SYNTHETIC"
_CLIENT = "demo-agency"
_SEED = 1
_PROCEDURE = "1.004222"
_BASIS = "Luật Cư trú 68/2020/QH14; Nghị định 104/2022/NĐ-CP, Điều 14"
_PERSONA = "900190000102"
_WITHHELD = ("religion", "blood_type", "phone", "email")
_READY_SECONDS = 15
_FIELDS = '["name", "birth_date", "age", "effective_residence"]'
_LAND = "reference,area,purposes,holders.name,certificates,lineage"
_CRITERIA = '{"name": "tran thi lan", "birth_date": "1990-05-17"}'
_SEARCH = ("personal_id", "nine_digit_id", "name", "birth_date", "birth_year", "commune")


def run(folder: Path, port: int, citizens: int) -> None:
    """Make the demo in ``folder`` unless it is there, tell how to use it, serve until Ctrl-C.

    Raises click.ClickException for a folder that holds something else, or a port in use.
    """
    _check_folder(folder)
    _check_port(port)
    settings = Settings(
        environment="demo",
        database_url=f"sqlite:///{folder / 'registry.db'}",
        sqlite_synchronous="NORMAL",
        issuer=f"http://127.0.0.1:{port}",
        key_file=str(folder / "keys.json"),
        upload_dir=str(folder / "uploads"),
    )
    if _secret(folder) is None:
        _make(folder, settings, citizens)
    serve(settings, "127.0.0.1", port, "registry.demo:load")
    click.echo("Đã dừng / stopped.", err=True)


def load() -> WSGIApplication:
    """Return the application of the demo's worker, which tells how to use it once it answers.

    The worker tells, and not the process that forks it: a thread there may hold one of Python's
    own locks at that moment, and the worker would wait for it for ever.
    """
    settings = Settings.from_environ(os.environ)
    secret = _secret(Path(settings.key_file).parent)
    port = urlsplit(settings.issuer).port
    threading.Thread(target=_tell_when_ready, args=(port, secret), daemon=True).start()
    return registry.wsgi.load()


def _check_folder(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise click.ClickException(f"{folder} holds something else; choose another --data-dir")
    folder.mkdir(parents=True, exist_ok=True)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise click.ClickException(f"port {port} is in use; choose another --port") from error


def _secret(folder: Path) -> str | None:
    """Return the demo client's secret if the demo was made whole before, else None."""
    try:
        return cast("str", orjson.loads((folder / MARK).read_bytes())["secret"])
    except (OSError, ValueError, KeyError):
        return None


def _make(folder: Path, settings: Settings, citizens: int) -> None:
    """Fill the folder; its mark is written last, so a demo that was cut off is made again."""
    for left in folder.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()
    # The mark without a secret: ours to make again, not yet ready to use.
    _write_mark(folder, {})
    database = Database(settings.database_url, synchronous=settings.sqlite_synchronous)
    click.echo(f"Đang tạo {citizens} công dân giả lập / making synthetic data…", err=True)
    migrations.upgrade(database)
    _load(database, settings, citizens)
    with database.transaction() as session:
        made = create_client(session, _CLIENT, "Cơ quan thử nghiệm", sorted(SCOPES))
        create_agreement(session, _agreement())
    database.close()
    _write_mark(folder, {"secret": made.secret})


def _write_mark(folder: Path, content: dict[str, str | None]) -> None:
    part = folder / f"{MARK}.part"
    part.touch(mode=0o600)
    part.write_bytes(orjson.dumps(content))
    part.replace(folder / MARK)


def _load(database: Database, settings: Settings, citizens: int) -> None:
    kept = uploads(settings)
    with tempfile.TemporaryDirectory() as scratch:
        files.generate("all", citizens, _SEED, Path(scratch))
        for name in SPECS:
            with database.transaction() as session:
                made = submissions.submit(
                    session, kept, name, Path(scratch) / f"{name}.csv", "demo"
                )
                submissions.check(session, kept, made.id)
                publishing.publish(session, made.id)


def _agreement() -> Agreement:
    readable = {a.path for a in CITIZENS.attributes if a.path not in _WITHHELD}
    return Agreement(
        "",
        _CLIENT,
        _PROCEDURE,
        {
            "citizens": frozenset(readable),
            "households": frozenset(a.path for a in HOUSEHOLDS.attributes),
            "parcels": frozenset(a.path for a in PARCELS.attributes if a.sensitivity == "basic"),
        },
        {"citizens": frozenset(_SEARCH), "parcels": frozenset({"reference", "certificate"})},
        _BASIS,
        date(2026, 1, 1),
    )


def _tell_when_ready(port: int, secret: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
            continue
        sys.stdout.write(guide(port, secret))
        sys.stdout.flush()
        return


def guide(port: int, secret: str) -> str:
    """Return what the demo tells its user: addresses, and command lines that work as printed."""
    base = f"http://127.0.0.1:{port}"
    purpose = f"-H 'Sogoc-Procedure: {_PROCEDURE}' -H 'Sogoc-Case: DEMO-0001'"
    bearer = '-H "Authorization: Bearer $TOKEN"'
    # Each answer ends its line, so that answers don't run together on a terminal.
    curl = r"curl -s -w '\n'"
    post = f"{bearer} {purpose} -H 'Content-Type: application/json' -d"
    ask = f"{curl} {base}/v1/citizens/lookup {post}"
    token = f"curl -s -u {_CLIENT}:{secret} -d grant_type=client_credentials {base}/oauth/token"
    return f"""
==============================================================================
 SỔ GỐC · DỮ LIỆU GIẢ LẬP, KHÔNG PHẢI NGƯỜI THẬT / SYNTHETIC DATA, NO REAL PERSON
==============================================================================
 API       {base}/docs
 OpenAPI   {base}/openapi.json

# Lấy mã truy cập / get a token
TOKEN=$({token} | {_pick("access_token")})

# Tra cứu một công dân / look a citizen up
{ask} '{{"identifiers": ["{_PERSONA}"], "fields": {_FIELDS}}}'

# Tìm theo tên không dấu và ngày sinh / search by name without marks and date of birth
{curl} {base}/v1/citizens/search {post} '{{"criteria": {_CRITERIA}, "fields": {_FIELDS}}}'

# Hộ gia đình của người đó / that person's household
ID=$({ask} '{{"identifiers": ["{_PERSONA}"], "fields": ["sex"]}}' | {_pick("id")})
{curl} "{base}/v1/citizens/$ID/household?fields=address,head,members" {bearer} {purpose}

# Thửa đất của người đó, tách từ thửa nào / that person's parcel, and what it was split from
{curl} "{base}/v1/citizens/$ID/parcels?fields={_LAND}" {bearer} {purpose}

# Ngoài thỏa thuận thì bị từ chối, nêu rõ trường / outside the agreement is refused by name
{ask} '{{"identifiers": ["{_PERSONA}"], "fields": ["name", "religion"]}}'

# Được hỏi những gì / what may I ask
{curl} {base}/v1/me/agreement {bearer}

# Mã xã 26740 là đâu, trước và nay / what is commune 26740, then and now
{curl} '{base}/v1/places/26740?as_of=2020-01-01'
{curl} '{base}/v1/places/convert?code=26737&as_of=2020-01-01'

 Ctrl-C để dừng / to stop
"""


def _pick(name: str) -> str:
    """Return a filter that takes the first text member ``name`` out of one JSON answer."""
    return f"""grep -oE '"{name}": ?"[^"]+"' | head -n 1 | cut -d '"' -f 4"""


@click.command(
    epilog="\b\nVí dụ / example:\n  sogoc demo --port 8080 --citizens 500 --data-dir sogoc-demo",
)
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Port on 127.0.0.1.",
)
@click.option(
    "--citizens",
    default=2000,
    show_default=True,
    type=click.IntRange(5, 900_000),
    help="How many made-up people.",
)
@click.option(
    "--data-dir",
    default="sogoc-demo",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the demo; delete it to begin anew.",
)
def demo(port: int, citizens: int, data_dir: Path) -> None:
    """Run everything on SQLite with made-up people; a second run uses the same data."""
    run(data_dir.resolve(), port, citizens)
