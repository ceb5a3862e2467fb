"""One server for each database, which between them require and merely offer a nonce."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import new_database
from tests.interop.served import Served, served


@pytest.fixture(
    scope="session",
    params=[("sqlite", "required"), ("postgresql", "offered")],
    ids=["sqlite-nonce-required", "postgresql-nonce-offered"],
)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Give the product's own server behind TLS."""
    kind, nonce = request.param
    folder = tmp_path_factory.mktemp("served")
    with new_database(request, kind, folder) as database, served(database, folder, nonce) as made:
        yield made
