"""A question on its way through a node: open until it is replied to or has failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from federation.envelope import Envelope
from federation.errors import FederationError
from federation.query import Query
from federation.seal import Verified
from federation.serving.faults import opaque
from federation.tlog.rows import Appended
from matching.form import Form
from node.policy import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied:
    """An answer or refusal, and its place in the log."""

    envelope: Envelope
    appended: Appended


@dataclass(slots=True, kw_only=True, eq=False)
class Question:
    """One question of a frame; `content` is its envelope, or what was wrong with its bytes.

    `asked_this_hour` counts its requester's subjects with those of every question logged beside it; `named_roster`
    is the roster it names, where that is newer than the one held. `set_aside` is what was decided, with the forms of
    its subjects, where comparing takes so long that it is answered by itself.
    """

    correlation: int
    content: Envelope | FederationError
    receipt: bytes
    told: Replied | FederationError | None = None
    admitted: Verified[Query] | None = field(default=None)
    asked_this_hour: int | None = field(default=None)
    named_roster: int = field(default=0)
    set_aside: tuple[Decision, tuple[Form, ...]] | None = field(default=None)

    @property
    def query(self) -> Verified[Query]:
        """The query, once it was admitted."""
        if self.admitted is None:
            raise LookupError("the question was not admitted")
        return self.admitted

    def fail(self, error: Exception, step: str) -> None:
        """End the question with a fault; an unexpected one is told as an incident id alone."""
        self.told = opaque(error, step)

    @contextmanager
    def guarded(self, step: str) -> Iterator[None]:
        """Let whatever is raised within end this question, and no other."""
        try:
            yield
        except Exception as error:
            self.fail(error, step)


def still_open(questions: Sequence[Question]) -> list[Question]:
    """Those of the questions that have neither a reply nor a fault."""
    return [question for question in questions if question.told is None]
