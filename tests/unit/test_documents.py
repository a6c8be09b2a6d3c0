"""The operating documents' TOML blocks load, and name nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from coordinator.config import CoordinatorConfig
from federation.config import parse
from federation.terms import terms
from node.config import NodeConfig
from node.rules import PolicyFile, load_policy

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def blocks(page: str) -> list[bytes]:
    return [match.encode() for match in BLOCK.findall((DOCS / page).read_text())]


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("operating/node.md", NodeConfig),
        ("operating/coordinator.md", CoordinatorConfig),
        ("operating/policy.md", PolicyFile),
    ],
)
def test_every_toml_block_of_a_page_is_a_configuration_that_loads(page: str, kind: type[msgspec.Struct]) -> None:
    found = blocks(page)
    assert found
    for block in found:
        assert isinstance(parse(block, kind, page), kind)


def test_the_policy_page_shows_a_policy_whose_ids_the_terms_know(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_bytes(blocks("operating/policy.md")[0])
    policy = load_policy(tmp_path / "policy.toml", terms(), frozenset({"resident_foreigner", "civil_event"}))
    assert policy.rules["joint_operation"].classes == {"resident_foreigner": "fields"}


@pytest.mark.parametrize(
    "page", ["README.md", *sorted(str(path.relative_to(DOCS.parent)) for path in DOCS.rglob("*.md"))]
)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    path = DOCS.parent / page
    missing = [target for target in LINK.findall(path.read_text()) if not (path.parent / target).exists()]
    assert missing == []
