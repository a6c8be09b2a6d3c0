"""What every kind of test may ask for: a real PostgreSQL, databases and a log in it, and vectors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from federation.schema import LOG_MIGRATIONS
from federation.tlog.log import Log
from tests.carrier import Carrier
from tests.federation import CARRIER, LIAR, Federation, make_templates
from tests.liar import Liar
from tests.logs import LogSetting, OpenLog
from tests.postgres import Database, Server

_VECTORS = Path(__file__).parents[2] / "shared" / "data" / "vectors"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--vectors`: the folder of published test vectors, which is never committed."""
    parser.addoption("--vectors", type=Path, default=_VECTORS, help="folder of published test vectors")


@pytest.fixture
def vectors(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """Names a path among the published vectors; skips the test where it is absent."""
    folder: Path = request.config.getoption("--vectors")

    def find(path: str) -> Path:
        if not (folder / path).exists():
            pytest.skip(f"no vectors {path}: fetch them as docs/conformance.md says and name their folder by --vectors")
        return folder / path

    return find


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


@pytest.fixture
async def log_setting(database: Database, tmp_path: Path) -> LogSetting:
    """A created log that nobody has opened yet."""
    return await LogSetting.create(database, tmp_path / "anchor")


@pytest.fixture
async def open_log(log_setting: LogSetting) -> AsyncIterator[OpenLog]:
    """Opens the log as often as asked; closes what is still open when the test ends."""
    logs: list[Log] = []

    async def again(request_of: Callable[[bytes], bytes] | None = None) -> Log:
        logs.append(await log_setting.open(request_of))
        return logs[-1]

    yield again
    for log in logs:
        await log.close()


@pytest.fixture
async def log(open_log: OpenLog) -> Log:
    """The log, open."""
    return await open_log()


@pytest.fixture(scope="session")
def federations(postgres: Server) -> Server:
    """The server, with the templates that a federation's databases are copied from."""
    make_templates(postgres)
    return postgres


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def federation(federations: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Federation]:
    """A federation that runs as long as the session; its clock only moves on, and its roster is never changed."""
    found = await Federation.found(tmp_path_factory.mktemp("federation"), federations)
    found.revoke("gunawan")
    await found.start()
    try:
        yield found
    finally:
        await found.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def carrier(federation: Federation) -> AsyncIterator[Carrier]:
    """A coordinator played by the test, over the federation's real nodes."""
    playing = Carrier(federation, CARRIER)
    yield playing
    await playing.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def liar(federation: Federation) -> AsyncIterator[Liar]:
    """A node played by the test, honest until it is told to lie."""
    playing = Liar(federation, LIAR)
    await playing.start()
    yield playing
    await playing.stop()


@pytest.fixture
async def small(federations: Server, tmp_path: Path) -> AsyncIterator[Federation]:
    """A federation of one node, which answers: a test may harm it, and change its roster."""
    found = await Federation.found(tmp_path, federations, nodes=("imigrasi",))
    found.officer()
    await found.start()
    yield found
    await found.close()
