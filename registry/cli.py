"""The ``sogoc`` command: assembles the sub-commands of every part.

Data goes to standard output, messages to standard error; exit 0 is fine, 1 means that the work
found errors, 2 wrong usage. No traceback reaches a user.
"""

from __future__ import annotations

import gc
import os
import sys
from functools import cached_property, partial
from typing import Any

import click
import orjson
import sqlalchemy as sa

import auth.cli
import auth.cli_agreements
import auth.signin.cli
import datasets.cli
import migrations
import registry.corrections.cli
import registry.jobs.cli
import registry.prefill.cli
import registry.sandbox.cli
from auth.cli_agreements import try_command
from auth.key_file import KeyFileError
from datasets.specs import SPECS
from registry import background
from registry.citizens.attributes import CATALOGUE as CITIZENS
from registry.civil_status.attributes import CATALOGUE as CIVIL_STATUS
from registry.demo import demo
from registry.households.attributes import CATALOGUE as HOUSEHOLDS
from registry.kernel.db import Database
from registry.kernel.errors import SogocError
from registry.kernel.settings import Settings, SettingsError
from registry.parcels.attributes import CATALOGUE as PARCELS
from registry.server import serve as run_server
from registry.upstream.cli import mode_command
from registry.workers import work_together

CATALOGUES = (CITIZENS, CIVIL_STATUS, HOUSEHOLDS, PARCELS)
"""What each register can answer, for commands that know of no register."""


class Context:
    """What commands share: the settings and the database, made when first asked for."""

    @cached_property
    def settings(self) -> Settings:
        """The settings of the environment; raises SettingsError."""
        return Settings.from_environ(os.environ)

    @cached_property
    def database(self) -> Database:
        """The primary database."""
        return Database(self.settings.database_url, synchronous=self.settings.sqlite_synchronous)

    def close(self) -> None:
        """Close what was opened."""
        if "database" in self.__dict__:
            self.database.close()

    def require_upgraded(self) -> None:
        """Raise click.ClickException unless the database has the newest schema."""
        if migrations.status(self.database) != migrations.head():
            raise click.ClickException("the database is not up to date: run sogoc db upgrade")


class _Command(click.Group):
    """Turns the errors that the product means into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise click.UsageError(str(error)) from error
        except SogocError as error:
            details = [error.detail, *(found.text for found in error.errors)]
            message = "\n".join(f"{text.vi} / {text.en}" for text in details)
            raise click.ClickException(message) from error
        except BrokenPipeError:
            raise
        except sa.exc.DBAPIError as error:
            raise click.ClickException(_fault(error)) from error
        except (KeyFileError, OSError) as error:
            raise click.ClickException(str(error).splitlines()[0]) from error


def _fault(error: sa.exc.DBAPIError) -> str:
    """Return the first line of what the database said; more could hold personal data."""
    said = str(error.orig).splitlines()[0]
    if "no such table" in said or isinstance(error, sa.exc.ProgrammingError):
        return f"{said}: chạy sogoc db upgrade / run sogoc db upgrade"
    return said


@click.group(cls=_Command)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Sổ Gốc: the shared reference-data registry."""
    # What is loaded by now stays; a load then makes millions of values and next to no cycles.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    ctx.obj = Context()
    ctx.call_on_close(ctx.obj.close)


@main.command(
    epilog="\b\nVí dụ / example:\n  sogoc serve --host 0.0.0.0 --port 8000",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.pass_obj
def serve(context: Context, host: str, port: int) -> None:
    """Run the production server with the settings of SOGOC_* variables."""
    context.require_upgraded()
    if context.settings.sqlite:
        click.echo(
            "SQLite: một tiến trình, cho dữ liệu nhỏ / one process, for small data;"
            " production volumes need PostgreSQL.",
            err=True,
        )
    context.database.close()
    run_server(context.settings, host, port)


@main.command(
    epilog="\b\nVí dụ / example:\n  sogoc worker --concurrency 2",
)
@click.option("--once", is_flag=True, help="Run one job if one is due, then stop.")
@click.option(
    "--idle-exit",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Stop once nothing has been due for so long.",
)
@click.option(
    "--concurrency",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="How many processes.",
)
@click.pass_obj
def worker(context: Context, *, once: bool, idle_exit: float | None, concurrency: int) -> None:
    """Run background jobs until SIGTERM or Ctrl-C, which give the job at hand back.

    With --once or --idle-exit the exit code is 1 if a job failed.
    """
    context.require_upgraded()
    context.database.close()
    run = background.work if concurrency == 1 else partial(work_together, count=concurrency)
    fine = run(context.settings, once=once, idle_exit=idle_exit)
    limited = once or idle_exit is not None
    sys.exit(1 if limited and not fine else 0)


@main.group()
def db() -> None:
    """Migrations of the database."""


@db.command(
    "upgrade",
    epilog="\b\nVí dụ / example:\n  sogoc db upgrade",
)
@click.pass_obj
def db_upgrade(context: Context) -> None:
    """Bring the database to the newest schema."""
    migrations.upgrade(context.database)
    click.echo(migrations.head())


@db.command(
    "status",
    epilog="\b\nVí dụ / example:\n  sogoc db status --json",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def db_status(context: Context, *, as_json: bool) -> None:
    """Say where the database stands; exit 1 if it is behind."""
    found = {"revision": migrations.status(context.database), "head": migrations.head()}
    click.echo(orjson.dumps(found) if as_json else f"{found['revision']} -> {found['head']}")
    sys.exit(0 if found["revision"] == found["head"] else 1)


main.add_command(demo)
main.add_command(auth.cli.client)
auth.cli_agreements.agreement.add_command(try_command(CATALOGUES))
main.add_command(auth.cli_agreements.agreement)
main.add_command(auth.cli.key)
main.add_command(auth.signin.cli.staff)
main.add_command(datasets.cli.generate)
datasets.cli.dataset.add_command(mode_command(list(SPECS)))
main.add_command(datasets.cli.dataset)
main.add_command(registry.corrections.cli.correction)
main.add_command(registry.jobs.cli.job)
main.add_command(registry.prefill.cli.procedure)
main.add_command(registry.sandbox.cli.sandbox)
