"""Whether a reply may be let in: the right member, this query, no more than was asked, and the entry that proves it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from coordinator.acceptance import Accepted, accept, unacceptable
from federation.answer import Match, Reply, SubjectAnswer
from federation.append import query_entry
from federation.entry import Entry
from federation.envelope import Envelope
from federation.errors import CorruptLog, FederationError, Internal, TooBusy, TooLate, Unreachable
from federation.query import Query
from federation.seal import Verified, seal
from federation.wire.entry import encode_entry
from tests.paper import PaperLog
from tests.sealed import AT, NODES, answer, credential, key, log_signer, opener, query, refusal

NODE = NODES[1]


def entry_of(asked: Verified[Query], envelope: Envelope, kind: str = "answer_given", **changes: Any) -> Entry:
    """The entry that a node makes of its reply."""
    made = query_entry(kind, asked, AT, statement_digest=envelope.statement_digest, members=(NODE,))
    return replace(made, **changes)


def let_in(asked: Verified[Query], envelope: Envelope, entry: Entry) -> Accepted:
    """Offer an envelope with the receipt of an entry."""
    log = PaperLog(log_signer(NODE))
    receipt = log.receipt(log.append(encode_entry(entry)))
    return accept(envelope, receipt, opener=opener(), query=asked, member=NODE)


def offer(asked: Verified[Query], reply: Reply, kind: str = "answer_given", **changes: Any) -> Accepted:
    """Offer a reply sealed by the node."""
    envelope = seal(reply, key(NODE))
    return let_in(asked, envelope, entry_of(asked, envelope, kind, **changes))


def test_an_answer_and_a_refusal_that_are_proved_are_let_in() -> None:
    asked = query()
    assert offer(asked, answer(asked, NODE)).reply.statement == answer(asked, NODE)
    assert offer(asked, refusal(asked, NODE), "refusal_given").reply.statement == refusal(asked, NODE)


@pytest.mark.parametrize(
    "changes",
    [
        {"query_digest": bytes(32)},
        {"query_id": bytes(16)},
        {"federation": "lain"},
        {"member": NODES[2]},
        {"subjects": ()},
        {"subjects": (SubjectAnswer(subject=0, band="none"), SubjectAnswer(subject=1, band="none"))},
        {"disclosure_class": "desk_notice"},
        {"disclosure_class": "unheard_of"},
    ],
)
def test_an_answer_that_does_not_fit_its_query_is_unacceptable(changes: dict[str, Any]) -> None:
    asked = query()
    with pytest.raises(FederationError) as caught:
        offer(asked, replace(answer(asked, NODE), **changes))
    assert unacceptable(caught.value)


def test_more_than_was_asked_for_is_unacceptable() -> None:
    asked = query(disclosure_class="match_only")
    with pytest.raises(FederationError) as caught:
        offer(asked, answer(asked, NODE, disclosure_class="status"))
    assert unacceptable(caught.value)
    match = Match(band="strong", record_type="ban", disclosure_class="status")
    with pytest.raises(FederationError) as caught:
        offer(asked, answer(asked, NODE, subjects=(SubjectAnswer(subject=0, band="strong", matches=(match,)),)))
    assert unacceptable(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "refusal_given"},
        {"kind": "reply_accepted"},
        {"statement_digest": bytes(32)},
        {"query_digest": bytes(32)},
        {"members": (NODES[2],)},
        {"members": (NODE, NODES[2])},
    ],
)
def test_an_entry_that_is_not_about_the_reply_is_unacceptable(changes: dict[str, Any]) -> None:
    asked = query()
    with pytest.raises(FederationError) as caught:
        offer(asked, answer(asked, NODE), **changes)
    assert unacceptable(caught.value)


@pytest.mark.parametrize("signers", [(), (NODES[2],), (NODE, NODES[2]), ("alya",)])
def test_any_signature_but_the_nodes_own_and_only_it_is_unacceptable(signers: tuple[str, ...]) -> None:
    asked = query()
    envelope = seal(answer(asked, NODE), *(key(signer) for signer in signers))
    with pytest.raises(FederationError) as caught:
        let_in(asked, envelope, entry_of(asked, envelope))
    assert unacceptable(caught.value)


def test_a_statement_that_is_no_reply_is_unacceptable() -> None:
    asked = query()
    for envelope in (credential(), asked.envelope):
        with pytest.raises(FederationError) as caught:
            let_in(asked, envelope, entry_of(asked, envelope))
        assert unacceptable(caught.value)


@pytest.mark.parametrize("error", [Unreachable("x"), TooLate("x"), TooBusy("x"), Internal("x")])
def test_that_no_reply_came_is_not_that_it_was_unacceptable(error: FederationError) -> None:
    assert not unacceptable(error)
    assert unacceptable(CorruptLog("x"))
