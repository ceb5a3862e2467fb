"""The steps have one head, and lead to just what the models say, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import migrations
from registry.kernel.db import Base, Database


def test_the_head_equals_the_models(database: Database) -> None:
    assert migrations.status(database) is None
    migrations.upgrade(database)
    assert migrations.status(database) == migrations.head()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    migrations.upgrade(database)
    migrations.upgrade(database)
    assert migrations.status(database) == migrations.head()
