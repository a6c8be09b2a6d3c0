"""A node's answer is signed by somebody else, or speaks for somebody else: it is not let in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from federation.answer import Answer
from federation.envelope import Envelope
from federation.keys import Signer, SigningKey
from federation.seal import seal
from federation.v1 import node_pb2 as pb
from tests.federation import Federation
from tests.hostile.lies import require_unacceptable
from tests.liar import Liar, Lie

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("whose", ["another member's", "its own log's", "nobody's"])
async def test_an_answer_signed_with_another_key_is_unacceptable(
    federation: Federation, liar: Liar, whose: str
) -> None:
    keys: dict[str, Signer] = {
        "another member's": federation.keys("polri").statement,
        "its own log's": liar.keys.log,
        "nobody's": SigningKey.generate(),
    }

    def sign(answer: Answer, _own: Signer) -> Envelope:
        return seal(answer, keys[whose])

    await require_unacceptable(federation, liar, Lie(sign=sign))


async def test_an_answer_that_speaks_for_another_member_is_unacceptable(federation: Federation, liar: Liar) -> None:
    def other(honest: Answer) -> Answer:
        return replace(honest, member="polri")

    def sign(answer: Answer, _own: Signer) -> Envelope:
        return seal(answer, federation.keys("polri").statement)

    await require_unacceptable(federation, liar, Lie(answer=other))
    await require_unacceptable(federation, liar, Lie(answer=other, sign=sign))


async def test_an_answer_changed_after_it_was_signed_is_unacceptable(federation: Federation, liar: Liar) -> None:
    def change(honest: pb.Reply) -> pb.Reply:
        honest.envelope.payload = honest.envelope.payload.replace(b"none", b"many")
        return honest

    await require_unacceptable(federation, liar, Lie(item=change))


async def test_an_answer_with_a_second_signature_is_unacceptable(federation: Federation, liar: Liar) -> None:
    def sign(answer: Answer, own: Signer) -> Envelope:
        return seal(answer, own, federation.keys("polri").statement)

    await require_unacceptable(federation, liar, Lie(sign=sign))
