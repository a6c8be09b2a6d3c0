"""A log that contradicts its own signatures, or itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from federation.append import query_entry
from federation.entry import Entry
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.merkle import leaf_hash
from federation.tlog.note import Note, NoteSigner, SignatureLine
from federation.tlog.rows import CheckpointRow, EntryRow
from tests.unit.auditor.invented import AT, COPIED, Invented, kinds, only


def test_two_signed_checkpoints_of_one_size_are_found_with_both_notes() -> None:
    world = Invented()
    world.carry()
    log = world.logs["polri"]
    forked = sign_checkpoint(Checkpoint(origin=log.origin, size=2, root=bytes(32)), log.signer)
    log.checkpoints[2] = CheckpointRow(size=2, note=forked)
    report = world.audit()
    found = only(report, "checkpoint_forked")
    assert (found.row, kinds(report)) == ("size=2", {"checkpoint_forked"})
    assert forked.decode() in found.proof


def test_a_log_that_went_back_and_grew_anew_is_inconsistent() -> None:
    world = Invented()
    world.carry()
    copies = world.copies()
    other = world.new_log("polri")
    other.append(
        *[(Entry(kind="policy_changed", instant=AT, statement_digest=bytes([n] * 32)), None) for n in range(9)]
    )
    newest = replace(copies["polri"], newest=other.note, entries=tuple(other.entries), newest_edge=b"")
    assert kinds(world.audit({**copies, "polri": newest})) >= {"consistency_unproven", "tree_not_rebuilt"}


def test_a_log_cut_short_is_found_by_the_receipt_that_another_member_holds() -> None:
    world = Invented()
    world.carry()
    copies = world.copies()
    world.logs["polri"] = world.new_log("polri")
    world.accept_roster("polri", world.verified.envelope)
    copies["polri"] = world.copies()["polri"]
    report = world.audit(copies)
    assert kinds(report) >= {"receipt_forked", "receipt_denied", "query_not_received", "reply_not_given"}
    assert {f.member for f in report.faults if f.kind == "receipt_denied"} == {"satgas"}


def test_a_checkpoint_with_a_line_that_is_not_the_logs_own_is_found() -> None:
    world = Invented()
    log = world.logs["polri"]
    note = Note.parse(log.note)
    more = replace(note, signatures=(*note.signatures, SignatureLine(name="x", key_id=b"1234", signature=b"5")))
    log.checkpoints[1] = CheckpointRow(size=1, note=more.encode())
    assert "checkpoint_unsigned" in kinds(world.audit())


def test_a_checkpoint_signed_by_another_key_is_found() -> None:
    world = Invented()
    log = world.logs["polri"]
    stranger = NoteSigner(log.origin, world.keys["imigrasi"].log)
    checkpoint = Checkpoint(origin=log.origin, size=1, root=log.tree.root())
    log.checkpoints[1] = CheckpointRow(size=1, note=sign_checkpoint(checkpoint, stranger))
    assert "checkpoint_unsigned" in kinds(world.audit())


def test_a_checkpoint_handed_out_that_the_table_lacks_is_found() -> None:
    world = Invented()
    copies = world.copies()
    copies["polri"] = replace(copies["polri"], checkpoints=copies["polri"].checkpoints[:1])
    assert kinds(world.audit(copies)) == {"checkpoint_missing"}


def test_an_entry_that_is_gone_is_named_by_its_index() -> None:
    world = Invented()
    world.carry()
    copies = world.copies()
    entries = copies["polri"].entries
    copies["polri"] = replace(copies["polri"], entries=(entries[0], *entries[2:]))
    assert only(world.audit(copies), "entry_missing").entry == 1


def test_the_lost_tail_of_a_large_log_is_named_as_one() -> None:
    world = Invented()
    copies = world.copies()
    log = world.logs["polri"]
    boast = sign_checkpoint(Checkpoint(origin=log.origin, size=2**40, root=bytes(32)), log.signer)
    copies["polri"] = replace(copies["polri"], newest=boast)
    lost = [f for f in world.audit(copies).faults if f.kind == "entry_missing" and ".." in f.row]
    assert [f.row.rpartition("..")[2] for f in lost] == [str(2**40 - 1)]


def test_a_tile_that_is_gone_is_named() -> None:
    world = Invented()
    world.fill("polri", 300)
    copies = world.copies()
    copies["polri"] = replace(copies["polri"], tiles=())
    assert [(f.kind, f.row) for f in world.audit(copies).faults] == [("tile_missing", "level=0 n=0")]


def test_an_edge_handed_out_that_is_not_of_the_tree_is_found() -> None:
    world = Invented()
    copies = world.copies()
    copies["polri"] = replace(copies["polri"], edge=bytes(32))
    assert kinds(world.audit(copies)) == {"edge_differs"}


def test_the_same_entry_twice_is_found() -> None:
    world = Invented()
    entry = Entry(kind="policy_changed", instant=AT, statement_digest=bytes(32))
    index = world.logs["polri"].append((entry, None), (entry, None))[1]
    assert only(world.audit(), "entry_twice").entry == index


def test_one_query_id_for_two_queries_is_found() -> None:
    world = Invented()
    one, other = world.ask("polri", at=AT), world.ask("polri", at=AT)
    entry = replace(query_entry("silence", other.query, AT), query_id=one.query.statement.query_id)
    index = world.logs["satgas"].append((entry, None))[0]
    assert only(world.audit(), "query_id_reused").entry == index


def test_a_clock_set_back_is_found() -> None:
    world = Invented()
    before = Entry(kind="policy_changed", instant=AT - timedelta(minutes=1), statement_digest=bytes(32))
    index = world.logs["polri"].append((before, None))[0]
    assert only(world.audit(), "clock_set_back").entry == index


def test_an_entry_from_the_future_is_found() -> None:
    world = Invented()
    later = Entry(kind="policy_changed", instant=COPIED + timedelta(hours=1), statement_digest=bytes(32))
    index = world.logs["polri"].append((later, None))[0]
    assert index in {f.entry for f in world.audit().faults if f.kind == "clock_set_back"}


def test_a_kind_of_entry_that_is_not_known_is_carried_through_as_a_note() -> None:
    world = Invented()
    world.logs["polri"].append((Entry(kind="moon_phase", instant=AT, statement_digest=bytes(32)), None))
    report = world.audit()
    assert report.exit_code == 0
    assert only(report, "entry_kind_unknown").found == "moon_phase"


def test_an_entry_that_is_no_entry_is_found() -> None:
    world = Invented()
    log = world.logs["polri"]
    log.tree.append(EntryRow(index=1, entry=b"junk", leaf_hash=leaf_hash(b"junk")).leaf_hash)
    log.entries.append(EntryRow(index=1, entry=b"junk", leaf_hash=leaf_hash(b"junk")))
    log.append((Entry(kind="policy_changed", instant=AT, statement_digest=bytes(32)), None))
    assert only(world.audit(), "entry_unreadable").entry == 1
