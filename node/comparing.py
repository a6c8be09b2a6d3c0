"""A subject's candidates compared and scored; what comes into no band is no match."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

from federation.query import Clear, Query
from matching.form import Form, enough, prepare
from matching.judge import judging
from matching.model import Model
from node.disclosure import Found
from node.records.records import Candidate


def forms(query: Query) -> tuple[Form, ...]:
    """The normal form of each subject of a query whose subjects are all in the clear."""
    return tuple(prepare(subject.person) for subject in query.subjects if isinstance(subject, Clear))


def too_broad(subjects: Sequence[Form]) -> int | None:
    """The place of the first subject that does not say enough to identify a person, or None."""
    return next((place for place, form in enumerate(subjects) if not enough(form)), None)


def finding(
    asked: Form,
    candidates: Sequence[Candidate],
    permitted: Mapping[str, str],
    model: Model,
    population: int,
) -> Generator[None, None, list[Found]]:
    """Come to the candidates of permitted types that are in a band, as all that the node knows of them.

    Pauses after each candidate, and within one that takes long.
    """
    found: list[Found] = []
    for candidate in candidates:
        if candidate.record_type not in permitted:
            continue
        judged = yield from judging(asked, candidate.form, model, population)
        yield
        if judged.band == "none":
            continue
        found.append(
            Found(
                band=judged.band,
                record_type=candidate.record_type,
                reference=candidate.reference,
                as_of=candidate.as_of,
                fields=candidate.fields,
                score=judged.score,
                prior_bits=judged.prior,
                comparisons=judged.comparisons,
            )
        )
    return found
