"""Who of the staff may sign in, by command."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from auth.signin.staff import add_staff, disable_staff
from registry.cli import main
from registry.kernel.db import Database
from registry.kernel.errors import Conflict, Invalid, NotFound

ISSUER = "https://id.example.vn"
NOBODY = "0198c0de-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("name", "subject", "roles"),
    [
        ("Thu", "s", []),
        ("Thu", "s", ["datasets:everything"]),
        (" ", "s", ["datasets:approve"]),
        ("Thu", "", ["datasets:approve"]),
    ],
)
def test_staff_without_a_role_or_name_are_refused(
    database: Database, name: str, subject: str, roles: list[str]
) -> None:
    with pytest.raises(Invalid), database.transaction() as session:
        add_staff(session, name, ISSUER, subject, roles)


def test_one_subject_is_one_member_of_staff(database: Database) -> None:
    with database.transaction() as session:
        add_staff(session, "Thu", ISSUER, "s", ["datasets:approve"])
    with pytest.raises(Conflict), database.transaction() as session:
        add_staff(session, "Another", ISSUER, "s", ["datasets:submit"])
    with database.transaction() as session:
        assert add_staff(session, "Another", f"{ISSUER}/other", "s", ["datasets:submit"])


@pytest.mark.parametrize("member", [NOBODY, "nobody", "", "' OR 1=1"])
def test_nobody_can_not_be_disabled(database: Database, member: str) -> None:
    with pytest.raises(NotFound), database.transaction() as session:
        disable_staff(session, member)


def test_staff_are_added_listed_and_disabled_by_command(database: Database) -> None:
    address = database.engine.url.render_as_string(hide_password=False)
    environ = {"SOGOC_DATABASE_URL": address, "SOGOC_ISSUER": "http://127.0.0.1:8000"}

    def run(*words: str) -> Result:
        return CliRunner(env=environ).invoke(main, ["staff", *words], prog_name="sogoc")

    added = run(
        *("add", "Lê Thị Thu", "--issuer", ISSUER, "--subject", "s"),
        *("--role", "datasets:approve", "--json"),
    )
    member = json.loads(added.stdout)["id"]
    [told] = json.loads(run("list", "--json").stdout)
    assert (told["id"], told["name"], told["roles"]) == (
        member,
        "Lê Thị Thu",
        ["datasets:approve"],
    )
    assert told["disabled_at"] is None
    assert run("disable", member).exit_code == 0
    [told] = json.loads(run("list", "--json").stdout)
    assert told["disabled_at"]
    assert run("disable", NOBODY).exit_code == 1
    assert "Lê Thị Thu" in run("list").stdout
