"""The match index brought in step with the agency's records, while the node goes on answering from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import asyncpg

from federation.errors import FederationError, RecordsUnavailable
from federation.instant import Clock
from federation.telemetry import telemetry
from node.records.files import File, look_of
from node.records.notices import Heard, Notice, Notices, known_by, named_by, partners
from node.records.shape import FileShape, PersonMapping, RecordMapping
from node.records.snapshot import Key, Snapshot
from node.records.source import BATCH, Source
from node.records.state import IndexLost, Keeps, read_state
from node.records.writing import Settled, Writer, Written, hasten, recount, settled, writing

Done = Literal["compared", "changed", "notified", "unchanged", "waits", "removed", "failed"]
_NOBODY: Final = PersonMapping()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a pass did for one record type; `why` tells what failed."""

    record_type: str
    done: Done
    written: Written
    why: str = ""


class Refresher:
    """Brings one index in step, pass after pass; its connection holds the lock of the index.

    Nothing of a pass need be kept for the next one: what a pass has committed is found to be as it should be, and what
    it did not come to is found by the next. A type whose source fails stays as it is, and its age tells.
    """

    def __init__(self, connection: asyncpg.Connection, secret: bytes, source: Source, clock: Clock) -> None:
        self._connection = connection
        self._secret = secret
        self._source = source
        self._clock = clock

    async def run(self, notices: Notices | None = None, *, compare: bool = False) -> list[Told]:
        """Make one pass over all record types; IndexLost where the index's database fails.

        With the `notices` of a follower a type is compared only when that is due, or when notices were lost; without,
        whatever has no change column is compared.
        """
        with writing():
            keeps = (await read_state(self._connection, self._secret)).keeps
        await hasten(self._connection)
        known = await settled(self._connection)
        heard = notices.take() if notices is not None else None
        told: list[Told] = []
        for record in self._source.records:
            writer = Writer(self._connection, self._secret, self._source, record, keeps)
            at = self._clock()
            before = known.get(record.type)
            must = compare or before is None or before.mapping != writer.mapping or _due(record, before, at)
            told.append(await self._told(_Pass(record, writer, self._source, None if must else before, heard, at)))
        mapped = {record.type for record in self._source.records}
        told += [await self._unmap(record_type, keeps) for record_type in sorted(known.keys() - mapped)]
        await recount(self._connection, self._secret)
        if notices is not None and any(each.done == "failed" for each in told):
            notices.lost = True  # what was taken is not done
        return told

    async def _told(self, each: _Pass) -> Told:
        record_type, written = each.record.type, each.writer.written
        try:
            return Told(record_type=record_type, done=await each.run(), written=written)
        except IndexLost:
            raise
        except FederationError as error:
            telemetry().error("refresh_failed", record_type=record_type, error=type(error).__name__)
            return Told(record_type=record_type, done="failed", written=written, why=error.message)

    async def _unmap(self, record_type: str, keeps: Keeps) -> Told:
        record = RecordMapping(type=record_type, key="", person=_NOBODY)
        writer = Writer(self._connection, self._secret, self._source, record, keeps)
        await writer.remove_all()
        return Told(record_type=record_type, done="removed", written=writer.written)


@dataclass(slots=True)
class _Pass:
    """One pass over one record type. `before` is None where it must be compared."""

    record: RecordMapping
    writer: Writer
    source: Source
    before: Settled | None
    heard: Heard | None
    at: datetime

    async def run(self) -> Done:
        """Bring the type in step, in the cheapest way that loses nothing."""
        if self.record.file is not None:
            return await self._file(self.record.file, self.before)
        if self.before is not None:
            if self.record.way == "changed":
                return await self._changed(self.before)
            if self.heard is not None and (self.record.way == "compare" or self.heard.deaf):
                return "waits"
            if self.record.way == "notify" and self.heard is not None and not self.heard.lost:
                return await self._notified(self.before, self.heard)
        return await self._compare()

    async def _compare(self) -> Done:
        async with self.source.look(self.record) as look:
            await self._compare_with(look)
        return "compared"

    async def _compare_with(self, look: Snapshot | File) -> None:
        marks = await look.marks(self.record)
        await self.writer.forget_seen()
        async for rows in look.rows(self.record, BATCH):
            await self.writer.write(await self.writer.first_seen(rows), look.at)
        await self.writer.remove_unseen()
        await self.writer.settle(marks, self.at, self.at)

    async def _file(self, shape: FileShape, before: Settled | None) -> Done:
        marks = before.marks if before is not None else {}
        if marks.get("look") and marks["look"] == look_of(shape.path):
            await self.writer.settle(marks, self.at, self.at)
            return "unchanged"
        async with self.source.look(self.record) as look:
            found = await look.marks(self.record)
            if marks.get("sha256") == found["sha256"]:
                await self.writer.settle(found, self.at, self.at)
                return "unchanged"
            await self._compare_with(look)
        return "compared"

    async def _changed(self, before: Settled) -> Done:
        async with self.source.database() as look:
            marks = await look.marks(self.record)
            async for keys in look.changed(self.record, before.marks, BATCH):
                await self._bring(look, keys)
        await self.writer.settle(before.marks | marks, self.at, before.compared_at)
        return "changed"

    async def _notified(self, before: Settled, heard: Heard) -> Done:
        told = list(heard.of(self.record))
        if any(known_by(notice.row, named_by(self.record, alias)) is None for alias, notice in told):
            return await self._compare()
        try:
            if told:
                async with self.source.database() as look:
                    for start in range(0, len(told), BATCH):
                        keys = [key for each in told[start : start + BATCH] for key in await self._keys(look, *each)]
                        await self._bring(look, keys)
        except IndexLost:
            raise
        except RecordsUnavailable:  # whoever may connect may notify: what makes no sense to the database is no key
            return await self._compare()
        await self.writer.settle(before.marks, self.at, before.compared_at)
        return "notified" if told else "unchanged"

    async def _keys(self, look: Snapshot, alias: str, notice: Notice) -> list[Key]:
        """The records that a notice is of."""
        columns = named_by(self.record, alias)
        values = known_by(notice.row, columns)
        if not values:
            return []
        if alias == self.record.own:
            return [Key(values, "/".join(value.strip() for value in values))]
        far = partners(self.record, alias)
        return await look.keys_where(
            self.record, {far[near]: value for near, value in zip(columns, values, strict=True)}
        )

    async def _bring(self, look: Snapshot, keys: Sequence[Key]) -> None:
        """Bring the records of some keys in step: what has no row any more is removed."""
        if not keys:
            return
        rows = await look.rows_of(self.record, keys)
        there = {row.reference for row in rows}
        await self.writer.write(rows, look.at, sorted({key.reference for key in keys} - there))


def _due(record: RecordMapping, before: Settled, at: datetime) -> bool:
    return record.file is None and at - before.compared_at >= timedelta(seconds=record.compare_s)
