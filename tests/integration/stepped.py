"""An agency's table and the match index of it, for tests of how the one keeps in step with the other."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from matching.form import decode
from node.records.build import Builder, lock
from node.records.mapping import parse_mapping
from node.records.notices import Notices
from node.records.refresh import Refresher, Told
from node.records.shape import AgencyMapping
from node.records.source import Source
from node.records.state import Keeps, State, read_state
from tests.postgres import SERVICE, Database

TABLE = f"""
CREATE SCHEMA agency;
CREATE TABLE agency.orang (
    id int PRIMARY KEY, nama text, lahir date, paspor text, dilindungi boolean DEFAULT false,
    dihapus timestamptz, diubah timestamptz DEFAULT clock_timestamp(), nomor bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX ON agency.orang (diubah);
GRANT USAGE ON SCHEMA agency TO {SERVICE};
GRANT SELECT ON ALL TABLES IN SCHEMA agency TO {SERVICE};
"""
PERSON = """[record.person]
names = [{ column = "nama", order = "surname_given" }]
births = [{ column = "lahir", format = "date" }]
documents = [{ column = "paspor", kind = "passport" }]
[record.fields]
from = { column = "lahir", format = "date" }
"""


def mapping(*lines: str, person: str = PERSON) -> AgencyMapping:
    """A mapping of the one table, with further lines of its record."""
    text = '[mapping]\nmember = "imigrasi"\nversion = "1"\n[[record]]\ntype = "detention"\nschema = "agency"\n'
    return parse_mapping(
        f'{text}table = "orang"\nkey = "id"\nprotected = "dilindungi"\n{chr(10).join(lines)}\n{person}'.encode()
    )


@dataclass(slots=True)
class Step:
    """One agency's database with its index, and a clock that only the test moves."""

    database: Database
    mapping: AgencyMapping
    secret: bytes = field(default_factory=lambda: os.urandom(32))
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    source: Source | None = None
    keeps: Keeps = "values"

    async def execute(self, *statements: str) -> None:
        """Do as the agency's own clerks do."""
        connection = await asyncpg.connect(self.database.owner_dsn)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def build(self) -> int:
        """Build the index anew."""
        async with self.writing() as connection:
            self.source = Source(self.database.service_dsn, self.mapping)
            builder = Builder(connection, self.secret, keeps=self.keeps)
            return await builder.build(self.source, self.at, lambda _: None)

    async def refresh(self, notices: Notices | None = None, *, compare: bool = False) -> list[Told]:
        """Make one pass, a minute after the one before."""
        self.at += timedelta(minutes=1)
        async with self.writing() as connection:
            assert await lock(connection)
            self.source = Source(self.database.service_dsn, self.mapping)
            refresher = Refresher(connection, self.secret, self.source, lambda: self.at)
            return await refresher.run(notices, compare=compare)

    async def done(self, notices: Notices | None = None, *, compare: bool = False) -> tuple[str, int, int, int]:
        """Make one pass over one record type: what was done, and how many were added, changed and removed."""
        (told,) = await self.refresh(notices, compare=compare)
        assert not told.why, told.why
        return told.done, told.written.added, told.written.changed, told.written.removed

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[asyncpg.Connection]:
        """A session of the index's role."""
        connection = await asyncpg.connect(self.database.service_dsn)
        try:
            yield connection
        finally:
            await connection.close()

    async def state(self) -> State:
        """What the index says of itself."""
        async with self.writing() as connection:
            return await read_state(connection, self.secret)

    async def contents(self) -> dict[str, Any]:
        """All that the index holds but the numbers that it gives records."""
        async with self.writing() as connection:
            rows = await connection.fetch(
                """SELECT type, reference, as_of, form, fields, ARRAY(
                    SELECT key FROM simpul_index.match_key AS k WHERE k.rec = r.rec ORDER BY key
                ) AS keys FROM simpul_index.match_record AS r ORDER BY type, reference"""
            )
            keys = await connection.fetchval("SELECT count(*) FROM simpul_index.match_key")
            tokens = await connection.fetch("SELECT token, share FROM simpul_index.match_token ORDER BY token")
        assert keys == sum(len(row["keys"]) for row in rows), "a key of no record"
        state = await self.state()
        assert state.records == len(rows)
        found = {"records": [tuple(row) for row in rows]}
        return found | ({"tokens": [tuple(row) for row in tokens]} if self.keeps == "values" else {})

    async def names(self) -> dict[str, str]:
        """The name in each record, by its reference."""
        async with self.writing() as connection:
            rows = await connection.fetch("SELECT reference, form FROM simpul_index.match_record")
        return {row["reference"]: decode(row["form"]).names[0].text for row in rows}

    async def births(self) -> dict[str, str]:
        """The disclosed birth date of each record, by its reference."""
        async with self.writing() as connection:
            rows = await connection.fetch("SELECT reference, fields FROM simpul_index.match_record")
        decoded = {row["reference"]: msgspec.msgpack.decode(row["fields"]) for row in rows}
        return {reference: fields["from"][0] for reference, fields in decoded.items()}
