"""An audit of a federation in which nobody did anything wrong, and of one that is still at work."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

from tests.unit.auditor.invented import AT, COPIED, Invented, answered, kinds, only


def test_an_honest_federation_is_found_clean() -> None:
    world = Invented()
    for _ in range(3):
        world.carry()
    report = world.audit()
    assert report.findings == ()
    assert report.exit_code == 0
    assert [(m.member, m.opened, m.receipts) for m in report.members] == [
        ("imigrasi", 6, 3),
        ("polri", 6, 3),
        ("satgas", 12, 6),
    ]


def test_a_second_audit_opens_the_openings_of_the_first() -> None:
    world = Invented()
    world.carry()
    world.copies()
    report = world.audit(world.copies(COPIED + timedelta(hours=1)))
    assert report.findings == ()
    assert {m.opened for m in report.members} == {3, 5}


def test_empty_logs_are_clean() -> None:
    assert Invented().audit().findings == ()


def test_a_member_that_was_not_copied_is_named_and_what_rests_on_it_is_not_judged() -> None:
    world = Invented()
    world.carry()
    copies = world.copies()
    del copies["polri"]
    report = world.audit(copies)
    assert report.uncopied == ("polri",)
    assert report.exit_code == 3
    assert kinds(report) == {"not_copied"}
    assert only(report, "not_judged").other == "polri"


def test_a_query_asked_just_before_the_copies_were_taken_is_pending() -> None:
    world = Invented()
    asked = world.ask(at=COPIED - timedelta(seconds=20))
    world.reply("imigrasi", asked)
    report = world.audit()
    assert kinds(report) == set()
    assert only(report, "query_pending").other == "polri"


def test_what_happens_between_the_two_passes_is_no_finding() -> None:
    world = Invented()
    at = COPIED - timedelta(seconds=5)
    asked = world.ask(at=at)
    key = world.keys["ombudsman"].statement
    finish = {"satgas": world.logs["satgas"].first_pass("ombudsman", key, COPIED)}
    replies = {name: world.reply(name, asked) for name in ("imigrasi", "polri")}
    finish |= {name: world.logs[name].first_pass("ombudsman", key, COPIED) for name in ("imigrasi", "polri")}
    world.result(asked, [answered(name, reply) for name, reply in replies.items()])
    report = world.audit({name: last() for name, last in finish.items()})
    assert report.findings == ()


def test_a_late_reply_is_a_note() -> None:
    world = Invented()
    asked = world.ask("polri")
    world.receive("polri", asked)
    world.silence("polri", asked, "deadline_passed")
    world.give("polri", asked, world.answer(asked, "polri"))
    report = world.audit()
    assert report.exit_code == 0
    assert only(report, "reply_late").member == "polri"


def test_a_query_that_a_node_never_dealt_with_is_a_note() -> None:
    world = Invented()
    asked = world.ask("polri", at=AT)
    world.receive("polri", asked)
    world.silence("polri", asked, "deadline_passed")
    assert only(world.audit(), "query_left_open").member == "polri"


def test_the_auditor_is_imported_without_a_database_or_a_server() -> None:
    script = (
        "import sys, auditor.cli.main\n"
        "print([m for m in sys.modules if m == 'asyncpg' or m.startswith('federation.serving')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
