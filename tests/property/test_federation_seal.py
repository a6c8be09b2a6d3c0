"""Whatever is offered to be opened: without the right signatures nothing comes out but a defined error."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.envelope import Envelope
from federation.errors import FederationError
from federation.evidence import EvidenceGroup, decrypt, unwrap
from federation.keys import SigningKey
from federation.seal import seal
from federation.statement import PAYLOAD_TYPES, Statement
from tests.property.statements import STATEMENTS, envelopes, queries
from tests.vectors import cast

OPENER = cast.opener()
ORIGIN = cast.origin(cast.NODE)
STRANGER = SigningKey.from_seed(bytes([99]) * 32)
SLOW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def open_as_every_statement(envelope: Envelope) -> int:
    """How many ways of opening let it in."""
    ways = (
        lambda: OPENER.query(envelope, countersigned=True),
        lambda: OPENER.query(envelope, countersigned=False),
        lambda: OPENER.reply(envelope, cast.NODE),
        lambda: OPENER.result(envelope, cast.COORDINATOR),
        lambda: OPENER.credential(envelope),
        lambda: OPENER.evidence_request(envelope),
    )
    opened = 0
    for way in ways:
        try:
            way()
        except FederationError:
            continue
        opened += 1
    return opened


@SLOW
@given(envelopes, st.sampled_from(sorted(PAYLOAD_TYPES.values())))
def test_no_envelope_of_any_bytes_opens(envelope: Envelope, kind: str) -> None:
    assert open_as_every_statement(replace(envelope, payload_type=kind)) == 0


@pytest.mark.parametrize("name", STATEMENTS)
@SLOW
@given(data=st.data())
def test_no_statement_that_a_stranger_signed_opens(name: str, data: st.DataObject) -> None:
    statement: Statement = data.draw(STATEMENTS[name])
    assert open_as_every_statement(seal(statement, STRANGER)) == 0


@SLOW
@given(queries)
def test_no_query_opens_with_the_signatures_of_another(query: Statement) -> None:
    good = cast.countersigned(cast.signed_query())
    assert open_as_every_statement(replace(seal(query), signatures=good.signatures)) == 0


@SLOW
@given(st.lists(st.binary(max_size=2000), max_size=4))
def test_every_envelope_of_a_group_comes_back(contents: list[bytes]) -> None:
    group = EvidenceGroup(ORIGIN, cast.recipients()[:1])
    key = cast.EVIDENCE_KEYS[group.wraps[0].recipient]
    secret = unwrap(group.wraps[0].wrap, key, origin=ORIGIN, group=group.group, recipient=group.wraps[0].recipient)
    assert [decrypt(group.encrypt(content), secret, ORIGIN) for content in contents] == contents
