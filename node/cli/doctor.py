"""The doctor of a node: each step of a query's path tried alone, from the keys to what a coordinator sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import aclosing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from federation.errors import ConfigError
from federation.instant import Clock
from federation.person import Person
from federation.serving.doctor import MemberDoctor, age
from federation.serving.member import open_pool
from federation.steps import Look, Step, Steps, need
from federation.terms import terms
from matching.form import prepare
from node.config import LoadedConfig, load_config
from node.opening import opened_index
from node.records.mapping import load_mapping
from node.records.shape import AgencyMapping
from node.records.source import Source, SourceRecord
from node.rules import load_policy
from node.serve import NOBODY, NODE_MIGRATIONS

COMMAND: Final = "simpul-node"
_STALE: Final = timedelta(days=2)
_SAMPLED: Final = 100


async def examine(path: Path, clock: Clock, tell: Callable[[Step], None]) -> Steps:
    """Take every step of a node's doctor, telling of each as it ends; changes nothing, anywhere."""
    return await NodeDoctor.examine(load_config, path, clock, tell)


class NodeDoctor(MemberDoctor[LoadedConfig]):
    """Takes the steps of a node."""

    async def walk(self, loaded: LoadedConfig) -> None:
        """Every step but the first."""
        settings, take = loaded.config, self.steps.take
        await self.member(
            settings.member, "node", dsn=settings.database.log_dsn, migrations=(NODE_MIGRATIONS,), command=COMMAND
        )
        await self.log(settings.log)
        mapping = await take("mapping", lambda look: self._mapping(look, loaded))
        await take("policy", lambda look: self._policy(look, loaded, mapping))
        await self._source(loaded, mapping)
        await take("index", lambda look: self._index(look, loaded))
        await self._others()

    async def _mapping(self, look: Look, loaded: LoadedConfig) -> AgencyMapping:
        mapping = load_mapping(loaded.config.records.mapping_file)
        look.found.append(f"version {mapping.mapping.version}: {', '.join(record.type for record in mapping.record)}")
        if mapping.mapping.member != loaded.config.member.id:
            look.wrong.append(f"it is the mapping of {mapping.mapping.member}: name the right file in [records]")
        return mapping

    async def _policy(self, look: Look, loaded: LoadedConfig, mapping: AgencyMapping | None) -> None:
        types = frozenset(record.type for record in need(mapping, "the mapping").record)
        policy = load_policy(loaded.config.policy.policy_file, terms(), types)
        look.found.append(f"version {policy.version}, {len(policy.rules)} purposes allowed")
        if policy.member != loaded.config.member.id:
            look.wrong.append(f"it is the policy of {policy.member}: name the right file in [policy]")

    async def _source(self, loaded: LoadedConfig, mapping: AgencyMapping | None) -> None:
        source = None if mapping is None else Source(loaded.config.database.source_dsn, mapping)
        fits = await self.steps.take("source", lambda look: _fits(look, need(source, "the mapping")))
        for record in mapping.record if mapping is not None else ():
            sample = partial(_sample, source=fits, record_type=record.type)
            await self.steps.take(f"sample of {record.type}", sample)

    async def _index(self, look: Look, loaded: LoadedConfig) -> None:
        pool = await self.stack.enter_async_context(await open_pool(loaded.config.index_dsn))
        index = await self.stack.enter_async_context(opened_index(loaded, pool))
        await index.candidates([prepare(NOBODY)])
        at = self.clock()
        look.found.append(f"{index.population} records, as of {age(at, index.as_of)} ago; a look-up answers")
        if at - index.as_of > _STALE:
            look.notes.append(f"the agency's data may have changed since: run {COMMAND} refresh, best with --follow")

    async def _others(self) -> None:
        """Each coordinator, and this node's own door, as the roster names them."""
        members = () if self.roster is None else self.roster.statement.with_role("coordinator")
        for member in members:
            await self.other(f"coordinator {member.id}", member, "roster")
        await self.own_endpoint("node", COMMAND)


async def _fits(look: Look, source: Source) -> Source | None:
    problems = await source.check()
    look.wrong += problems
    if problems:
        return None
    look.found.append(f"{await source.count()} rows to read")
    writable = await source.writable()
    if writable:
        look.notes.append(f"this role may change {', '.join(writable)}, but needs to read only: REVOKE the rest")
    return source


async def _sample(look: Look, source: Source | None, record_type: str) -> None:
    """One record as the mapping makes it, so masked that its shape alone is left."""
    read = 0
    async with aclosing(need(source, "the source").rows(record_type, _SAMPLED)) as batches:
        async for batch in batches:
            read += _SAMPLED
            if batch:
                look.found += shape(batch[0])
                return
            if read >= _SAMPLED * 10:
                break
    if read:
        raise ConfigError(f"none of the first {read} rows makes a record: see key, names and documents in the mapping")
    look.notes.append("there are no rows: see schema, table and where in the mapping, if there should be some")


def shape(record: SourceRecord) -> Iterator[str]:
    """A record's values by their places, letters shown as x and digits as 9."""
    yield f"key {masked(record.key)}"
    for place, value in _values(record.person):
        yield f"{place} {masked(value)}"
    for name, texts in record.fields.items():
        yield f"fields.{name} {', '.join(masked(text) for text in texts)}"


def masked(text: str) -> str:
    """A text of which only the shape is left."""
    return "".join(_mask(character) for character in text)


def _mask(character: str) -> str:
    if character.isascii() and not character.isalnum():
        return character if character.isprintable() else " "
    return "9" if character.isdigit() else "x"


def _values(person: Person) -> Iterator[tuple[str, str]]:
    """What the mapping read of a person, by attribute."""
    yield from ((f"{name.kind} name", name.text) for name in person.names)
    yield from (("birth", birth.text) for birth in person.births)
    if person.year_range is not None:
        yield "age", person.year_range.text
    if person.sex is not None:
        yield "sex", person.sex.text
    yield from (("nationality", coded.text) for coded in person.nationalities)
    yield from ((paper.kind, paper.number) for paper in person.documents)
    yield from ((identifier.kind, identifier.number) for identifier in person.national_identifiers)
    if person.birth_place:
        yield "birth place", person.birth_place
