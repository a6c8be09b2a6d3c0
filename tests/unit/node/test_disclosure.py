"""What leaves of what was found: cut to its class, strongest first, and never too large for an envelope."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from federation.answer import MAX_MATCHES, SubjectAnswer
from federation.comparison import Comparison
from federation.terms import DISCLOSURE_CLASSES, rank, terms
from node.disclosure import MATCH_BYTES, Found, disclose
from node.policy import Permit
from tests.sealed import NODES, answer, opened, query

COMPARED = Comparison(attribute="name", outcome="agrees", kind="same", asked="KIM", held="KIM", bits=9.0, evidence="x")


def found(**changes: Any) -> Found:
    """A stay permit found, with a field that no class lets out."""
    made = Found(
        band="strong",
        record_type="stay_permit",
        reference="R-1",
        as_of=datetime(2026, 11, 1, tzinfo=UTC),
        fields={"kind": ("ITAS",), "to": ("2027-01-04",), "number": ("2C11",), "secret": ("never",), "office": ()},
        score=0.99,
        prior_bits=-14.0,
        comparisons=(COMPARED,),
    )
    return replace(made, **changes)


def one(given: str, *records: Found) -> SubjectAnswer:
    """What is disclosed of one subject."""
    (subject,) = disclose([records or (found(),)], Permit(classes={"stay_permit": given}), terms())
    return subject


def test_a_notice_says_nothing_of_any_subject() -> None:
    assert disclose([(found(),), ()], Permit(classes={"stay_permit": "desk_notice"}), terms()) == ()


@pytest.mark.parametrize("given", ["match_only", "contact_point"])
def test_below_status_only_the_best_band_leaves(given: str) -> None:
    subject = one(given, found(band="possible", score=0.4), found())
    assert (subject.band, subject.matches, subject.cut) == ("strong", (), False)


def test_status_gives_the_status_fields_and_no_reference() -> None:
    (match,) = one("status").matches
    assert match.fields == (("kind", ("ITAS",)), ("to", ("2027-01-04",)))
    assert (match.reference, match.score, match.prior_bits, match.comparisons) == ("", None, None, ())
    assert match.as_of == found().as_of


def test_fields_gives_the_named_fields_and_the_reference_and_no_score() -> None:
    (match,) = one("fields").matches
    assert match.fields == (("kind", ("ITAS",)), ("number", ("2C11",)), ("to", ("2027-01-04",)))
    assert (match.reference, match.score, match.prior_bits, match.comparisons) == ("R-1", None, None, ())


def test_comparison_adds_the_score_and_its_evidence() -> None:
    (match,) = one("comparison").matches
    assert (match.reference, match.score, match.prior_bits) == ("R-1", 0.99, -14.0)
    assert match.comparisons == (COMPARED,)


@pytest.mark.parametrize("given", DISCLOSURE_CLASSES)
def test_a_field_that_the_terms_do_not_list_never_leaves(given: str) -> None:
    subjects = disclose([(found(),)], Permit(classes={"stay_permit": given}), terms())
    names = {name for subject in subjects for match in subject.matches for name, _ in match.fields}
    assert names <= set(terms().record_type["stay_permit"].fields)


@pytest.mark.parametrize("given", ["refused", "desk_notice"])
def test_a_record_of_a_type_denied_or_under_a_notice_is_as_if_it_were_not_there(given: str) -> None:
    classes = {"movement": "fields"} | ({"stay_permit": given} if given == "desk_notice" else {})
    (subject,) = disclose([(found(),)], Permit(classes=classes), terms())
    assert subject == SubjectAnswer(subject=0, band="none")


def test_the_strongest_matches_come_first_and_past_the_limit_the_list_is_cut() -> None:
    records = [found(score=at / 100, reference=f"R-{at}") for at in range(MAX_MATCHES + 5)]
    subject = one("fields", *records)
    assert subject.cut
    assert [match.reference for match in subject.matches] == [f"R-{at}" for at in range(24, 4, -1)]
    assert not one("fields", *records[:MAX_MATCHES]).cut


def test_an_answer_too_large_drops_its_weakest_matches_and_marks_each_subject_cut() -> None:
    comparisons = (replace(COMPARED, evidence="e" * 4000),) * 4
    records = [found(score=at / 100, comparisons=comparisons) for at in range(20)]
    subjects = disclose([records, records[18:], ()], Permit(classes={"stay_permit": "comparison"}), terms())
    large, small, none = subjects
    assert large.cut and not small.cut and not none.cut
    assert [match.score for match in large.matches] == [at / 100 for at in range(19, 19 - len(large.matches), -1)]


def test_the_weakest_match_goes_first_whichever_subject_it_is_of() -> None:
    comparisons = (replace(COMPARED, evidence="e" * 4000),) * 4
    strong = [found(score=0.9, comparisons=comparisons)] * 15
    weak = [found(score=0.3, comparisons=comparisons)] * 2
    first, second = disclose([strong, weak], Permit(classes={"stay_permit": "comparison"}), terms())
    assert (len(second.matches), second.cut) == (0, True)
    assert len(first.matches) < 15


def test_a_value_that_no_reader_would_take_is_told_as_far_as_it_can_be() -> None:
    hostile = found(fields={"number": ("a\x1b[31mb\x00c", "x" * 5000)}, reference="r" * 400)
    (match,) = one("fields", hostile).matches
    ((_, (marked, cut)),) = match.fields
    assert (marked, len(cut), len(match.reference)) == ("a\ufffd[31mb\ufffdc", 1024, 256)
    reply = opened(answer(query(), NODES[1], subjects=(SubjectAnswer(subject=0, band="strong", matches=(match,)),)))
    assert reply.statement.subjects[0].matches == (match,)


def test_an_answer_about_a_hundred_subjects_fits_its_envelope_however_much_was_found() -> None:
    comparisons = (replace(COMPARED, evidence="e" * 1000, asked="a" * 200, held="h" * 200),) * 6
    asked = query(count=100)
    subjects = disclose(
        [[found(comparisons=comparisons)] * 20] * 100, Permit(classes={"stay_permit": "comparison"}), terms()
    )
    reply = opened(answer(asked, NODES[1], disclosure_class="comparison", subjects=subjects))
    assert len(reply.envelope.payload) <= 256 * 1024
    assert len(reply.envelope.payload) > MATCH_BYTES // 2
    assert all(subject.cut and subject.band == "strong" for subject in subjects)


def test_classes_stand_beside_one_another_record_by_record() -> None:
    records = (found(), found(record_type="detention", score=0.5, fields={"status": ("ended",)}))
    permit = Permit(classes={"stay_permit": "fields", "detention": "status"})
    (subject,) = disclose([records], permit, terms())
    assert [(m.record_type, m.disclosure_class) for m in subject.matches] == [
        ("stay_permit", "fields"),
        ("detention", "status"),
    ]
    assert max(rank(m.disclosure_class) for m in subject.matches) == rank(permit.highest)
