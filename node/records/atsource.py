"""Candidates of an index that keeps keys alone: read from the agency's own tables whenever they are compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from matching.form import encode, prepare
from node.records.indexed import encode_fields, key_texts_of
from node.records.records import Candidate
from node.records.shape import RecordMapping
from node.records.snapshot import Key, Looks, Snapshot
from node.records.source import BATCH, Source
from node.slices import Slices

_Name = tuple[str, str]  # record type and reference


class AtSource:
    """Reads candidates as their rows are now; what has no row any more, or is protected since, is none."""

    def __init__(self, source: Source, looks: Looks) -> None:
        self._source: Final = source
        self._looks: Final = looks

    @classmethod
    @asynccontextmanager
    async def open(cls, source: Source) -> AsyncIterator[AtSource]:
        """Keep a few connections to the agency's database, and close them afterwards."""
        async with source.looks() as looks:
            yield cls(source, looks)

    async def read(self, found: Sequence[Sequence[Candidate]]) -> list[list[Candidate]]:
        """The candidates of each subject with their forms and fields. Raises RecordsUnavailable.

        Every table is asked even where nothing is wanted of it: a node that cannot read is to say so whoever is asked
        about, not only of persons whom it holds.
        """
        wanted: dict[str, dict[str, Key]] = defaultdict(dict)
        for candidate in (each for candidates in found for each in candidates):
            texts = key_texts_of(candidate.encoded_fields)
            wanted[candidate.record_type][candidate.reference] = Key(texts, candidate.reference)
        known: dict[_Name, Candidate] = {}
        async with self._looks.look() as look:
            for record in self._source.records:
                known |= await self._of_type(look, record, list(wanted[record.type].values()))
        return [
            [known[name] for each in candidates if (name := (each.record_type, each.reference)) in known]
            for candidates in found
        ]

    async def _of_type(self, look: Snapshot, record: RecordMapping, keys: Sequence[Key]) -> dict[_Name, Candidate]:
        known: dict[_Name, Candidate] = {}
        slices = Slices()
        for start in range(0, max(1, len(keys)), BATCH):
            for row in await look.rows_of(record, keys[start : start + BATCH]):
                found = self._source.read(record, row, look.at)
                if found is not None:
                    form, fields = encode(prepare(found.person)), encode_fields(found.fields)
                    name = record.type, found.key
                    known[name] = Candidate(*name, found.as_of or look.at, form, fields)
                await slices.between()
        return known
