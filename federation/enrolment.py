"""Whether a process fits the roster it serves under: its standing, its keys and its certificate, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from federation.errors import ConfigError
from federation.instant import Window
from federation.roster import Member, Roster
from federation.steps import Look

_URI: Final = "simpul://{federation}/{member}"


def see_roster(look: Look, roster: Roster, federation: str, at: datetime) -> None:
    """See that a roster is of this federation and in force."""
    look.found.append(f"version {roster.version}, until {roster.window.end:%Y-%m-%d}")
    if roster.federation != federation:
        look.wrong.append(f"it is of the federation {roster.federation}, not {federation}; see federation, or the file")
    if at < roster.window.start:
        look.wrong.append(f"it begins on {roster.window.start:%Y-%m-%d %H:%M} UTC: see that this clock is right")
    if at >= roster.window.end:
        look.wrong.append(f"it expired on {roster.window.end:%Y-%m-%d}: get the next from the authorities")
    elif _past_half(roster.window, at):
        look.notes.append("more than half of its time is over: ask the authorities for the next")


def see_standing(look: Look, roster: Roster, member_id: str, role: str) -> Member:
    """The member as enrolled; refuses one that the roster does not name (ConfigError)."""
    member = roster.by_id.get(member_id)
    if member is None:
        raise ConfigError(f"the roster has no member {member_id}; see that the id is the one enrolled")
    look.found.append(f"{member_id}: {', '.join(sorted(member.roles))}")
    if member.standing != "good":
        look.wrong.append(f"the standing of {member_id} is {member.standing}: only the authorities can change it")
    if role not in member.roles:
        look.wrong.append(f"the roster does not give {member_id} the role {role}; ask the authorities to enrol it")
    return member


def see_keys(look: Look, member: Member, own: Mapping[str, bytes], at: datetime) -> None:
    """See that the roster names the public keys held here, by use, in force."""
    for use, public in own.items():
        enrolled = [key for key in member.keys if key.use == use and key.public == public]
        if not enrolled:
            look.wrong.append(f"the roster does not name this {use} key: enrol it, or put back the key enrolled")
            continue
        window = enrolled[-1].window
        if at not in window:
            look.wrong.append(f"the {use} key is in force from {_days(window)}: enrol a key for now")
        elif _past_half(window, at):
            look.notes.append(f"the {use} key ends on {window.end:%Y-%m-%d}: enrol the next beside it")


def see_certificate(look: Look, roster: Roster, member: Member, pem: bytes, key_pem: bytes, at: datetime) -> None:
    """See that a TLS certificate is this member's, by the CA that the roster names, in force, and has its key here."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError) as error:
        raise ConfigError("tls.crt or tls.pem is not what it should be in PEM; issue the certificate anew") from error
    window = Window(certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    look.found.append(f"until {window.end:%Y-%m-%d}")
    if _public(key) != _public(certificate):
        look.wrong.append("tls.pem is not the key of tls.crt: put back the pair, or issue both anew")
    if not _issued_by(certificate, x509.load_der_x509_certificate(member.tls_ca)):
        look.wrong.append("tls.crt is not signed by the CA that the roster names for this member: issue it by that CA")
    expected = _URI.format(federation=roster.federation, member=member.id)
    if expected not in _names(certificate):
        look.wrong.append(f"tls.crt does not name {expected}: issue it for this member")
    if at not in window:
        look.wrong.append(f"tls.crt is in force from {_days(window)}: issue it anew")
    elif _past_half(window, at):
        look.notes.append("more than half of the certificate's time is over: issue the next")


def _public(holder: object) -> bytes:
    public = holder.public_key()  # type: ignore[attr-defined]  # REASON: keys and certificates alike
    return bytes(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def _past_half(window: Window, at: datetime) -> bool:
    return at >= window.start + (window.end - window.start) / 2


def _days(window: Window) -> str:
    return f"{window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}"
