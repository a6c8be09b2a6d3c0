"""The agency's records as the responder sees them: candidates for a subject, and how fresh they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from matching.form import Form, decode
from matching.model import Model


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A record that shares a blocking key with a subject; its form and fields stay encoded until they are needed."""

    record_type: str
    reference: str
    as_of: datetime | None
    encoded_form: bytes
    encoded_fields: bytes

    @property
    def form(self) -> Form:
        """The record's normal form."""
        return decode(self.encoded_form)

    @property
    def fields(self) -> Mapping[str, tuple[str, ...]]:
        """The values that disclosure may give, by field."""
        return msgspec.msgpack.decode(self.encoded_fields, type=dict[str, tuple[str, ...]])


class Records(Protocol):
    """What answers which records deserve comparison."""

    async def candidates(self, subjects: Sequence[Form]) -> Sequence[Sequence[Candidate]]:
        """Candidates of each subject, those with the heaviest keys first, at most 300; RecordsUnavailable."""

    @property
    def population(self) -> int:
        """How many records there are."""

    @property
    def model(self) -> Model:
        """How common each name token is among them, and the parameters by which they are compared."""

    @property
    def as_of(self) -> datetime:
        """The instant up to which the index reflects the agency's records."""
