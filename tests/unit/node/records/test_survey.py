"""What a profile counts of records."""

from __future__ import annotations

from datetime import date

from matching.describe import describe
from matching.loose import read_person
from node.records.reading import SourceRecord
from node.records.survey import SampledCounts, Survey
from tests.agencies import HELD

SECRET = bytes(range(32))


def record(key: str, **values: object) -> SourceRecord:
    return SourceRecord(
        type="stay_permit", key=key, person=read_person(values, date(2026, 11, 25)), as_of=None, fields={}
    )


def test_what_is_missing_or_doubtful_is_counted_by_record_type() -> None:
    survey = Survey(SECRET, 2026)
    survey.add(
        [
            record("1", names=["Sukarno"], born="1980"),
            record("2", names=["Zhang Wei"], born="1980-01-01", documents=["E1234567"]),
            record("3", documents=["0000000"]),
        ]
    )
    found = survey.types["stay_permit"]
    assert (survey.records, found.records) == (3, 3)
    assert (found.given["name"], found.given["birth"], found.given["document"], found.given["sex"]) == (2, 2, 2, 0)
    assert found.doubts["name of one part alone"] == 1
    assert found.doubts["birth date without its day"] == 1
    assert found.doubts["born on 1 January, often a year alone"] == 1
    assert found.doubts["document number of one character repeated"] == 1
    assert found.decades[1980] == 2


def test_records_that_no_query_can_find_are_counted() -> None:
    survey = Survey(SECRET, 2026)
    survey.add([record("1", born="1980"), record("2", names=["Zhang Wei"])])
    assert survey.without_key == 1
    assert survey.families["G"] == 1


def test_doubles_are_counted_by_number_and_by_name_with_date() -> None:
    survey = Survey(SECRET, 2026)
    person = {"names": ["Zhang Guangming"], "born": "1980-02-03", "documents": ["E1234567"]}
    survey.add([record("1", **person), record("2", **person), record("3", names=["Sukarno Hatta"])])
    assert survey.numbers.shared() == (1, 2)
    assert survey.namesakes.shared() == (1, 2)


def test_counts_stay_bounded_and_still_tell_about_how_many_are_shared() -> None:
    counts = SampledCounts(kept=1_000)
    for number in range(20_000):
        digest = (number * 0x9E3779B97F4A7C15) % 2**63 >> 3
        for _ in range(2 if number % 4 == 0 else 1):
            counts.add(digest)
    values, records = counts.shared()
    assert len(counts.counts) <= 1_000
    assert 4_000 < values < 6_000
    assert records == 2 * values


def test_people_of_a_real_shape_have_every_kind_of_key() -> None:
    survey = Survey(SECRET, 2026)
    rows = [
        SourceRecord(
            type="ban",
            key=str(number),
            person=describe(names=[row.name], born=row.born.isoformat(), documents=[row.passport]),
            as_of=None,
            fields={},
        )
        for number, row in enumerate(HELD)
    ]
    survey.add(rows)
    assert all(survey.families[family] == len(rows) for family in "ACDEGH")
