"""Document numbers cleaned and folded."""

from __future__ import annotations

from matching.documents import clean, fold, read_document


def test_spaces_and_dashes_are_no_part_of_a_number() -> None:
    assert clean(" e 1234-5678 ") == "E12345678"


def test_cyrillic_letters_that_look_latin_become_latin() -> None:
    assert clean("АВ123456") == "AB123456"


def test_characters_that_look_alike_are_folded() -> None:
    assert fold("OQDILBSZG") == "000118526"
    assert fold("E1234567O") == fold("E12345670")


def test_an_issuing_state_before_the_number_is_read() -> None:
    document = read_document("CHN E12345678")
    assert document is not None
    assert (document.issuer, document.number) == ("CHN", "E12345678")


def test_a_word_without_a_digit_is_no_number() -> None:
    assert read_document("TIDAK ADA") is None
    assert read_document("A1") is None
