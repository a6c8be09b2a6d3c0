"""What leaves a node under each class: never more than the class allows, and nothing at all of a protected person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace

import pytest

from federation.answer import Answer, Match
from federation.query import Query
from federation.terms import DISCLOSURE_CLASSES, rank, terms
from tests.agencies import ABSENT, HELD, PROTECTED, Row
from tests.carrier import Carrier, Raw
from tests.federation import CARRIER, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
ROW = HELD[0]
PERSONAL = (ROW.name, ROW.passport, ROW.nation, "1971", "19-02", "ZHELEZNYAK")
PURPOSES = {
    "desk_notice": "permit_service",
    "match_only": "data_correction",
    "contact_point": "subject_request",
    "status": "lodging_check",
    "fields": "joint_operation",
    "comparison": "immigration_action",
}


def texts(value: object) -> Iterator[str]:
    """Every text in a statement, wherever it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from texts(part)
    elif is_dataclass(value):
        for part in fields(value):
            yield from texts(getattr(value, part.name))


def within(match: Match, given: str) -> None:
    """Hold a match to its class."""
    kind = terms().record_type[match.record_type]
    allowed = kind.fields if rank(given) >= rank("fields") else kind.status_fields
    assert rank(match.disclosure_class) <= rank(given) and rank(given) >= rank("status")
    assert {name for name, _ in match.fields} <= set(allowed)
    if rank(match.disclosure_class) < rank("fields"):
        assert match.reference == ""
    if rank(match.disclosure_class) < rank("comparison"):
        assert (match.score, match.prior_bits, match.comparisons) == (None, None, ())


async def ask(federation: Federation, carrier: Carrier, query: Query, node: str = "imigrasi") -> Raw:
    """Ask with two officers, so that no purpose is refused for want of one."""
    envelope = federation.sign(replace(query, via=CARRIER), second=federation.officer("budi"))
    return await carrier.ask(carrier.countersigned(envelope), node)


def require_class(answer: Answer, given: str) -> None:
    """Hold an answer about ROW to a class."""
    level = rank(given)
    assert answer.disclosure_class == given
    assert (answer.notice is not None) == (given == "desk_notice")
    assert (answer.contact is not None) == (level >= rank("contact_point"))
    assert (answer.index_as_of is not None) == (given != "desk_notice")
    assert len(answer.subjects) == (given != "desk_notice")
    for subject in answer.subjects:
        assert subject.band == "strong"
        assert bool(subject.matches) == (level >= rank("status"))
        for match in subject.matches:
            within(match, given)
    if level < rank("comparison"):
        said = "\n".join(texts(answer))
        assert not [part for part in PERSONAL if part in said]
    else:
        said = "\n".join(texts(tuple(c for s in answer.subjects for m in s.matches for c in m.comparisons)))
        assert ROW.passport in said


@pytest.mark.parametrize("given", DISCLOSURE_CLASSES)
async def test_a_policy_that_permits_a_class_lets_out_no_more_however_much_is_asked(
    federation: Federation, carrier: Carrier, given: str
) -> None:
    raw = await ask(federation, carrier, federation.query(ROW.person, purpose=PURPOSES[given]))
    if given == "fields":  # the policy's lower class for one type stands beside it
        assert {m.record_type for m in raw.answer.subjects[0].matches} == {"stay_permit", "detention"}
    require_class(raw.answer, given)


@pytest.mark.parametrize("given", DISCLOSURE_CLASSES)
async def test_a_query_that_asks_for_a_class_gets_no_more_however_much_is_permitted(
    federation: Federation, carrier: Carrier, given: str
) -> None:
    raw = await ask(federation, carrier, federation.query(ROW.person, asked=given))
    require_class(raw.answer, given)


@pytest.mark.parametrize("given", DISCLOSURE_CLASSES)
async def test_a_protected_person_is_answered_exactly_as_one_whom_nobody_holds(
    federation: Federation, carrier: Carrier, given: str
) -> None:
    async def about(row: Row) -> Raw:
        return await ask(federation, carrier, federation.query(row.person, asked=given))

    protected, absent = await about(PROTECTED), await about(ABSENT[0])
    assert protected.bare == absent.bare
    assert protected.size == absent.size


async def test_a_notice_is_the_same_for_a_person_held_and_one_absent(federation: Federation, carrier: Carrier) -> None:
    held, absent = [
        await ask(federation, carrier, federation.query(row.person, purpose="permit_service"))
        for row in (HELD[0], ABSENT[0])
    ]
    assert held.bare == absent.bare
    assert held.size == absent.size
    assert held.answer.notice is not None


async def test_a_type_with_a_lower_class_keeps_to_it_beside_others(federation: Federation, carrier: Carrier) -> None:
    raw = await ask(federation, carrier, federation.query(ROW.person, purpose="routine_oversight"))
    classes = {match.record_type: match for match in raw.answer.subjects[0].matches}
    assert raw.answer.disclosure_class == "fields"
    assert classes["stay_permit"].disclosure_class == "fields"
    assert classes["stay_permit"].reference
    assert classes["detention"].disclosure_class == "status"
    assert classes["detention"].reference == ""


async def test_a_type_that_is_denied_is_as_if_it_were_not_there(federation: Federation, carrier: Carrier) -> None:
    raw = await ask(federation, carrier, federation.query(ROW.person, purpose="manpower_inspection"))
    assert [match.record_type for match in raw.answer.subjects[0].matches] == ["stay_permit"]
    assert "detention" not in set(texts(raw.answer))


async def test_where_every_type_is_denied_the_query_is_refused(federation: Federation, carrier: Carrier) -> None:
    query = federation.query(ROW.person, purpose="manpower_inspection", audience=("binda",))
    assert (await ask(federation, carrier, query, "binda")).refusal.reason == "purpose_not_permitted"


async def test_special_data_leaves_as_values_only_where_two_officers_signed(
    federation: Federation, carrier: Carrier
) -> None:
    query = federation.query(ROW.person, audience=("polri",))
    alone = (await carrier.ask(query, "polri")).answer.subjects[0].matches
    second = federation.query(ROW.person, audience=("polri",))
    together = (await ask(federation, carrier, second, "polri")).answer.subjects[0].matches
    one, two = ({match.record_type: match for match in found} for found in (alone, together))
    assert one["police_registration"].disclosure_class == two["police_registration"].disclosure_class == "comparison"
    assert (one["wanted_person"].disclosure_class, one["wanted_person"].fields) == ("status", ())
    assert (one["wanted_person"].reference, one["wanted_person"].comparisons) == ("", ())
    assert dict(two["wanted_person"].fields)["unit"] == ("Ditreskrimum",)
