"""An officer's query made, signed, sent, and every reply to it verified again: the coordinator is not trusted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import grpc

from coordinator.acceptance import Accepted, accept
from coordinator.cli.officer import Officer
from coordinator.merge import merge
from federation import status
from federation.calling.channels import open_channel
from federation.envelope import Envelope
from federation.errors import ConfigError, FederationError, UntrustedSignature
from federation.instant import DEFAULT_WINDOW, Window
from federation.person import Person
from federation.query import MAX_CASE, Clear, Query, new_nonce, new_query_id
from federation.result import Result, Silence
from federation.seal import Opener, Verified, seal
from federation.terms import terms
from federation.tlog.receipt import Receipt
from federation.v1 import coordinator_pb2 as pb
from federation.v1.coordinator_pb2_grpc import CoordinatorServiceStub
from federation.wire import scalars
from federation.wire.entry import decode_entry
from federation.wire.envelope import envelope_from_wire, envelope_to_wire
from federation.wire.result import silence_from_wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an officer wants to ask, before it is signed."""

    purpose: str
    case_reference: str
    disclosure_class: str
    subjects: tuple[Person, ...]
    legal_basis: str = ""
    audience: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """The merged result, verified against the outcomes received."""

    result: Verified[Result]
    receipt: Receipt


def make_query(wish: Wish, officer: Officer, at: datetime) -> Query:
    """The query that an officer signs; refuses a purpose, basis, audience (ConfigError) or case that cannot be."""
    roster = officer.roster.statement
    nodes = tuple(sorted(member.id for member in roster.with_role("node")))
    unknown = sorted(set(wish.audience) - set(nodes))
    if unknown:
        raise ConfigError(f"no such node: {', '.join(unknown)}; the nodes are {', '.join(nodes)}")
    return Query(
        federation=roster.federation,
        roster_version=roster.version,
        query_id=new_query_id(at),
        nonce=new_nonce(),
        credential=officer.credential,
        purpose=wish.purpose,
        legal_basis=_legal_basis(wish),
        case_reference=scalars.text(wish.case_reference, "case", MAX_CASE),
        window=Window(at, at + DEFAULT_WINDOW),
        audience=tuple(sorted(set(wish.audience))) or nodes,
        via=officer.file.coordinator,
        disclosure_class=wish.disclosure_class,
        subjects=tuple(Clear(person=person) for person in wish.subjects),
    )


def sign(query: Query, officer: Officer, second: Officer | None = None) -> Envelope:
    """Sign a query with the officer's key and, where there is one, the second officer's."""
    envelope = seal(query, officer.key)
    return envelope.signed_by(second.key, second.credential) if second else envelope


async def ask(
    envelope: Envelope, officer: Officer, deadline_seconds: float
) -> AsyncIterator[Accepted | Silence | Final]:
    """Send a signed query and yield each outcome as it comes, then the result; everything is verified here again.

    A reply that does not verify here is a silence, `unacceptable`, whatever the coordinator says of it.
    """
    member = officer.roster.statement.member(officer.file.coordinator)
    async with open_channel(member, "coordinator", officer.identity()) as channel:
        async for told in ask_over(channel, envelope, officer.opener(), officer.file.coordinator, deadline_seconds):
            yield told


async def ask_over(
    channel: grpc.aio.Channel, envelope: Envelope, opener: Opener, coordinator: str, deadline_seconds: float
) -> AsyncIterator[Accepted | Silence | Final]:
    """As `ask`, over a channel to the coordinator that is open already."""
    checks = Checks(opener, coordinator, envelope)
    call = CoordinatorServiceStub(channel).Ask(
        pb.CoordinatorServiceAskRequest(query=envelope_to_wire(envelope)), timeout=deadline_seconds
    )
    try:
        async for response in call:
            told = checks.take(response)
            if told is not None:
                yield told
    except grpc.aio.AioRpcError as error:
        raise status.from_call(error) from error


class Checks:
    """What an officer's side holds against the coordinator's stream."""

    def __init__(self, opener: Opener, coordinator: str, envelope: Envelope) -> None:
        self._opener = opener
        self._coordinator = coordinator
        self._query = opener.query(envelope, countersigned=False)
        self._outcomes: dict[str, Accepted | Silence] = {}

    def take(self, response: pb.CoordinatorServiceAskResponse) -> Accepted | Silence | Final | None:
        """Verify one message of the stream."""
        match response.WhichOneof("kind"):
            case "logged":
                self._logged(response.logged)
                return None
            case "outcome":
                outcome = self._outcome(response.outcome)
                self._outcomes[outcome.member] = outcome
                return outcome
            case "result":
                return self._result(response.result)
            case _:
                return None

    def _logged(self, message: pb.QueryLogged) -> None:
        receipt = self._receipt(message.receipt, self._coordinator)
        entry = decode_entry(receipt.entry)
        if entry.kind != "query_asked" or entry.statement_digest != self._query.digest:
            raise UntrustedSignature("the coordinator's receipt is not for this query")

    def _outcome(self, message: pb.Outcome) -> Accepted | Silence:
        member = message.member
        if member not in self._query.statement.audience:
            raise UntrustedSignature("the coordinator tells of a member that was not asked")
        if message.WhichOneof("kind") == "silence":
            silence = silence_from_wire(message.silence)
            if silence.member != member:
                raise UntrustedSignature("the coordinator tells of a silence under another's name", member=member)
            return silence
        try:
            receipt = self._receipt(message.reply.receipt, member)
            return accept(
                envelope_from_wire(message.reply.envelope),
                receipt,
                opener=self._opener,
                query=self._query,
                member=member,
            )
        except FederationError as error:
            return Silence(member=member, reason="unacceptable", detail=type(error).__name__)

    def _result(self, message: pb.GivenResult) -> Final:
        result = self._opener.result(envelope_from_wire(message.result), self._coordinator)
        if result.statement.query_digest != self._query.digest:
            raise UntrustedSignature("the result is of another query")
        receipt = self._receipt(message.receipt, self._coordinator)
        if decode_entry(receipt.entry).statement_digest != result.digest:
            raise UntrustedSignature("the coordinator's receipt is not for this result")
        self._require_same(result.statement)
        return Final(result=result, receipt=receipt)

    def _require_same(self, result: Result) -> None:
        """The result is what the outcomes received come to, of every member of the audience and every subject."""
        audience = self._query.statement.audience
        untold = next((member for member in audience if member not in self._outcomes), "")
        if untold:
            raise UntrustedSignature("the result does not say what the member said: nothing", member=untold)
        expected = merge(
            self._query,
            [self._outcomes[member] for member in audience],
            coordinator=self._coordinator,
            roster_version=result.roster_version,
            at=result.made,
        )
        said = tuple(replace(subject, indications=()) for subject in result.subjects)
        if (result.outcomes, said) != (expected.outcomes, expected.subjects):
            raise UntrustedSignature("the result does not say what the members said")

    def _receipt(self, text: bytes, member: str) -> Receipt:
        receipt = Receipt.parse(text)
        self._opener.require_receipt(receipt, member)
        return receipt


def _legal_basis(wish: Wish) -> str:
    purpose = terms().purpose.get(wish.purpose)
    if purpose is None:
        raise ConfigError(f"no such purpose: {wish.purpose}; the purposes are {', '.join(terms().purpose)}")
    if wish.legal_basis:
        if wish.legal_basis not in terms().legal_basis:
            allowed = _or(purpose.legal_bases)
            raise ConfigError(f"no such legal basis: {wish.legal_basis}; for {wish.purpose}: {allowed}")
        return wish.legal_basis
    if len(purpose.legal_bases) == 1:
        return purpose.legal_bases[0]
    raise ConfigError(f"{wish.purpose} has more than one legal basis; add --basis: {_or(purpose.legal_bases)}")


def _or(values: Sequence[str]) -> str:
    return " or ".join(values)
