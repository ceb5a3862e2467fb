"""The schema's steps, numbered, with one head; run in process, without a configuration file."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from registry.kernel.db import Database
from registry.parcels import spatial


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def head() -> str:
    """Return the newest revision; raises alembic's CommandError if there is more than one."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def compared(name: str | None, kind: str, parents: MutableMapping[Any, Any]) -> bool:
    """Say whether a table or index of the database is one that models declare.

    The spatial index is not: each database has its own way, known to `registry.parcels.spatial`.
    """
    del kind, parents
    return name not in spatial.OWN


def upgrade(database: Database) -> None:
    """Bring the database to the newest revision, in one transaction."""
    config = _config()
    with database.transaction() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "head")


def status(database: Database) -> str | None:
    """Return the revision at which the database stands, None for an empty one."""
    with database.reading() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()
