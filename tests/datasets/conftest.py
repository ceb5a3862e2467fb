"""A steward's desk over an empty registry of each kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.kernel.db import Database
from tests.datasets.loads import Desk


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path)
