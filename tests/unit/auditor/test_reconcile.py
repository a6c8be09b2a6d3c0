"""Coordinator against nodes: one test for each way in which their logs can disagree."""

from __future__ import annotations

from dataclasses import replace

from federation.append import query_entry
from federation.result import Silence, SubjectResult
from tests.unit.auditor.invented import AT, Invented, answered, kinds, only


def test_a_query_that_a_node_denies_having_received_is_found() -> None:
    world = Invented()
    asked = world.ask(at=AT)
    world.reply("imigrasi", asked)
    found = only(world.audit(), "query_not_received")
    assert (found.member, found.other, found.entry) == ("satgas", "polri", asked.index)


def test_a_silence_accounts_for_a_query_that_no_node_received() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    world.silence("polri", asked)
    world.result(asked, [Silence(member="polri", reason="unreachable")])
    assert world.audit().findings == ()


def test_a_query_that_its_coordinator_withheld_from_its_log_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT, logged=False)
    index = world.receive("polri", asked, receipt=b"none")
    report = world.audit()
    found = only(report, "query_not_asked")
    assert (found.member, found.other, found.entry) == ("polri", "satgas", index)
    assert kinds(report) >= {"query_not_asked", "receipt_invalid"}


def test_a_reply_accepted_that_its_node_did_not_log_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    received = world.receive("polri", asked)
    reply = world.answer(asked, "polri")
    index = world.accept("polri", asked, reply, world.logs["polri"].receipt(received))
    report = world.audit()
    assert only(report, "reply_not_given").entry == index
    assert only(report, "receipt_of_another").entry == index


def test_a_reply_accepted_other_than_the_one_given_is_found_on_both_sides() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    world.receive("polri", asked)
    given = world.give("polri", asked, world.answer(asked, "polri"))
    world.accept("polri", asked, world.answer(asked, "polri"), world.logs["polri"].receipt(given))
    report = world.audit()
    assert {f.member for f in report.faults if f.kind == "reply_differs"} == {"polri", "satgas"}


def test_a_reply_given_that_the_coordinator_hides_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    world.receive("polri", asked)
    index = world.give("polri", asked, world.answer(asked, "polri", band="strong"))
    found = only(world.audit(), "reply_unaccounted")
    assert (found.member, found.entry) == ("polri", index)


def test_two_different_replies_of_one_node_to_one_query_are_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    world.reply("polri", asked)
    index = world.give("polri", asked, world.refuse(asked, "polri"))
    assert only(world.audit(), "two_replies").entry == index


def test_a_result_that_tells_a_reply_nobody_gave_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    world.reply("polri", asked)
    index = world.result(asked, [answered("polri", world.answer(asked, "polri"))])
    assert only(world.audit(), "result_contradicts").entry == index


def test_a_result_that_tells_an_answer_as_a_silence_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    world.reply("polri", asked)
    world.result(asked, [Silence(member="polri", reason="unreachable")])
    assert only(world.audit(), "result_contradicts").other == "polri"


def test_a_result_that_tells_a_refusal_as_an_answer_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    reply = world.reply("polri", asked, world.refuse(asked, "polri"))
    world.result(asked, [answered("polri", reply)])
    assert only(world.audit(), "result_contradicts").expected == "logged: refusal"


def test_a_result_that_leaves_out_a_member_is_found() -> None:
    world = Invented()
    asked = world.ask(at=AT)
    reply = world.reply("imigrasi", asked)
    world.reply("polri", asked)
    world.result(asked, [answered("imigrasi", reply)])
    assert only(world.audit(), "result_contradicts").found == "imigrasi"


def test_a_result_that_hides_a_match_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    reply = world.reply("polri", asked, world.answer(asked, "polri", band="strong"))
    world.result(asked, [answered("polri", reply)])
    assert only(world.audit(), "result_contradicts").other == "polri"


def test_a_result_that_invents_a_match_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    reply = world.reply("polri", asked)
    world.result(asked, [answered("polri", reply)], SubjectResult(subject=0, strong=("polri",)))
    assert only(world.audit(), "result_contradicts").other == "polri"


def test_a_silence_that_a_resumed_query_met_with_another_code_is_a_note() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    world.silence("polri", asked)
    world.result(asked, [Silence(member="polri", reason="busy")])
    report = world.audit()
    assert report.exit_code == 0
    assert only(report, "silence_told_otherwise").found == "busy"


def test_a_resumed_query_that_is_answered_after_a_silence_is_no_finding() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    world.silence("polri", asked)
    world.result(asked, [Silence(member="polri", reason="unreachable")])
    reply = world.reply("polri", asked)
    world.result(asked, [answered("polri", reply)])
    assert world.audit().findings == ()


def test_a_reply_about_a_query_that_the_log_never_logged_is_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    index = world.give("polri", asked, world.answer(asked, "polri"))
    assert only(world.audit(), "query_unlogged").entry == index


def test_two_logs_that_tell_of_one_query_differently_are_found() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    world.silence("polri", asked)
    entry = replace(query_entry("not_answered", asked.query, AT), requester="polri", members=("polri",))
    world.receive("polri", asked)
    index = world.logs["polri"].append((entry, None))[0]
    found = only(world.audit(), "query_differs")
    assert (found.entry, found.found) == (index, "requester: polri")
