"""Evidence that is not what an entry says, is kept otherwise, or does not open."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from auditor.copies import Copy, Opening
from federation.append import query_entry
from federation.entry import Entry
from federation.envelope import Envelope
from federation.evidence import EvidenceKey, Recipient, wraps_digest
from federation.instant import Window
from federation.keys import SigningKey
from federation.seal import seal
from tests.unit.auditor.invented import AT, COPIED, LONG, Invented, kinds, only


def test_evidence_of_another_statement_than_the_entry_says_is_found() -> None:
    world = Invented()
    asked, other = world.ask("polri", at=AT), world.query("polri", at=AT)
    world.silence("polri", asked)
    entry = query_entry("query_asked", other, AT)
    index = world.logs["satgas"].append((entry, asked.query.envelope))[0]
    assert only(world.audit(), "evidence_other").entry == index


def test_an_entry_that_contradicts_its_evidence_names_the_field() -> None:
    world = Invented()
    query = world.query("polri", at=AT)
    entry = replace(query_entry("query_asked", query, AT), purpose="joint_operation", subjects=2)
    world.logs["satgas"].append((entry, query.envelope))
    found = {f.found for f in world.audit().faults if f.kind == "entry_contradicts"}
    assert found == {"purpose: joint_operation", "subjects: 2"}


def test_a_query_logged_outside_its_window_is_found() -> None:
    world = Invented()
    query = world.query("polri", at=AT)
    world.logs["satgas"].append((query_entry("query_asked", query, AT + timedelta(minutes=7)), query.envelope))
    assert only(world.audit(), "entry_contradicts").found.startswith("instant")


def test_a_query_in_the_log_of_a_node_it_was_not_for_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    world.reply("polri", asked)
    world.receive("imigrasi", asked)
    assert only(world.audit(), "entry_contradicts").member == "imigrasi"


def test_a_query_without_its_coordinators_signature_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    query = asked.query
    bare = replace(query.envelope, signatures=query.envelope.signatures[:1])
    log = world.logs["polri"]
    index = log.append((query_entry("query_received", query, AT), bare))[0]
    found = only(world.audit(), "statement_untrusted")
    assert (found.entry, found.table) == (index, "evidence")
    assert "UntrustedSignature" in found.found


def test_a_reply_signed_by_another_key_than_the_nodes_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    world.receive("polri", asked)
    forged = _resigned(world.answer(asked, "polri"), SigningKey.generate())
    index = world.give("polri", asked, forged)
    assert only(world.audit(), "statement_untrusted").entry == index


def test_a_credential_is_judged_by_the_roster_that_the_log_had_accepted_by_then() -> None:
    world = Invented()
    first = world.verified.envelope
    early = world.ask("polri", at=AT)
    world.silence("polri", early)
    revoking = _next(world, revoked_credentials=frozenset({world.credential.statement_digest}))
    world.accept_roster("satgas", revoking, AT + timedelta(minutes=10))
    late = world.ask("polri", at=AT + timedelta(minutes=20))
    world.silence("polri", late)
    found = only(world.audit(None, first), "statement_untrusted")
    assert found.entry == late.index
    assert "revoked" in found.found


def test_a_statement_that_was_on_its_way_while_the_roster_changed_is_no_finding() -> None:
    world = Invented()
    first = world.verified.envelope
    revoking = _next(world, revoked_credentials=frozenset({world.credential.statement_digest}))
    world.accept_roster("satgas", revoking, AT)
    asked = world.ask("polri", at=AT + timedelta(seconds=1))
    world.silence("polri", asked)
    assert world.audit(None, first).findings == ()


def test_a_key_that_a_later_roster_left_out_still_speaks_for_its_time() -> None:
    world = Invented()
    first = world.verified.envelope
    asked = world.ask("polri", at=AT)
    world.silence("polri", asked)
    world.keys["satgas"].statement = SigningKey.generate()
    second = _next(world, members=tuple(world.member(name) for name in world.keys))
    world.accept_roster("satgas", second, AT + timedelta(minutes=10))
    assert world.audit(None, first).findings == ()


def test_without_the_earlier_rosters_the_audit_says_so() -> None:
    world = Invented()
    _next(world)
    assert only(world.audit(), "roster_missing").found == "version 1 and before"


def test_a_roster_that_forks_the_one_held_is_found() -> None:
    world = Invented()
    other = seal(replace(world.roster(), terms_version="forged"), world.authority)
    index = world.accept_roster("polri", other)
    assert only(world.audit(), "roster_forked").entry == index


def test_a_roster_newer_than_the_auditors_is_a_note() -> None:
    world = Invented()
    newer = seal(replace(world.roster(), version=2, previous=world.verified.digest), world.authority)
    world.accept_roster("polri", newer)
    report = world.audit()
    assert report.exit_code == 0
    assert only(report, "roster_unknown").member == "polri"


def test_an_entry_that_must_have_evidence_and_names_none_is_found() -> None:
    world = Invented()
    query = world.query("polri", at=AT)
    index = world.logs["satgas"].append((query_entry("query_asked", query, AT), None))[0]
    assert only(world.audit(), "evidence_absent").entry == index


def test_evidence_that_is_gone_is_named_by_the_digest_its_entry_signed() -> None:
    world = Invented()
    copies = world.copies()
    lost = copies["polri"].evidence[0]
    copies["polri"] = replace(copies["polri"], evidence=())
    found = only(world.audit(copies), "evidence_missing")
    assert (found.row, found.entry) == (f"digest={lost.digest.hex()}", 0)


def test_a_ciphertext_erased_without_an_entry_is_found() -> None:
    world = Invented()
    copies = world.copies()
    copies["polri"] = replace(copies["polri"], evidence=(replace(copies["polri"].evidence[0], ct=None),))
    assert only(world.audit(copies), "evidence_gone").entry == 0


def test_a_ciphertext_erased_by_an_entry_is_no_finding() -> None:
    world = Invented()
    digest = world.logs["polri"].evidence[0].digest
    world.logs["polri"].append((_erased(digest), None))
    copies = world.copies()
    copies["polri"] = replace(copies["polri"], evidence=(replace(copies["polri"].evidence[0], ct=None),))
    assert world.audit(copies).findings == ()


def test_a_ciphertext_kept_after_the_entry_that_erased_it_is_found() -> None:
    world = Invented()
    world.logs["polri"].append((_erased(world.logs["polri"].evidence[0].digest), None))
    assert only(world.audit(), "evidence_kept").table == "evidence"


def test_wraps_erased_by_an_entry_are_no_finding_and_without_one_they_are() -> None:
    world = Invented()
    copies = world.copies()
    copies["polri"] = _without_wraps(copies["polri"])
    assert only(world.audit(copies), "evidence_gone").table == "evidence_wrap"
    world.logs["polri"].append((_erased(world.logs["polri"].wraps[0].group), None))
    copies = world.copies(COPIED + timedelta(hours=1))
    copies["polri"] = _without_wraps(copies["polri"])
    assert not {f.kind for f in world.audit(copies).faults if f.entry == 0}


def test_a_wrap_handed_out_after_its_group_was_erased_is_found() -> None:
    world = Invented()
    world.logs["polri"].append((_erased(world.logs["polri"].wraps[0].group), None))
    assert only(world.audit(), "evidence_kept").table == "evidence_wrap"


def test_a_wrap_that_its_maker_spoilt_is_found_though_it_has_its_digest() -> None:
    world = Invented()
    log = world.logs["polri"]
    spoilt = Recipient(member="ombudsman", key=_Spoilt(world.keys["ombudsman"].evidence))  # type: ignore[arg-type]
    log.recipients = (log.recipients[0], spoilt)
    asked = world.ask("polri", at=AT)
    index = world.receive("polri", asked)
    found = only(world.audit(), "wrap_unopened")
    assert (found.member, found.entry) == ("polri", index)


def test_evidence_that_was_not_wrapped_to_the_auditor_is_found() -> None:
    world = Invented()
    world.logs["polri"].recipients = world.logs["polri"].recipients[:1]
    asked = world.ask("polri", at=AT)
    index = world.receive("polri", asked)
    absent = [f for f in world.audit().faults if f.kind == "wrap_absent"]
    assert index in {f.entry for f in absent}


def test_evidence_older_than_the_auditors_key_is_a_note() -> None:
    world = Invented()
    world.logs["polri"].recipients = world.logs["polri"].recipients[:1]
    world.logs["polri"] = world.new_log("polri")
    world.logs["polri"].recipients = world.logs["polri"].recipients[:1]
    world.accept_roster("polri", world.verified.envelope)
    world.logs["polri"].recipients = world.new_log("polri").recipients
    auditor = world.member("ombudsman")
    late = Window(AT + timedelta(minutes=1), LONG.end)
    keys = tuple(replace(key, window=late) if key.use == "evidence" else key for key in auditor.keys)
    members = tuple(replace(auditor, keys=keys) if n == "ombudsman" else world.member(n) for n in world.keys)
    world.verified = world.found(replace(world.roster(), members=members))
    for name in world.logs:
        world.accept_roster(name, world.verified.envelope)
    report = world.audit()
    assert only(report, "wrap_before_auditor").entry == 0


def test_a_wrap_for_a_key_that_no_roster_names_is_found() -> None:
    world = Invented()
    log, first = world.logs["polri"], world.verified.envelope
    log.recipients = (*log.recipients, Recipient(member="stranger", key=EvidenceKey.generate().public))
    world.accept_roster("polri", _next(world))
    found = [f for f in world.audit(None, first).faults if f.kind == "wrap_recipient_unknown"]
    assert found
    assert all("recipient=stranger" in f.row for f in found)


def test_a_group_wrapped_anew_is_held_against_the_entry_that_says_so() -> None:
    world = Invented()
    log = world.logs["polri"]
    group = log.wraps[0].group
    other = replace(log.wraps[0], recipient="imigrasi", key_id=world.keys["imigrasi"].evidence.public.key_id)
    log.wraps.append(other)
    assert only(world.audit(), "wraps_differ").row == f"group={group.hex()}"
    rows = [(w.recipient, w.key_id, w.wrap_sha256) for w in log.wraps if w.group == group]
    entry = Entry(
        kind="evidence_rewrapped",
        instant=COPIED,
        statement_digest=bytes(32),
        wraps_digest=wraps_digest(rows),
        detail=group.hex(),
    )
    log.append((entry, None))
    assert world.audit(world.copies(COPIED + timedelta(hours=1))).findings == ()


def test_a_member_that_withholds_its_wraps_is_found() -> None:
    world = Invented()
    copies = world.copies()
    copies["polri"] = replace(copies["polri"], handed=(), openings=(), withheld="MethodNotAllowed: no")
    report = world.audit(copies)
    assert [(f.kind, f.found) for f in report.findings] == [("wraps_withheld", "MethodNotAllowed: no")]


def test_an_opening_that_the_log_does_not_prove_is_found() -> None:
    world = Invented()
    copies = world.copies()
    opening = copies["polri"].openings[0]
    spoilt = (
        replace(opening, request_digest=bytes(32)),
        Opening(request_digest=opening.request_digest, receipt=b"none"),
        Opening(request_digest=opening.request_digest, receipt=copies["satgas"].openings[0].receipt),
    )
    for bad in spoilt:
        report = world.audit({**copies, "polri": replace(copies["polri"], openings=(bad,))})
        assert kinds(report) == {"opening_unlogged"}


def test_an_auditors_request_that_it_did_not_sign_is_found() -> None:
    world = Invented()
    world.keys["ombudsman"].statement = SigningKey.generate()
    world.copies()
    report = world.audit(world.copies(COPIED + timedelta(hours=1)))
    assert {f.kind for f in report.faults if f.member == "polri"} == {"statement_untrusted"}


class _Spoilt:
    """A key whose wraps open for nobody."""

    def __init__(self, key: EvidenceKey) -> None:
        self.key_id = key.public.key_id

    def wrap(self, secret: bytes, info: bytes) -> bytes:
        return bytes(1168)


def _resigned(envelope: Envelope, key: SigningKey) -> Envelope:
    return replace(envelope, signatures=()).signed_by(key)


def _erased(digest: bytes) -> Entry:
    return Entry(kind="evidence_erased", instant=AT, statement_digest=bytes(32), detail=digest.hex())


def _without_wraps(copy: Copy) -> Copy:
    group = copy.wraps[0].group
    return replace(copy, handed=tuple(replace(w, wrap=b"") if w.group == group else w for w in copy.handed))


def _next(world: Invented, **changes: Any) -> Envelope:
    """Put the next version of the roster in force, and return it."""
    held = world.verified
    roster = replace(
        held.statement,
        **{
            "version": held.statement.version + 1,
            "previous": held.digest,
            "revoked_credentials": frozenset(),
            **changes,
        },
    )
    world.verified = world.found(roster)
    return world.verified.envelope
