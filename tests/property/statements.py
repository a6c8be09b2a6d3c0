"""Statements as hypothesis makes them: whatever the contract allows, and nothing that it does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from federation.answer import Answer, Contact, Match, Refusal, SubjectAnswer, Text
from federation.comparison import BANDS, AlignedPart, Comparison
from federation.credential import Credential
from federation.entry import KINDS, Entry, EvidenceRequest
from federation.envelope import Envelope, Signature
from federation.instant import Window
from federation.person import Birth, Coded, Document, Name, NamePart, NationalIdentifier, Person, YearRange
from federation.query import Blinded, Clear, Committed, Page, Query
from federation.result import Answered, Claim, Indication, Refused, Result, Silence, SubjectResult
from federation.roster import Key, Member, Roster
from tests.vectors import cast

PUBLIC = tuple(key.public for key in (*cast.AUTHORITIES, *cast.OFFICERS.values()))
_LETTERS = st.sampled_from("aZ0 .,'-éßØ山한ع𝔸\u202e\u0301\t\n\r")


def texts(most: int = 24, least: int = 0) -> SearchStrategy[str]:
    return st.text(_LETTERS, min_size=least, max_size=most)


def tuples_of(strategy: SearchStrategy[Any], most: int = 3, least: int = 0) -> SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


def octets(length: int) -> SearchStrategy[bytes]:
    return st.binary(min_size=length, max_size=length)


def optional_octets(length: int) -> SearchStrategy[bytes]:
    return st.just(b"") | octets(length)


ids = st.tuples(st.sampled_from("az09"), st.text("az09_.-", max_size=5)).map("".join)
instants = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31), timezones=st.just(UTC))
windows = st.tuples(instants, instants).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: Window(*pair))
numbers = st.floats(-10_000, 10_000)
versions = st.integers(0, 2**64 - 1)


def id_lists(most: int = 4, least: int = 0) -> SearchStrategy[tuple[str, ...]]:
    return st.lists(ids, min_size=least, max_size=most, unique=True).map(lambda found: tuple(sorted(found)))


parts = st.builds(NamePart, kind=st.sampled_from(["given", "family", "patronymic", "middle"]), text=texts())
names = st.builds(
    Name,
    text=texts(least=1),
    kind=st.sampled_from(["primary", "alias", "native"]),
    script=texts(4),
    parts=tuples_of(parts),
)
births = st.builds(
    Birth,
    text=texts(),
    year=st.none() | st.integers(1, 9999),
    month=st.none() | st.integers(1, 12),
    day=st.none() | st.integers(1, 31),
    calendar=st.sampled_from(["gregorian", "buddhist", "minguo"]),
).filter(lambda birth: bool(birth.text or birth.year or birth.month or birth.day))
coded = st.builds(Coded, text=texts(), code=texts(8))
persons = st.builds(
    Person,
    names=tuples_of(names),
    births=tuples_of(births),
    year_range=st.none()
    | st.tuples(texts(), st.integers(1, 9999), st.integers(1, 9999)).map(
        lambda found: YearRange(text=found[0], first=min(found[1:]), last=max(found[1:]))
    ),
    sex=st.none() | coded,
    nationalities=tuples_of(coded),
    documents=tuples_of(
        st.builds(
            Document,
            number=texts(least=1),
            kind=st.sampled_from(["passport", "permit", "other"]),
            issuer=texts(8),
            expiry=texts(10),
        )
    ),
    national_identifiers=tuples_of(st.builds(NationalIdentifier, kind=ids, number=texts(least=1), issuer=texts(8))),
    birth_place=texts(),
)
credential_envelopes = st.builds(
    Envelope,
    payload=st.binary(min_size=1, max_size=40),
    payload_type=texts(),
    signatures=tuples_of(st.builds(Signature, key_id=texts(64), sig=octets(64)), least=1),
)
envelopes = st.builds(
    Envelope,
    payload=st.binary(min_size=1, max_size=40),
    payload_type=texts(),
    signatures=tuples_of(
        st.builds(Signature, key_id=texts(64), sig=octets(64), credential=st.none() | credential_envelopes), least=1
    ),
)
subjects = (
    st.builds(Clear, person=persons)
    | st.builds(Committed, commitment=octets(32))
    | st.builds(
        Blinded,
        commitment=octets(32),
        blinded=st.lists(octets(32), min_size=10, max_size=10).map(tuple),
        opening_digest=octets(32),
    )
)
pages = st.tuples(octets(16), st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1)).map(
    lambda found: Page(batch_id=found[0], page=min(found[1:]), pages=max(found[1:]))
)
queries = st.builds(
    Query,
    federation=ids,
    roster_version=versions,
    query_id=octets(16),
    nonce=octets(16),
    credential=credential_envelopes,
    purpose=ids,
    legal_basis=ids,
    case_reference=texts(),
    window=windows,
    audience=id_lists(least=1),
    via=ids,
    disclosure_class=ids,
    subjects=tuples_of(subjects, least=1),
    page=st.none() | pages,
)
credentials = st.builds(
    Credential,
    federation=ids,
    credential_id=octets(16),
    member=ids,
    officer=ids,
    office=texts(),
    purposes=id_lists(),
    public_key=st.sampled_from(PUBLIC),
    window=windows,
)
bilingual = st.builds(Text, indonesian=texts(), english=texts())
comparisons = st.builds(
    Comparison,
    attribute=ids,
    outcome=st.sampled_from(["agrees", "close", "differs", "unknown"]),
    kind=texts(),
    asked=texts(),
    held=texts(),
    bits=numbers,
    evidence=texts(),
    aligned=tuples_of(st.builds(AlignedPart, asked=texts(), held=texts(), kind=texts(), bits=numbers), 2),
)
matches = st.builds(
    Match,
    band=st.sampled_from(BANDS),
    record_type=ids,
    disclosure_class=ids,
    as_of=st.none() | instants,
    fields=tuples_of(st.tuples(ids, tuples_of(texts()))),
    reference=texts(),
    score=st.none() | st.floats(0, 1),
    prior_bits=st.none() | numbers,
    comparisons=tuples_of(comparisons, 2),
)


def in_order(make: Callable[..., Any], **fields: SearchStrategy[Any]) -> SearchStrategy[tuple[Any, ...]]:
    """Things that say their own place, from 0."""
    return st.lists(st.fixed_dictionaries(fields), max_size=3).map(
        lambda found: tuple(make(subject=place, **one) for place, one in enumerate(found))
    )


replied = {
    "federation": ids,
    "query_digest": octets(32),
    "query_id": octets(16),
    "nonce": octets(16),
    "roster_version": versions,
}
answers = st.builds(
    Answer,
    **replied,
    member=ids,
    answered=instants,
    disclosure_class=ids,
    subjects=in_order(SubjectAnswer, band=st.sampled_from(BANDS), matches=tuples_of(matches, 2), cut=st.booleans()),
    notice=st.none() | bilingual,
    contact=st.none() | st.builds(Contact, desk=bilingual, telephone=texts(), email=texts()),
    index_as_of=st.none() | instants,
    parameters=st.just("") | ids,
)
refusals = st.builds(
    Refusal,
    **replied,
    member=ids,
    refused=instants,
    reason=ids,
    detail=texts(),
    remedy=st.none() | bilingual,
    retry_after=st.none() | st.timedeltas(timedelta(0), timedelta(days=366)),
)
outcomes = (
    st.builds(Answered, member=ids, statement_digest=octets(32), disclosure_class=ids)
    | st.builds(Refused, member=ids, statement_digest=octets(32), reason=ids)
    | st.builds(Silence, member=ids, reason=ids, detail=texts())
)
claims = st.builds(
    Claim,
    member=ids,
    record_type=ids,
    field=ids,
    values=tuples_of(texts()),
    band=st.sampled_from(BANDS),
    disclosure_class=ids,
    as_of=st.none() | instants,
    match=st.integers(0, 2**32 - 1),
)
indications = st.builds(
    Indication,
    id=ids,
    severity=st.integers(1, 4),
    standing=st.sampled_from(["indicated", "cannot_tell"]),
    because=tuples_of(texts()),
)
results = st.builds(
    Result,
    **replied,
    coordinator=ids,
    made=instants,
    outcomes=st.lists(outcomes, max_size=4, unique_by=lambda one: one.member).map(
        lambda found: tuple(sorted(found, key=lambda one: one.member))
    ),
    subjects=in_order(
        SubjectResult,
        strong=id_lists(),
        possible=id_lists(),
        none=id_lists(),
        notified=id_lists(),
        refused=id_lists(),
        silent=id_lists(),
        claims=tuples_of(claims, 2),
        indications=tuples_of(indications, 2),
        separable=st.booleans(),
    ),
)
keys = st.builds(
    Key, use=st.sampled_from(["statement", "log"]), public=st.sampled_from([key.spki for key in PUBLIC]), window=windows
) | st.builds(Key, use=st.just("evidence"), public=octets(1216), window=windows)
members = st.builds(
    Member,
    id=ids,
    name_indonesian=texts(),
    name_english=texts(),
    roles=st.frozensets(st.sampled_from(["node", "coordinator", "auditor", "witness", "requester"])),
    endpoints=st.dictionaries(st.sampled_from(["node", "coordinator", "querylog", "roster"]), texts()),
    keys=tuples_of(keys, 2),
    tls_ca=st.binary(max_size=40),
    log_origin=st.just(""),
    log_vkey=st.just(""),
    standing=st.sampled_from(["good", "suspended"]),
)


def _speaks_for_one(members: tuple[Member, ...]) -> bool:
    """Whether each key among them is of one member and one use."""
    uses = {(key.public, member.id, key.use) for member in members for key in member.keys}
    return len(uses) == len({public for public, _, _ in uses})


rosters = st.builds(
    Roster,
    federation=ids,
    version=st.integers(2, 2**64 - 1),
    previous=octets(32),
    window=windows,
    authority_keys=st.just(PUBLIC),
    threshold=st.integers(1, len(PUBLIC)),
    members=st.lists(members, min_size=1, max_size=3, unique_by=lambda one: one.id).map(
        lambda found: tuple(sorted(found, key=lambda one: one.id))
    ),
    terms_version=texts(),
    witness_quorum=st.integers(0, 2**32 - 1),
    revoked_credentials=st.frozensets(octets(32), max_size=3),
).filter(lambda roster: _speaks_for_one(roster.members))
requests = st.builds(
    EvidenceRequest,
    federation=ids,
    member=ids,
    auditor=ids,
    groups=tuples_of(octets(32), least=1),
    reason=texts(least=1),
    case_reference=texts(),
    nonce=octets(16),
    window=windows,
)
entries = st.builds(
    Entry,
    kind=st.sampled_from(sorted(KINDS)) | ids,
    instant=instants,
    statement_digest=octets(32),
    query_digest=optional_octets(32),
    query_id=optional_octets(16),
    requester=texts(),
    credential_digest=optional_octets(32),
    via=texts(),
    members=id_lists(),
    purpose=texts(),
    subjects=st.integers(0, 2**32 - 1),
    evidence_digest=optional_octets(32),
    evidence_group=optional_octets(32),
    wraps_digest=optional_octets(32),
    retention=texts(),
    detail=texts(),
)
STATEMENTS: dict[str, SearchStrategy[Any]] = {
    "query": queries,
    "answer": answers,
    "refusal": refusals,
    "credential": credentials,
    "roster": rosters,
    "result": results,
    "evidence request": requests,
}
