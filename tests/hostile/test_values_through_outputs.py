"""Hostile values on their way out: escaped on a terminal and in JSON, and in telemetry never at all."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog
from click.testing import CliRunner
from rich.console import Console

from auditor.audit import AuditReport
from auditor.finding import Finding
from auditor.report import print_report, to_json
from coordinator.acceptance import Accepted
from coordinator.cli.report import as_json
from coordinator.cli.show import Screen
from coordinator.merge import merge
from federation import telemetry
from federation.answer import Contact, Match, Reply, SubjectAnswer, Text
from federation.comparison import AlignedPart, Comparison
from federation.errors import ConfigError, UntrustedSignature
from federation.person import Coded, Document, Name, Person
from federation.printable import json_text
from federation.query import Clear
from federation.result import Silence
from federation.serving.command import Group, print_json, print_settings, tell
from federation.steps import Step
from federation.terms import Language
from federation.tlog.receipt import Receipt
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.federation import NODES as AGENCIES
from tests.federation import Federation
from tests.hostile.values import OWN, Vectors, acting, naughty
from tests.sealed import AT, COORDINATOR, NODES, answer, opened, opener, query, refusal
from tests.unit.auditor.invented import Invented

# what no statement can hold is refused where it is read: tests/hostile/test_values_through_frames.py
NEVER = {*range(32), *range(127, 160), *range(0xD800, 0xE000)}
TOLD = {name: value for name, value in OWN.items() if 0 < len(value) <= 1024 and not set(map(ord, value)) & NEVER}
TOLD["newlines and tabs"] = "a\n\t\r\nb"
RECEIPT = Receipt(entry=b"", index=0, path=(), checkpoint=b"")
LEFT_BY_A_STYLE = {"0x1b"}


def accepted(reply: Reply) -> Accepted:
    """A reply let in."""
    return Accepted(member=reply.member, reply=opened(reply), receipt=RECEIPT)


def hostile_match(value: str) -> Match:
    """A match of which every text is the value, of a record type and with fields that nobody here knows."""
    compared = Comparison(
        attribute="name", outcome="agrees", kind=value[:64], asked=value, held=value, bits=1.0, evidence=value,
        aligned=(AlignedPart(asked=value, held=value, kind="same", bits=1.0),),
    )  # fmt: skip
    return Match(
        band="strong",
        record_type="type_of_tomorrow",
        disclosure_class="comparison",
        as_of=AT,
        fields=(("number", (value, value)), ("field_of_tomorrow", (value,))),
        reference=value[:256],
        score=0.5,
        prior_bits=-10.0,
        comparisons=(compared,),
    )


def told(value: str, language: Language, *, terminal: bool) -> tuple[str, str]:
    """What an officer is shown of a query and replies that are full of the value, and what a program is given."""
    papers = (Document(number=value[:64]),)
    person = Person(names=(Name(text=value),), nationalities=(Coded(text=value),), documents=papers)
    asked = query(subjects=(Clear(person=person),), case_reference=value[:128])
    subjects = (SubjectAnswer(subject=0, band="strong", matches=(hostile_match(value),), cut=True),)
    words = Text(indonesian=value, english=value)
    outcomes = {
        NODES[0]: accepted(answer(asked, NODES[0], subjects=subjects, disclosure_class="comparison")),
        NODES[1]: accepted(
            answer(
                asked, NODES[1], disclosure_class="contact_point",
                contact=Contact(desk=words, telephone=value[:64], email=value[:128]),
            )
        ),
        NODES[2]: accepted(replace(refusal(asked, NODES[2]), remedy=words, detail=value[:256], reason="of_tomorrow")),
        NODES[3]: Silence(member=NODES[3], reason="of_tomorrow", detail=value[:64]),
        "nobody": Silence(member="nobody", reason="unreachable"),
    }  # fmt: skip
    result = merge(asked, list(outcomes.values())[:4], coordinator=COORDINATOR, roster_version=1, at=AT)
    console = Console(
        file=io.StringIO(), width=400, force_terminal=terminal, color_system="truecolor" if terminal else None
    )
    Screen(console, language, opener().roster).result((person,), outcomes, result)
    shown: str = console.file.getvalue()  # type: ignore[attr-defined]
    return shown, json_text(as_json(asked.statement, outcomes, result))


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("value", TOLD.values(), ids=TOLD)
def test_an_officers_screen_shows_a_value_and_lets_it_do_nothing(value: str, language: Language) -> None:
    shown, given = told(value, language, terminal=False)
    assert acting(shown) == []
    assert acting(given) == []
    read = json.loads(given)
    assert read["case"] == value[:128]
    assert "type_of_tomorrow" in shown
    if value.isascii() and value.isprintable() and len(value) < 80:
        assert value in shown  # brackets, braces and colons are no markup
    styled, _ = told(value, language, terminal=True)
    assert set(acting(styled)) <= LEFT_BY_A_STYLE
    assert "\x1b]" not in styled  # no link, no title
    assert "\x1b[2J" not in styled


def test_the_published_naughty_strings_on_an_officers_screen_do_nothing(vectors: Vectors) -> None:
    controls = {*range(9), 11, 12, *range(14, 32), *range(127, 160)}
    for value in naughty(vectors):
        clean = "".join(c for c in value if ord(c) not in controls) or "x"
        shown, given = told(clean[:1000], "en", terminal=False)
        assert acting(shown) == acting(given) == []


@pytest.mark.parametrize("value", OWN.values(), ids=OWN)
def test_an_auditors_report_shows_a_row_of_any_text_and_lets_it_do_nothing(value: str) -> None:
    clean = Invented().audit()
    finding = Finding(
        kind="edge_differs", member=value, table=value, row=f"recipient={value}", entry=1, other=value, expected=value,
        found=value, proof=value,
    )  # fmt: skip
    report = AuditReport(
        federation=value, roster_version=1, auditor=value, members=clean.members, findings=(finding,), uncopied=(value,)
    )
    console = Console(file=io.StringIO(), width=400)
    print_report(report, console, "en")
    assert acting(console.file.getvalue()) == []  # type: ignore[attr-defined]
    given = to_json(report, "id")
    assert acting(given.decode()) == []
    assert json.loads(given)["findings"][0]["found"] == value


@pytest.mark.parametrize("value", OWN.values(), ids=OWN)
def test_a_commands_words_let_a_value_do_nothing(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    for error in (ConfigError(f"about {value}"), UntrustedSignature(f"about {value}", remote=value)):
        group = Group(commands=[])

        @group.command("x")
        def fail(error: Exception = error) -> None:
            raise error

        result = CliRunner().invoke(group, ["x"])
        assert result.exit_code in (1, 3)
        assert acting(result.output) == []
    print_settings({"member": {"keys": value}})
    print_json({value: value})
    tell(Step(name=value, state="wrong", told=(value, value)))
    assert set(acting(capsys.readouterr().out)) <= LEFT_BY_A_STYLE


@pytest.fixture(name="lines")
def _lines() -> Iterator[io.StringIO]:
    """Everything that the members of the running federation write as telemetry."""
    written = io.StringIO()
    telemetry.configure("node", "imigrasi", level="debug", stream=written)
    yield written
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.mark.asyncio(loop_scope="session")
async def test_telemetry_holds_nothing_of_a_person_whatever_is_asked(
    federation: Federation, carrier: Carrier, lines: io.StringIO
) -> None:
    marked = "XAVERIUSQUETZAL"
    honest = carrier.receipt(carrier.countersigned(federation.query(HELD[0].person)))
    for value in OWN.values():
        text = "".join(c for c in f"{marked} {value}" if not "\ud800" <= c <= "\udfff")
        papers = (Document(number=text[:99]),)
        person = replace(HELD[0].person, names=(Name(text=text),), birth_place=text, documents=papers)
        signed = federation.sign(replace(federation.query(person), via=carrier.id))
        question = carrier.question(signed.signed_by(carrier.keys.statement), honest)
        assert len(await carrier.frame("imigrasi", question)) == 1
    await federation.ask(federation.query(HELD[2].person, audience=AGENCIES))
    written = lines.getvalue()
    assert marked not in written
    for row in HELD[:3]:
        for word in (*row.name.split(), row.passport):
            assert word not in written
    for line in written.splitlines():
        assert set(json.loads(line)) <= telemetry.ALLOWED_KEYS
        assert line.isascii()
