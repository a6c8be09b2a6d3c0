"""The roster: whose keys speak for whom, at an instant, and how one version follows another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from federation.errors import MemberSuspended, RosterMismatch, UntrustedSignature
from federation.instant import Window
from federation.keys import VerifyingKey

ROLES: Final = frozenset({"node", "coordinator", "auditor", "witness", "requester"})
KEY_USES: Final = frozenset({"statement", "log", "evidence"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A public key and its window; `statement` and `log` keys are Ed25519, `evidence` keys 1216 raw bytes."""

    use: str
    public: bytes
    window: Window

    def verifying(self) -> VerifyingKey:
        """The Ed25519 key of a `statement` or `log` key."""
        return VerifyingKey.from_spki(self.public)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An agency, as the roster knows it; `tls_ca` is DER; `log_vkey` a C2SP verifier key; endpoints by kind."""

    id: str
    name_indonesian: str
    name_english: str
    roles: frozenset[str]
    endpoints: Mapping[str, str]
    keys: tuple[Key, ...]
    tls_ca: bytes
    log_origin: str = ""
    log_vkey: str = ""
    standing: str = "good"

    def keys_for(self, use: str, at: datetime) -> Iterator[Key]:
        """The member's keys of a use whose window holds the instant."""
        return (key for key in self.keys if key.use == use and at in key.window)

    def name(self, language: str) -> str:
        """The member's name in `id` or `en`."""
        return self.name_indonesian if language == "id" else self.name_english


@dataclass(frozen=True, kw_only=True)
class Roster:
    """The members of a federation, at one version."""

    federation: str
    version: int
    previous: bytes
    window: Window
    authority_keys: tuple[VerifyingKey, ...]
    threshold: int
    members: tuple[Member, ...]
    terms_version: str
    witness_quorum: int = 0
    revoked_credentials: frozenset[bytes] = frozenset()

    @cached_property
    def by_id(self) -> Mapping[str, Member]:
        """Members by id."""
        return {member.id: member for member in self.members}

    def member(self, member_id: str) -> Member:
        """The member of that id; refuses an unknown one (UntrustedSignature)."""
        found = self.by_id.get(member_id)
        if found is None:
            raise UntrustedSignature("no such member in the roster", member=member_id)
        return found

    def in_good_standing(self, member_id: str, role: str | None = None) -> Member:
        """The member of that id, if in good standing and, where one is named, in that role."""
        member = self.member(member_id)
        if member.standing != "good":
            raise MemberSuspended("the member is suspended", member=member_id)
        if role is not None and role not in member.roles:
            raise UntrustedSignature(f"the member has no role {role}", member=member_id)
        return member

    def with_role(self, role: str) -> tuple[Member, ...]:
        """Members in good standing with a role, in byte order of their ids."""
        return tuple(m for m in self.members if role in m.roles and m.standing == "good")

    def statement_key(self, member_id: str, key_id: str, at: datetime) -> VerifyingKey:
        """The member's statement key of that id, if its window holds the instant (else UntrustedSignature)."""
        for key in self.member(member_id).keys_for("statement", at):
            verifying = self._verifying(key)
            if verifying.key_id == key_id:
                return verifying
        raise UntrustedSignature("no such statement key of this member at this instant", member=member_id)

    @cached_property
    def _cache(self) -> dict[bytes, VerifyingKey]:
        return {}

    def _verifying(self, key: Key) -> VerifyingKey:
        found = self._cache.get(key.public)
        if found is None:
            found = self._cache[key.public] = key.verifying()
        return found


def check_succession(old: Roster, old_digest: bytes, new: Roster) -> None:
    """Refuse a roster that does not directly follow the one held (RosterMismatch); signatures are judged apart."""
    if new.federation != old.federation:
        raise RosterMismatch("a roster of another federation", held=old.version, offered=new.version)
    if new.version != old.version + 1 or new.previous != old_digest:
        raise RosterMismatch(
            "the roster does not directly follow the one held; fetch the versions between",
            held=old.version,
            offered=new.version,
        )
