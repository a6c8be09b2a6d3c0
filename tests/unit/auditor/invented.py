"""An invented federation of one coordinator, two nodes and an auditor, whose members misbehave when told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from auditor.audit import AuditReport, audit
from auditor.copies import Copy, HeldReceipt
from auditor.finding import Finding
from auditor.opening import Auditor
from auditor.rosters import Rosters
from federation.answer import Answer, Refusal, SubjectAnswer
from federation.append import query_entry
from federation.comparison import Band
from federation.credential import Credential
from federation.entry import Entry
from federation.envelope import Envelope
from federation.evidence import EvidenceKey, Recipient
from federation.instant import Window
from federation.keys import SigningKey
from federation.person import Name, Person
from federation.query import Clear, Query, new_nonce, new_query_id
from federation.result import Answered, MemberOutcome, Refused, Result, Silence, SubjectResult
from federation.roster import Key, Member, Roster
from federation.seal import Opener, Verified, open_first_roster, seal
from federation.tlog.note import NoteSigner
from tests.unit.auditor.memory import MemoryLog

AT: Final = datetime(2025, 10, 25, 3, 0, tzinfo=UTC)
COPIED: Final = AT + timedelta(hours=2)
LONG: Final = Window(AT - timedelta(days=1), AT + timedelta(days=365))
FEDERATION: Final = "indonesia"


class Keys:
    """One member's keys."""

    def __init__(self) -> None:
        self.statement, self.log, self.evidence = SigningKey.generate(), SigningKey.generate(), EvidenceKey.generate()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A query under way: opened, and its place in the coordinator's log."""

    query: Verified[Query]
    index: int
    at: datetime


class Invented:
    """Members `satgas` (coordinator), `imigrasi` and `polri` (nodes), `ombudsman` (auditor), and their logs."""

    def __init__(self) -> None:
        self.keys = {name: Keys() for name in ("imigrasi", "ombudsman", "polri", "satgas")}
        self.authority = SigningKey.generate()
        self.verified = self.found(self.roster())
        self.opener = Opener(self.verified)
        self.logs = {name: self.new_log(name) for name in ("imigrasi", "polri", "satgas")}
        self.officer = SigningKey.generate()
        self.credential = self._credential()
        self._clock = AT
        for name in self.logs:
            self.accept_roster(name, self.verified.envelope)

    def roster(self) -> Roster:
        """The first roster."""
        return Roster(
            federation=FEDERATION,
            version=1,
            previous=b"",
            window=LONG,
            authority_keys=(self.authority.public,),
            threshold=1,
            members=tuple(self.member(name) for name in self.keys),
            terms_version="2026-11-01",
        )

    def member(self, name: str) -> Member:
        """A member as the roster names it."""
        keys = self.keys[name]
        roles = {"satgas": "coordinator", "ombudsman": "auditor"}
        signer = NoteSigner(f"{name}.example/log1", keys.log)
        return Member(
            id=name,
            name_indonesian=name,
            name_english=name,
            roles=frozenset({roles.get(name, "node")}),
            endpoints={},
            keys=(
                Key(use="statement", public=keys.statement.public.spki, window=LONG),
                Key(use="log", public=keys.log.public.spki, window=LONG),
                Key(use="evidence", public=keys.evidence.public.raw, window=LONG),
            ),
            tls_ca=b"",
            log_origin=signer.name,
            log_vkey=signer.verifier.vkey,
        )

    def instant(self) -> datetime:
        """A little later than the last time."""
        self._clock += timedelta(milliseconds=10)
        return self._clock

    def accept_roster(self, name: str, envelope: Envelope, at: datetime = AT) -> int:
        """The member logs that it accepted a roster."""
        entry = Entry(
            kind="roster_accepted",
            instant=at,
            statement_digest=envelope.statement_digest,
            retention="standard",
        )
        return self.logs[name].append((entry, envelope))[0]

    def fill(self, name: str, size: int) -> None:
        """Add entries of changed policies until the log has `size`."""
        log = self.logs[name]
        while len(log.entries) < size:
            entries = [
                (Entry(kind="policy_changed", instant=self._clock, statement_digest=new_nonce() * 2), None)
                for _ in range(min(7, size - len(log.entries)))
            ]
            log.append(*entries)

    def ask(self, *audience: str, at: datetime | None = None, via: str = "satgas", logged: bool = True) -> Asked:
        """An officer asks; the coordinator logs the query, countersigned, before it sends it."""
        query = self.query(*audience, at=at or self.instant(), via=via)
        entry = query_entry("query_asked", query, query.statement.window.start)
        index = self.logs[via].append((entry, query.envelope))[0] if logged else -1
        return Asked(query=query, index=index, at=query.statement.window.start)

    def query(self, *audience: str, at: datetime, via: str = "satgas") -> Verified[Query]:
        """A query sealed by the officer and countersigned by the coordinator."""
        query = Query(
            federation=FEDERATION,
            roster_version=1,
            query_id=new_query_id(at),
            nonce=new_nonce(),
            credential=self.credential,
            purpose="routine_oversight",
            legal_basis="uu6_66",
            case_reference="",
            window=Window(at, at + timedelta(minutes=5)),
            audience=tuple(sorted(audience or ("imigrasi", "polri"))),
            via=via,
            disclosure_class="match_only",
            subjects=(Clear(person=Person(names=(Name(text="Invented"),))),),
        )
        envelope = seal(query, self.officer).signed_by(self.keys[via].statement)
        return self.opener.query(envelope, countersigned=True)

    def receive(self, node: str, asked: Asked, receipt: bytes | None = None) -> int:
        """A node logs the query, with the coordinator's receipt."""
        query = asked.query
        proof = self.logs[query.statement.via].receipt(asked.index) if receipt is None else receipt
        held = HeldReceipt(statement_digest=query.digest, member=query.statement.via, proof=proof)
        entry = query_entry("query_received", query, asked.at)
        return self.logs[node].append((entry, query.envelope), receipts=[held])[0]

    def answer(self, asked: Asked, node: str, band: Band = "none") -> Envelope:
        """A node's sealed answer."""
        answer = Answer(
            federation=FEDERATION,
            query_digest=asked.query.digest,
            query_id=asked.query.statement.query_id,
            nonce=new_nonce(),
            member=node,
            roster_version=1,
            answered=asked.at,
            disclosure_class="match_only",
            subjects=(SubjectAnswer(subject=0, band=band),),
        )
        return seal(answer, self.keys[node].statement)

    def refuse(self, asked: Asked, node: str) -> Envelope:
        """A node's sealed refusal."""
        refusal = Refusal(
            federation=FEDERATION,
            query_digest=asked.query.digest,
            query_id=asked.query.statement.query_id,
            nonce=new_nonce(),
            member=node,
            roster_version=1,
            refused=asked.at,
            reason="too_broad",
        )
        return seal(refusal, self.keys[node].statement)

    def give(self, node: str, asked: Asked, reply: Envelope) -> int:
        """A node logs its reply."""
        kind = "answer_given" if "answer" in reply.payload_type else "refusal_given"
        return self.logs[node].append((self._about(kind, asked, node, reply.statement_digest), reply))[0]

    def accept(self, node: str, asked: Asked, reply: Envelope, receipt: bytes) -> int:
        """The coordinator logs a reply, with the node's receipt."""
        via = asked.query.statement.via
        held = HeldReceipt(statement_digest=reply.statement_digest, member=node, proof=receipt)
        entry = self._about("reply_accepted", asked, node, reply.statement_digest)
        return self.logs[via].append((entry, reply), receipts=[held])[0]

    def silence(self, node: str, asked: Asked, code: str = "unreachable") -> int:
        """The coordinator logs a silence."""
        entry = replace(self._about("silence", asked, node, asked.query.digest), detail=code)
        return self.logs[asked.query.statement.via].append((entry, None))[0]

    def result(self, asked: Asked, outcomes: Sequence[MemberOutcome], subject: SubjectResult | None = None) -> int:
        """The coordinator gives a result."""
        via = asked.query.statement.via
        result = Result(
            federation=FEDERATION,
            query_digest=asked.query.digest,
            query_id=asked.query.statement.query_id,
            nonce=new_nonce(),
            coordinator=via,
            roster_version=1,
            made=asked.at,
            outcomes=tuple(outcomes),
            subjects=(subject or self.told(outcomes),),
        )
        envelope = seal(result, self.keys[via].statement)
        entry = query_entry("result_given", asked.query, asked.at, statement_digest=envelope.statement_digest)
        return self.logs[via].append((entry, envelope))[0]

    def told(self, outcomes: Sequence[MemberOutcome]) -> SubjectResult:
        """A subject on whom every member that answered has nothing."""
        return SubjectResult(
            subject=0,
            none=tuple(o.member for o in outcomes if isinstance(o, Answered)),
            refused=tuple(o.member for o in outcomes if isinstance(o, Refused)),
            silent=tuple(o.member for o in outcomes if isinstance(o, Silence)),
        )

    def reply(self, node: str, asked: Asked, reply: Envelope | None = None) -> Envelope:
        """A node receives, replies and logs both; the coordinator accepts."""
        self.receive(node, asked)
        reply = reply or self.answer(asked, node)
        index = self.give(node, asked, reply)
        self.accept(node, asked, reply, self.logs[node].receipt(index))
        return reply

    def carry(self, at: datetime | None = None) -> Asked:
        """One query as it should go: an answer, a refusal, and the result."""
        asked = self.ask(at=at)
        answer = self.reply("imigrasi", asked)
        refusal = self.reply("polri", asked, self.refuse(asked, "polri"))
        self.result(asked, [answered("imigrasi", answer), refused("polri", refusal)])
        return asked

    def copies(self, at: datetime = COPIED) -> dict[str, Copy]:
        """Copy every log, in two passes."""
        key = self.keys["ombudsman"].statement
        finish = {name: log.first_pass("ombudsman", key, at) for name, log in self.logs.items()}
        return {name: last() for name, last in finish.items()}

    def audit(self, copies: dict[str, Copy] | None = None, *earlier: Envelope) -> AuditReport:
        """Audit these copies, or fresh ones."""
        auditor = Auditor(member="ombudsman", key=self.keys["ombudsman"].evidence)
        return audit(self.copies() if copies is None else copies, Rosters(self.verified, earlier), auditor)

    def found(self, roster: Roster) -> Verified[Roster]:
        """A roster as its authority signs it."""
        return open_first_roster(seal(roster, self.authority), (self.authority.public,), 1)

    def new_log(self, name: str) -> MemoryLog:
        """An empty log of a member."""
        recipients = [Recipient(member=m, key=self.keys[m].evidence.public) for m in (name, "ombudsman")]
        return MemoryLog(
            member=name, signer=NoteSigner(f"{name}.example/log1", self.keys[name].log), recipients=recipients
        )

    def _credential(self) -> Envelope:
        credential = Credential(
            federation=FEDERATION,
            credential_id=new_nonce(),
            member="imigrasi",
            officer="officer-1",
            office="Invented office",
            purposes=("routine_oversight",),
            public_key=self.officer.public,
            window=LONG,
        )
        return seal(credential, self.keys["imigrasi"].statement)

    def _about(self, kind: str, asked: Asked, node: str, digest: bytes) -> Entry:
        return query_entry(kind, asked.query, asked.at, statement_digest=digest, members=(node,))


def answered(member: str, reply: Envelope) -> Answered:
    """An outcome: answered."""
    return Answered(member=member, statement_digest=reply.statement_digest, disclosure_class="match_only")


def refused(member: str, reply: Envelope) -> Refused:
    """An outcome: refused."""
    return Refused(member=member, statement_digest=reply.statement_digest, reason="too_broad")


def kinds(report: AuditReport) -> set[str]:
    """The kinds of the findings that make the audit fail."""
    return {finding.kind for finding in report.faults}


def only(report: AuditReport, kind: str) -> Finding:
    """The one finding of a kind."""
    found = [finding for finding in report.findings if finding.kind == kind]
    assert len(found) == 1, [(f.kind, f.row, f.entry, f.expected, f.found) for f in report.findings]
    return found[0]
