"""A person read from loose values, as a JSON object has them."""

from __future__ import annotations

from datetime import date

from matching.loose import read_person

TODAY = date(2026, 11, 25)


def test_every_member_is_read() -> None:
    found = read_person(
        {
            "names": ["Zhang Guangming", "张光明"],
            "given": "Guangming",
            "family": "Zhang",
            "born": "1-2-1980",
            "sex": "L",
            "nationality": ["China", "HKG"],
            "documents": ["CHN E12345678"],
        },
        TODAY,
    )
    assert len(found.names) == 3
    assert (found.births[0].year, found.births[0].month, found.births[0].day) == (1980, 2, 1)
    assert [coded.code for coded in found.nationalities] == ["CHN", "HKG"]
    assert found.documents[0].issuer == "CHN"


def test_what_cannot_be_read_is_left_out_and_the_rest_is_kept() -> None:
    found = read_person({"names": ["TIDAK ADA", "Sukarno"], "sex": "?", "nationality": "Atlantis", "born": None}, TODAY)
    assert [name.text for name in found.names] == ["Sukarno"]
    assert (found.sex, found.nationalities, found.births) == (None, (), ())


def test_an_age_is_one_of_the_day_that_is_given() -> None:
    found = read_person({"born": "39 tahun"}, TODAY)
    assert found.year_range is not None
    assert (found.year_range.first, found.year_range.last) == (1986, 1987)


def test_a_date_that_does_not_exist_keeps_its_year() -> None:
    assert read_person({"born": "1980-02-31"}, TODAY).births[0].year == 1980
