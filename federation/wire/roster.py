"""Rosters as they travel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from federation.errors import MalformedStatement
from federation.keys import VerifyingKey
from federation.roster import KEY_USES, ROLES, Key, Member, Roster
from federation.tlog.note import NoteVerifier
from federation.v1 import roster_pb2 as pb
from federation.wire import scalars

_MAX_MEMBERS: Final = 1000
_MAX_AUTHORITIES: Final = 32
_EVIDENCE_KEY_BYTES: Final = 1184 + 32
_ENDPOINT_KINDS: Final = ("node", "coordinator", "querylog", "roster")


def roster_to_wire(roster: Roster) -> pb.Roster:
    """A roster as its message."""
    return pb.Roster(
        federation=roster.federation,
        version=roster.version,
        previous=roster.previous,
        issued=scalars.timestamp(roster.window.start),
        expires=scalars.timestamp(roster.window.end),
        authority_keys=[key.spki for key in roster.authority_keys],
        threshold=roster.threshold,
        members=[_member_to_wire(member) for member in roster.members],
        terms_version=roster.terms_version,
        witness_quorum=roster.witness_quorum,
        revoked_credentials=sorted(roster.revoked_credentials),
    )


def roster_from_wire(message: pb.Roster) -> Roster:
    """A message as a roster; refuses weak keys, a threshold that cannot be met, or members out of order."""
    scalars.at_most(message.members, _MAX_MEMBERS, "Roster.members", least=1)
    scalars.at_most(message.authority_keys, _MAX_AUTHORITIES, "Roster.authority_keys", least=1)
    authorities = tuple(VerifyingKey.from_spki(key) for key in message.authority_keys)
    if not 1 <= message.threshold <= len({key.key_id for key in authorities}):
        raise MalformedStatement("Roster.threshold cannot be met by its authority keys", field="Roster.threshold")
    scalars.identifiers([member.id for member in message.members], "Roster.members", _MAX_MEMBERS)
    if (message.version == 1) != (message.previous == b"") or not message.version:
        raise MalformedStatement("only version 1 has no previous roster", field="Roster.previous")
    members = tuple(_member(member) for member in message.members)
    _require_distinct_keys(members)
    return Roster(
        federation=scalars.identifier(message.federation, "Roster.federation"),
        version=message.version,
        previous=scalars.optional_octets(message.previous, 32, "Roster.previous"),
        window=scalars.window(message, "issued", "expires"),
        authority_keys=authorities,
        threshold=message.threshold,
        members=members,
        terms_version=scalars.text(message.terms_version, "Roster.terms_version", 64),
        witness_quorum=message.witness_quorum,
        revoked_credentials=frozenset(
            scalars.octets(digest, 32, "Roster.revoked_credentials") for digest in message.revoked_credentials
        ),
    )


def _member_to_wire(member: Member) -> pb.Member:
    return pb.Member(
        id=member.id,
        name_indonesian=member.name_indonesian,
        name_english=member.name_english,
        roles=sorted(member.roles),
        endpoints=[pb.Endpoint(kind=kind, url=url) for kind, url in sorted(member.endpoints.items())],
        keys=[
            pb.Key(
                use=key.use,
                public_key=key.public,
                not_before=scalars.timestamp(key.window.start),
                not_after=scalars.timestamp(key.window.end),
            )
            for key in member.keys
        ],
        tls_ca=member.tls_ca,
        log_origin=member.log_origin,
        log_vkey=member.log_vkey,
        standing=member.standing,
    )


def _member(message: pb.Member) -> Member:
    return Member(
        id=scalars.identifier(message.id, "Member.id"),
        name_indonesian=scalars.text(message.name_indonesian, "Member.name_indonesian", 256),
        name_english=scalars.text(message.name_english, "Member.name_english", 256),
        roles=frozenset(scalars.one_of(role, ROLES, "Member.roles") for role in message.roles),
        endpoints=_endpoints(message.endpoints),
        keys=tuple(_key(key) for key in message.keys),
        tls_ca=message.tls_ca,
        log_origin=_log_origin(message),
        log_vkey=message.log_vkey,
        standing=scalars.one_of(message.standing, ("good", "suspended"), "Member.standing"),
    )


def _endpoints(messages: Sequence[pb.Endpoint]) -> dict[str, str]:
    found: dict[str, str] = {}
    for message in messages:
        kind = scalars.one_of(message.kind, _ENDPOINT_KINDS, "Endpoint.kind")
        if kind in found:
            raise MalformedStatement("Endpoint.kind is given twice", field="Endpoint.kind")
        found[kind] = scalars.text(message.url, "Endpoint.url", 256)
    return found


def _log_origin(message: pb.Member) -> str:
    """The origin of the member's log, which is the name of its verifier key; both, or neither."""
    origin = scalars.text(message.log_origin, "Member.log_origin", 256)
    vkey = scalars.text(message.log_vkey, "Member.log_vkey", 512)
    if (origin or vkey) and NoteVerifier.from_vkey(vkey).name != origin:
        raise MalformedStatement("Member.log_origin is not the name of its verifier key", field="Member.log_origin")
    return origin


def _require_distinct_keys(members: Sequence[Member]) -> None:
    """SPEC: 04-roster 2: one key speaks for one member, and has one use."""
    seen: dict[bytes, tuple[str, str]] = {}
    for member in members:
        for key in member.keys:
            if seen.setdefault(key.public, (member.id, key.use)) != (member.id, key.use):
                raise MalformedStatement("one key is given to two members or two uses", field="Key.public_key")


def _key(message: pb.Key) -> Key:
    use = scalars.one_of(message.use, KEY_USES, "Key.use")
    if use == "evidence":
        scalars.octets(message.public_key, _EVIDENCE_KEY_BYTES, "Key.public_key")
    else:
        VerifyingKey.from_spki(message.public_key)
    return Key(use=use, public=message.public_key, window=scalars.window(message, "not_before", "not_after"))
