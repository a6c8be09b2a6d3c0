"""How far scores lie from what they say, and what is wrong with a record."""

from __future__ import annotations

from datetime import date

import pytest

from bench.calibration import Told, expected_error, noise_of, reliability
from matching.form import Form, prepare
from matching.loose import read_person


def form(**given: object) -> Form:
    return prepare(read_person(given, date(2026, 11, 25)))


def test_scores_that_say_what_is_so_have_no_error() -> None:
    scores = [(0.75, True), (0.75, True), (0.75, True), (0.75, False)]
    assert expected_error(scores) == 0


def test_the_error_is_the_mean_distance_weighed_by_how_many() -> None:
    scores = [(0.9, False), (0.05, False), (0.05, False), (0.05, False)]
    assert expected_error(scores) == pytest.approx((0.9 + 3 * 0.05) / 4)
    assert reliability(scores) == [(pytest.approx(0.05), 0, 3), (0.9, 0, 1)]


def test_a_score_of_one_is_in_the_last_bin_and_none_at_all_is_no_fault() -> None:
    assert reliability([(1.0, True)]) == [(1.0, 1.0, 1)]
    assert expected_error([]) == 0


def test_bands_are_counted_by_whether_they_were_told_rightly() -> None:
    told = Told()
    for band, true in (("strong", True), ("possible", True), ("none", True), ("possible", False)):
        told.add(band, true=true)
    assert told.recall == pytest.approx(2 / 3)
    assert (told.precision("strong"), told.precision("possible")) == (1, 0.5)


@pytest.mark.parametrize(
    ("held", "kinds"),
    [
        ({"names": ["Zhang Wei"], "born": "1980-02-03", "documents": ["CHN E123"]}, set()),
        (
            {"names": ["Zhang"], "born": "1980", "documents": ["CHN E124"]},
            {"name shortened", "birth in part", "another document"},
        ),
        ({"names": ["Chang Wei"], "born": "1981-02-03"}, {"name written otherwise", "birth differs", "no document"}),
        ({"documents": ["CHN E123"]}, {"name missing", "birth missing"}),
    ],
)
def test_what_is_wrong_with_a_record_is_told_by_what_is_written(held: dict[str, object], kinds: set[str]) -> None:
    asked = form(names=["Zhang Wei"], born="1980-02-03", documents=["CHN E123"])
    assert set(noise_of(asked, form(**held))) == kinds
