"""What the agencies of a test federation hold and allow: twenty invented people, a mapping and a policy for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import asyncpg

from federation.person import Person
from matching.describe import describe
from tests.postgres import SERVICE, Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One invented foreigner, as every agency writes them down."""

    name: str
    born: date
    nation: str
    sex: str
    passport: str
    protected: bool = False

    @property
    def person(self) -> Person:
        """The same person as an officer would describe them."""
        return describe(
            names=[self.name],
            born=self.born.isoformat(),
            nationality=self.nation,
            documents=[f"{self.nation} {self.passport}"],
        )


_HELD: Final = (
    ("ZHELEZNYAK ARKADIY", "1971-02-19", "RUS", "M", "731904422"),
    ("OKONJO CHUKWUEMEKA", "1985-07-03", "NGA", "M", "A09917354"),
    ("VANDERWAAL LISELOTTE", "1992-11-27", "NLD", "F", "NXR41KP72"),
    ("THAKURDESAI ANIRUDDHA", "1979-05-30", "IND", "M", "Z4418207"),
    ("PHANOMWAN SIRIRAT", "1988-01-08", "THA", "F", "AB7730915"),
    ("QUINTERO EVANGELINA", "1990-09-14", "PHL", "F", "P5527741C"),
    ("HASHEMZADEH BEHROUZ", "1966-12-01", "IRN", "M", "K27719043"),
    ("MATSUSHIRO KENJIRO", "1974-04-22", "JPN", "M", "TK8812067"),
    ("BAEK SEUNGYEON", "1995-06-11", "KOR", "F", "M90347751"),
    ("OUYANG ZHENHUA", "1983-03-09", "CHN", "M", "E71930582"),
    ("FITZWILLIAM GEOFFREY", "1959-08-25", "GBR", "M", "502911873"),
    ("ABDULRAHIMZAI NAJIBULLAH", "1998-10-05", "AFG", "M", "P03381947"),
    ("KOVALCHUKOVA YEVGENIA", "1987-02-28", "UKR", "F", "FG551208"),
    ("MBEKUSHE THANDIWE", "1981-12-17", "ZAF", "F", "A07742216"),
    ("NGUYENPHUC THIENLONG", "1993-05-04", "VNM", "M", "C6620148"),
    ("SANTACRUZ MAXIMILIANO", "1977-07-19", "MEX", "M", "G33918027"),
    ("DRACHENFELS HILDEGARD", "1969-03-31", "DEU", "F", "C4VK71MN9"),
    ("EROGLUCAN TAYFUN", "1991-01-23", "TUR", "M", "U21907364"),
    ("BALASINGHAMER KUMARAN", "1984-11-02", "LKA", "M", "N5504419"),
    ("TREVELYANHURST OTTOLINE", "1996-09-29", "AUS", "F", "PA9913770"),
)
PEOPLE: Final = tuple(
    Row(name=name, born=date.fromisoformat(born), nation=nation, sex=sex, passport=passport, protected=at == 19)
    for at, (name, born, nation, sex, passport) in enumerate(_HELD)
)
HELD: Final = PEOPLE[:19]
PROTECTED: Final = PEOPLE[19]
ABSENT: Final = (
    Row(name="WROBLEWSKAYA JADWIGA", born=date(1976, 6, 16), nation="POL", sex="F", passport="EK4471902"),
    Row(name="ISKANDAROVICH RUSTAMBEK", born=date(1989, 4, 12), nation="UZB", sex="M", passport="FA3391775"),
    Row(name="CARRINGTONSHAW PEREGRINE", born=date(1994, 2, 7), nation="NZL", sex="F", passport="LM8820914"),
)

_TABLES: Final = f"""
CREATE SCHEMA agency;
CREATE TABLE agency.orang (
    id text PRIMARY KEY, nama text, lahir date, negara text, jk text, paspor text, dilindungi boolean,
    mulai date, akhir date
);
GRANT USAGE ON SCHEMA agency TO {SERVICE};
GRANT SELECT ON agency.orang TO {SERVICE};
"""
_INSERT: Final = "INSERT INTO agency.orang VALUES ($1, $2, $3, $4, $5, $6, $7, '2026-01-05', '2027-01-04')"
_PERSON: Final = """table = "orang"
schema = "agency"
key = "id"
protected = "dilindungi"
[record.person]
names = [{ column = "nama", order = "surname_given" }]
births = [{ column = "lahir", format = "date" }]
sex = { column = "jk" }
nationalities = [{ column = "negara" }]
documents = [{ column = "paspor", kind = "passport", issuer = "negara" }]
"""
_RECORDS: Final = {
    "stay_permit": 'kind = { value = "ITAS" }\nnumber = { column = "id" }\nto = { column = "akhir", format = "date" }\n'
    'office = { value = "Serang" }\nstatus = { value = "active" }\n',
    "detention": 'from = { column = "mulai", format = "date" }\nstatus = { value = "ended" }\n',
    "police_registration": 'number = { column = "id" }\non = { column = "mulai", format = "date" }\n',
    "wanted_person": 'number = { column = "id" }\nunit = { value = "Ditreskrimum" }\n',
    "intelligence_interest": 'on = { column = "mulai", format = "date" }\n',
}
TYPES: Final = {
    "imigrasi": ("stay_permit", "detention"),
    "polri": ("police_registration", "wanted_person"),
    "binda": ("intelligence_interest",),
}
QUOTA: Final = 1000

# purpose: (requesters, classes of each type, further lines)
_RULES: Final = {
    "life_safety": (("imigrasi", "polri"), '"*" = "comparison"', ""),
    "routine_oversight": (("imigrasi",), '"*" = "fields"\ndetention = "status"', r"case = 'IMI-\d{4}'"),
    "lodging_check": (("imigrasi", "polri"), '"*" = "status"', ""),
    "subject_request": (("imigrasi", "polri"), '"*" = "contact_point"', ""),
    "data_correction": (("imigrasi", "polri", "tamu"), '"*" = "match_only"', ""),
    "permit_service": (("imigrasi", "polri"), '"*" = "desk_notice"', ""),
    "immigration_action": (("imigrasi",), '"*" = "comparison"', ""),
    "joint_operation": (("imigrasi", "polri"), '"*" = "fields"', "second_officer_above = 2"),
    "manpower_inspection": (
        ("imigrasi",),
        'stay_permit = "fields"\ndetention = "refuse"\npolice_registration = "match_only"',
        "",
    ),
}


def mapping(member: str) -> str:
    """A node's mapping, as its agency's IT would write it."""
    records = [f'[[record]]\ntype = "{kind}"\n{_PERSON}[record.fields]\n{_RECORDS[kind]}' for kind in TYPES[member]]
    return f'[mapping]\nmember = "{member}"\nversion = "1"\n' + "\n".join(records)


def policy(member: str) -> str:
    """A node's policy, as its agency's legal officer would write it."""
    rules = [
        f'[[rule]]\npurpose = "{purpose}"\nrequesters = {list(requesters)}\n{more}\n[rule.disclose]\n{classes}\n'
        for purpose, (requesters, classes, more) in _RULES.items()
    ]
    words = f'indonesian = "Kantor {member}"\nenglish = "Office {member}"\n'
    return (
        f'[policy]\nmember = "{member}"\nversion = "1"\n[desk]\n{words}telephone = "021-555"\n[notice]\n{words}'
        f"[quota]\nsubjects_per_hour = {QUOTA}\n" + "\n".join(rules)
    )


async def fill(database: Database, people: tuple[Row, ...] = PEOPLE) -> None:
    """Make the agency's own table and fill it."""
    connection = await asyncpg.connect(database.owner_dsn)
    try:
        await connection.execute(_TABLES)
        rows = [(f"R-{at:04}", p.name, p.born, p.nation, p.sex, p.passport, p.protected) for at, p in enumerate(people)]
        await connection.executemany(_INSERT, rows)
    finally:
        await connection.close()
