"""One query from this side: kept until its result is here, so that a cut connection loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.text import Text

from coordinator.acceptance import Accepted
from coordinator.cli import asking
from coordinator.cli.officer import Officer
from coordinator.dispatch import Outcome
from federation.envelope import Envelope
from federation.errors import FederationError, LogUnavailable, TooBusy, TooLate, Unreachable
from federation.keys import read_secret, write_secret
from federation.person import Person
from federation.printable import printable
from federation.query import Clear, Query
from federation.result import Result, Silence
from federation.wire.envelope import decode_envelope, encode_envelope

_WORTH_RESUMING: Final = (Unreachable, TooLate, TooBusy, LogUnavailable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A query, every outcome of it and its result, all verified on this side."""

    query: Query
    outcomes: Mapping[str, Outcome]
    result: Result

    @property
    def people(self) -> tuple[Person, ...]:
        """The subjects as they were asked about."""
        return tuple(subject.person for subject in self.query.subjects if isinstance(subject, Clear))


async def send(query: Envelope | Path, officer: Officer, deadline_seconds: float, console: Console) -> Sent:
    """Send a signed query, or send again one that was kept; forget the kept copy once the result is here."""
    kept = _keep(query, officer) if isinstance(query, Envelope) else query
    envelope = decode_envelope(read_secret(kept))
    try:
        sent = await _outcomes(envelope, officer, deadline_seconds, console)
    except _WORTH_RESUMING:
        console.print(Text(printable(f"To go on with this query rather than ask another: --resume {kept}")))
        raise
    except FederationError:
        kept.unlink(missing_ok=True)
        raise
    kept.unlink(missing_ok=True)
    return sent


async def _outcomes(envelope: Envelope, officer: Officer, deadline_seconds: float, console: Console) -> Sent:
    query = officer.opener().query(envelope, countersigned=False).statement
    outcomes: dict[str, Outcome] = {}
    result: Result | None = None
    columns = (SpinnerColumn(), TextColumn("{task.completed}/{task.total} {task.description}", markup=False))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=len(query.audience))
        async for told in asking.ask(envelope, officer, deadline_seconds):
            if isinstance(told, (Accepted, Silence)):
                outcomes[told.member] = told
                progress.update(task, advance=1, description=told.member)
            else:
                result = told.result.statement
    if result is None:
        raise Unreachable("the coordinator ended without a result")
    return Sent(query=query, outcomes=outcomes, result=result)


def _keep(envelope: Envelope, officer: Officer) -> Path:
    folder = officer.folder / "queries"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{envelope.statement_digest.hex()[:16]}.envelope"
    write_secret(path, encode_envelope(envelope))
    return path
