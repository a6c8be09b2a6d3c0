"""The command `simpul-auditor`."""

from __future__ import annotations

import federation.handshake  # noqa: F401  # REASON: before anything loads gRPC

# isort: split
import asyncio
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import click
from rich.console import Console

from auditor.audit import AuditReport, audit
from auditor.cli.doctor import examine
from auditor.collect import collect, find_rosters
from auditor.config import Keys, Settings, load_keys, load_roster, load_settings, require_enrolled
from auditor.copies import Copy, load, save
from auditor.finding import Finding
from auditor.mirror import Mandate
from auditor.opening import Auditor
from auditor.report import print_report, to_json
from auditor.rosters import Rosters, beside
from federation.config import digest
from federation.errors import FederationError
from federation.instant import system_clock
from federation.printable import json_text
from federation.roster import Roster
from federation.seal import Verified
from federation.steps import Step, line
from federation.terminal import Commands, say
from federation.terms import Language

USAGE: Final = 2
T = TypeVar("T")

_CONFIG: Final = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("auditor.toml"),
    show_default=True,
    help="The auditor's own file.",
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Audit a federation: copy every member's log, verify it, open the evidence, reconcile, and report.

    \b
    Examples:
      simpul-auditor check-config --config /etc/simpul/auditor.toml
      simpul-auditor audit --config /etc/simpul/auditor.toml --out copies/
      simpul-auditor audit --copies copies/ --json > report.json
    """


@main.command("audit")
@_CONFIG
@click.option("--json", "as_json", is_flag=True, help="Write the report as JSON, proofs included.")
@click.option(
    "--lang", type=click.Choice(["id", "en"]), default="id", show_default=True, help="Language of the report."
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Keep the copies in this folder.")
@click.option(
    "--copies",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Judge the copies of an earlier audit, and call nobody.",
)
def audit_command(config: Path, as_json: bool, lang: Language, out: Path | None, copies: Path | None) -> None:
    """Copy, verify, open and reconcile all logs of the federation.

    Asking for wraps leaves an entry in every member's log, with the reason and case that auditor.toml gives.

    \b
    Exit codes:
      0  clean: no findings (there may be notes)
      1  findings
      2  usage, configuration, keys or roster
      3  at least one member's log could not be copied; what was copied is reported

    \b
    Examples:
      simpul-auditor audit --config auditor.toml --lang en
      simpul-auditor audit --out copies/ --json > report.json
    """
    report = _or_exit(lambda: _audit(config, out, copies))
    if as_json:
        sys.stdout.buffer.write(to_json(report, lang))
    else:
        print_report(report, Console(), lang)
    sys.exit(report.exit_code)


@main.command("check-config")
@_CONFIG
def check_config(config: Path) -> None:
    """Read the configuration, the keys and the roster, and print the effective configuration.

    \b
    Example:
      simpul-auditor check-config --config auditor.toml
    """
    settings, _, roster = _or_exit(lambda: read_settings(config, system_clock()))
    for name, value in asdict(settings).items():
        say(f"{name} = {value}")
    say(f"roster version = {roster.statement.version}, until {roster.statement.window.end:%Y-%m-%d}")
    say(f"sha256 of {config} = {digest(config)}")


@main.command()
@_CONFIG
@click.option("--open", "opening", is_flag=True, help="Open one group of evidence in each log; each log records it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def doctor(config: Path, opening: bool, as_json: bool) -> None:
    """Try each step of an audit alone: configuration, keys, roster, certificate, then every member's log.

    Without --open nothing is changed anywhere, and no member logs anything.

    \b
    Exit codes:
      0  nothing is wrong (there may be notes)
      1  something is, and is told with what to do

    \b
    Example:
      simpul-auditor doctor --config auditor.toml
    """
    steps = asyncio.run(examine(config, system_clock, _ignore if as_json else _tell, opening=opening))
    if as_json:
        click.echo(json_text(steps.as_json()))
    sys.exit(0 if steps.fine else 1)


def _tell(step: Step) -> None:
    click.echo(line(step))


def _ignore(_step: Step) -> None:
    """Say nothing of a step: all are printed at the end."""


def read_settings(config: Path, at: datetime) -> tuple[Settings, Keys, Verified[Roster]]:
    """The auditor's settings, keys and roster; refuses keys that the roster does not name now (ConfigError)."""
    settings = load_settings(config)
    keys, roster = load_keys(settings), load_roster(settings)
    require_enrolled(settings, keys, roster.statement, at)
    return settings, keys, roster


def _audit(config: Path, out: Path | None, copies: Path | None) -> AuditReport:
    settings, keys, roster = read_settings(config, system_clock())
    auditor = Auditor(member=settings.member, key=keys.evidence)
    if copies is not None:
        return audit(load(copies), Rosters(roster, beside(settings.roster_file)), auditor)
    return asyncio.run(audit_members(settings, keys, roster, out))


async def audit_members(settings: Settings, keys: Keys, roster: Verified[Roster], out: Path | None) -> AuditReport:
    """Copy every member's log, verify it, open the evidence and reconcile; keep the copies in `out`, if it is named."""
    rosters, copied, failures = await copy_members(settings, keys, roster)
    if out is not None:
        save(copied, out)
    return audit(copied, rosters, Auditor(member=settings.member, key=keys.evidence), failures)


async def copy_members(
    settings: Settings, keys: Keys, roster: Verified[Roster]
) -> tuple[Rosters, dict[str, Copy], list[Finding]]:
    """The rosters that follow, a copy of every log that could be copied, and a finding for each that could not."""
    mandate = Mandate(
        federation=roster.statement.federation,
        auditor=settings.member,
        reason=settings.reason,
        case_reference=settings.case_reference,
        signer=keys.statement,
    )
    rosters = await find_rosters(roster, beside(settings.roster_file), keys.tls)
    copied, failures = await collect(rosters, keys.tls, mandate, system_clock)
    return rosters, copied, failures


def _or_exit(run: Callable[[], T]) -> T:
    """Run, and end with exit code 2 and one sentence where configuration, keys or roster are at fault."""
    try:
        return run()
    except FederationError as error:
        say(f"simpul-auditor: {error.message}", err=True)
        sys.exit(USAGE)
