"""Officers who ask without end, whatever fails meanwhile, and all that was acknowledged to them."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import grpc

from bench.fanout import CASE, Subject
from coordinator.acceptance import Accepted
from coordinator.cli import asking
from coordinator.cli.officer import Officer
from deploy.demo.province import COORDINATOR
from federation.answer import Answer
from federation.envelope import Envelope
from federation.errors import FederationError
from federation.instant import system_clock
from federation.result import Silence
from matching.describe import describe

_GIVE_UP: Final = 90.0
_PAUSE: Final = 0.3
_ASK_SECONDS: Final = 20.0
_ASKED_AGAIN: Final = 0.1
_REMEMBERED: Final = 500
# purpose, case, share: a joint operation, a purpose that some agencies decline, and a case that all of them do
_KINDS: Final = (
    ("joint_operation", CASE, 0.7),
    ("routine_oversight", CASE, 0.2),
    ("joint_operation", "TANPA-SURAT-PERINTAH", 0.1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A reply that an officer's side verified: what its node's log, and the coordinator's, must hold."""

    leaf: bytes  # SHA-256 of the entry in the receipt
    query: bytes
    reply: bytes


@dataclass(slots=True)
class Load:
    """Officers with warm channels; `told` is what was acknowledged, by member and index in its log.

    `calls` counts how often each query was put to the coordinator, by the digest of its statement.
    """

    officers: list[Officer]
    channels: list[grpc.aio.Channel]
    subjects: list[Subject]
    chance: random.Random
    seconds: list[tuple[float, float]] = field(default_factory=list)
    told: dict[tuple[str, int], Acknowledged] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    calls: Counter[bytes] = field(default_factory=Counter)
    ended: bool = False
    _known: list[tuple[int, Envelope]] = field(default_factory=list)

    async def ask_on(self, began: float) -> None:
        """Ask one query after another until the end is called, each until every member has replied."""
        turns = itertools.cycle(range(len(self.officers)))
        while not self.ended:
            turn = next(turns)
            if self._known and self.chance.random() < _ASKED_AGAIN:
                turn, envelope = self.chance.choice(self._known)
                self.counts["asked_again"] += 1
            else:
                envelope = self._query(self.officers[turn])
                self._known = [*self._known[-_REMEMBERED:], (turn, envelope)]
                self.counts["asked"] += 1
            started = time.perf_counter()
            if await self._pursue(turn, envelope):
                now = time.perf_counter()
                self.seconds.append((now - began, now - started))

    def _query(self, officer: Officer) -> Envelope:
        subject = self.chance.choice(self.subjects)
        ((purpose, case, _),) = self.chance.choices(_KINDS, [share for *_, share in _KINDS])
        wish = asking.Wish(
            purpose=purpose,
            case_reference=case,
            disclosure_class="fields",
            subjects=(describe(names=[subject.name], born=subject.born, nationality=subject.nationality),),
        )
        return asking.sign(asking.make_query(wish, officer, system_clock()), officer)

    async def _pursue(self, turn: int, envelope: Envelope) -> bool:
        """The same bytes again, until every member has replied; whatever fails meanwhile is counted."""
        query = self.officers[turn].opener().query(envelope, countersigned=False)
        wanted = set(query.statement.audience)
        give_up = time.perf_counter() + _GIVE_UP
        while wanted and time.perf_counter() < give_up:
            self.calls[query.digest] += 1
            try:
                opener = self.officers[turn].opener()
                async for told in asking.ask_over(self.channels[turn], envelope, opener, COORDINATOR, _ASK_SECONDS):
                    if isinstance(told, Accepted):
                        self._acknowledged(told)
                        wanted.discard(told.member)
                    elif isinstance(told, Silence):
                        self.counts[f"silence_{told.reason}"] += 1
            except FederationError as error:
                self.counts[f"met_{type(error).__name__}"] += 1
            if wanted:
                await asyncio.sleep(_PAUSE)
        self.counts["given_up"] += bool(wanted)
        return not wanted

    def _acknowledged(self, told: Accepted) -> None:
        statement = told.reply.statement
        now = Acknowledged(
            leaf=sha256(told.receipt.entry).digest(), query=statement.query_digest, reply=told.reply.digest
        )
        key = told.member, told.receipt.index
        if key not in self.told:
            self.told[key] = now
            self.counts["answers" if isinstance(statement, Answer) else "refusals"] += 1
        elif self.told[key] != now:
            self.counts["contradicted"] += 1
