"""What leaves the agency: the least that serves, cut to the class that each record type was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from federation.answer import MAX_MATCHES, Match, SubjectAnswer
from federation.comparison import Band, Comparison, better
from federation.terms import Terms, rank
from node.policy import Permit

# Room for the envelope's signature and the answer's own fields beside its matches.
MATCH_BYTES: Final = 240 * 1024
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
    if rank(permit.highest) == rank("desk_notice"):
        return ()
    answers = [_subject(place, records, permit, terms) for place, records in enumerate(found)]
    return _within_size(answers)


def _subject(place: int, found: Sequence[Found], permit: Permit, terms: Terms) -> SubjectAnswer:
    band: Band = "none"
    matches: list[Match] = []
    for record in sorted(found, key=lambda r: -r.score):
        given = permit.classes.get(record.record_type)
        if given is None or given == "desk_notice":
            continue
        band = better(band, record.band)
        if rank(given) >= _STATUS:
            matches.append(_match(record, given, terms))
    return SubjectAnswer(subject=place, band=band, matches=tuple(matches[:MAX_MATCHES]), cut=len(matches) > MAX_MATCHES)


def _match(record: Found, given: str, terms: Terms) -> Match:
    kind = terms.record_type[record.record_type]
    allowed = kind.fields if rank(given) >= _FIELDS else kind.status_fields
    in_detail = rank(given) >= _COMPARISON
    return Match(
        band=record.band,
        record_type=record.record_type,
        disclosure_class=given,
        as_of=record.as_of,
        fields=tuple((name, record.fields[name]) for name in allowed if record.fields.get(name)),
        reference=record.reference if rank(given) >= _FIELDS else "",
        score=record.score if in_detail else None,
        prior_bits=record.prior_bits if in_detail else None,
        comparisons=record.comparisons if in_detail else (),
    )


def _within_size(answers: list[SubjectAnswer]) -> tuple[SubjectAnswer, ...]:
    """Drop the last matches, over all subjects, until the answer fits, and mark each subject so cut."""
    sizes = [[_size(match) for match in answer.matches] for answer in answers]
    total = sum(map(sum, sizes))
    while total > MATCH_BYTES:
        place = max(range(len(answers)), key=lambda i: (len(sizes[i]), i))
        total -= sizes[place].pop()
        answers[place] = replace(answers[place], matches=answers[place].matches[:-1], cut=True)
    return tuple(answers)


def _size(match: Match) -> int:
    """About how many bytes a match takes on the wire, never less."""
    texts = [match.reference, match.record_type, *(v for _, values in match.fields for v in values)]
    for comparison in match.comparisons:
        texts += [comparison.asked, comparison.held, comparison.evidence]
        texts += [text for part in comparison.aligned for text in (part.asked, part.held, part.kind)]
    return 128 + sum(len(text.encode()) + 24 for text in texts)
