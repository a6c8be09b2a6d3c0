"""Opening queries and credentials: who must have signed, and what one signature too many or too few means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from federation.credential import Credential
from federation.envelope import Envelope, Signature
from federation.errors import (
    FederationError,
    MalformedStatement,
    MemberSuspended,
    RosterMismatch,
    UnknownStatementType,
    UntrustedSignature,
    WrongAudience,
)
from federation.instant import Window
from federation.keys import SigningKey
from federation.query import Query
from federation.roster import Roster
from federation.seal import Opener, Verified, open_first_roster, seal
from federation.v1 import query_pb2
from federation.wire.envelope import decode_envelope, encode_envelope
from tests.vectors import cast

SARI, BUDI = cast.OFFICERS["sari"], cast.OFFICERS["budi"]
COORDINATOR = cast.STATEMENT_KEYS[cast.COORDINATOR]
STRANGER = SigningKey.from_seed(bytes([99]) * 32)
AUTHORITIES = tuple(key.public for key in cast.AUTHORITIES)
OPENER = cast.opener()


def opener(**changes: Any) -> Opener:
    """What opens under the roster with changes."""
    envelope = seal(replace(cast.roster(), **changes), *cast.AUTHORITIES)
    return Opener(open_first_roster(envelope, AUTHORITIES, 2))


def with_member(name: str, **changes: Any) -> Opener:
    members = tuple(replace(m, **changes) if m.id == name else m for m in cast.roster().members)
    return opener(members=members)


def node_opens(envelope: Envelope, under: Opener = OPENER) -> Verified[Query]:
    return under.query(envelope, countersigned=True)


def query(**changes: Any) -> Query:
    return replace(cast.query(), **changes)


def sent(**changes: Any) -> Envelope:
    """A query with changes, signed as it should be."""
    return seal(query(**changes), SARI, COORDINATOR)


def credential_envelope(signer: SigningKey = cast.STATEMENT_KEYS[cast.REQUESTER], **changes: Any) -> Envelope:
    return seal(replace(cast.credential(), **changes), signer)


def second(envelope: Envelope, signer: SigningKey, credential: Envelope) -> Envelope:
    return envelope.signed_by(signer, credential)


def test_a_verified_statement_cannot_be_made_by_hand() -> None:
    genuine = node_opens(sent())
    with pytest.raises(TypeError, match="made by opening"):
        Verified(genuine.statement, genuine.envelope, genuine.digest, genuine.officers, (), "", object())


def test_a_verified_statement_cannot_be_changed_into_another() -> None:
    genuine = node_opens(sent())
    with pytest.raises((TypeError, ValueError)):
        replace(genuine, statement=query(purpose="prosecution"))


def test_what_was_opened_is_what_was_sealed() -> None:
    envelope = sent()
    opened = node_opens(envelope)
    assert opened.statement == cast.query()
    assert opened.digest == envelope.statement_digest
    assert opened.countersigner == COORDINATOR.public.key_id
    assert [officer.statement for officer in opened.officers] == [cast.credential()]


def test_at_the_coordinator_a_query_has_no_countersignature_yet() -> None:
    assert OPENER.query(cast.sole_query(), countersigned=False).countersigner == ""
    with pytest.raises(UntrustedSignature, match="nobody known"):
        OPENER.query(cast.countersigned(cast.sole_query()), countersigned=False)


def test_at_the_coordinator_two_countersignatures_are_no_better_than_one() -> None:
    with pytest.raises(UntrustedSignature, match="nobody known"):
        OPENER.query(seal(query(), SARI, COORDINATOR, COORDINATOR), countersigned=False)


def test_at_a_node_the_countersignature_must_be_there() -> None:
    with pytest.raises(UntrustedSignature, match="coordinator's signature is missing"):
        node_opens(cast.sole_query())


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_order_of_signatures_does_not_matter(place: int) -> None:
    envelope = cast.countersigned(cast.signed_query())
    turned = replace(envelope, signatures=envelope.signatures[place:] + envelope.signatures[:place])
    assert [officer.statement.officer for officer in node_opens(turned).officers] == ["sari", "budi"]


@pytest.mark.parametrize(
    "envelope",
    [
        pytest.param(seal(query(), COORDINATOR), id="no officer"),
        pytest.param(seal(query(), BUDI, COORDINATOR), id="another officer than the credential's"),
        pytest.param(seal(query(), SARI, STRANGER), id="a stranger for the coordinator"),
        pytest.param(seal(query(), SARI, cast.STATEMENT_KEYS[cast.NODE]), id="another member for the coordinator"),
        pytest.param(seal(query(), SARI, COORDINATOR, STRANGER), id="a stranger besides"),
        pytest.param(seal(query(), SARI, COORDINATOR, COORDINATOR), id="the coordinator twice"),
        pytest.param(seal(query(), SARI, SARI, COORDINATOR), id="the officer twice"),
        pytest.param(second(sent(), SARI, cast.credential_envelope()), id="the officer as their own second"),
        pytest.param(
            second(seal(query(), COORDINATOR), SARI, cast.credential_envelope()), id="the officer as a second only"
        ),
        pytest.param(
            second(seal(query(), COORDINATOR), BUDI, cast.credential_envelope("budi")), id="a second without a first"
        ),
        pytest.param(second(sent(), BUDI, cast.credential_envelope()), id="a second under another's credential"),
        pytest.param(
            second(second(sent(), BUDI, cast.credential_envelope("budi")), BUDI, cast.credential_envelope("budi")),
            id="the second twice",
        ),
        pytest.param(
            second(sent(), BUDI, credential_envelope(officer="sari", public_key=BUDI.public)),
            id="one officer with two keys",
        ),
        pytest.param(
            second(
                sent(),
                BUDI,
                credential_envelope(
                    cast.STATEMENT_KEYS[cast.NODE], member=cast.NODE, officer="budi", public_key=BUDI.public
                ),
            ),
            id="a second of another member",
        ),
        pytest.param(
            second(sent(), STRANGER, credential_envelope(STRANGER, officer="x", public_key=STRANGER.public)),
            id="a second whose credential the agency did not sign",
        ),
    ],
)
def test_signatures_that_are_not_exactly_those_demanded_are_refused(envelope: Envelope) -> None:
    with pytest.raises(UntrustedSignature):
        node_opens(envelope)


def test_a_second_officers_signature_names_the_key_of_its_credential() -> None:
    envelope = second(sent(), BUDI, cast.credential_envelope("budi"))
    renamed = replace(envelope.signatures[-1], key_id=STRANGER.public.key_id)
    with pytest.raises(UntrustedSignature, match="of another key"):
        node_opens(replace(envelope, signatures=(*envelope.signatures[:-1], renamed)))


def test_three_officers_are_one_too_many() -> None:
    third = credential_envelope(officer="tuti", public_key=STRANGER.public)
    envelope = second(second(sent(), BUDI, cast.credential_envelope("budi")), STRANGER, third)
    with pytest.raises(UntrustedSignature, match="too many"):
        node_opens(envelope)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_each_signature_of_a_query_is_verified(place: int) -> None:
    envelope = cast.countersigned(cast.signed_query())
    signatures = list(envelope.signatures)
    signatures[place] = replace(signatures[place], sig=signatures[(place + 1) % 3].sig)
    with pytest.raises(UntrustedSignature):
        node_opens(replace(envelope, signatures=tuple(signatures)))


ALTERED: dict[str, tuple[Envelope, Callable[[Envelope], object]]] = {
    "query": (cast.countersigned(cast.signed_query()), node_opens),
    "credential": (cast.credential_envelope(), OPENER.credential),
    "roster": (
        seal(replace(cast.roster(), members=cast.roster().members[:1]), *cast.AUTHORITIES[:2]),
        lambda found: open_first_roster(found, AUTHORITIES, 2),
    ),
}


@pytest.mark.parametrize("name", ALTERED)
def test_no_byte_of_an_envelope_can_be_altered(name: str) -> None:
    envelope, opens = ALTERED[name]
    content = encode_envelope(envelope)
    for place in range(len(content)):
        altered = bytearray(content)
        altered[place] ^= 1 << (place % 8)
        with pytest.raises(FederationError):
            opens(decode_envelope(bytes(altered)))


def test_a_query_under_a_newer_roster_says_which_to_fetch() -> None:
    with pytest.raises(RosterMismatch) as refused:
        node_opens(sent(roster_version=2))
    assert refused.value.facts == {"held": "1", "named": "2"}


def test_a_query_under_an_older_roster_is_judged_by_the_newest() -> None:
    newer = opener(version=3, previous=bytes(32))
    assert node_opens(sent(), newer).statement.roster_version == 1


def test_a_query_of_another_federation_is_not_ours() -> None:
    with pytest.raises(WrongAudience):
        node_opens(sent(federation="lain"))


def test_a_window_longer_than_an_hour_is_refused() -> None:
    node_opens(sent(window=Window(cast.AT, cast.AT + timedelta(hours=1))))
    with pytest.raises(MalformedStatement, match="longer than an hour"):
        node_opens(sent(window=Window(cast.AT, cast.AT + timedelta(hours=1, microseconds=1))))


def test_an_envelope_of_another_type_is_not_opened_as_a_query() -> None:
    for envelope in (cast.credential_envelope(), replace(sent(), payload_type="text/plain")):
        with pytest.raises(UnknownStatementType):
            node_opens(envelope)


def test_a_query_relabelled_as_another_statement_does_not_verify() -> None:
    with pytest.raises(FederationError):
        OPENER.credential(replace(sent(), payload_type=cast.credential_envelope().payload_type))


def test_fields_that_this_version_does_not_know_are_named_at_every_depth() -> None:
    message = query_pb2.Query.FromString(sent().payload)
    later = message.SerializeToString() + b"\xba\x06\x01x"  # field 103, one byte
    deeper = query_pb2.Query.FromString(later)
    deeper.subjects[0].clear.names[0].MergeFromString(b"\xba\x06\x01y")
    envelope = Envelope(payload=deeper.SerializeToString(), payload_type=sent().payload_type)
    opened = node_opens(envelope.signed_by(SARI).signed_by(COORDINATOR))
    assert set(opened.unknown) == {"Query.103", "Name.103"}


# -- credentials


def opened_credential(envelope: Envelope, under: Opener = OPENER) -> Credential:
    return under.credential(envelope).statement


def test_a_credential_opens_as_it_was_sealed() -> None:
    assert opened_credential(cast.credential_envelope()) == cast.credential()


@pytest.mark.parametrize(
    "envelope",
    [
        pytest.param(credential_envelope(cast.STATEMENT_KEYS[cast.NODE]), id="signed by another member"),
        pytest.param(credential_envelope(STRANGER), id="signed by a stranger"),
        pytest.param(credential_envelope(SARI), id="signed by the officer"),
        pytest.param(credential_envelope(member="nobody"), id="of no member"),
        pytest.param(cast.credential_envelope().signed_by(STRANGER), id="with a signature besides"),
        pytest.param(replace(cast.credential_envelope(), signatures=()), id="without a signature"),
        pytest.param(
            credential_envelope(window=Window(cast.YEAR.end, cast.YEAR.end + timedelta(days=1))),
            id="begun when the agency's key was over",
        ),
        pytest.param(
            replace(
                cast.credential_envelope(),
                signatures=(replace(cast.credential_envelope().signatures[0], credential=cast.credential_envelope()),),
            ),
            id="with a credential of its own",
        ),
    ],
)
def test_a_credential_that_its_agency_did_not_sign_alone_is_refused(envelope: Envelope) -> None:
    with pytest.raises(UntrustedSignature):
        opened_credential(envelope)


def test_a_credential_outlives_the_key_that_signed_it() -> None:
    window = Window(cast.AT, cast.YEAR.end + timedelta(days=1))
    assert opened_credential(credential_envelope(window=window)).window == window


def test_a_credential_of_another_federation_is_not_ours() -> None:
    with pytest.raises(WrongAudience):
        opened_credential(credential_envelope(federation="lain"))


def test_a_revoked_credential_is_refused_wherever_it_is_met() -> None:
    revoked = opener(revoked_credentials=frozenset({cast.credential_envelope("budi").statement_digest}))
    assert node_opens(sent(), revoked).officers
    for envelope in (cast.countersigned(cast.signed_query()),):
        with pytest.raises(UntrustedSignature, match="revoked"):
            node_opens(envelope, revoked)


def test_a_credential_met_before_with_another_signature_is_verified_again() -> None:
    under = cast.opener()
    good = cast.credential_envelope()
    under.credential(good)
    forged = replace(good, signatures=(Signature(key_id=good.signatures[0].key_id, sig=bytes(64)),))
    with pytest.raises(UntrustedSignature):
        under.credential(forged)


@pytest.mark.parametrize(
    "window",
    [
        Window(cast.AT - timedelta(days=2), cast.AT),
        Window(cast.AT + timedelta(microseconds=1), cast.AT + timedelta(days=1)),
    ],
)
def test_a_credential_must_have_been_valid_when_the_query_was_issued(window: Window) -> None:
    with pytest.raises(UntrustedSignature, match="not valid when the query was issued"):
        node_opens(sent(credential=credential_envelope(window=window)))


def test_an_officer_of_a_suspended_member_may_not_ask() -> None:
    with pytest.raises(MemberSuspended):
        node_opens(sent(), with_member(cast.REQUESTER, standing="suspended"))


def test_a_coordinator_whose_key_is_over_may_not_countersign() -> None:
    key = replace(cast.roster().by_id[cast.COORDINATOR].keys[0], window=Window(cast.YEAR.start, cast.AT))
    with pytest.raises(UntrustedSignature, match="no such statement key"):
        node_opens(sent(), with_member(cast.COORDINATOR, keys=(key,)))


def test_a_log_key_may_not_sign_statements() -> None:
    with pytest.raises(UntrustedSignature):
        node_opens(seal(query(), SARI, cast.LOG_KEYS[cast.COORDINATOR]))


def test_the_roster_that_opens_is_the_one_it_was_given() -> None:
    assert isinstance(OPENER.roster, Roster)
    assert OPENER.roster_digest == cast.roster_envelope().statement_digest
