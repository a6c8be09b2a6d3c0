"""Commands on the roster: draft, sign, show, verify, install."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict, Unpack

import click

from deploy.ceremony.authorities import load_public
from deploy.ceremony.changes import changes
from deploy.ceremony.cli import show
from deploy.ceremony.description import read_description
from deploy.ceremony.files import read_envelope, read_public, write_envelope, write_public
from deploy.ceremony.rosters import (
    RosterPlan,
    digest_of,
    draft_roster,
    install_roster,
    missing_signatures,
    read_draft,
    sign_roster,
)
from federation.errors import ConfigError, RosterMismatch
from federation.instant import system_clock
from federation.keys import SigningKey
from federation.pins import load_pins, open_roster_file
from federation.roster import Roster, check_succession
from federation.seal import Verified, open_next_roster
from federation.terminal import say

PATH = click.Path(path_type=Path)


class DraftOptions(TypedDict):
    """What `roster draft` is told."""

    member: tuple[Path, ...]
    authority: tuple[Path, ...]
    threshold: int
    days: int
    witness_quorum: int | None
    suspend: tuple[str, ...]
    reinstate: tuple[str, ...]
    remove: tuple[str, ...]
    revoke: tuple[Path, ...]


class SignOptions(TypedDict):
    """What `roster sign` is told, beyond keys and the version before."""

    out: Path | None
    yes: bool


@click.group()
def roster() -> None:
    """Draft, sign, show, verify and install rosters."""


@roster.command()
@click.option("--out", type=PATH, default=Path("roster.draft"), show_default=True)
@click.option("--member", type=PATH, multiple=True, help="A member.toml, new or replacing; repeat.")
@click.option("--previous", type=PATH, help="The roster in force; its other members are carried over.")
@click.option("--authorities", type=PATH, help="authorities.toml, under which --previous is verified.")
@click.option("--authority", type=PATH, multiple=True, help="An authority's .pub; as before if left out. Repeat.")
@click.option("--threshold", type=int, default=0, help="How many authorities must sign; as before if left out.")
@click.option(
    "--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="How long the version lasts."
)
@click.option("--witness-quorum", type=click.IntRange(0, 1000), help="How many members cosign a checkpoint.")
@click.option("--suspend", multiple=True, metavar="ID", help="Suspend a member; repeat.")
@click.option("--reinstate", multiple=True, metavar="ID", help="End a suspension; repeat.")
@click.option("--remove", multiple=True, metavar="ID", help="Leave a member out; repeat.")
@click.option("--revoke", type=PATH, multiple=True, help="A credential.envelope that is no longer good; repeat.")
@show.json_option
def draft(
    out: Path, previous: Path | None, authorities: Path | None, as_json: bool, **given: Unpack[DraftOptions]
) -> None:
    """Draft the first version of the roster, or the one that follows --previous.

    \b
    Examples:
      python -m deploy.ceremony roster draft --member imigrasi/member.toml --member binda/member.toml \\
        --authority a.pub --authority b.pub --authority c.pub --threshold 2
      python -m deploy.ceremony roster draft --previous roster.envelope --authorities authorities.toml --suspend binda
    """
    held = _previous(previous, authorities)
    described = [read_description(path) for path in given["member"]]
    federations = {federation for federation, _ in described} | ({held.statement.federation} if held else set())
    if len(federations) != 1:
        raise ConfigError("the members must be of one federation, and there must be one: give --member or --previous")
    plan = RosterPlan(
        federation=federations.pop(),
        members=tuple(member for _, member in described),
        authorities=tuple(load_public(path) for path in given["authority"]),
        threshold=given["threshold"],
        days=given["days"],
        witness_quorum=given["witness_quorum"],
        suspend=frozenset(given["suspend"]),
        reinstate=frozenset(given["reinstate"]),
        remove=frozenset(given["remove"]),
        revoke=frozenset(digest_of(path) for path in given["revoke"]),
    )
    envelope = draft_roster(plan, held, at=system_clock())
    write_envelope(out, envelope)
    _show(read_draft(envelope), held, heading=f"{out}: nobody has signed yet", as_json=as_json)


@roster.command()
@click.argument("file", type=PATH)
@click.option("--key", type=PATH, required=True, help="The authority's .pem.")
@click.option("--previous", type=PATH, help="The roster in force; needed from version 2 on.")
@click.option("--authorities", type=PATH, help="authorities.toml, under which --previous is verified.")
@click.option("--out", type=PATH, help="Where to write; FILE itself if left out.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@show.json_option
def sign(
    file: Path, key: Path, previous: Path | None, authorities: Path | None, as_json: bool, **given: Unpack[SignOptions]
) -> None:
    """Show what FILE holds and how it differs from the roster in force, ask, and add this authority's signature.

    \b
    Examples:
      python -m deploy.ceremony roster sign roster.draft --key a.pem --out roster.envelope
      python -m deploy.ceremony roster sign roster.envelope --key b.pem
    """
    if as_json and not given["yes"]:
        raise click.UsageError("--json cannot ask: add --yes when you have read what you sign")
    envelope = read_envelope(file)
    found, held = read_draft(envelope), _previous(previous, authorities)
    _require_following(found, held)
    if not as_json:
        _show(found, held, heading=f"You are about to sign {file}", as_json=False)
    if not given["yes"]:
        click.confirm("Sign this roster?", abort=True)
    signer = SigningKey.from_file(key)
    signed = sign_roster(envelope, signer, held.statement.authority_keys if held else ())
    out = given["out"] or file
    write_envelope(out, signed)
    missing = missing_signatures(signed, held.statement if held else None)
    values = {"written": str(out), "signed_by": signer.public.key_id, "signatures_still_needed": missing}
    show.facts(values, as_json=as_json)


@roster.command("show")
@click.argument("file", type=PATH)
@show.json_option
def show_command(file: Path, as_json: bool) -> None:
    """Show what a roster or draft says. Nothing is verified.

    \b
    Example:
      python -m deploy.ceremony roster show roster.draft
    """
    _show(read_draft(read_envelope(file)), None, heading=f"{file} (NOT verified)", as_json=as_json)


@roster.command()
@click.argument("file", type=PATH)
@click.option("--authorities", type=PATH, required=True, help="authorities.toml: the pins.")
@click.option("--previous", type=PATH, help="The version before; FILE must directly follow it.")
@show.json_option
def verify(file: Path, authorities: Path, previous: Path | None, as_json: bool) -> None:
    """Verify that enough authorities signed FILE, that it follows --previous, and that it has not expired.

    \b
    Examples:
      python -m deploy.ceremony roster verify roster.envelope --authorities authorities.toml
      python -m deploy.ceremony roster verify new.envelope --authorities authorities.toml --previous roster.envelope
    """
    held = _previous(previous, authorities)
    found = open_next_roster(read_envelope(file), held) if held else open_roster_file(file, load_pins(authorities))
    now = found.statement
    if system_clock() >= now.window.end:
        raise RosterMismatch("the roster has expired; the authorities must sign a new version", version=now.version)
    _show(now, held, heading=f"{file} verifies", as_json=as_json)


@roster.command()
@click.argument("file", type=PATH)
@click.argument("folders", type=PATH, nargs=-1, required=True)
@click.option("--authorities", type=PATH, help="The pins, for a folder that has none yet.")
@show.json_option
def install(file: Path, folders: tuple[Path, ...], authorities: Path | None, as_json: bool) -> None:
    """Put FILE in force in a member's or officer's folders, if it verifies and directly follows what they hold.

    \b
    Examples:
      python -m deploy.ceremony roster install roster.envelope imigrasi --authorities authorities.toml
      python -m deploy.ceremony roster install roster.envelope imigrasi alya
    """
    for folder in folders:
        pins = folder / "authorities.toml"
        if not pins.exists() and authorities is not None:
            open_roster_file(file, load_pins(authorities))
            write_public(pins, read_public(authorities))
        found = install_roster(file, folder)
    values = {"version": found.statement.version, "in_force_in": [str(folder) for folder in folders]}
    show.facts(values, as_json=as_json)


def _previous(file: Path | None, authorities: Path | None) -> Verified[Roster] | None:
    if file is None:
        return None
    if authorities is None:
        raise click.UsageError("--previous needs --authorities, for nothing unverified is built upon")
    return open_roster_file(file, load_pins(authorities))


def _require_following(found: Roster, held: Verified[Roster] | None) -> None:
    if held is not None:
        check_succession(held.statement, held.digest, found)
    elif found.version > 1:
        raise click.UsageError(f"this is version {found.version}: give --previous, to see what it changes")


def _show(found: Roster, held: Verified[Roster] | None, *, heading: str, as_json: bool) -> None:
    changed = list(changes(held.statement, found)) if held is not None else []
    if as_json:
        show.facts(show.roster_facts(found) | {"changes": changed}, as_json=True)
        return
    show.roster_table(found, heading)
    for change in changed:
        say(f"  changed: {change}")
