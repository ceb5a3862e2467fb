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
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import click
import orjson

import migrations
import registry.wsgi
from auth.agreements import create_agreement
from auth.clients import create_client
from auth.principals import Agreement
from auth.scopes import SCOPES
from auth.signin.personas import add_staff_personas
from datasets import publishing
from datasets.submissions import Uploads
from datasets.synthetic import files
from registry.citizens.attributes import CATALOGUE as CITIZENS
from registry.civil_status.attributes import CATALOGUE as CIVIL_STATUS
from registry.demo_desk import APPROVER, STEWARD, leave_a_load, tour
from registry.demo_portal import let_portal_ask
from registry.demo_portal import tour as portal_tour
from registry.households.attributes import CATALOGUE as HOUSEHOLDS
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.settings import PERSONA_PATH, Settings
from registry.parcels.attributes import CATALOGUE as PARCELS
from registry.sandbox.loading import load_personas
from registry.server import serve
from registry.workers import quiet_worker

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

MARK = "SYNTHETIC"
_CLIENT = "demo-agency"
_SEED = 1
_PROCEDURE = "1.004222"
_BASIS = "Luật Cư trú 68/2020/QH14; Nghị định 104/2022/NĐ-CP, Điều 14"
_PERSONA = "900190000102"
_GRANDFATHER = "900045000100"
_DAUGHTER = "900320000104"
_WITHHELD = ("religion", "blood_type", "phone", "email")
_READY_SECONDS = 15
_WITHHELD_OF_ACTS = ("death.cause",)
_ENTRY = '{"type": "birth", "number": "1", "book": "01/2020-KS", "office": "26737", "year": "2020"}'
_OF_ACT = '["registered_on", "office", "persons.child.name", "persons.mother.name", "amended_by"]'
_FIELDS = '["name", "birth_date", "age", "effective_residence"]'
_LAND = "reference,area,purposes,holders.name,certificates,lineage"
_CRITERIA = '{"name": "tran thi lan", "birth_date": "1990-05-17"}'
_SEARCH_OF_ACTS = ("type", "number", "book", "office", "year")
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
        persona_provider="on",
        signin_issuer=f"http://127.0.0.1:{port}{PERSONA_PATH}",
        signin_client_id="sogoc",
    )
    if _mark(folder) is None:
        _make(folder, settings, citizens)
    _let_in(settings)
    with quiet_worker(settings):
        serve(settings, "127.0.0.1", port, "registry.demo:load")
    click.echo("Đã dừng / stopped.", err=True)


def _let_in(settings: Settings) -> None:
    """Let the made-up staff and the portal in; at each start, for their addresses have the port."""
    database = Database(settings.database_url, synchronous=settings.sqlite_synchronous)
    migrations.upgrade(database)
    with database.transaction() as session:
        add_staff_personas(session, settings.signin_issuer)
        let_portal_ask(session, settings.issuer)
    database.close()


def load() -> WSGIApplication:
    """Return the application of the demo's worker, which tells how to use it once it answers.

    The worker tells, and not the process that forks it: a thread there may hold one of Python's
    own locks at that moment, and the worker would wait for it for ever.
    """
    settings = Settings.from_environ(os.environ)
    mark = _mark(Path(settings.key_file).parent)
    port = urlsplit(settings.issuer).port
    threading.Thread(target=_tell_when_ready, args=(port, mark), daemon=True).start()
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


class Mark(NamedTuple):
    """What the demo must remember: its clients' secrets, and the moment between its two loads."""

    secret: str
    steward: str
    approver: str
    moment: str


def _mark(folder: Path) -> Mark | None:
    """Return what the demo remembers if it was made whole before, else None."""
    try:
        return Mark(**orjson.loads((folder / MARK).read_bytes()))
    except (OSError, ValueError, TypeError):
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
    moment = _load(database, settings, citizens)
    with database.transaction() as session:
        secrets = {
            name: create_client(session, client, label, scopes).secret
            for name, client, label, scopes in (
                ("secret", _CLIENT, "Cơ quan thử nghiệm", sorted(SCOPES)),
                ("steward", STEWARD, "Cán bộ dữ liệu", ["datasets:submit"]),
                ("approver", APPROVER, "Người duyệt dữ liệu", ["datasets:approve"]),
            )
        }
        create_agreement(session, _agreement())
    database.close()
    _write_mark(folder, {**secrets, "moment": moment})


def _write_mark(folder: Path, content: dict[str, str | None]) -> None:
    part = folder / f"{MARK}.part"
    part.touch(mode=0o600)
    part.write_bytes(orjson.dumps(content))
    part.replace(folder / MARK)


def _load(database: Database, settings: Settings, citizens: int) -> str:
    """Load every file in its turn; return a moment after which the acts became known."""
    kept = Uploads.of(settings)
    moment = now()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        files.generate("all", citizens, _SEED, folder)
        # What was true of the family before it moved together comes first.
        _publish(database, kept, "citizens", files.write_before(_SEED, folder))
        for name in files.DATASETS:
            if name == "civil_status":
                moment = now()
            _publish(database, kept, name, folder / f"{name}.csv")
        load_personas(database, kept, ("demo-steward", "demo-approver"))
        leave_a_load(database, kept, folder / "citizens.csv", folder)
    return moment.isoformat().replace("+00:00", "Z")


def _publish(database: Database, kept: Uploads, dataset: str, path: Path) -> None:
    publishing.load_file(database, kept, dataset, path, ("demo-steward", "demo-approver"))


def _agreement() -> Agreement:
    readable = {a.path for a in CITIZENS.attributes if a.path not in _WITHHELD}
    return Agreement(
        "",
        _CLIENT,
        _PROCEDURE,
        {
            "citizens": frozenset(readable),
            "households": frozenset(a.path for a in HOUSEHOLDS.attributes),
            "civil_status": frozenset(
                a.path for a in CIVIL_STATUS.attributes if a.path not in _WITHHELD_OF_ACTS
            ),
            "parcels": frozenset(a.path for a in PARCELS.attributes if a.sensitivity == "basic"),
        },
        {
            "citizens": frozenset(_SEARCH),
            "civil_status": frozenset(_SEARCH_OF_ACTS),
            "parcels": frozenset({"reference", "certificate"}),
        },
        _BASIS,
        date(2026, 1, 1),
    )


def _tell_when_ready(port: int, mark: Mark) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
            continue
        sys.stdout.write(guide(port, mark))
        sys.stdout.flush()
        return


def guide(port: int, mark: Mark) -> str:
    """Return what the demo tells its user: addresses, and command lines that work as printed."""
    base = f"http://127.0.0.1:{port}"
    purpose = f"-H 'Sogoc-Procedure: {_PROCEDURE}' -H 'Sogoc-Case: DEMO-0001'"
    bearer = '-H "Authorization: Bearer $TOKEN"'
    # Each answer ends its line, so that answers don't run together on a terminal.
    curl = r"curl -s -w '\n'"
    post = f"{bearer} {purpose} -H 'Content-Type: application/json' -d"
    ask = f"{curl} {base}/v1/citizens/lookup {post}"
    token, steward, approver = (
        f"curl -s -u {client}:{secret} -d grant_type=client_credentials {base}/oauth/token"
        f" | {_pick('access_token')}"
        for client, secret in (
            (_CLIENT, mark.secret),
            (STEWARD, mark.steward),
            (APPROVER, mark.approver),
        )
    )
    return f"""
==============================================================================
 SỔ GỐC · DỮ LIỆU GIẢ LẬP, KHÔNG PHẢI NGƯỜI THẬT / SYNTHETIC DATA, NO REAL PERSON
==============================================================================
 API       {base}/docs
 OpenAPI   {base}/openapi.json
 Đăng nhập / sign in  {base}/signin
 Nhân vật / personas  {base}/sandbox/personas
 Thông tin của tôi / my information  {base}/citizen

# Lấy mã truy cập / get a token
TOKEN=$({token})

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
{_story(curl, base, f"{bearer} {purpose}", mark.moment)}
{portal_tour(base)}
{tour(curl, base, steward, approver, _pick("id"))}
 Ctrl-C để dừng / to stop
"""


def _pick(name: str) -> str:
    """Return a filter that takes the first text member ``name`` out of one JSON answer."""
    return f"""grep -oE '"{name}": ?"[^"]+"' | head -n 1 | cut -d '"' -f 4"""


def _story(curl: str, base: str, headers: str, moment: str) -> str:
    """Return the lines by which one family is followed, and one mistake through both times."""
    json = "-H 'Content-Type: application/json'"

    def record(personal_id: str) -> str:
        asked = f"""-d '{{"identifiers": ["{personal_id}"], "fields": ["sex"]}}'"""
        return f"$({curl} {base}/v1/citizens/lookup {headers} {json} {asked} | {_pick('id')})"

    def get(path: str) -> str:
        return f'{curl} "{base}/v1/citizens/{path}" {headers}'

    lookup = f"{curl} {base}/v1/civil-status/lookup {headers} {json}"
    return f"""
# Chuyện một gia đình: mã bản ghi của mẹ, ông, con gái / a family: mother, grandfather, daughter
LAN={record(_PERSONA)}
BAY={record(_GRANDFATHER)}
MY={record(_DAUGHTER)}

# Khai sinh của con, theo số và quyển sổ / the daughter's birth, by its entry in the book
{lookup} -d '{{"act": {_ENTRY}, "fields": {_OF_ACT}}}'

# Hôn nhân của mẹ: chưa rõ vì thiếu sổ, rồi kết hôn / not known for lack of books, then married
{get("$LAN?fields=marital_status,spouse.name&as_of=2014-06-05")}
{get("$LAN?fields=marital_status,spouse.name&as_of=2014-06-06")}

# Ông chuyển về ở cùng ngày 1/6/2021 / the grandfather moved in on 1 June 2021
{get("$BAY?fields=effective_residence&as_of=2021-05-31")}
{get("$BAY?fields=effective_residence&as_of=2021-06-01")}
{get("$LAN/household?fields=members&as_of=2021-05-31")}
{get("$LAN/household?fields=members&as_of=2021-06-01")}

# Ngày sinh của con ghi sai (21 thay vì 11/2/2020), cải chính năm 2024: ngày nào hỏi cũng đúng, và
# điều đã biết trước khi nhận việc hộ tịch vẫn còn / a birthday written down wrongly, corrected in
# 2024: right on every day, and what was known before the acts came is still there
{get("$MY/civil-status?fields=type,registered_on,persons.child.birth_date,amendment")}
{get("$MY?fields=birth_date")}
{get("$MY?fields=birth_date&as_of=2021-01-01")}
{get(f"$MY?fields=birth_date&known_at={moment}")}
{get(f"$MY?fields=birth_date&as_of=2021-01-01&known_at={moment}")}
"""


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
