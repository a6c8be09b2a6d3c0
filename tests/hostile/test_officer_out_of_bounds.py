"""An officer who may not ask, or asks more than they may: refused, counted by member and kind, and written down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from coordinator.cli.officer import Officer
from deploy.ceremony.officers import OfficerPlan, issue_officer
from federation.errors import CallerUnknown, FederationError, MethodNotAllowed, UntrustedSignature
from federation.terms import terms
from federation.wire.entry import decode_entry
from tests.agencies import HELD, QUOTA
from tests.carrier import Carrier
from tests.federation import CARRIER, COORDINATOR, GUEST, Federation
from tests.integration.test_metrics import Shown, free_port
from tests.postgres import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")
NODE = "imigrasi"
REVOKED = "gunawan"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shown(federations: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shown]:
    """A node and a coordinator whose metrics may be fetched; one officer is revoked before they start."""
    found = await Federation.found(tmp_path_factory.mktemp("bounds"), federations, nodes=(NODE,))
    ports = {member: free_port() for member in (NODE, COORDINATOR)}
    for member, name in ((NODE, "node.toml"), (COORDINATOR, "coordinator.toml")):
        path = found.folder(member).root / name
        path.write_text(path.read_text() + f'[metrics]\nlisten = "127.0.0.1:{ports[member]}"\n')
    found.revoke(REVOKED)
    await found.start()
    yield Shown(found, ports)
    await found.close()


async def faults(shown: Shown, member: str, kind: type[FederationError]) -> float:
    """How many faults of a kind a member has counted for queries of officers of imigrasi, or for a coordinator's."""
    fetched = await shown.fetch(member)
    outcome = f"fault_{kind.__name__}"
    return sum(fetched.value("simpul_replies_total", member=whose, outcome=outcome) for whose in (NODE, CARRIER, GUEST))


async def entries(federation: Federation, member: str) -> int:
    """How long a member's log is."""
    return len(await federation.rows(member, "SELECT FROM simpul.log_entry"))


async def turned_away(
    shown: Shown, capsys: pytest.CaptureFixture[str], officer: Officer, kind: type[FederationError]
) -> None:
    """Hold a coordinator to it: the query is refused by name, counted, written to telemetry, and not carried."""
    federation = shown.federation
    before = await faults(shown, COORDINATOR, kind), await entries(federation, COORDINATOR)
    envelope = federation.sign(federation.query(HELD[0].person, officer=officer), officer)
    capsys.readouterr()
    with pytest.raises(kind):
        await federation.bring(envelope, officer.identity())
    said = capsys.readouterr().out
    assert "call_failed" in said
    assert kind.__name__ in said
    after = await faults(shown, COORDINATOR, kind), await entries(federation, COORDINATOR)
    assert after == (before[0] + 1, before[1])


async def test_an_officer_whose_credential_is_revoked_is_turned_away(
    shown: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    await turned_away(shown, capsys, shown.federation.officer(REVOKED), UntrustedSignature)


async def test_an_officer_outside_their_purposes_is_turned_away(
    shown: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    narrow = shown.federation.officer("laras", purposes=("lodging_check",))
    await turned_away(shown, capsys, narrow, MethodNotAllowed)


async def test_a_stolen_key_is_of_no_use_once_it_is_revoked_not_even_through_a_coordinator_that_helps(
    shown: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    federation = shown.federation
    stolen = federation.officer(REVOKED)
    envelope = federation.sign(federation.query(HELD[0].person, officer=stolen), stolen)
    for thief in (federation.officer("budi").identity(), federation.keys(GUEST).tls, federation.keys(NODE).tls):
        with pytest.raises((MethodNotAllowed, UntrustedSignature)):
            await federation.bring(envelope, thief)
    before = await faults(shown, NODE, UntrustedSignature), await entries(federation, NODE)
    helper = Carrier(federation, CARRIER)
    carried = federation.sign(replace(federation.query(HELD[0].person, officer=stolen), via=CARRIER), stolen)
    carried = carried.signed_by(helper.keys.statement)
    honest = helper.countersigned(federation.query(HELD[0].person))
    with pytest.raises(UntrustedSignature, match="revoked"):
        await helper.ask(helper.question(carried, helper.receipt(honest)))
    await helper.close()
    after = await faults(shown, NODE, UntrustedSignature), await entries(federation, NODE)
    assert after == (before[0] + 1, before[1])


async def test_the_query_of_another_officer_is_not_brought_again(
    shown: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    federation = shown.federation
    envelope = federation.sign(federation.query(HELD[3].person))
    first = await federation.ask(envelope)
    before = await entries(federation, COORDINATOR)
    for thief in (federation.officer("budi").identity(), federation.officer("tono", GUEST).identity()):
        with pytest.raises(MethodNotAllowed):
            await federation.bring(envelope, thief)
    assert await entries(federation, COORDINATOR) == before
    again = await federation.ask(envelope)  # its own officer resumes it, and is told the same
    assert again.answer(NODE) == first.answer(NODE)


async def test_an_officer_who_enumerates_spends_the_quota_of_their_member_and_each_refusal_is_logged(
    shown: Shown,
) -> None:
    federation = shown.federation
    guest = federation.officer("tono", GUEST)

    async def ask(subjects: int) -> str:
        people = [HELD[at % 19].person for at in range(subjects)]
        query = federation.query(*people, purpose="data_correction", asked="match_only", officer=guest)
        envelope = federation.sign(query, guest)
        told = await federation.ask(envelope, guest)
        rows = await federation.rows(NODE, "SELECT leaf FROM simpul.log_entry ORDER BY index DESC LIMIT 1")
        entry = decode_entry(rows[0]["leaf"])
        assert entry.query_digest == envelope.statement_digest
        return entry.kind if entry.kind == "answer_given" else told.refusal(NODE).reason

    assert {await ask(100) for _ in range(QUOTA // 100)} == {"answer_given"}
    assert await ask(1) == "quota_exhausted"
    assert await ask(1) == "quota_exhausted"
    fetched = await shown.fetch(NODE)
    assert fetched.value("simpul_replies_total", member=GUEST, outcome="refusal_quota_exhausted") == 2


async def test_an_officer_whose_credential_has_expired_is_turned_away(
    shown: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last of this file: the clock is moved on."""
    federation = shown.federation
    plan = OfficerPlan(id="surya", office="Wasdak", purposes=tuple(terms().purpose), coordinator=COORDINATOR, hours=1)
    folder = federation.place.root / "officers" / "surya"
    issue_officer(folder, federation.folder(NODE), plan, at=federation.founded)
    expired = Officer.from_folder(folder)
    federation.clock.move(timedelta(hours=2))
    envelope = federation.sign(federation.query(HELD[0].person, officer=expired), expired)
    with pytest.raises((CallerUnknown, UntrustedSignature)):
        await federation.bring(envelope, expired.identity())
    before = await faults(shown, COORDINATOR, UntrustedSignature), await entries(federation, COORDINATOR)
    with pytest.raises(UntrustedSignature):  # brought by their own agency, whose certificate is good
        await federation.bring(envelope, federation.keys(NODE).tls)
    after = await faults(shown, COORDINATOR, UntrustedSignature), await entries(federation, COORDINATOR)
    assert after == (before[0] + 1, before[1])
