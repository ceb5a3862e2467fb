"""The steps have one head, and lead to just what the models say, on both databases."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import migrations
from registry.kernel.db import Base, Database


def test_the_head_equals_the_models(empty_database: Database) -> None:
    assert migrations.status(empty_database) is None
    migrations.upgrade(empty_database)
    assert migrations.status(empty_database) == migrations.head()
    with empty_database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": migrations.compared})
        assert compare_metadata(context, Base.metadata) == []


def test_the_steps_know_every_table() -> None:
    # Whatever else the tests import would hide a module that the steps themselves forget.
    root = Path(migrations.__file__).parents[1]
    declaring = {
        ".".join(path.relative_to(root).with_suffix("").parts)
        for package in ("registry", "datasets", "auth")
        for path in (root / package).rglob("*.py")
        if "__tablename__ =" in path.read_text("utf-8")
    }
    told = (root / "migrations" / "env.py").read_text("utf-8")
    assert declaring
    assert {name for name in declaring if f"import {name}" not in told} == set()


def test_upgrading_twice_changes_nothing(empty_database: Database) -> None:
    migrations.upgrade(empty_database)
    migrations.upgrade(empty_database)
    assert migrations.status(empty_database) == migrations.head()
