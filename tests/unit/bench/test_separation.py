"""How well scores tell pairs of one person from pairs of two."""

from __future__ import annotations

from math import isnan

from pytest import approx

from bench.separation import auc, best_f1, recall_at_false, recall_at_precision

SCORES = [(4.0, True), (3.0, True), (3.0, False), (2.0, True), (1.0, False)]


def test_equal_scores_count_half_in_the_auc() -> None:
    assert auc(SCORES) == approx((2 + 1.5 + 1) / 6)


def test_the_best_f1_takes_equal_scores_together() -> None:
    assert best_f1(SCORES) == (approx(6 / 7), 2.0)


def test_recall_at_a_precision_counts_no_pair_below_a_false_one_of_the_same_score() -> None:
    assert recall_at_precision(SCORES, 1.0) == approx(1 / 3)
    assert recall_at_precision(SCORES, 0.75) == 1.0


def test_recall_at_a_share_of_false_pairs() -> None:
    assert recall_at_false(SCORES, 0.0) == approx(1 / 3)
    assert recall_at_false(SCORES, 0.5) == 1.0


def test_pairs_of_one_kind_alone_measure_nothing() -> None:
    assert isnan(auc([(1.0, True)]))
    assert isnan(recall_at_precision([(1.0, False)], 0.99))
    assert isnan(best_f1([])[0])


def test_pairs_of_one_person_that_got_no_score_count_as_not_found() -> None:
    assert best_f1(SCORES, 6) == (approx(6 / 10), 2.0)
    assert recall_at_precision(SCORES, 0.75, 6) == 0.5
