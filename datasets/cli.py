"""The commands of data stewards: generate, submit, check, publish."""

from __future__ import annotations

import csv
import getpass
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import click
import orjson

from datasets import checking, findings, publishing, review, submissions
from datasets.formats import Options
from datasets.models import Submission
from datasets.specs import SPECS, Spec
from datasets.submissions import Uploads
from datasets.synthetic import files
from registry.kernel.db import Database
from registry.kernel.settings import Settings

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_as_whom = click.option(
    "--as",
    "by",
    metavar="NAME",
    default=getpass.getuser,
    help="Who does this; by default the user of this machine.",
)
_OF_RELEASE = (
    *("id", "number", "dataset", "submission", "undoes", "counts", "digest", "notes"),
    *("published_by", "published_at"),
)
_STEP = 10_000


class Context(Protocol):
    """What the assembling command hands in."""

    @property
    def settings(self) -> Settings:
        """The settings."""

    @property
    def database(self) -> Database:
        """The database."""


@contextmanager
def progress(what: str) -> Iterator[Callable[[int], None]]:
    """Tell on standard error how far ``what`` is: in place on a terminal, else in plain lines."""
    place = sys.stderr.isatty()
    told = 0

    def tell(count: int) -> None:
        nonlocal told
        if count - told >= _STEP:
            told = count
            click.echo(
                f"\r{what}: {count:,}" if place else f"{what}: {count}", err=True, nl=not place
            )

    yield tell
    if place and told:
        click.echo(err=True)


def uploads(settings: Settings) -> Uploads:
    """Return the folder of raw files."""
    return Uploads(Path(settings.upload_dir))


@click.command(
    epilog="\b\nVí dụ / example:\n  sogoc generate all --citizens 2000 --seed 1 --out files",
)
@click.argument("dataset", type=click.Choice([*files.DATASETS, "all"]))
@click.option(
    "--citizens",
    default=2000,
    show_default=True,
    type=click.IntRange(1, 900_000),
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
@_json
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
@_json
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


@dataset.command(
    "template",
    epilog="\b\nVí dụ / example:\n  sogoc dataset template citizens > citizens.csv",
)
@click.argument("name", type=click.Choice(list(SPECS)))
def dataset_template(name: str) -> None:
    """Print a filled example of a dataset's file."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([column.name for column in SPECS[name].columns])
    writer.writerow([column.example for column in SPECS[name].columns])


@dataset.command(
    "submit",
    epilog="\b\nVí dụ / example:\n  sogoc dataset submit citizens files/citizens.csv --map so_nha=",
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
@click.option("--encoding", help="Encoding of a Shapefile that doesn't say it right.")
@click.option(
    "--outlines",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="GeoJSON of commune outlines, by code, to hold parcels against.",
)
@_as_whom
@_json
@click.pass_obj
def dataset_submit(  # noqa: PLR0913 - one parameter an option
    context: Context,
    name: str,
    path: Path,
    *,
    names: tuple[str, ...],
    crs: int | None,
    layer: str | None,
    encoding: str | None,
    outlines: Path | None,
    by: str,
    as_json: bool,
) -> None:
    """Submit a file; the same file with the same options again is the same submission."""
    options = Options(_names(names), crs, layer, encoding, outlines)
    with context.database.transaction() as session:
        made = submissions.submit(session, uploads(context.settings), name, path, by, options)
    _show(made, as_json=as_json)


@dataset.command(
    "check",
    epilog="\b\nVí dụ / example:\n  sogoc dataset check 0198c0de-0000-7000-8000-000000000001",
)
@click.argument("submission_id")
@_as_whom
@_json
@click.pass_obj
def dataset_check(context: Context, submission_id: str, *, by: str, as_json: bool) -> None:
    """Check a submission; exit 1 if rows were rejected."""
    with progress("check") as tell:
        checked = checking.check(
            context.database, uploads(context.settings), submission_id, by, tell
        )
    with context.database.reading() as session:
        found = findings.list_findings(session, checked)
    _show(checked, as_json=as_json, findings=found)
    sys.exit(1 if checked.rows_rejected else 0)


def _names(pairs: Iterable[str]) -> dict[str, str]:
    names = {}
    for pair in pairs:
        theirs, separator, ours = pair.partition("=")
        if not (theirs and separator):
            raise click.BadParameter(f"{pair!r} is not THEIRS=OURS", param_hint="--map")
        names[theirs] = ours
    return names


@dataset.command(
    "approve",
    epilog="\b\nVí dụ / example:\n  sogoc dataset approve 0198c0de-0000-7000-8000-000000000001"
    " --as binh",
)
@click.argument("submission_id")
@click.option("--break-glass", metavar="REASON", help="Approve alone; loud in every log.")
@_as_whom
@_json
@click.pass_obj
def dataset_approve(
    context: Context, submission_id: str, *, break_glass: str | None, by: str, as_json: bool
) -> None:
    """Approve what somebody else submitted, after looking at its unusual changes."""
    with context.database.transaction() as session:
        done = review.approve(session, submission_id, by, break_glass=break_glass)
    _show(done, as_json=as_json)


@dataset.command(
    "publish",
    epilog="\b\nVí dụ / example:\n  sogoc dataset publish 0198c0de-0000-7000-8000-000000000001",
)
@click.argument("submission_id")
@click.option("--notes", default="", help="What readers of the release should know.")
@_as_whom
@_json
@click.pass_obj
def dataset_publish(
    context: Context, submission_id: str, *, notes: str, by: str, as_json: bool
) -> None:
    """Publish an approved submission as the next release."""
    with context.database.transaction() as session, progress("publish") as tell:
        made = publishing.publish(session, submission_id, by, tell, notes)
    told = {name: getattr(made, name) for name in _OF_RELEASE}
    counts = "  ".join(f"{name} {count}" for name, count in made.counts.items())
    click.echo(orjson.dumps(told) if as_json else f"{made.number}  {made.dataset}  {counts}")


@dataset.command(
    "history",
    epilog="\b\nVí dụ / example:\n  sogoc dataset history --json",
)
@_json
@click.pass_obj
def dataset_history(context: Context, *, as_json: bool) -> None:
    """List every submission, the newest first."""
    with context.database.reading() as session:
        found = submissions.list_submissions(session)
    if as_json:
        click.echo(orjson.dumps([_wire(submission) for submission in found]))
        return
    for submission in found:
        _show(submission, as_json=False)


def _wire(submission: Submission) -> dict[str, Any]:
    names = (
        "id",
        "dataset",
        "file_name",
        "sha256",
        "size",
        "options",
        "undoes",
        "submitted_by",
        "submitted_at",
        "state",
        "checked_at",
        "rows_read",
        "rows_valid",
        "rows_rejected",
        "rows_skipped",
        "unusual",
        "approved_by",
        "approved_at",
        "break_glass",
        "scheduled_for",
    )
    return {name: getattr(submission, name) for name in names}


def _show(
    submission: Submission, *, as_json: bool, findings: Sequence[Mapping[str, Any]] | None = None
) -> None:
    shape = _wire(submission) | ({} if findings is None else {"findings": findings})
    if as_json:
        click.echo(orjson.dumps(shape))
        return
    click.echo(f"{submission.id}  {submission.dataset}  {submission.state}  {submission.file_name}")
    if submission.rows_read is not None:
        click.echo(
            f"  đọc {submission.rows_read} = hợp lệ {submission.rows_valid}"
            f" + lỗi {submission.rows_rejected} + bỏ qua {submission.rows_skipped}"
        )
    for found in findings or ():
        click.echo(
            f"  {found['severity']}: {found['vi']} x{found['count']}, dòng {found['first_line']}…"
            f" {found['repair_vi']}"
        )
