"""The commands that bring files in: generate, list, submit, check; the rest of the way beside."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import click
import orjson

from datasets import checking, cli_review, findings, submissions
from datasets.cli_shared import ID, Context, as_json_too, as_whom, show, wire
from datasets.cli_specs import dataset_schema, dataset_template
from datasets.formats import Options
from datasets.specs import SPECS, Spec
from datasets.specs.profiles import PROFILES
from datasets.submissions import Uploads
from datasets.synthetic import files
from registry.terminal import progress


@click.command(
    epilog="\b\nVí dụ / example:\n  sogoc generate all --citizens 2000 --seed 1 --out files",
)
@click.argument("dataset", type=click.Choice([*files.DATASETS, "all"]))
@click.option(
    "--citizens",
    default=2000,
    show_default=True,
    type=click.IntRange(1, 10_000_000),
    help="How many people.",
)
@click.option("--seed", default=1, show_default=True, help="Another seed, other people.")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files.",
)
@click.option(
    "--outlines",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="GeoJSON of real commune outlines, by code, in which the parcels lie.",
)
@as_json_too
def generate(  # noqa: PLR0913 - one parameter an option
    dataset: str, citizens: int, seed: int, out: Path, outlines: Path | None, *, as_json: bool
) -> None:
    """Write files of made-up people and parcels, the same for the same seed."""
    with progress("generate") as tell:
        wanted = cast("files.Dataset", dataset)
        paths = files.generate(wanted, citizens, seed, out, tell, outlines=outlines)
    names = [str(path) for path in paths]
    click.echo(orjson.dumps({"files": names}) if as_json else "\n".join(names))


@click.group()
def dataset() -> None:
    """Files on their way to the registers."""


@dataset.command(
    "list",
    epilog="\b\nVí dụ / example:\n  sogoc dataset list",
)
@as_json_too
def dataset_list(*, as_json: bool) -> None:
    """List the datasets and their columns."""
    if as_json:
        click.echo(orjson.dumps([_shape(spec) for spec in SPECS.values()]))
        return
    for spec in SPECS.values():
        click.echo(f"{spec.name}  {spec.vi}")
        for column in spec.columns:
            mark = "*" if column.required else " "
            click.echo(f"  {mark} {column.name}  {column.vi}")


def _shape(spec: Spec) -> dict[str, Any]:
    columns = [{"name": c.name, "vi": c.vi, "required": c.required} for c in spec.columns]
    return {"name": spec.name, "vi": spec.vi, "columns": columns}


dataset.add_command(dataset_template)
dataset.add_command(dataset_schema)


@dataset.command(
    "submit",
    epilog="\b\nVí dụ / example:\n  sogoc dataset submit citizens files/dan.csv --map so_nha=\n"
    "  sogoc dataset submit citizens files/dan.csv --encoding tcvn3 --as lan",
)
@click.argument("name", type=click.Choice(list(SPECS)))
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--map",
    "names",
    multiple=True,
    metavar="THEIRS=OURS",
    help="A column of the file by its name in the specification; THEIRS= leaves it out.",
)
@click.option(
    "--crs",
    type=click.IntRange(1),
    metavar="EPSG",
    help="System of outlines that don't name their own, such as 9210.",
)
@click.option("--layer", help="Layer of a GeoPackage that has several.")
@click.option("--encoding", help="Encoding of the texts, such as cp1258, tcvn3 or vni.")
@click.option("--sheet", help="Sheet of a workbook that has several.")
@click.option("--delimiter", help="What separates the cells of a CSV file: , ; | or tab.")
@click.option("--text-layer", help="Layer of a drawing on which the parcel numbers stand.")
@click.option(
    "--set",
    "constants",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="A column that the file lacks, the same in every row.",
)
@click.option(
    "--profile", type=click.Choice(sorted(PROFILES)), help="The file is one of another system."
)
@click.option(
    "--outlines",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="GeoJSON of commune outlines, by code, to hold parcels against.",
)
@as_whom
@as_json_too
@click.pass_obj
def dataset_submit(  # noqa: PLR0913 - who, what and how it is read
    context: Context,
    /,
    name: str,
    path: Path,
    *,
    names: tuple[str, ...],
    constants: tuple[str, ...],
    by: str,
    as_json: bool,
    outlines: Path | None,
    **said: Any,
) -> None:
    """Submit a file; the same file with the same options again is the same submission."""
    told = {**said, "names": _pairs(names, "--map"), "constants": _pairs(constants, "--set")}
    options = replace(Options.from_json(told), outlines=outlines)
    with context.database.transaction() as session:
        made = submissions.submit(session, Uploads.of(context.settings), name, path, by, options)
    show(made, as_json=as_json)


@dataset.command(
    "check",
    epilog=f"\b\nVí dụ / example:\n  sogoc dataset check {ID}",
)
@click.argument("submission_id")
@as_whom
@as_json_too
@click.pass_obj
def dataset_check(context: Context, submission_id: str, *, by: str, as_json: bool) -> None:
    """Check a submission; exit 1 if rows were rejected."""
    with progress("check") as tell:
        checked = checking.check(
            context.database, Uploads.of(context.settings), submission_id, by, tell
        )
    with context.database.reading() as session:
        found = findings.list_findings(session, checked)
    show(checked, as_json=as_json, findings=found)
    sys.exit(1 if checked.rows_rejected else 0)


def _pairs(pairs: Iterable[str], option: str) -> dict[str, str]:
    found = {}
    for pair in pairs:
        left, separator, right = pair.partition("=")
        if not (left and separator):
            raise click.BadParameter(f"{pair!r} is not NAME=VALUE", param_hint=option)
        found[left] = right
    return found


@dataset.command(
    "history",
    epilog="\b\nVí dụ / example:\n  sogoc dataset history --json",
)
@as_json_too
@click.pass_obj
def dataset_history(context: Context, *, as_json: bool) -> None:
    """List every submission, the newest first."""
    with context.database.reading() as session:
        found = submissions.list_submissions(session)
    if as_json:
        click.echo(orjson.dumps([wire(submission) for submission in found]))
        return
    for submission in found:
        show(submission, as_json=False)


for _command in cli_review.COMMANDS:
    dataset.add_command(_command)
