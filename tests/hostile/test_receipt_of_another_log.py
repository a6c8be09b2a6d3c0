"""A node proves its answer by another log than its own, by another entry, or not at all: it is not let in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from federation.entry import Entry
from federation.keys import SigningKey
from federation.tlog.note import NoteSigner
from federation.v1 import node_pb2 as pb
from tests.federation import LIAR, Federation
from tests.hostile.lies import require_unacceptable
from tests.liar import Liar, Lie
from tests.paper import PaperLog

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("log", ["another member's", "its own name, another key", "another name, its own key"])
async def test_a_receipt_of_another_log_is_unacceptable(federation: Federation, liar: Liar, log: str) -> None:
    own, other = federation.member(LIAR).log_origin, federation.member("polri").log_origin
    signers = {
        "another member's": NoteSigner(other, federation.keys("polri").log),
        "its own name, another key": NoteSigner(own, SigningKey.generate()),
        "another name, its own key": NoteSigner(other, liar.keys.log),
    }
    await require_unacceptable(federation, liar, Lie(log=PaperLog(signers[log])))


@pytest.mark.parametrize("changed", ["kind", "statement_digest", "members"])
async def test_an_entry_that_is_not_about_the_answer_is_unacceptable(
    federation: Federation, liar: Liar, changed: str
) -> None:
    def other(honest: Entry) -> Entry:
        match changed:
            case "kind":
                return replace(honest, kind="refusal_given")
            case "statement_digest":
                return replace(honest, statement_digest=bytes(32))
            case _:
                return replace(honest, members=("polri",))

    await require_unacceptable(federation, liar, Lie(entry=other))


@pytest.mark.parametrize("broken", ["index", "path", "entry", "tree_size"])
async def test_a_proof_that_does_not_lead_to_the_root_is_unacceptable(
    federation: Federation, liar: Liar, broken: str
) -> None:
    def spoil(honest: pb.Reply) -> pb.Reply:
        match broken:
            case "index":
                honest.index += 1
            case "path":
                honest.path.append(bytes(32))
            case "entry":
                honest.entry += b"\x00"
            case _:
                honest.tree_size += 1
        return honest

    await require_unacceptable(federation, liar, Lie(item=spoil))


async def test_a_log_forked_between_two_answers_is_unacceptable(federation: Federation, liar: Liar) -> None:
    forked = PaperLog(liar.log.signer)
    for at in range(liar.log.size + 5):
        forked.append(b"another history %d" % at)
    await require_unacceptable(federation, liar, Lie(log=forked))


async def test_a_log_that_shrinks_between_two_answers_is_unacceptable(federation: Federation, liar: Liar) -> None:
    await require_unacceptable(federation, liar, Lie(log=PaperLog(liar.log.signer)))
