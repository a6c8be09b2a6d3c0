"""What every kind of test may ask for: a real PostgreSQL and fresh databases in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from federation.schema import LOG_MIGRATIONS
from tests.postgres import Database, Server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for this test process (under xdist: for each worker), with the template `log_template`."""
    server = Server.start()
    try:
        server.template("log_template", [LOG_MIGRATIONS])
        yield server
    finally:
        server.stop()


@pytest.fixture
def database(postgres: Server) -> Iterator[Database]:
    """A fresh database with the log's tables."""
    made = postgres.create_database("log_template")
    yield made
    postgres.drop(made)
