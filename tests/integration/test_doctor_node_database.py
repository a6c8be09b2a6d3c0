"""A node's doctor on its databases: what does not fit, was tampered with, or may do more than it should."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from tests.federation import Federation
from tests.integration.examined import Examined, examined
from tests.postgres import Database, Server

NODE = "imigrasi"


@dataclass(frozen=True, slots=True)
class Still:
    """A node that does not run: a copy of its folder and of its database, to be harmed."""

    federation: Federation
    folder: Path
    database: Database

    async def execute(self, *statements: str) -> None:
        """Do harm in the database, past its own constraints."""
        connection = await asyncpg.connect(self.database.admin_dsn)
        try:
            await connection.execute("SET session_replication_role = replica")
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def examined(self) -> Examined:
        """What the doctor tells."""
        return await examined(self.folder, self.federation)

    async def wrong(self) -> dict[str, str]:
        """What the doctor finds wrong, but for those that do not run."""
        found = (await self.examined()).wrong()
        return {name: told for name, told in found.items() if not name.startswith(("coordinator", "own"))}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stopped(federations: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Federation]:
    """A federation of one node that has run, and runs no more."""
    found = await Federation.found(tmp_path_factory.mktemp("stopped"), federations, nodes=(NODE,))
    await found.start(NODE)
    await found.stop(NODE)
    yield found


@pytest.fixture
def still(stopped: Federation, postgres: Server, tmp_path: Path) -> Still:
    """A copy of the stopped node."""
    database = postgres.create_database(stopped.databases[NODE].name)
    folder = Path(shutil.copytree(stopped.folder(NODE).root, tmp_path / NODE))
    path = folder / "node.toml"
    path.write_text(path.read_text().replace(f"/{stopped.databases[NODE].name}?", f"/{database.name}?"))
    return Still(stopped, folder, database)


pytestmark = pytest.mark.asyncio(loop_scope="module")

HARMS = [
    ("database", "DELETE FROM simpul._yoyo_migration WHERE migration_id = '0001.node'", "simpul-node migrate"),
    ("database", "UPDATE simpul._yoyo_migration SET migration_id = '9' WHERE migration_id = '0001.node'", "newer"),
    ("stored roster", "DROP TABLE simpul.roster", "simpul-node migrate"),
    ("log", "DELETE FROM simpul.log_checkpoint WHERE size > 0", "log_checkpoint"),
    ("log", "DELETE FROM simpul.log_entry WHERE index = 0", "log_entry"),
    ("log", "DELETE FROM simpul.log_state", "create-log"),
    ("index", "DROP TABLE simpul_index.match_state", "simpul-node index"),
    ("index", "UPDATE simpul_index.match_state SET form_version = 0", "another version"),
    ("index", "DROP TABLE simpul_index.match_key", "match index"),
    ("source", "REVOKE SELECT ON agency.orang FROM simpul_service", "GRANT SELECT"),
    ("source", "ALTER TABLE agency.orang RENAME TO people", "is not there"),
    ("sample of stay_permit", "UPDATE agency.orang SET nama = NULL, paspor = NULL", "none of the first"),
]


@pytest.mark.parametrize(("step", "statement", "says"), HARMS)
async def test_a_database_that_does_not_fit_is_told_with_what_to_do(
    still: Still, step: str, statement: str, says: str
) -> None:
    assert await still.wrong() == {}
    await still.execute(statement)
    wrong = await still.wrong()
    assert next(iter(wrong)) == step
    assert says in wrong[step]


async def test_an_entry_that_was_changed_is_told_by_its_index(still: Still) -> None:
    await still.execute(
        "ALTER TABLE simpul.log_entry DROP CONSTRAINT log_entry_check",
        "UPDATE simpul.log_entry SET leaf = leaf || '\\x00' WHERE index = 0",
    )
    assert "index 0" in (await still.wrong())["log"]


async def test_a_database_rolled_back_below_its_anchor_is_told(still: Still) -> None:
    await still.execute(
        "DELETE FROM simpul.log_entry",
        "DELETE FROM simpul.log_checkpoint WHERE size > 0",
        "UPDATE simpul.log_state SET size = 0, frontier = '', edge = ''",
    )
    assert "rolled back" in (await still.wrong())["log"]


async def test_a_server_that_may_lose_what_it_acknowledged_is_told(still: Still) -> None:
    await still.execute(f'ALTER DATABASE "{still.database.name}" SET synchronous_commit = off')
    assert "synchronous_commit = off" in (await still.wrong())["log"]


async def test_a_role_that_may_write_and_a_table_without_rows_are_noted(still: Still) -> None:
    await still.execute("GRANT UPDATE ON agency.orang TO simpul_service", "DELETE FROM agency.orang")
    found = await still.examined()
    assert found.states("source", "sample of stay_permit") == ["note", "note"]
    assert [told for told in found.step("source").told if "agency.orang" in told and "REVOKE" in told]
    assert await still.wrong() == {}


async def test_a_database_that_lets_nobody_in_leaves_what_stands_on_it_untried(still: Still) -> None:
    path = still.folder / "node.toml"
    path.write_text(path.read_text().replace(f"/{still.database.name}?", "/nowhere?"))
    found = await still.examined()
    assert found.states("database", "source", "index") == ["wrong"] * 3
    assert found.states("stored roster", "log", "sample of stay_permit") == ["not_tried"] * 3
    assert found.states("keys", "roster", "enrolment", "certificate", "mapping", "policy") == ["fine"] * 6
