"""What foreign clients are given, and how what they bring back is held against what was asked."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coordinator.acceptance import Accepted, accept
from federation.envelope import Envelope
from federation.result import Result, Silence
from federation.seal import Opener
from federation.tlog.note import NoteVerifier
from federation.tlog.receipt import Receipt, verify
from federation.v1 import coordinator_pb2, node_pb2
from federation.wire.entry import decode_entry
from federation.wire.envelope import envelope_from_wire
from federation.wire.result import silence_from_wire
from tests.federation import COORDINATOR, Federation

NODES = ("imigrasi", "polri")  # the nodes of the federation that foreign clients call
PROTOS = Path(__file__).parents[2] / "protos"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A member's address, and the files of a mutual handshake with it."""

    address: str
    ca: Path
    certificate: Path
    key: Path

    @property
    def host(self) -> str:
        """The host of the address."""
        return self.address.rpartition(":")[0]

    @property
    def port(self) -> int:
        """The port of the address."""
        return int(self.address.rpartition(":")[2])

    def context(self, *, presents: bool = True) -> ssl.SSLContext:
        """OpenSSL's side of the handshake, for HTTP/2; without its own certificate if it presents none."""
        made = ssl.create_default_context(cafile=str(self.ca))
        if presents:
            made.load_cert_chain(self.certificate, self.key)
        made.set_alpn_protocols(["h2"])
        return made


def door(federation: Federation, member: str, caller: str = "", officer: str = "") -> Door:
    """How a member's process, or an officer, calls a member."""
    presented = federation.folder(caller).keys if caller else federation.officer(officer).folder
    return Door(
        address=federation.member(member).endpoints["coordinator" if member == COORDINATOR else "node"],
        ca=federation.folder(member).ca_certificate,
        certificate=presented / "tls.crt",
        key=presented / "tls.pem",
    )


def accepted(
    federation: Federation, node: str, question: node_pb2.Question, items: Sequence[node_pb2.Item]
) -> Accepted:
    """The one reply to a question among a stream's items, as a coordinator accepts it; raises what is wrong with it."""
    note = b""
    found: list[tuple[node_pb2.Reply, bytes]] = []
    for item in items:
        if item.WhichOneof("kind") == "checkpoint":
            note = item.checkpoint.checkpoint
        elif item.correlation == question.correlation:
            assert item.WhichOneof("kind") == "reply", item.error
            found.append((item.reply, note))
    ((reply, note),) = found
    receipt = Receipt(entry=reply.entry, index=reply.index, path=tuple(reply.path), checkpoint=note)
    assert verify(receipt, _log_key(federation, node)).size == reply.tree_size
    opener = Opener(federation.place.open_roster())
    query = opener.query(envelope_from_wire(question.query), countersigned=True)
    return accept(envelope_from_wire(reply.envelope), receipt, opener=opener, query=query, member=node)


def carried(
    federation: Federation, asked: Envelope, told: Sequence[coordinator_pb2.CoordinatorServiceAskResponse]
) -> tuple[dict[str, Accepted | Silence], Result]:
    """What a coordinator told of a query: logged first, then each outcome, the result last; all of it verified."""
    kinds = [response.WhichOneof("kind") for response in told]
    assert kinds == ["logged", *["outcome"] * (len(told) - 2), "result"]
    opener = Opener(federation.place.open_roster())
    logged, given = told[0].logged, told[-1].result
    query = opener.query(envelope_from_wire(logged.query), countersigned=True)
    assert query.digest == asked.statement_digest == _proved(federation, logged.receipt, "query_asked")
    outcomes: dict[str, Accepted | Silence] = {}
    for outcome in (response.outcome for response in told[1:-1]):
        if outcome.WhichOneof("kind") == "silence":
            outcomes[outcome.member] = silence_from_wire(outcome.silence)
            continue
        receipt = Receipt.parse(outcome.reply.receipt)
        verify(receipt, _log_key(federation, outcome.member))
        envelope = envelope_from_wire(outcome.reply.envelope)
        outcomes[outcome.member] = accept(envelope, receipt, opener=opener, query=query, member=outcome.member)
    result = opener.result(envelope_from_wire(given.result), COORDINATOR)
    assert result.digest == _proved(federation, given.receipt, "result_given")
    return outcomes, result.statement


def _proved(federation: Federation, text: bytes, kind: str) -> bytes:
    """The statement digest of an entry that the coordinator's log is proved to hold."""
    receipt = Receipt.parse(text)
    verify(receipt, _log_key(federation, COORDINATOR))
    entry = decode_entry(receipt.entry)
    assert entry.kind == kind
    return entry.statement_digest


def _log_key(federation: Federation, member: str) -> NoteVerifier:
    return NoteVerifier.from_vkey(federation.member(member).log_vkey)
