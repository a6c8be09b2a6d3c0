"""Verified statements without a federation: a roster in memory, its keys, and queries opened as a node opens them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from federation.answer import Answer, Refusal, Reply, SubjectAnswer
from federation.credential import Credential
from federation.envelope import Envelope
from federation.evidence import EvidenceKey
from federation.instant import Window
from federation.keys import SigningKey
from federation.person import Birth, Name, Person
from federation.query import Clear, Query
from federation.roster import Key, Member, Roster
from federation.seal import Opener, Verified, open_first_roster, seal
from federation.tlog.note import NoteSigner

AT: Final = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
LONG: Final = Window(AT - timedelta(days=1), AT + timedelta(days=300))
NODES: Final = tuple(f"node{at:02}" for at in range(6))
COORDINATOR: Final = "sekretariat"
PERSON: Final = Person(names=(Name(text="KIM MINSOO"),), births=(Birth(text="1984", year=1984),))
_SEEDS: Final = {name: at for at, name in enumerate((*NODES, COORDINATOR, "authority", "alya", "budi"), start=1)}


def key(name: str) -> SigningKey:
    """The key of a member, officer or authority."""
    return SigningKey.from_seed(bytes([_SEEDS[name]]) * 32)


@cache
def opener() -> Opener:
    """What opens envelopes under the roster."""
    roster = Roster(
        federation="uji",
        version=1,
        previous=b"",
        window=LONG,
        authority_keys=(key("authority").public,),
        threshold=1,
        members=tuple(_member(name) for name in (*NODES, COORDINATOR)),
        terms_version="2026-11-01",
    )
    return Opener(open_first_roster(seal(roster, key("authority")), (key("authority").public,), 1))


def credential(officer: str = "alya", *, member: str = NODES[0], purposes: tuple[str, ...] = ()) -> Envelope:
    """An officer's credential."""
    vouched = Credential(
        federation="uji",
        credential_id=bytes([_SEEDS[officer]]) * 16,
        member=member,
        officer=officer,
        office="Wasdak",
        purposes=purposes or ("life_safety", "lodging_check", "routine_oversight"),
        public_key=key(officer).public,
        window=LONG,
    )
    return seal(vouched, key(member))


def query(*, officers: int = 1, count: int = 1, payload: bytes = b"", **changes: Any) -> Verified[Query]:
    """A query that one officer or two signed, as the coordinator sends it; `payload` is added to its bytes."""
    first = changes.get("credential") or credential()
    asked = Query(
        federation="uji",
        roster_version=1,
        query_id=bytes([1]) * 16,
        nonce=bytes([2]) * 16,
        credential=first,
        purpose="life_safety",
        legal_basis="uu27_20",
        case_reference="IMI-0001",
        window=Window(AT, AT + timedelta(minutes=5)),
        audience=NODES,
        via=COORDINATOR,
        disclosure_class="comparison",
        subjects=(Clear(person=PERSON),) * count,
    )
    envelope = seal(replace(asked, **changes))
    envelope = replace(envelope, payload=envelope.payload + payload).signed_by(key("alya"))
    if officers > 1:
        envelope = envelope.signed_by(key("budi"), credential("budi"))
    return opener().query(envelope.signed_by(key(COORDINATOR)), countersigned=True)


def answer(asked: Verified[Query], member: str, **changes: Any) -> Answer:
    """A member's answer: that nobody is known there."""
    made = Answer(
        federation="uji",
        query_digest=asked.digest,
        query_id=asked.statement.query_id,
        nonce=bytes(16),
        member=member,
        roster_version=1,
        answered=AT,
        disclosure_class="match_only",
        subjects=tuple(SubjectAnswer(subject=at, band="none") for at in range(len(asked.statement.subjects))),
    )
    return replace(made, **changes)


def refusal(asked: Verified[Query], member: str, reason: str = "too_broad") -> Refusal:
    """A member's refusal."""
    return Refusal(
        federation="uji",
        query_digest=asked.digest,
        query_id=asked.statement.query_id,
        nonce=bytes(16),
        member=member,
        roster_version=1,
        refused=AT,
        reason=reason,
    )


def opened(reply: Reply) -> Verified[Answer] | Verified[Refusal]:
    """A reply sealed by its member and opened again."""
    return opener().reply(seal(reply, key(reply.member)), reply.member)


def log_signer(member: str) -> NoteSigner:
    """What signs the checkpoints of a member's log."""
    return NoteSigner(f"{member}.uji/log1", SigningKey.from_seed(bytes([_SEEDS[member] + 100]) * 32))


def _member(name: str) -> Member:
    signer = log_signer(name)
    return Member(
        id=name,
        name_indonesian=name,
        name_english=name,
        roles=frozenset({"coordinator"} if name == COORDINATOR else {"node", "requester"}),
        endpoints={},
        keys=(
            Key(use="statement", public=key(name).public.spki, window=LONG),
            Key(use="log", public=signer.signer.public.spki, window=LONG),
            Key(use="evidence", public=EvidenceKey.generate().public.raw, window=LONG),
        ),
        tls_ca=b"",
        log_origin=signer.name,
        log_vkey=signer.verifier.vkey,
    )
