"""Commands of a member: its keys, their rotation, its TLS certificate, and the description it gives the authorities."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TypedDict, Unpack

import click

from deploy.ceremony.cli import show
from deploy.ceremony.description import read_description
from deploy.ceremony.members import MemberFolder, MemberPlan, create_member, renew_tls, rotate
from federation.config import digest
from federation.instant import system_clock
from federation.roster import KEY_USES, ROLES

PATH = click.Path(path_type=Path)


class MemberOptions(TypedDict):
    """What `member` is told."""

    member_id: str
    name_id: str
    name_en: str
    role: tuple[str, ...]
    endpoint: tuple[str, ...]
    federation: str
    host: tuple[str, ...]


@click.command()
@click.argument("folder", type=PATH)
@click.option("--id", "member_id", required=True, help="A lower-case id.")
@click.option("--name-id", required=True, help="Name in Indonesian.")
@click.option("--name-en", required=True, help="Name in English.")
@click.option("--role", type=click.Choice(sorted(ROLES)), multiple=True, required=True, help="Repeat for each.")
@click.option(
    "--endpoint", multiple=True, metavar="KIND=HOST:PORT", help="node, coordinator, querylog, roster; repeat."
)
@click.option("--federation", required=True, help="The federation's id.")
@click.option("--host", multiple=True, required=True, help="A name or address that peers dial; repeat.")
@show.json_option
def member(folder: Path, as_json: bool, **given: Unpack[MemberOptions]) -> None:
    """Make a member's keys, its own CA, its TLS certificate, and FOLDER/member.toml for the authorities.

    \b
    Example:
      python -m deploy.ceremony member imigrasi --id imigrasi --federation banten \\
        --name-id "Kantor Imigrasi" --name-en "Immigration Office" --role node --role requester \\
        --endpoint node=10.0.0.5:7001 --host 10.0.0.5
    """
    plan = MemberPlan(
        id=given["member_id"],
        name_indonesian=given["name_id"],
        name_english=given["name_en"],
        roles=frozenset(given["role"]),
        endpoints=dict(_endpoint(text) for text in given["endpoint"]),
        hosts=given["host"],
    )
    place = create_member(folder, plan, federation=given["federation"], at=system_clock())
    _describe(place.description, as_json=as_json)


@click.command()
@click.argument("file", type=PATH)
@show.json_option
def describe(file: Path, as_json: bool) -> None:
    """Show what a member.toml says, and the file's SHA-256, which member and authority read to one another.

    \b
    Example:
      python -m deploy.ceremony describe imigrasi/member.toml
    """
    _describe(file, as_json=as_json)


@click.command("rotate")
@click.argument("folder", type=PATH)
@click.option("--use", type=click.Choice(sorted(KEY_USES)), required=True)
@click.option(
    "--overlap-days", type=click.IntRange(1, 3650), default=30, show_default=True, help="Old key's last days."
)
@show.json_option
def rotate_command(folder: Path, use: str, overlap_days: int, as_json: bool) -> None:
    """Add a new key beside the old one in member.toml; the old private file is kept under its key id.

    The new key speaks once a roster holds it: send member.toml to the authorities, install their roster, then restart.
    A new log key begins a new log.

    \b
    Example:
      python -m deploy.ceremony rotate imigrasi --use statement
    """
    new = rotate(folder, use, at=system_clock(), overlap=timedelta(days=overlap_days))
    values = {"new_key_id": new, "file": str(MemberFolder(folder).keys / f"{use}.pem")}
    show.facts(values | {"next": "send member.toml to the authorities"}, as_json=as_json)


@click.command()
@click.argument("folder", type=PATH)
@click.option("--host", multiple=True, help="A name or address that peers dial; those of the old one if left out.")
@show.json_option
def tls(folder: Path, host: tuple[str, ...], as_json: bool) -> None:
    """Renew a member's TLS certificate with a new key; the old pair is kept under its serial. Needs keys/ca.pem.

    \b
    Example:
      python -m deploy.ceremony tls imigrasi
    """
    path = renew_tls(folder, at=system_clock(), hosts=host)
    show.facts({"certificate": str(path), "key": str(path.with_suffix(".pem"))}, as_json=as_json)


def _describe(file: Path, *, as_json: bool) -> None:
    federation, found = read_description(file)
    values = {"file": str(file), "sha256": digest(file), "federation": federation}
    if as_json:
        show.facts(values | show.member_facts(found), as_json=True)
        return
    show.facts(values | {"log_vkey": found.log_vkey}, as_json=False)
    show.member_tables([found])


def _endpoint(text: str) -> tuple[str, str]:
    kind, _, url = text.partition("=")
    if kind not in ("node", "coordinator", "querylog", "roster") or ":" not in url:
        raise click.BadParameter("must be KIND=HOST:PORT", param_hint="--endpoint")
    return kind, url
