"""An auditor's doctor: its keys, and each log as it is reached; evidence is opened, and that logged, only if asked."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from auditor.cli.doctor import examine
from federation.evidence import EvidenceKey
from federation.wire.entry import decode_entry
from tests.agencies import HELD
from tests.federation import AUDITOR, COORDINATOR, DOWN, LIAR, NAME, NODES, Federation
from tests.integration.examined import Examined, examined

pytestmark = pytest.mark.asyncio(loop_scope="session")
LOGS = [f"log of {member}" for member in (*NODES, COORDINATOR)]
CONFIG = f"""[member]
federation = "{NAME}"
id = "{AUDITOR}"
keys = "keys"
roster_file = "roster.envelope"
authorities_file = "authorities.toml"
[audit]
reason = "trying the doctor"
"""


@pytest.fixture
def folder(federation: Federation, tmp_path: Path) -> Path:
    """The auditor's folder with its configuration, to be harmed."""
    copied = Path(shutil.copytree(federation.folder(AUDITOR).root, tmp_path / AUDITOR))
    (copied / "auditor.toml").write_text(CONFIG)
    return copied


async def told(folder: Path, federation: Federation, *, opening: bool = False) -> Examined:
    """What the auditor's doctor tells."""
    return await examined(folder, federation, examine=partial(examine, opening=opening), name="auditor.toml")


async def openings(federation: Federation, member: str) -> int:
    """How often evidence of a member was opened, as its log has it."""
    rows = await federation.rows(member, "SELECT leaf FROM simpul.log_entry")
    return sum(decode_entry(row["leaf"]).kind == "evidence_opened" for row in rows)


async def test_every_log_that_is_up_is_fine_and_nothing_was_opened(federation: Federation, folder: Path) -> None:
    before = [await openings(federation, member) for member in (*NODES, COORDINATOR)]
    found = await told(folder, federation)
    assert found.states(*LOGS) == ["fine"] * len(LOGS)
    assert found.states("configuration", "keys", "roster", "enrolment", "certificate", "evidence key") == ["fine"] * 6
    assert f"log of {DOWN}" in found.wrong()
    assert [await openings(federation, member) for member in (*NODES, COORDINATOR)] == before


async def test_with_open_one_group_of_each_log_is_opened_and_logged(federation: Federation, folder: Path) -> None:
    await federation.ask(federation.query(HELD[0].person))
    before = await openings(federation, "imigrasi")
    found = await told(folder, federation, opening=True)
    assert "one group of its evidence opens with this key" in found.step("log of imigrasi").told
    assert found.states(*LOGS) == ["fine"] * len(LOGS)
    assert await openings(federation, "imigrasi") == before + 1


def another_evidence_key(folder: Path) -> None:
    path = folder / "keys" / "evidence.pem"
    path.write_bytes(EvidenceKey.generate().pem())


HARMS: list[tuple[str, Callable[[Path], object], str]] = [
    ("configuration", lambda f: (f / "auditor.toml").write_text(CONFIG.replace("trying the doctor", " ")), "reason"),
    ("keys", lambda f: (f / "keys" / "statement.pem").chmod(0o640), "chmod 600"),
    ("keys", lambda f: (f / "keys" / "evidence.pem").unlink(), "evidence.pem"),
    ("roster", lambda f: (f / "roster.envelope").unlink(), "roster.envelope"),
    ("enrolment", another_evidence_key, "does not name this evidence key"),
    ("evidence key", another_evidence_key, "enrol it, or put it back"),
    ("enrolment", lambda f: (f / "auditor.toml").write_text(CONFIG.replace(AUDITOR, "polri")), "role auditor"),
    ("certificate", lambda f: (f / "auditor.toml").write_text(CONFIG.replace(AUDITOR, "polri")), "simpul://uji/polri"),
]


@pytest.mark.parametrize(("step", "harm", "says"), HARMS)
async def test_a_fault_is_told_in_its_own_step_with_what_to_do(
    federation: Federation, folder: Path, step: str, harm: Callable[[Path], object], says: str
) -> None:
    harm(folder)
    found = await told(folder, federation)
    assert says in found.wrong()[step]
    assert not found.steps.fine


async def test_a_log_whose_evidence_is_for_another_key_is_noted(federation: Federation, folder: Path) -> None:
    another_evidence_key(folder)
    found = await told(folder, federation)
    assert found.step("log of imigrasi").state == "note"
    assert found.step(f"log of {LIAR}").state == "wrong"
