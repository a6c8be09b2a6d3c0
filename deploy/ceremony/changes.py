"""Changes: what a new version of the roster does to the one before it, in sentences that a signer reads."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.ceremony.description import key_id
from federation.roster import Member, Roster


def changes(old: Roster, new: Roster) -> tuple[str, ...]:
    """Every difference between two versions, a sentence each; none for rosters that say the same."""
    return tuple(_of_members(old, new)) + tuple(_of_rules(old, new))


def _of_members(old: Roster, new: Roster) -> Iterator[str]:
    for member in new.members:
        before = old.by_id.get(member.id)
        if before is None:
            yield f"{member.id} joins as {', '.join(sorted(member.roles))}"
        else:
            yield from (f"{member.id}: {change}" for change in _of_member(before, member))
    yield from (f"{member_id} leaves" for member_id in old.by_id if member_id not in new.by_id)


def _of_member(old: Member, new: Member) -> Iterator[str]:
    for name in ("name_indonesian", "name_english", "standing", "log_origin", "log_vkey"):
        if getattr(old, name) != getattr(new, name):
            yield f"{name} was {getattr(old, name)}, becomes {getattr(new, name)}"
    if old.roles != new.roles:
        yield f"roles were {', '.join(sorted(old.roles))}, become {', '.join(sorted(new.roles))}"
    if dict(old.endpoints) != dict(new.endpoints):
        yield f"endpoints were {dict(old.endpoints)}, become {dict(new.endpoints)}"
    if old.tls_ca != new.tls_ca:
        yield "its CA is another"
    yield from _of_keys(old, new)


def _of_keys(old: Member, new: Member) -> Iterator[str]:
    before = {(key.use, key.public): key for key in old.keys}
    after = {(key.use, key.public): key for key in new.keys}
    for place, key in after.items():
        if place not in before:
            yield f"{key.use} key {key_id(key)[:16]} is added, until {key.window.end:%Y-%m-%d}"
        elif before[place].window != key.window:
            yield f"{key.use} key {key_id(key)[:16]} ends {key.window.end:%Y-%m-%d}"
    yield from (f"{key.use} key {key_id(key)[:16]} is taken out" for place, key in before.items() if place not in after)


def _of_rules(old: Roster, new: Roster) -> Iterator[str]:
    for name in ("threshold", "terms_version", "witness_quorum"):
        if getattr(old, name) != getattr(new, name):
            yield f"{name} was {getattr(old, name)}, becomes {getattr(new, name)}"
    before, after = ({key.key_id for key in roster.authority_keys} for roster in (old, new))
    yield from (f"authority {key[:16]} is added" for key in sorted(after - before))
    yield from (f"authority {key[:16]} is taken out" for key in sorted(before - after))
    revoked = new.revoked_credentials - old.revoked_credentials
    yield from (f"credential {digest.hex()[:16]} is revoked" for digest in sorted(revoked))
    restored = old.revoked_credentials - new.revoked_credentials
    yield from (f"credential {digest.hex()[:16]} is no longer revoked" for digest in sorted(restored))
