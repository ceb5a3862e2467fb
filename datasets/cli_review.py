"""The commands of the second half of the way: report, compare, approve, publish, roll back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
import orjson

from datasets import (
    corrections,
    differences,
    findings,
    publishing,
    quality,
    reports,
    review,
    submissions,
    work,
)
from datasets.cli_shared import (
    ID,
    Context,
    as_json_too,
    as_whom,
    asker,
    show,
    show_release,
    wire,
    wire_release,
)
from datasets.differences import Difference, Wanted
from datasets.rollbacks import propose_rollback
from datasets.submissions import Uploads
from registry.terminal import progress

_EXAMPLE = "\b\nVí dụ / example:\n  sogoc dataset"
_submission = click.argument("submission_id")
_PAGE = 100


@click.command("inspect", epilog=f"{_EXAMPLE} inspect {ID}")
@_submission
@as_whom
@click.pass_obj
def inspect(context: Context, submission_id: str, *, by: str) -> None:
    """Tell what a file is, what it leaves open, and what its columns may mean, as JSON."""
    with context.database.transaction() as session:
        found = submissions.require_submission(session, submission_id)
        seen = submissions.look(session, Uploads.of(context.settings), found, asker(found, by))
    click.echo(orjson.dumps(seen.to_json(), option=orjson.OPT_INDENT_2))


@click.command("findings", epilog=f"{_EXAMPLE} findings {ID}")
@_submission
@as_json_too
@click.pass_obj
def show_findings(context: Context, submission_id: str, *, as_json: bool) -> None:
    """Tell what the last check found, by what is to be done, and what has healed since."""
    with context.database.reading() as session:
        found = submissions.require_submission(session, submission_id)
        told: dict[str, Any] = {
            "parts": findings.list_parts(session, found),
            "repairs": findings.group_findings(findings.list_findings(session, found)),
            "healed": findings.list_healed(session, found),
        }
    if as_json:
        click.echo(orjson.dumps({"submission": wire(found), **told}))
        return
    show(found, as_json=False)
    for group in told["repairs"]:
        click.echo(f"  {group['vi']} x{group['count']}")
        for rule in group["rules"]:
            lines = ", ".join(f"{place['part']} {place['line']}" for place in rule["places"])
            click.echo(f"    {rule['severity']} {rule['rule']}: {rule['vi']} ({lines.strip()}…)")
    for healed in told["healed"]:
        click.echo(f"  đã sửa / healed: {healed['rule']} x{healed['count']}")


@click.command("report", epilog=f"{_EXAMPLE} report {ID} can-sua.xlsx")
@_submission
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(reports.FORMS),
    help="By default the one that the file's name ends with.",
)
@as_whom
@click.pass_obj
def report(context: Context, submission_id: str, path: Path, *, form: str | None, by: str) -> None:
    """Write the rows with findings to a file, to be mended and sent back by `correct`."""
    form = form or path.suffix.removeprefix(".").lower()
    if form not in reports.FORMS:
        raise click.BadParameter(f"one of {', '.join(reports.FORMS)}", param_hint="--format")
    with context.database.transaction() as session:
        found = submissions.require_submission(session, submission_id)
        spec = submissions.spec_of(found)
        reports.write_report(session, found, spec, asker(found, by), path, form)


@click.command("correct", epilog=f"{_EXAMPLE} correct {ID} da-sua.xlsx")
@_submission
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_whom
@as_json_too
@click.pass_obj
def correct(context: Context, submission_id: str, path: Path, *, by: str, as_json: bool) -> None:
    """Take the mended rows of a report; check again to see what healed."""
    with context.database.transaction() as session:
        rows = corrections.correct(session, Uploads.of(context.settings), submission_id, path, by)
    click.echo(orjson.dumps({"rows": rows}) if as_json else f"{rows} dòng / rows")


@click.command("compare", epilog=f"{_EXAMPLE} compare {ID} --unusual --as binh")
@_submission
@click.option("--unusual", is_flag=True, help="Show every unusual change, which opens them.")
@click.option("--ward", help="Only records of a ward, by its code.")
@click.option("--field", help="Only records in which this attribute changes.")
@as_whom
@as_json_too
@click.pass_obj
def compare(  # noqa: PLR0913 - one parameter an option
    context: Context,
    submission_id: str,
    *,
    unusual: bool,
    ward: str | None,
    field: str | None,
    by: str,
    as_json: bool,
) -> None:
    """Tell what would change, by ward and attribute, record by record, and for whom."""
    with context.database.transaction() as session:
        found = submissions.require_submission(session, submission_id)
        counts = differences.list_counts(session, found)
        whom = differences.impact(session, found)
        told: list[Difference] = []
        wanted = Wanted(limit=_PAGE, unusual=unusual, ward=ward, field=field)
        while page := differences.list_differences(session, found, asker(found, by), wanted):
            told += page
            if not unusual:
                break
            wanted = Wanted(page[-1].number, _PAGE, unusual, ward, field)
        if unusual and ward is None and field is None and found.state == "checked":
            review.open_unusual(session, found.id, by)
    if as_json:
        click.echo(orjson.dumps({"counts": counts, "impact": whom, "differences": told}))
        return
    for count in counts:
        # A rollback has no wards: it counts by register.
        if found.undoes or not count["field"]:
            where = count["ward"] or count["field"] or "-"
            click.echo(f"{count['kind']}  {where}  {count['count']}")
    for entry in whom:
        click.echo(f"{entry['client']}  {entry['procedure']}  {entry['answers']}")
    for difference in told:
        mark = f"  ! {', '.join(difference.unusual)}" if difference.unusual else ""
        click.echo(f"{difference.kind}  {difference.part} {difference.line}{mark}")
        for path, before, after in difference.values:
            click.echo(f"    {path}: {_short(before)} -> {_short(after)}")


def _short(value: Any) -> str:
    return "-" if value is None else orjson.dumps(value).decode()[:100]


@click.command("approve", epilog=f"{_EXAMPLE} approve {ID} --as binh")
@_submission
@click.option("--break-glass", metavar="REASON", help="Approve alone; loud in every log.")
@as_whom
@as_json_too
@click.pass_obj
def approve(
    context: Context, submission_id: str, *, break_glass: str | None, by: str, as_json: bool
) -> None:
    """Approve what somebody else submitted, after `compare --unusual`."""
    with context.database.transaction() as session:
        done = review.approve(session, submission_id, by, break_glass=break_glass)
    show(done, as_json=as_json)


@click.command("return", epilog=f'{_EXAMPLE} return {ID} --reason "sai tờ" --as binh')
@_submission
@click.option("--reason", required=True, help="What is wrong, and what to do.")
@as_whom
@as_json_too
@click.pass_obj
def send_back(context: Context, submission_id: str, *, reason: str, by: str, as_json: bool) -> None:
    """Return a submission to who submitted it."""
    with context.database.transaction() as session:
        done = review.return_(session, submission_id, by, reason)
    show(done, as_json=as_json)


@click.command("withdraw", epilog=f'{_EXAMPLE} withdraw {ID} --reason "nhầm tệp"')
@_submission
@click.option("--reason", required=True, help="Why it is not wanted any more.")
@as_whom
@as_json_too
@click.pass_obj
def withdraw(context: Context, submission_id: str, *, reason: str, by: str, as_json: bool) -> None:
    """Take a submission off the desk."""
    with context.database.transaction() as session:
        done = submissions.withdraw(session, submission_id, by, reason)
    show(done, as_json=as_json)


@click.command("publish", epilog=f"{_EXAMPLE} publish {ID} --as binh")
@_submission
@click.option("--notes", default="", help="What readers of the release should know.")
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]),
    help="Have a worker publish it then, such as 2026-12-01T20:00+0700.",
)
@as_whom
@as_json_too
@click.pass_obj
def publish(  # noqa: PLR0913 - one parameter an option
    context: Context,
    submission_id: str,
    *,
    notes: str,
    at: datetime | None,
    by: str,
    as_json: bool,
) -> None:
    """Publish an approved submission as the next release, now or at a set time."""
    if at is not None:
        with context.database.transaction() as session:
            publishing.schedule(session, submission_id, by, at)
            found = publishing.require_approved(session, submission_id)
            work.ask_to_publish(session, found, by, notes)
        show(found, as_json=as_json)
        return
    with context.database.transaction() as session, progress("publish") as tell:
        made = publishing.publish(session, submission_id, by, tell, notes)
    show_release(made, as_json=as_json)


@click.command("rollback", epilog=f"{_EXAMPLE} rollback 12")
@click.argument("release_id")
@as_whom
@as_json_too
@click.pass_obj
def rollback(context: Context, release_id: str, *, by: str, as_json: bool) -> None:
    """Propose to take a release back, by id or number; compare, approve and publish it then."""
    with context.database.transaction() as session:
        release = publishing.require_release(session, release_id)
        made = propose_rollback(session, release, by)
    show(made, as_json=as_json)


@click.command("releases", epilog=f"{_EXAMPLE} releases --json")
@as_json_too
@click.pass_obj
def releases(context: Context, *, as_json: bool) -> None:
    """List the releases in their order."""
    with context.database.reading() as session:
        found = publishing.list_releases(session)
    if as_json:
        click.echo(orjson.dumps([wire_release(release) for release in found]))
        return
    for release in found:
        show_release(release, as_json=False)


@click.command("quality", epilog=f"{_EXAMPLE} quality --measure")
@click.option("--measure", is_flag=True, help="Measure every register first.")
@as_json_too
@click.pass_obj
def show_quality(context: Context, *, measure: bool, as_json: bool) -> None:
    """Tell how good and how fresh the data is, by dataset."""
    if measure:
        with progress("quality") as tell:
            for dataset in quality.MEASURED:
                quality.measure_quality(context.database, dataset, tell)
    with context.database.reading() as session:
        found = quality.read_quality(session)
    if as_json:
        click.echo(orjson.dumps(found))
        return
    for entry in found:
        shares = "  ".join(f"{d['vi']} {d['percent']} %" for d in entry.get("dimensions", ()))
        click.echo(f"{entry['dataset']}  {entry['records']}  {shares}")


COMMANDS = (
    *(inspect, show_findings, report, correct, compare, approve, send_back, withdraw),
    *(publish, rollback, releases, show_quality),
)
