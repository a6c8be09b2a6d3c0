"""Receipts that do not hold, are for something else, or are denied by the log that signed them."""

from __future__ import annotations

from dataclasses import replace

from auditor.copies import HeldReceipt
from federation.entry import Entry
from tests.unit.auditor.invented import AT, Invented, kinds, only


def test_a_receipt_that_must_be_held_and_is_missing_is_named() -> None:
    world = Invented()
    asked = world.carry()
    copies = world.copies()
    copies["polri"] = replace(copies["polri"], receipts=())
    found = only(world.audit(copies), "receipt_missing")
    assert (found.row, found.entry) == (f"statement_digest={asked.query.digest.hex()} member=satgas", 1)


def test_a_receipt_for_a_statement_that_no_entry_names_is_found() -> None:
    world = Invented()
    index = world.logs["satgas"].append((Entry(kind="policy_changed", instant=AT, statement_digest=bytes(32)), None))[0]
    proof = world.logs["satgas"].receipt(index)
    world.logs["polri"].receipts.append(HeldReceipt(statement_digest=bytes(32), member="satgas", proof=proof))
    assert only(world.audit(), "receipt_unnamed").entry is None


def test_a_receipt_of_another_kind_of_entry_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    silent = world.silence("polri", asked)
    world.receive("polri", asked, world.logs["satgas"].receipt(silent))
    assert only(world.audit(), "receipt_of_another").found.startswith("silence")


def test_a_receipt_of_another_members_log_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    index = world.accept_roster("imigrasi", asked.query.envelope)
    world.receive("polri", asked, world.logs["imigrasi"].receipt(index))
    assert only(world.audit(), "receipt_invalid").other == "satgas"


def test_a_receipt_from_a_stranger_is_found() -> None:
    world = Invented()
    world.carry()
    copies = world.copies()
    held = copies["polri"].receipts[0]
    copies["polri"] = replace(copies["polri"], receipts=(held, replace(held, member="stranger")))
    assert only(world.audit(copies), "receipt_invalid").other == "stranger"


def test_a_log_that_shows_the_auditor_another_history_than_it_proved_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    shown = world.new_log("satgas")
    world.receive("polri", asked)
    world.logs["satgas"] = shown
    world.accept_roster("satgas", world.verified.envelope)
    world.fill("satgas", 5)
    report = world.audit()
    assert kinds(report) >= {"receipt_forked", "receipt_denied", "query_not_asked"}
    proof = only(report, "receipt_forked").proof
    assert proof.count("satgas.example/log1\n") == 2


def test_a_receipt_is_not_judged_against_a_log_that_was_not_copied() -> None:
    world = Invented()
    world.carry()
    copies = world.copies()
    del copies["satgas"]
    assert kinds(world.audit(copies)) == {"not_copied"}
