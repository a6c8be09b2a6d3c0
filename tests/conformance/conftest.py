"""What tests by foreign clients ask for: a federation of two nodes whose members answer reflection, and a carrier."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.carrier import Carrier
from tests.conformance.foreign import NODES
from tests.federation import CARRIER, COORDINATOR, Federation
from tests.postgres import Server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def reflecting(federations: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Federation]:
    """A federation that runs as long as the session, and whose members say over the wire what they speak."""
    found = await Federation.found(tmp_path_factory.mktemp("reflecting"), federations, NODES)
    for member in NODES:
        _reflect(found.folder(member).root / "node.toml")
    _reflect(found.folder(COORDINATOR).root / "coordinator.toml")
    await found.start()
    try:
        yield found
    finally:
        await found.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def questioner(reflecting: Federation) -> AsyncIterator[Carrier]:
    """Makes questions as a coordinator of that federation does, for a foreign client to bring."""
    playing = Carrier(reflecting, CARRIER)
    yield playing
    await playing.close()


def _reflect(path: Path) -> None:
    path.write_text(path.read_text().replace("[listen]\n", "[listen]\nreflection = true\n"))
