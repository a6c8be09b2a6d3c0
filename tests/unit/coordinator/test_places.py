"""Who may ask the coordinator, and what it keeps for askers who do not read."""

from __future__ import annotations

import pytest

from coordinator.places import Places
from coordinator.telling import Logged, Told
from federation.envelope import Envelope
from federation.errors import MalformedStatement, TooBusy
from federation.serving.tls import Peer

ALYA = Peer(member="imigrasi", officer="alya")
BIMO = Peer(member="imigrasi", officer="bimo")
POLRI = Peer(member="polri")


def taken(places: Places, caller: Peer) -> int:
    """How many places a caller is given until one is refused."""
    for count in range(1_000):
        try:
            places.take(caller)
        except TooBusy as error:
            assert error.retry_after is not None
            return count
    raise AssertionError("no end of places")


def logged(size: int) -> Logged:
    return Logged(envelope=Envelope(payload_type="", payload=bytes(size), signatures=()), receipt=b"")


def test_an_officer_has_a_few_places_and_another_of_the_same_member_has_some_too() -> None:
    places = Places(64, 4)
    assert taken(places, ALYA) == 4
    assert taken(places, BIMO) == 4


def test_a_member_leaves_places_for_others_though_it_asks_without_end() -> None:
    places = Places(64, 1_000)
    assert taken(places, ALYA) == 32
    assert taken(places, POLRI) == 16
    assert places.held() == {"imigrasi": 32.0, "polri": 16.0}


def test_a_place_given_back_is_taken_again() -> None:
    places = Places(64, 1)
    assert taken(places, ALYA) == 1
    places.give_back(ALYA)
    assert places.held() == {}
    assert taken(places, ALYA) == 1


async def test_what_is_told_is_read_in_its_order_and_a_fault_is_raised() -> None:
    telling = Places(64, 4).telling(ALYA)
    sizes: list[int] = []
    telling.tell(logged(1))
    telling.tell(logged(2))
    telling.tell(MalformedStatement("not that"))
    with pytest.raises(MalformedStatement):
        async for told in telling.told():
            sizes.append(size(told))
    assert sizes == [1, 2]


async def test_an_asker_who_leaves_no_room_is_told_so_and_no_more_is_kept_of_theirs() -> None:
    places = Places(64, 4, unread_bytes=1_000)
    slow, other = places.telling(ALYA), places.telling(POLRI)
    for _ in range(100):
        slow.tell(logged(100))
    other.tell(logged(400))
    with pytest.raises(TooBusy):
        await anext(slow.told())
    assert size(await anext(other.told())) == 400


async def test_what_was_read_makes_room_and_what_is_told_to_nobody_takes_none() -> None:
    places = Places(64, 4, unread_bytes=1_000)
    for _ in range(50):
        telling = places.telling(ALYA)
        telling.tell(logged(400))
        await anext(telling.told())
        telling.tell(logged(400))
        telling.close()
        telling.tell(logged(400))


def size(told: Told) -> int:
    assert isinstance(told, Logged)
    return len(told.envelope.payload)
