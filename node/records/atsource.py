"""Candidates of an index that keeps keys alone: read from the agency's own tables whenever they are compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from matching.form import encode, prepare
from node.records.indexed import encode_fields, key_texts_of
from node.records.records import Candidate
from node.records.snapshot import Key, Looks, Snapshot
from node.records.source import BATCH, Source
from node.slices import Slices

_Name = tuple[str, str]  # record type and reference


class AtSource:
    """Reads candidates as their rows are now; what has no row any more, or is protected since, is none."""

    def __init__(self, source: Source, looks: Looks) -> None:
        self._source: Final = source
        self._looks: Final = looks
        self._records: Final = {record.type: record for record in source.records}

    @classmethod
    @asynccontextmanager
    async def open(cls, source: Source) -> AsyncIterator[AtSource]:
        """Keep a few connections to the agency's database, and close them afterwards."""
        async with source.looks() as looks:
            yield cls(source, looks)

    async def read(self, found: Sequence[Sequence[Candidate]]) -> list[list[Candidate]]:
        """The candidates of each subject with their forms and fields. Raises RecordsUnavailable."""
        wanted: dict[str, dict[str, Key]] = defaultdict(dict)
        for candidate in (each for candidates in found for each in candidates):
            texts = key_texts_of(candidate.encoded_fields)
            wanted[candidate.record_type][candidate.reference] = Key(texts, candidate.reference)
        known: dict[_Name, Candidate] = {}
        if wanted:
            async with self._looks.look() as look:
                for record_type, keys in wanted.items():
                    known |= await self._of_type(look, record_type, list(keys.values()))
        return [
            [known[name] for each in candidates if (name := (each.record_type, each.reference)) in known]
            for candidates in found
        ]

    async def _of_type(self, look: Snapshot, record_type: str, keys: Sequence[Key]) -> dict[_Name, Candidate]:
        known: dict[_Name, Candidate] = {}
        record, slices = self._records.get(record_type), Slices()
        if record is None:
            return known
        for start in range(0, len(keys), BATCH):
            for row in await look.rows_of(record, keys[start : start + BATCH]):
                found = self._source.read(record, row, look.at)
                if found is not None:
                    form, fields = encode(prepare(found.person)), encode_fields(found.fields)
                    name = record_type, found.key
                    known[name] = Candidate(*name, found.as_of or look.at, form, fields)
                await slices.between()
        return known
