"""A mapping that is wrong is refused in a sentence that names the key and says what to write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from federation.errors import ConfigError
from node.records.mapping import load_mapping, parse_mapping
from node.records.shape import person_of, references

GUIDE = Path(__file__).parents[4] / "docs" / "operating" / "mapping.md"
BLOCKS = re.findall(r"```toml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
GOOD = """
[mapping]
member = "imigrasi"
version = "2026-11-01"

[person.guest]
names = [{ column = "n" }]

[[record]]
type = "detention"
table = "detensi"
joins = [{ table = "orang", as = "o", on = ["detensi.id", "o.id"] }]
key = "no"
person = "guest"

[record.fields]
from = { column = "o.masuk", format = "date" }
"""


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_mapping_in_the_operators_guide_loads(block: str) -> None:
    assert parse_mapping(block.encode()).record


def test_the_guide_shows_every_shape() -> None:
    assert len(BLOCKS) == 10


def test_a_good_mapping_resolves_its_person_and_its_as_of() -> None:
    record = parse_mapping(GOOD.encode()).record[0]
    assert person_of(record).names[0].column == "n"
    assert record.as_of == "refresh"
    assert ("fields.from.column", "o.masuk") in set(references(record))


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ('key = "no"', "", r"missing required field `key`.*write key ="),
        ('key = "no"', 'kye = "no"', r"unknown field `kye` - at `\$\.record\[0\]`; the keys are: type, table, key"),
        ('{ column = "n" }', '{ colum = "n" }', r"unknown field `colum`.*the keys are: column, given, family"),
        ('[{ column = "n" }]', '[{ column = "n", order = "q" }]', r"write one of: as_written, given_family"),
        ('format = "date"', 'format = "dat"', r"write one of: text, date, yyyymmdd"),
        ('"detention"', '"arrest"', r"type 'arrest' is no record type; write one of: admin_action"),
        ("from =", "reason =", r"fields.reason may not leave with detention; its fields are: from, to, status"),
        ('"o.masuk"', '"x.masuk"', r"fields.from.column: 'x' in 'x.masuk' is no alias; declared are: detensi, o"),
        ('person = "guest"', 'person = "ghost"', r"names no \[person.ghost\]; there is: guest"),
        ('on = ["detensi.id", "o.id"]', 'on = ["detensi.id"]', r"joins\[0\].on must hold columns in pairs"),
        ('as = "o"', 'as = "detensi"', r"two tables have the same alias"),
        ('names = [{ column = "n" }]', "", r"neither names nor documents nor mrz; write names"),
        ('[{ column = "n" }]', '[{ column = "n", given = "g" }]', r"person.names\[0\]: write either column, or given"),
        ('{ column = "o.masuk", format = "date" }', "{ split = ',' }", r"fields.from: write either column"),
        ('member = "imigrasi"', "", r"missing required field `member`.*as the roster knows it"),
        ('version = "2026-11-01"', "version = 3", r"Expected `str`, got `int` - at `\$\.mapping\.version`"),
        ('key = "no"', 'key = ["no", "id"]\nlatest = "o.masuk"', r"latest keeps one row for each key"),
        ('key = "no"', 'key = ""', r"key is empty; write key ="),
        ('table = "detensi"\n', "", r'write table = "...".*or \[record.file\] with its path'),
        ('key = "no"', 'key = "no"\nrefresh = "often"', r"write one of: changed, notify, compare"),
        ('key = "no"', 'key = "no"\nrefresh = "changed"', r'needs changed = "...", the column that tells'),
        ('key = "no"', 'key = "o.no"\nrefresh = "notify"', r"needs every column of key to be of detensi"),
        ('key = "no"', 'key = "no"\noverlap = -1', r"overlap is 0 or more"),
        ('key = "no"', 'key = "no"\ncompare_s = 0', r"compare_s 1 or more"),
        ('key = "no"', 'key = "no"\nchanged = "x.at"', r"changed: 'x' in 'x.at' is no alias"),
        ('key = "no"', 'key = "no"\nas_of = { column = "d" }', r"as_of must hold a day or an instant; write as_of ="),
    ],
)
def test_a_wrong_key_is_named_and_the_right_one_told(right: str, wrong: str, says: str) -> None:
    assert right in GOOD
    with pytest.raises(ConfigError, match=says):
        parse_mapping(GOOD.replace(right, wrong, 1).encode())


@pytest.mark.parametrize(
    ("person", "says"),
    [
        ('births = [{ column = "u", format = "age" }]', r"births\[0\]: an age needs observed"),
        ('births = [{ column = "u", year = "y" }]', r"births\[0\]: write either column with format, or year"),
        ('sex = { column = "s", values = { L = "P" } }', r"\['P'\] are no sexes; write M, F or X"),
    ],
)
def test_a_person_that_cannot_be_read_is_refused(person: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_mapping(GOOD.replace("[[record]]", f"{person}\n[[record]]").encode())


FILE = """
[mapping]
member = "imigrasi"
version = "1"
[[record]]
type = "detention"
key = "NO"
[record.file]
path = "buku.csv"
[record.person]
names = [{ column = "NO. & NAMA" }]
"""


def test_a_file_is_found_from_the_folder_of_its_mapping(tmp_path: Path) -> None:
    (tmp_path / "mapping.toml").write_text(FILE)
    record = load_mapping(tmp_path / "mapping.toml").record[0]
    assert record.file is not None
    assert record.file.path == tmp_path / "buku.csv"


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ('key = "NO"', 'key = "NO"\ntable = "t"', r"table may not stand beside \[record.file\]"),
        ('key = "NO"', 'key = "NO"\nchanged = "d"\nlatest = "d"', r"latest, changed may not stand beside"),
        ('"buku.csv"', '"buku.xls"', r"file.path names buku.xls; a file is .csv or .xlsx"),
        ('"buku.csv"', '"buku.csv"\ndelimiter = ";;"', r"file.delimiter is one sign"),
        ('"buku.csv"', '"buku.csv"\nheader = 0', r"file.header the number of a line, from 1"),
        ('"buku.csv"', '"buku.csv"\nencoding = "latin"', r"write one of: utf-8, utf-16, cp1252"),
        ('path = "buku.csv"', "", r"missing required field `path`.*from the folder of the mapping"),
    ],
)
def test_a_file_that_is_described_wrongly_is_refused(right: str, wrong: str, says: str) -> None:
    assert right in FILE
    with pytest.raises(ConfigError, match=says):
        parse_mapping(FILE.replace(right, wrong, 1).encode())


def test_one_record_type_is_mapped_once() -> None:
    record = GOOD[GOOD.index("[[record]]") :]
    with pytest.raises(ConfigError, match="two records have type detention"):
        parse_mapping((GOOD + record).encode())


def test_a_mapping_without_records_is_refused() -> None:
    with pytest.raises(ConfigError, match="no record is mapped"):
        parse_mapping(b'record = []\n[mapping]\nmember = "a"\nversion = "1"\n')


def test_what_is_no_toml_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"is not TOML.*line 1"):
        parse_mapping(b"[mapping\n")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*nowhere\.toml"):
        load_mapping(tmp_path / "nowhere.toml")


def test_a_dot_belongs_to_the_column_unless_an_alias_stands_before_it() -> None:
    record = parse_mapping(GOOD.encode()).record[0]
    assert record.split("o.masuk") == ("o", "masuk")
    assert record.split("NAMA_LENGKAP / TTL") == ("detensi", "NAMA_LENGKAP / TTL")
    assert record.split("detensi.o.masuk") == ("detensi", "o.masuk")
    assert record.split("NO. PASPOR") == ("detensi", "NO. PASPOR")
