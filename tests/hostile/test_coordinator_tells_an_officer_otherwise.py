"""A coordinator alters, drops, invents or replays what members said: the officer's own side sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from coordinator.cli.asking import Checks
from federation.errors import FederationError
from federation.result import Answered, Result, Silence
from federation.seal import seal
from federation.v1 import coordinator_pb2 as pb
from federation.wire.envelope import envelope_from_wire, envelope_to_wire
from tests.agencies import HELD
from tests.federation import COORDINATOR, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
Responses = list[pb.CoordinatorServiceAskResponse]


async def asked(federation: Federation) -> tuple[Checks, Responses]:
    """A real query's responses, not yet looked at by the officer's side."""
    officer = federation.officer()
    envelope = federation.sign(federation.query(HELD[0].person, audience=("imigrasi", "polri")))
    checks = Checks(officer.opener(), COORDINATOR, envelope)
    return checks, await federation.bring(envelope, federation.officer_identity())


def take_all(checks: Checks, responses: Sequence[pb.CoordinatorServiceAskResponse]) -> list[object]:
    return [told for response in responses if (told := checks.take(response)) is not None]


def of_kind(responses: Responses, kind: str) -> list[pb.CoordinatorServiceAskResponse]:
    return [response for response in responses if response.WhichOneof("kind") == kind]


async def test_what_the_members_said_is_taken_as_they_said_it(federation: Federation) -> None:
    checks, responses = await asked(federation)
    assert len(take_all(checks, responses)) == len(responses) - 1


async def test_an_altered_answer_is_a_silence_and_its_result_is_refused(federation: Federation) -> None:
    checks, responses = await asked(federation)
    altered = next(r for r in of_kind(responses, "outcome") if r.outcome.WhichOneof("kind") == "reply")
    payload = altered.outcome.reply.envelope.payload
    altered.outcome.reply.envelope.payload = payload[:-1] + bytes([payload[-1] ^ 1])
    told = take_all(checks, responses[:-1])
    assert any(isinstance(one, Silence) and one.reason == "unacceptable" for one in told)
    with pytest.raises(FederationError):
        checks.take(responses[-1])


async def test_a_dropped_answer_makes_the_result_unbelievable(federation: Federation) -> None:
    checks, responses = await asked(federation)
    responses.remove(of_kind(responses, "outcome")[0])
    with pytest.raises(FederationError, match="does not say what the member said"):
        take_all(checks, responses)


async def test_the_reply_to_another_query_is_a_silence(federation: Federation) -> None:
    _, earlier = await asked(federation)
    checks, _ = await asked(federation)
    old = next(r for r in of_kind(earlier, "outcome") if r.outcome.WhichOneof("kind") == "reply")
    told = checks.take(old)
    assert isinstance(told, Silence)
    assert told.reason == "unacceptable"


def with_a_member_dropped(result: Result) -> Result:
    return replace(result, outcomes=result.outcomes[1:])


def with_a_silence_for_an_answer(result: Result) -> Result:
    answered = next(outcome for outcome in result.outcomes if isinstance(outcome, Answered))
    silent = Silence(member=answered.member, reason="unreachable")
    return replace(result, outcomes=tuple(silent if one is answered else one for one in result.outcomes))


def with_another_digest(result: Result) -> Result:
    answered = next(outcome for outcome in result.outcomes if isinstance(outcome, Answered))
    other = replace(answered, statement_digest=bytes(32))
    return replace(result, outcomes=tuple(other if one is answered else one for one in result.outcomes))


@pytest.mark.parametrize("change", [with_a_member_dropped, with_a_silence_for_an_answer, with_another_digest])
async def test_a_result_that_says_otherwise_than_the_members_is_refused(
    federation: Federation, change: Callable[[Result], Result]
) -> None:
    checks, responses = await asked(federation)
    given = responses[-1].result
    opener = federation.officer().opener()
    result = opener.result(envelope_from_wire(given.result), COORDINATOR).statement
    given.result.CopyFrom(envelope_to_wire(seal(change(result), federation.keys(COORDINATOR).statement)))
    with pytest.raises(FederationError):
        take_all(checks, responses)


async def test_a_receipt_for_another_query_is_refused(federation: Federation) -> None:
    _, earlier = await asked(federation)
    checks, _ = await asked(federation)
    with pytest.raises(FederationError, match="not for this query"):
        checks.take(of_kind(earlier, "logged")[0])
