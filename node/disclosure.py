"""What leaves the agency: the least that serves, cut to the class that each record type was given."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from federation.answer import MAX_MATCHES, Match, SubjectAnswer
from federation.comparison import Band, Comparison, better
from federation.terms import Terms, rank
from node.policy import Permit

# Room for the envelope's signature and the answer's own fields beside its matches.
MATCH_BYTES: Final = 240 * 1024
# SPEC: 08-answer: what a reader takes of each text and list.
_TEXT_LENGTH: Final = 1024
_EVIDENCE_LENGTH: Final = 4096
_REFERENCE_LENGTH: Final = 256
_MAX_VALUES: Final = 64
_MAX_ALIGNED: Final = 256
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_STATUS: Final = rank("status")
_FIELDS: Final = rank("fields")
_COMPARISON: Final = rank("comparison")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record that came into a band, with all that the node knows of it."""

    band: Band
    record_type: str
    reference: str
    as_of: datetime | None
    fields: Mapping[str, tuple[str, ...]]
    score: float
    prior_bits: float
    comparisons: tuple[Comparison, ...]


def disclose(found: Sequence[Sequence[Found]], permit: Permit, terms: Terms) -> tuple[SubjectAnswer, ...]:
    """Cut what was found of each subject, strongest first, to what the permit lets out."""
    steps = disclosing(found, permit, terms)
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            answers: tuple[SubjectAnswer, ...] = ended.value
            return answers


def disclosing(
    found: Sequence[Sequence[Found]], permit: Permit, terms: Terms
) -> Generator[None, None, tuple[SubjectAnswer, ...]]:
    """Disclose as `disclose` does, and pause after each subject, and each match that there is no room for."""
    if rank(permit.highest) == rank("desk_notice"):
        return ()
    answers: list[SubjectAnswer] = []
    scores: list[list[float]] = []
    for place, records in enumerate(found):
        answer, told = _subject(place, records, permit, terms)
        answers.append(answer)
        scores.append(told)
        yield
    return (yield from _within_size(answers, scores))


def _subject(place: int, found: Sequence[Found], permit: Permit, terms: Terms) -> tuple[SubjectAnswer, list[float]]:
    """What is said of one subject, and the score of each match that is told."""
    band: Band = "none"
    told: list[tuple[Found, str]] = []
    for record in sorted(found, key=lambda r: -r.score):
        given = permit.classes.get(record.record_type)
        if given is None or given == "desk_notice":
            continue
        band = better(band, record.band)
        if rank(given) >= _STATUS:
            told.append((record, given))
    matches = tuple(_match(record, given, terms) for record, given in told[:MAX_MATCHES])
    answer = SubjectAnswer(subject=place, band=band, matches=matches, cut=len(told) > MAX_MATCHES)
    return answer, [record.score for record, _ in told[:MAX_MATCHES]]


def _match(record: Found, given: str, terms: Terms) -> Match:
    kind = terms.record_type[record.record_type]
    allowed = kind.fields if rank(given) >= _FIELDS else kind.status_fields
    in_detail = rank(given) >= _COMPARISON
    return Match(
        band=record.band,
        record_type=record.record_type,
        disclosure_class=given,
        as_of=record.as_of,
        fields=tuple(
            (name, tuple(_tellable(value) for value in record.fields[name][:_MAX_VALUES]))
            for name in allowed
            if record.fields.get(name)
        ),
        reference=_tellable(record.reference, _REFERENCE_LENGTH) if rank(given) >= _FIELDS else "",
        score=record.score if in_detail else None,
        prior_bits=record.prior_bits if in_detail else None,
        comparisons=tuple(_comparison(comparison) for comparison in record.comparisons) if in_detail else (),
    )


def _comparison(comparison: Comparison) -> Comparison:
    return replace(
        comparison,
        asked=_tellable(comparison.asked),
        held=_tellable(comparison.held),
        evidence=_tellable(comparison.evidence, _EVIDENCE_LENGTH),
        aligned=tuple(
            replace(part, asked=_tellable(part.asked), held=_tellable(part.held))
            for part in comparison.aligned[:_MAX_ALIGNED]
        ),
    )


def _tellable(text: str, most: int = _TEXT_LENGTH) -> str:
    """A value of the agency's as it may travel: control characters marked, and never longer than a reader takes."""
    clean = _CONTROLS.sub("\ufffd", text)
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def _within_size(
    answers: list[SubjectAnswer], scores: list[list[float]]
) -> Generator[None, None, tuple[SubjectAnswer, ...]]:
    """Drop the weakest matches, over all subjects, until the answer fits, and mark each subject so cut."""
    sizes: list[list[int]] = []
    for answer in answers:
        sizes.append([_size(match) for match in answer.matches])
        yield
    total = sum(map(sum, sizes))
    while total > MATCH_BYTES:
        held = (place for place, left in enumerate(sizes) if left)
        place = min(held, key=lambda place: (scores[place][-1], -len(sizes[place]), -place))
        total -= sizes[place].pop()
        scores[place].pop()
        answers[place] = replace(answers[place], matches=answers[place].matches[:-1], cut=True)
        yield
    return tuple(answers)


def _size(match: Match) -> int:
    """About how many bytes a match takes on the wire, never less."""
    texts = [match.reference, match.record_type, *(v for _, values in match.fields for v in values)]
    for comparison in match.comparisons:
        texts += [comparison.asked, comparison.held, comparison.evidence]
        texts += [text for part in comparison.aligned for text in (part.asked, part.held, part.kind)]
    return 128 + sum(len(text.encode()) + 24 for text in texts)
