"""The invented federation of the specification's examples: fixed seeds, instants and nonces, and nobody's data."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

from federation.credential import Credential
from federation.envelope import Envelope
from federation.evidence import EvidenceKey, Recipient
from federation.instant import Window
from federation.keys import SigningKey
from federation.person import Birth, Coded, Document, Name, NamePart, Person
from federation.query import Clear, Query
from federation.roster import Key, Member, Roster
from federation.seal import Opener, open_first_roster, seal
from federation.tlog.note import NoteSigner

FEDERATION: Final = "contoh"
REQUESTER: Final = "imigrasi"
COORDINATOR: Final = "satgas"
NODE: Final = "polri"
AUDITOR: Final = "pengawas"
AT: Final = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
YEAR: Final = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
QUARTER: Final = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 30, tzinfo=UTC))
QUERY_ID: Final = bytes.fromhex("01a19a330f8070018000000000000001")
GROUP_SECRET: Final = bytes(range(0x40, 0x60))

AUTHORITIES: Final = tuple(SigningKey.from_seed(bytes([n]) * 32) for n in (1, 2, 3))
STATEMENT_KEYS: Final = {
    name: SigningKey.from_seed(bytes([n]) * 32)
    for name, n in ((REQUESTER, 17), (COORDINATOR, 18), (NODE, 19), (AUDITOR, 20))
}
LOG_KEYS: Final = {name: SigningKey.from_seed(bytes([n]) * 32) for name, n in ((COORDINATOR, 34), (NODE, 35))}
OFFICERS: Final = {name: SigningKey.from_seed(bytes([n]) * 32) for name, n in (("sari", 49), ("budi", 50))}


def evidence_key(n: int) -> EvidenceKey:
    """The evidence key of a number: both halves from fixed seeds."""
    return EvidenceKey(
        mlkem.MLKEM768PrivateKey.from_seed_bytes(bytes([n]) * 64),
        x25519.X25519PrivateKey.from_private_bytes(bytes([n]) * 32),
    )


EVIDENCE_KEYS: Final = {NODE: evidence_key(65), AUDITOR: evidence_key(66)}


def recipients() -> list[Recipient]:
    """Whom the node's evidence is encrypted to."""
    return [Recipient(member=name, key=key.public) for name, key in EVIDENCE_KEYS.items()]


def nonce(name: str) -> bytes:
    """The 16 bytes that stand for randomness in the example of a name."""
    return hashlib.sha256(f"simpul example {name}".encode()).digest()[:16]


def origin(member: str) -> str:
    """The origin of a member's log."""
    return f"{member}.example/simpul/log1"


def roster(version: int = 1, previous: bytes = b"") -> Roster:
    """Four members: who asks, who carries, who answers, who audits. It is to be signed by two authorities of three."""
    return Roster(
        federation=FEDERATION,
        version=version,
        previous=previous,
        window=YEAR,
        authority_keys=tuple(key.public for key in AUTHORITIES),
        threshold=2,
        members=(
            _member(REQUESTER, "Imigrasi", "Immigration", "requester"),
            _member(AUDITOR, "Pengawas", "Auditor", "auditor"),
            _member(NODE, "Polri", "National Police", "node", "requester"),
            _member(COORDINATOR, "Satgas", "Task Force", "coordinator"),
        ),
        terms_version="2026-11-01",
    )


def roster_envelope() -> Envelope:
    """The first roster, signed by the authorities 1 and 2."""
    return seal(roster(), *AUTHORITIES[:2])


def opener() -> Opener:
    """What opens envelopes under the first roster."""
    return Opener(open_first_roster(roster_envelope(), tuple(key.public for key in AUTHORITIES), 2))


def credential(officer: str = "sari") -> Credential:
    """The agency's word for one of its officers."""
    return Credential(
        federation=FEDERATION,
        credential_id=nonce(f"credential {officer}"),
        member=REQUESTER,
        officer=officer,
        office="Kanim Serang",
        purposes=("immigration_action", "routine_oversight"),
        public_key=OFFICERS[officer].public,
        window=QUARTER,
    )


def credential_envelope(officer: str = "sari") -> Envelope:
    """The credential, signed by the agency."""
    return seal(credential(officer), STATEMENT_KEYS[REQUESTER])


def person() -> Person:
    """The specimen of ICAO Doc 9303, part 4: nobody."""
    return Person(
        names=(
            Name(
                text="ERIKSSON, ANNA MARIA",
                script="Latn",
                parts=(NamePart(kind="family", text="ERIKSSON"), NamePart(kind="given", text="ANNA MARIA")),
            ),
        ),
        births=(Birth(text="12 AUG 1974", year=1974, month=8, day=12),),
        sex=Coded(text="F", code="F"),
        nationalities=(Coded(text="UTO"),),
        documents=(Document(number="L898902C3", issuer="UTO", expiry="2012-04-15"),),
    )


def query() -> Query:
    """One question about one person, that two officers must sign."""
    return Query(
        federation=FEDERATION,
        roster_version=1,
        query_id=QUERY_ID,
        nonce=nonce("query"),
        credential=credential_envelope(),
        purpose="immigration_action",
        legal_basis="uu6_75",
        case_reference="W12.IMI.1-GR.02.01-0042",
        window=Window(AT, AT + timedelta(minutes=5)),
        audience=(NODE,),
        via=COORDINATOR,
        disclosure_class="fields",
        subjects=(Clear(person=person()),),
    )


def signed_query() -> Envelope:
    """The query with both officers' signatures, as the coordinator receives it."""
    return seal(query(), OFFICERS["sari"]).signed_by(OFFICERS["budi"], credential_envelope("budi"))


def sole_query() -> Envelope:
    """A query that one officer alone signed."""
    return seal(replace(query(), purpose="routine_oversight", legal_basis="uu6_66"), OFFICERS["sari"])


def countersigned(envelope: Envelope) -> Envelope:
    """A query as the coordinator sends it on."""
    return envelope.signed_by(STATEMENT_KEYS[COORDINATOR])


def _member(name: str, indonesian: str, english: str, *roles: str) -> Member:
    keys = [Key(use="statement", public=STATEMENT_KEYS[name].public.spki, window=YEAR)]
    vkey = ""
    if name in LOG_KEYS:
        keys.append(Key(use="log", public=LOG_KEYS[name].public.spki, window=YEAR))
        vkey = NoteSigner(origin(name), LOG_KEYS[name]).verifier.vkey
    return Member(
        id=name,
        name_indonesian=indonesian,
        name_english=english,
        roles=frozenset(roles),
        endpoints={"node": f"{name}.example:8443"} if name == NODE else {},
        keys=tuple(keys),
        tls_ca=b"",
        log_origin=origin(name) if vkey else "",
        log_vkey=vkey,
    )
