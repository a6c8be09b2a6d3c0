"""The specification's example bytes: what the code makes, what is committed, and what the pages show are the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from federation.evidence import Ciphertext, decrypt, unwrap
from federation.seal import open_first_roster
from federation.tlog.note import NoteVerifier
from federation.tlog.receipt import Receipt, verify
from federation.wire.envelope import decode_envelope
from tests.vectors import cast
from tests.vectors.build import BLOCK, FOLDER, SPEC, committed, hex_of, vectors

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
PAGES = sorted(SPEC.glob("*.md"))
CITATION = re.compile(r"SPEC: (0\d-[a-z]+)(?: (\d))?")
ROOT = SPEC.parents[1]


def envelope_of(name: str) -> bytes:
    return bytes.fromhex(committed(name)["envelope"])


@pytest.mark.parametrize("name", NAMES)
def test_the_code_makes_the_committed_vector_byte_for_byte(name: str) -> None:
    wraps = [bytes.fromhex(one["wrap"]) for one in committed("evidence")["wraps"]]
    assert vectors(wraps)[name] == committed(name)


def test_every_vector_is_committed() -> None:
    wraps = [bytes.fromhex(one["wrap"]) for one in committed("evidence")["wraps"]]
    assert sorted(vectors(wraps)) == NAMES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_bytes_a_page_shows_are_those_of_its_vector(page: Path) -> None:
    found = {name: committed(name) for name in NAMES}
    for block in BLOCK.finditer(page.read_text()):
        assert block["hex"].replace("\n", "") == hex_of(block["name"], found), block["name"]
    assert page.read_text().count("```hex") == len(BLOCK.findall(page.read_text())), "a block that cannot be read"


def test_every_vector_is_shown_by_some_page() -> None:
    shown = {block["name"].split(".")[0] for page in PAGES for block in BLOCK.finditer(page.read_text())}
    assert shown == set(NAMES)


def test_every_clause_that_the_code_cites_is_a_section_of_its_page() -> None:
    pages = {page.stem: page.read_text() for page in PAGES}
    cited = {
        found.groups()
        for package in ("federation", "matching", "node", "coordinator", "auditor")
        for path in (ROOT / package).rglob("*.py")
        for found in CITATION.finditer(path.read_text())
    }
    assert cited
    for page, section in cited:
        assert page in pages, page
        assert section is None or f"\n## {section} " in pages[page], f"{page} {section}"


def test_the_committed_statements_open() -> None:
    authorities = tuple(key.public for key in cast.AUTHORITIES)
    open_first_roster(decode_envelope(envelope_of("roster")), authorities, 2)
    opener = cast.opener()
    assert opener.query(decode_envelope(envelope_of("envelope")), countersigned=False).unknown == ()
    query = opener.query(decode_envelope(envelope_of("query")), countersigned=True)
    assert [officer.statement.officer for officer in query.officers] == ["sari", "budi"]
    for name in ("answer", "refusal"):
        assert opener.reply(decode_envelope(envelope_of(name)), cast.NODE).statement.query_digest == query.digest
    assert (
        opener.result(decode_envelope(envelope_of("result")), cast.COORDINATOR).statement.query_digest == query.digest
    )
    assert opener.credential(decode_envelope(envelope_of("credential"))).statement == cast.credential()


def test_the_committed_receipt_verifies_for_the_committed_entry() -> None:
    receipt = Receipt.parse(committed("receipt")["text"].encode())
    checkpoint = verify(receipt, NoteVerifier.from_vkey(committed("receipt")["log_vkey"]))
    assert (checkpoint.size, receipt.index) == (3, 2)
    assert receipt.entry.hex() == committed("entry")["answer_given"]["entry"]


@pytest.mark.parametrize("place", [0, 1])
def test_a_committed_wrap_opens_to_the_group_secret_and_that_to_both_envelopes(place: int) -> None:
    found = committed("evidence")
    wrap, group = found["wraps"][place], bytes.fromhex(found["group"])
    key = cast.EVIDENCE_KEYS[wrap["recipient"]]
    secret = unwrap(bytes.fromhex(wrap["wrap"]), key, origin=found["origin"], group=group, recipient=wrap["recipient"])
    assert secret.hex() == found["group_secret"]
    for one in found["ciphertexts"]:
        ciphertext = Ciphertext(
            digest=bytes.fromhex(one["digest"]),
            group=group,
            envelope_sha256=bytes.fromhex(one["envelope_sha256"]),
            ct=bytes.fromhex(one["ciphertext"]),
        )
        assert decrypt(ciphertext, secret, found["origin"]).hex() == one["envelope"]
