"""Hostile values in an agency's own view: every row is indexed, found and told of, and nothing in it acts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import asyncpg
import pytest
import pytest_asyncio

from federation.person import Document, Person
from node.cli.indexing import index_records
from node.config import load_config
from tests import agencies
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.federation import CARRIER, Federation
from tests.hostile.values import OWN, acting, naughty
from tests.postgres import SERVICE, Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

NODE = "imigrasi"
# half of a character is in no database; nor is a NUL
STORED = {name: value for name, value in OWN.items() if "half" not in name and "undecodable" not in name}
EXTREMES = (
    "'infinity'", "'-infinity'", "'0044-03-15 BC'", "'0001-01-01 00:00+00'", "'9999-12-31 23:59:59+00'",
    "'294276-12-31 23:59:59+00'", "'4713-01-01 BC'", "NULL",
)  # fmt: skip
_VIEW = f"""
CREATE TABLE agency.sulit (
    id text, nama text, lain text[], lahir text, tahun text, bulan text, hari text, negara text, jk text, paspor text,
    surat text, baris1 text, baris2 text, catatan text, sejak timestamptz, tanggal date, jam time, selama interval,
    hari_hari date[]
);
CREATE VIEW agency.pandangan AS SELECT * FROM agency.sulit;
GRANT SELECT ON agency.pandangan TO {SERVICE};
"""
_MAPPING = """
[[record]]
type = "wanted_person"
schema = "agency"
table = "pandangan"
key = "id"
[record.person]
names = [{ column = "nama" }, { column = "lain", kind = "alias" }]
births = [
    { column = "lahir" }, { year = "tahun", month = "bulan", day = "hari" }, { column = "tanggal", format = "date" },
]
sex = { column = "jk" }
nationalities = [{ column = "negara" }]
documents = [{ column = "paspor" }, { column = "surat", json = { number = "n", expiry = "e" } }]
mrz = { line1 = "baris1", line2 = "baris2" }
[record.fields]
number = { column = "catatan" }
unit = { column = "selama" }
[[record]]
type = "territorial_note"
schema = "agency"
table = "pandangan"
key = "id"
as_of = "sejak"
[record.person]
documents = [{ column = "paspor", expiry = "sejak" }]
[record.fields]
on = { column = "sejak", format = "date" }
unit = { column = "jam" }
[[record]]
type = "police_registration"
schema = "agency"
table = "pandangan"
key = "id"
[record.person]
documents = [{ column = "paspor" }]
[record.fields]
number = { column = "hari_hari" }
on = { column = "sejak", format = "instant" }
"""
_TEXTS = "nama, lahir, tahun, bulan, hari, negara, jk, surat, baris1, baris2, catatan"


@dataclass(frozen=True, slots=True)
class Place:
    """A federation of one node, the numbers of the passports in its hostile rows, and what its index was told."""

    federation: Federation
    passports: dict[str, str]
    told: dict[str, object]


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="place")
async def _place(
    federations: Server, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[Place]:
    found = await Federation.found(tmp_path_factory.mktemp("rows"), federations, (NODE,))
    values = dict(STORED)
    published = request.config.getoption("--vectors") / "naughty_strings" / "blns.json"
    if published.exists():
        values |= {f"published {at}": value for at, value in enumerate(naughty(lambda _: published))}
    passports = {name: f"H{at:06}" for at, name in enumerate((*values, *(f"extreme {e}" for e in EXTREMES)))}
    connection = await asyncpg.connect(found.databases[NODE].owner_dsn)
    await connection.execute(_VIEW)
    for name, value in values.items():
        parts = ", ".join(["$1"] * len(_TEXTS.split(",")))
        await connection.execute(
            f"INSERT INTO agency.sulit (id, paspor, lain, {_TEXTS}) VALUES ($2, $3, ARRAY[$1, $1], {parts})",
            value, f"S-{passports[name]}", passports[name],
        )  # fmt: skip
        if name in STORED and value.strip():
            await connection.execute(
                "INSERT INTO agency.sulit (id, paspor) VALUES ($1, $2)", value, f"K{passports[name]}"
            )
    for extreme in EXTREMES:
        day = f"({extreme}::timestamptz)::date" if "infinity" in extreme else f"{extreme}::date"
        await connection.execute(
            f"INSERT INTO agency.sulit (id, nama, paspor, sejak, tanggal, jam, selama, hari_hari) VALUES ("
            f"$1, 'CHEN LI', $2, {extreme}, {day}, '24:00:00', '178000000 years', ARRAY[{day}, 'infinity'])",
            f"X{passports[f'extreme {extreme}']}", passports[f"extreme {extreme}"],
        )  # fmt: skip
    await connection.close()
    folder = found.folder(NODE).root
    (folder / "mapping.toml").write_text(agencies.mapping(NODE) + _MAPPING)
    told = await index_records(load_config(folder / "node.toml"), found.clock(), show=False)
    await found.start()
    try:
        yield Place(found, passports, told)
    finally:
        await found.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="playing")
async def _playing(place: Place) -> AsyncIterator[Carrier]:
    playing = Carrier(place.federation, CARRIER)
    yield playing
    await playing.close()


def by_number(number: str) -> Person:
    """Somebody of whom the passport's number alone is known."""
    return Person(documents=(Document(number=number),))


async def test_every_row_of_hostile_values_is_indexed(place: Place) -> None:
    rows = await place.federation.rows(NODE, "SELECT count(*) FROM agency.sulit")
    # HELD is there in two record types, what is in the view in three
    assert place.told["records"] == 2 * len(HELD) + 3 * rows[0][0], place.told
    assert place.told["unread"] == []
    assert acting(repr(place.told)) == []


async def test_every_row_of_hostile_values_is_found_and_told_of(place: Place, playing: Carrier) -> None:
    numbers = list(place.passports.values())
    for at in range(0, len(numbers), 100):
        asked = numbers[at : at + 100]
        query = place.federation.query(*map(by_number, asked), purpose="life_safety", asked="comparison")
        answer = (await playing.ask(query)).answer
        lost = [number for number, subject in zip(asked, answer.subjects, strict=True) if not subject.matches]
        if not any(subject.cut for subject in answer.subjects):
            assert lost == []
        for subject in answer.subjects:
            for match in subject.matches:
                texts = [match.reference, *(value for _, values in match.fields for value in values)]
                assert all(len(text) <= 1024 for text in texts)
                assert not any(character in text for text in texts for character in "\x00\x07\x1b\x7f\x85\x9b")


@pytest.mark.parametrize("name", [name for name, value in STORED.items() if value.strip()])
async def test_a_record_whose_reference_is_hostile_is_told_of(place: Place, playing: Carrier, name: str) -> None:
    answer = (await playing.ask(place.federation.query(by_number(f"K{place.passports[name]}")))).answer
    # by a number alone a wanted person is never told of in full
    references = {match.reference for match in answer.subjects[0].matches if match.record_type != "wanted_person"}
    assert len(references) == 1
    assert not any(ord(character) < 32 for character in references.pop().replace("\n", "").replace("\t", ""))


@pytest.mark.parametrize("extreme", EXTREMES)
async def test_a_row_of_an_instant_at_the_end_of_time_is_found(place: Place, playing: Carrier, extreme: str) -> None:
    number = place.passports[f"extreme {extreme}"]
    answer = (await playing.ask(place.federation.query(by_number(number)))).answer
    assert {match.record_type for match in answer.subjects[0].matches} == {
        "wanted_person", "territorial_note", "police_registration",
    }  # fmt: skip


async def test_the_others_are_found_as_ever_and_no_table_is_gone(place: Place, playing: Carrier) -> None:
    answer = (await playing.ask(place.federation.query(HELD[0].person))).answer
    assert answer.subjects[0].band == "strong"
    for value in OWN.values():
        person = replace(HELD[0].person, birth_place=value[:1000].encode(errors="ignore").decode().translate(_CLEAN))
        assert (await playing.ask(place.federation.query(person))).answer.subjects[0].band == "strong"
    rows = await place.federation.rows(NODE, "SELECT count(*) FROM simpul.log_entry")
    assert rows[0][0] > 0


_CLEAN = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(127, 160)), "")
