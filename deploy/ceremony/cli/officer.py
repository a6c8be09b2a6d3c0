"""Commands by which an agency equips its officers."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict, Unpack

import click

from deploy.ceremony.cli import show
from deploy.ceremony.members import MemberFolder
from deploy.ceremony.officers import OfficerPlan, issue_officer, renew_credential, renew_officer_tls
from federation.instant import system_clock

PATH = click.Path(path_type=Path)


class OfficerOptions(TypedDict):
    """What `officer` is told."""

    officer_id: str
    office: str
    purpose: tuple[str, ...]
    hours: int
    coordinator: str


class CredentialOptions(TypedDict):
    """What `credential` is told."""

    purpose: tuple[str, ...]
    hours: int


@click.command()
@click.argument("folder", type=PATH)
@click.option("--member", type=PATH, required=True, help="The member's folder: keys, member.toml, roster, pins.")
@click.option("--id", "officer_id", required=True, help="A lower-case id; never a person's name in full.")
@click.option("--office", required=True)
@click.option("--purpose", multiple=True, required=True, help="A purpose of the federation's terms; repeat.")
@click.option("--hours", type=int, default=12, show_default=True, help="How long the credential lasts.")
@click.option("--coordinator", required=True, help="The member id of the coordinator that carries the queries.")
@show.json_option
def officer(folder: Path, member: Path, as_json: bool, **given: Unpack[OfficerOptions]) -> None:
    """Make an officer's folder: key, credential, client certificate, officer.toml, roster and pins.

    \b
    Example, on the member's issuing machine:
      python -m deploy.ceremony officer alya --member imigrasi --id alya --office "Wasdak, Kanim Serang" \\
        --purpose routine_oversight --hours 12 --coordinator koordinator
    """
    plan = OfficerPlan(
        id=given["officer_id"],
        office=given["office"],
        purposes=given["purpose"],
        coordinator=given["coordinator"],
        hours=given["hours"],
    )
    place = issue_officer(folder, MemberFolder(member), plan, at=system_clock())
    show.facts({"folder": str(place.root), "config": str(place.config)}, as_json=as_json)


@click.command()
@click.argument("folder", type=PATH)
@click.option("--member", type=PATH, required=True, help="The member's folder.")
@click.option("--purpose", multiple=True, required=True, help="A purpose of the federation's terms; repeat.")
@click.option("--hours", type=int, default=12, show_default=True)
@click.option("--tls", is_flag=True, help="Renew the client certificate as well (needs the member's keys/ca.pem).")
@show.json_option
def credential(folder: Path, member: Path, tls: bool, as_json: bool, **given: Unpack[CredentialOptions]) -> None:
    """Replace an officer's credential by a fresh one; the officer's key stays.

    \b
    Example:
      python -m deploy.ceremony credential alya --member imigrasi --purpose routine_oversight --hours 12
    """
    at, place = system_clock(), MemberFolder(member)
    fresh = renew_credential(folder, place, purposes=given["purpose"], hours=given["hours"], at=at)
    values = {"officer": fresh.officer, "purposes": list(fresh.purposes), "until": fresh.window.end.isoformat()}
    if tls:
        values["certificate"] = str(renew_officer_tls(folder, place, at=at))
    show.facts(values, as_json=as_json)
