"""What each way of agreeing or differing weighs: the policy of matching, one row a reviewer can read and argue with.

Weights are bits: log2 of how much likelier the finding is among pairs of one person than among pairs of two. They are
defaults, measured on invented populations with known truth, until an agency's own table gives better ones. All are
multiples of an eighth, so that sums are exact in any order.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, NamedTuple

from federation.comparison import Outcome

ATTRIBUTES: Final = ("name", "birth", "document", "national_identifier", "sex", "nationality")


class Feature(NamedTuple):
    """One row: how two values of an attribute relate and what follows from it.

    `bits` of a name and of a nationality are worked out from how common the value is, and 0 here. `supports` says
    whether the row counts as one of the two independent agreements without which no match is strong; `conflict`
    whether it forbids a strong match whatever else agrees.
    """

    attribute: str
    kind: str
    outcome: Outcome
    bits: float
    supports: bool
    conflict: bool
    means: str


FEATURES: Final = (
    Feature("name", "same", "agrees", 0, True, False, "every part agrees"),
    Feature("name", "part_missing", "agrees", 0, True, False, "two parts or more agree; one side gives further parts"),
    Feature("name", "one_part", "close", 0, False, False, "one part agrees; one side gives further parts"),
    Feature(
        "name",
        "respelled",
        "close",
        0,
        False,
        False,
        "no part contradicts; some agree only nearly",
    ),
    Feature("name", "scripts", "close", 0, False, False, "written in two scripts; not every part could be paired"),
    Feature("name", "scripts_unread", "differs", -5, False, False, "written in two scripts; no part could be paired"),
    Feature("name", "some_differ", "differs", 0, False, True, "some parts agree, others contradict"),
    Feature("name", "different", "differs", -10, False, True, "no part agrees"),
    Feature("birth", "same", "agrees", 13, True, False, "the same date"),
    Feature("birth", "same_first_january", "agrees", 7, False, False, "the same 1 January, often a year alone"),
    Feature("birth", "swapped", "close", 7.5, False, False, "the same date with day and month exchanged"),
    Feature("birth", "year_month", "close", 8, False, False, "the same year and month; a day is unknown"),
    Feature("birth", "year", "close", 5, False, False, "the same year; more is unknown"),
    Feature("birth", "age_within", "close", 3.5, False, False, "the birth year lies within the age"),
    Feature("birth", "one_digit", "close", 2.5, False, False, "the dates differ in one digit"),
    Feature("birth", "age_near", "close", 0, False, False, "the birth year lies within two years of the age"),
    Feature("birth", "one_part", "differs", -1.5, False, False, "the day, the month or the year differs"),
    Feature("birth", "year_near", "differs", -3, False, False, "birth years next to each other; more is unknown"),
    Feature("birth", "different", "differs", -7, False, True, "two different dates"),
    Feature("document", "same", "agrees", 24, True, False, "the same number of the same issuing state"),
    Feature("document", "same_number", "agrees", 19, True, False, "the same number; an issuing state is unknown"),
    Feature("document", "look_alike", "agrees", 16, True, False, "the same number but for characters that look alike"),
    Feature("document", "one_character", "close", 5, False, False, "the numbers differ in one character"),
    Feature("document", "shared", "close", 3, False, True, "the same number, births twelve years apart or more"),
    Feature("document", "same_number_other_state", "close", 3, False, False, "the same number of two issuing states"),
    Feature("document", "last_character", "close", 1, False, False, "neighbours in a series, as groups hold them"),
    Feature("document", "other_state", "unknown", 0, False, False, "documents of two issuing states"),
    Feature("document", "other_number", "differs", -1, False, False, "another number, as after a renewal"),
    Feature("national_identifier", "same", "agrees", 24, True, False, "the same number of the same register"),
    Feature("national_identifier", "look_alike", "agrees", 16, True, False, "the same but for look-alike characters"),
    Feature("national_identifier", "one_character", "close", 5, False, False, "the numbers differ in one character"),
    Feature("national_identifier", "different", "differs", -6, False, True, "two numbers of one register"),
    Feature("sex", "same", "agrees", 1, False, False, "the same sex"),
    Feature("sex", "different", "differs", -5, False, True, "two sexes"),
    Feature("nationality", "same", "agrees", 0, False, False, "a nationality in common"),
    Feature("nationality", "related", "close", 0, False, False, "two codes that one passport may bear"),
    Feature("nationality", "different", "differs", -3, False, False, "no nationality in common"),
)
BY_KIND: Final = MappingProxyType({(feature.attribute, feature.kind): feature for feature in FEATURES})

QUALITIES: Final = MappingProxyType(
    {
        "same": 1.0,
        "joined": 0.95,
        "variant": 0.85,
        "spelling": 0.8,
        "romanisation": 0.75,
        "other_language": 0.6,
        "typo": 0.5,
        "short_typo": 0.4,
        "long_typo": 0.65,
        "vowels": 0.35,
        "cut": 0.4,
        "initial": 0.3,
    }
)
SURE_PARTS: Final = frozenset({"same", "joined", "variant", "spelling"})

TOKEN_MOST: Final = 11.0
NAME_MOST: Final = 24.0
NAME_MOST_WITH_A_CONTRADICTION: Final = 2.0
CONTRADICTION: Final = -5.0
FURTHER_CONTRADICTION: Final = -3.0
INITIALS_CONTRADICT: Final = -3.0
SCRIPTS_CONTRADICT: Final = -4.0
DOUBTFUL_SOUND: Final = 0.3
DOUBT_MOST: Final = -3.0
MISSING: Final = -1.0
MISSING_MOST: Final = 3
GENERATION: Final = -1.5
GENERATIONS_DIFFER: Final = -8.0
INITIAL_MOST: Final = 3.0
TURNED: Final = -1.0
REORDERED: Final = -4.0
LINEAGE_TURNED: Final = -12.0
HOMOPHONE: Final = -2.0
NATIONALITY_MOST: Final = 6.0
NATIONALITY_BESIDE_A_NAME: Final = 0.5

YEARS_APART: Final = 12
STRONG_SCORE: Final = 0.99
POSSIBLE_SCORE: Final = 0.2
STRONG_SUPPORTS: Final = 2
STRONG_NAME_WITHOUT_A_NUMBER: Final = 14.5
HELD_AT_ALL: Final = 0.6


def eighths(bits: float) -> float:
    """`bits` rounded to an eighth."""
    return round(bits * 8) / 8
