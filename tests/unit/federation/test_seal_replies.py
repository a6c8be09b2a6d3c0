"""Opening replies, results and evidence requests: one signature, by the member that speaks, good at that instant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from federation.answer import Answer, Refusal
from federation.entry import EvidenceRequest
from federation.envelope import Envelope
from federation.errors import FederationError, MemberSuspended, UnknownStatementType, UntrustedSignature, WrongAudience
from federation.instant import Window
from federation.keys import SigningKey
from federation.result import Result
from federation.seal import Opener, Verified, open_first_roster, seal
from federation.wire.envelope import decode_envelope, encode_envelope
from tests.vectors import cast
from tests.vectors.build import answer, refusal, result

OPENER = cast.opener()
Made = Answer | Refusal | Result | EvidenceRequest


def evidence_request() -> EvidenceRequest:
    return EvidenceRequest(
        federation=cast.FEDERATION,
        member=cast.NODE,
        auditor=cast.AUDITOR,
        groups=(bytes(32),),
        reason="yearly audit",
        case_reference="A/1",
        nonce=cast.nonce("evidence request"),
        window=Window(cast.AT, cast.AT + timedelta(minutes=5)),
    )


SPEAKERS: dict[str, tuple[Callable[[], Made], str, Callable[[Opener, Envelope], Verified[Any]]]] = {
    "answer": (answer, cast.NODE, lambda opener, envelope: opener.reply(envelope, cast.NODE)),
    "refusal": (refusal, cast.NODE, lambda opener, envelope: opener.reply(envelope, cast.NODE)),
    "result": (result, cast.COORDINATOR, lambda opener, envelope: opener.result(envelope, cast.COORDINATOR)),
    "evidence request": (evidence_request, cast.AUDITOR, lambda opener, envelope: opener.evidence_request(envelope)),
}
EACH = pytest.mark.parametrize("name", SPEAKERS)


def sealed(name: str, *signers: SigningKey, **changes: Any) -> Envelope:
    make, speaker, _ = SPEAKERS[name]
    return seal(replace(make(), **changes), *(signers or (cast.STATEMENT_KEYS[speaker],)))


def opened(name: str, envelope: Envelope, under: Opener = OPENER) -> Verified[Any]:
    return SPEAKERS[name][2](under, envelope)


def with_member(name: str, **changes: Any) -> Opener:
    members = tuple(replace(m, **changes) if m.id == name else m for m in cast.roster().members)
    envelope = seal(replace(cast.roster(), members=members), *cast.AUTHORITIES)
    return Opener(open_first_roster(envelope, tuple(key.public for key in cast.AUTHORITIES), 2))


@EACH
def test_it_opens_as_it_was_sealed(name: str) -> None:
    found = opened(name, sealed(name))
    assert found.statement == SPEAKERS[name][0]()
    assert found.unknown == ()


@EACH
def test_a_signature_of_another_member_is_refused(name: str) -> None:
    speaker = SPEAKERS[name][1]
    for other, key in cast.STATEMENT_KEYS.items():
        if other != speaker:
            with pytest.raises(UntrustedSignature):
                opened(name, sealed(name, key))


@EACH
def test_a_second_signature_is_refused_whoever_made_it(name: str) -> None:
    own = cast.STATEMENT_KEYS[SPEAKERS[name][1]]
    for other in (own, cast.OFFICERS["sari"], cast.STATEMENT_KEYS[cast.REQUESTER]):
        with pytest.raises(UntrustedSignature, match="exactly one"):
            opened(name, sealed(name).signed_by(other))


@EACH
def test_no_signature_is_refused(name: str) -> None:
    with pytest.raises(UntrustedSignature, match="exactly one"):
        opened(name, replace(sealed(name), signatures=()))


@EACH
def test_a_signature_that_carries_a_credential_is_refused(name: str) -> None:
    bare = replace(sealed(name), signatures=())
    envelope = bare.signed_by(cast.STATEMENT_KEYS[SPEAKERS[name][1]], cast.credential_envelope())
    with pytest.raises(UntrustedSignature, match="exactly one"):
        opened(name, envelope)


@EACH
def test_it_is_refused_when_it_is_of_another_federation(name: str) -> None:
    with pytest.raises(WrongAudience):
        opened(name, sealed(name, federation="lain"))


@EACH
def test_no_byte_of_it_can_be_altered(name: str) -> None:
    content = encode_envelope(sealed(name))
    for place in range(len(content)):
        altered = bytearray(content)
        altered[place] ^= 1 << (place % 8)
        with pytest.raises(FederationError):
            opened(name, decode_envelope(bytes(altered)))


@EACH
def test_a_key_that_is_over_speaks_no_more(name: str) -> None:
    speaker = SPEAKERS[name][1]
    key = replace(cast.roster().by_id[speaker].keys[0], window=Window(cast.YEAR.start, cast.AT))
    with pytest.raises(UntrustedSignature, match="no such statement key"):
        opened(name, sealed(name), with_member(speaker, keys=(key,)))


@pytest.mark.parametrize("name", ["answer", "refusal"])
def test_a_reply_that_names_another_member_is_refused(name: str) -> None:
    with pytest.raises(UntrustedSignature, match="names another member"):
        opened(name, sealed(name, cast.STATEMENT_KEYS[cast.REQUESTER], member=cast.REQUESTER))


def test_a_result_of_another_coordinator_is_not_ours() -> None:
    with pytest.raises(WrongAudience):
        opened("result", sealed("result", cast.STATEMENT_KEYS[cast.NODE], coordinator=cast.NODE))


@pytest.mark.parametrize("name", ["answer", "result", "evidence request"])
def test_a_query_is_opened_as_nothing_else(name: str) -> None:
    with pytest.raises(UnknownStatementType):
        opened(name, cast.countersigned(cast.signed_query()))


def test_only_an_auditor_in_good_standing_may_ask_for_wraps() -> None:
    with pytest.raises(MemberSuspended):
        opened("evidence request", sealed("evidence request"), with_member(cast.AUDITOR, standing="suspended"))
    with pytest.raises(UntrustedSignature, match="no role auditor"):
        opened("evidence request", sealed("evidence request", cast.STATEMENT_KEYS[cast.NODE], auditor=cast.NODE))
