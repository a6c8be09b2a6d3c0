"""The two queries of the demo, asked as an officer of Imigrasi would."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from coordinator.cli import asking
from coordinator.cli.officer import Officer
from coordinator.cli.report import as_json
from coordinator.cli.sending import send
from coordinator.cli.show import Screen
from deploy.ceremony.founding import Federation
from deploy.ceremony.officers import OfficerPlan, issue_officer, renew_credential
from deploy.demo.population.planted import PLANTED
from deploy.demo.province import ASKER, COORDINATOR
from federation.instant import system_clock
from matching.describe import describe

CASE: Final = "IMI.5-GR.03.02-2134"
PURPOSES: Final = ("joint_operation", "routine_oversight")
_DEADLINE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A purpose, and the planted person asked about under it."""

    purpose: str
    name: str
    born: str
    nationality: str

    @property
    def arguments(self) -> str:
        """The same on the command line."""
        return (
            f'--name "{self.name}" --born {self.born} --nationality {self.nationality} '
            f"--purpose {self.purpose} --case {CASE}"
        )


def planned() -> tuple[Planned, ...]:
    """First the person whom many agencies know, then the one whose permit has run out."""
    people = {person.key: person for person in PLANTED}
    return tuple(
        Planned(
            purpose=purpose,
            name=f"{people[purpose].name.family} {people[purpose].name.given}",
            born=people[purpose].born.strftime("%d-%m-%Y"),
            nationality=people[purpose].nationality,
        )
        for purpose in PURPOSES
    )


def officer(folder: Path, federation: Federation) -> Officer:
    """The officer's folder, made once; the credential is short-lived and is issued anew each time."""
    member, now = federation.member(ASKER), system_clock()
    if folder.exists():
        renew_credential(folder, member, purposes=PURPOSES, at=now)
    else:
        plan = OfficerPlan(id="alya", office="Seksi Inteldakim", purposes=PURPOSES, coordinator=COORDINATOR)
        issue_officer(folder, member, plan, at=now)
    return Officer.from_folder(folder)


async def ask(plan: Planned, asker: Officer, console: Console) -> dict[str, Any]:
    """Ask one query, show its result, and return it as JSON would tell it."""
    now = system_clock()
    person = describe(names=[plan.name], born=plan.born, nationality=plan.nationality, at=now.date())
    wish = asking.Wish(purpose=plan.purpose, case_reference=CASE, disclosure_class="fields", subjects=(person,))
    query = asking.make_query(wish, asker, now)
    sent = await send(asking.sign(query, asker), asker, _DEADLINE_SECONDS, console)
    Screen(console, "id", asker.roster.statement).result(sent.people, sent.outcomes, sent.result)
    return as_json(sent.query, sent.outcomes, sent.result)
