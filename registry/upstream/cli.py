"""The command for the mode of a dataset."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from typing import Any, Protocol, cast

import click
import orjson

from registry.kernel.db import Database
from registry.upstream import modes
from registry.upstream.modes import Mode


class Context(Protocol):
    """What the assembling command hands in."""

    @property
    def database(self) -> Database:
        """The database."""


def mode_command(datasets: Sequence[str]) -> click.Command:
    """Return the command ``mode`` for datasets of these names."""

    @click.command(
        "mode",
        epilog="\b\nVí dụ / example:"
        "\n  sogoc dataset mode citizens"
        "\n  sogoc dataset mode citizens cache --source https://dancu.example.vn/037 \\"
        "\n    --ttl 86400 --stale 259200 --credentials dancu",
    )
    @click.argument("name", type=click.Choice(list(datasets)))
    @click.argument("wanted", type=click.Choice(["mirror", "cache", "pointer"]), required=False)
    @click.option("--source", help="Address of the source's API; https, or http on this machine.")
    @click.option("--ttl", type=click.IntRange(1), help="Seconds that a fetched copy is fresh.")
    @click.option(
        "--stale", type=click.IntRange(0), help="Seconds more while the source is silent."
    )
    @click.option("--credentials", help="NAME of the file NAME.json in SOGOC_SOURCE_DIR.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.pass_obj
    def mode(  # noqa: PLR0913, PLR0917 - one option for each part of a mode
        context: Context,
        name: str,
        wanted: str | None,
        source: str | None,
        ttl: int | None,
        stale: int | None,
        credentials: str | None,
        *,
        as_json: bool,
    ) -> None:
        """Show or set a dataset's mode: mirror, cache or pointer; servers follow in a second."""
        given = (source, ttl, stale, credentials)
        if wanted is None and any(value is not None for value in given):
            raise click.UsageError("say which mode the options are for: mirror, cache or pointer")
        with context.database.transaction() as session:
            if wanted:
                chosen = Mode(
                    name, cast("modes.Name", wanted), source, ttl or 0, stale or 0, credentials
                )
                modes.set_mode(session, chosen, getpass.getuser())
            shown = _shape(modes.read_mode(session, name), modes.list_modes(session))
        click.echo(
            orjson.dumps(shown)
            if as_json
            else "  ".join(f"{key}={value}" for key, value in shown.items())
        )

    return mode


def _shape(mode: Mode, rows: Sequence[Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"dataset": mode.dataset, "mode": mode.name}
    for row in rows:
        if row.dataset == mode.dataset:
            names = ("source_url", "ttl_seconds", "stale_seconds", "credentials", "changed_by")
            shown |= {n: getattr(row, n) for n in names if getattr(row, n)}
            shown["changed_at"] = row.changed_at.isoformat(timespec="seconds")
    return shown
