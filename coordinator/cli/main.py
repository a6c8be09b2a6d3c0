"""simpul-coordinator: run the coordinator, and ask through it as an officer.

What serving does not need is loaded by the commands that do.
"""

from __future__ import annotations

import federation.handshake  # noqa: F401  # REASON: before anything loads gRPC

# isort: split
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from coordinator.config import load_config
from federation.errors import ConfigError
from federation.instant import system_clock
from federation.result import Silence
from federation.serving.command import Group, print_json, print_settings, run, take_steps
from federation.serving.member import Keys, create_member_log, enrolled_roster
from federation.terminal import say
from federation.terms import DISCLOSURE_CLASSES

if TYPE_CHECKING:
    from coordinator.cli.officer import Officer
    from coordinator.cli.sending import Sent

EXIT_SILENT: Final = 5
_EXIT_CODES: Final = (
    "Exit codes: 0 every agency answered or refused; 1 a fault reported by the coordinator; 2 usage; 3 configuration, "
    "keys, schema or database do not fit; 4 a log contradicts itself; 5 some agency was silent: the result is "
    "incomplete."
)
_CONFIG: Final = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="The coordinator's TOML file.",
)
_JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
_HERE: Final = Path(".simpul") / "officer"
_LONGEST_SECONDS: Final = 3600.0


def _seconds(_context: click.Context, _parameter: click.Parameter, value: float) -> float:
    if not 0 < value <= _LONGEST_SECONDS:  # false for what is not a number, too
        raise click.BadParameter(f"must be above 0 and at most {_LONGEST_SECONDS:.0f} seconds.")
    return value


@click.group(cls=Group, epilog=_EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="simpul")
def main() -> None:
    """Run the coordinator, or ask a query through it.

    \b
    A new coordinator, in order:
      simpul-coordinator check-config --config coordinator.toml
      simpul-coordinator migrate      --config coordinator.toml
      simpul-coordinator create-log   --config coordinator.toml
      simpul-coordinator serve        --config coordinator.toml
    """


@main.command()
@_CONFIG
def serve(config_path: Path) -> None:
    """Carry queries until SIGTERM or SIGINT, then finish what is in hand and end.

    \b
    Example: simpul-coordinator serve --config /etc/simpul/coordinator.toml
    """
    from coordinator.serve import serve as serve_coordinator

    run(serve_coordinator(load_config(config_path)))


@main.command("check-config")
@_CONFIG
@_JSON
def check_config(config_path: Path, as_json: bool) -> None:
    """Check configuration, keys and roster, and print what is in effect.

    \b
    Example: simpul-coordinator check-config --config coordinator.toml --json
    """
    settings = load_config(config_path).config
    Keys.from_folder(settings.member.keys)
    roster = enrolled_roster(settings.member)
    effective: dict[str, Any] = msgspec.to_builtins(settings, enc_hook=str)
    effective["effective"] = {
        "roster_version": roster.version,
        "nodes": [member.id for member in roster.with_role("node")],
    }
    if as_json:
        print_json(effective)
    else:
        print_settings(effective)


@main.command()
@_CONFIG
@_JSON
@click.pass_context
def doctor(context: click.Context, config_path: Path, as_json: bool) -> None:
    """Try each step of a query's path alone, from the keys to every node of the roster; changes nothing.

    \b
    Example: simpul-coordinator doctor --config coordinator.toml

    Exit codes: 0 nothing is wrong (there may be notes); 1 something is, and is told with what to do.
    """
    from coordinator.cli.doctor import examine

    take_steps(context, lambda tell: examine(config_path, system_clock, tell), as_json=as_json)


@main.command()
@_CONFIG
def migrate(config_path: Path) -> None:
    """Bring the coordinator's tables up to date, as the owner of its database (owner_dsn).

    \b
    Example: simpul-coordinator migrate --config coordinator.toml
    """
    from coordinator.serve import COORDINATOR_MIGRATIONS
    from federation.serving.migrating import migrate_member

    settings = load_config(config_path).config
    migrate_member(settings.database.owner_dsn, settings.database.log_dsn, (COORDINATOR_MIGRATIONS,))
    click.echo("The schema is up to date.")


@main.command("create-log")
@_CONFIG
def create_log(config_path: Path) -> None:
    """Make the member's log, once and for all (owner_dsn); a service never makes one.

    \b
    Example: simpul-coordinator create-log --config coordinator.toml
    """
    settings = load_config(config_path).config
    origin = enrolled_roster(settings.member).member(settings.member.id).log_origin
    run(create_member_log(settings.database.owner_dsn, settings.member, settings.log, origin))
    say(f"The log {origin} is made; its first checkpoint is anchored in {settings.log.anchor_file}.")


@main.command()
@click.option("--officer", type=click.Path(path_type=Path, file_okay=False), help="The officer's folder.")
@click.option("--second-officer", type=click.Path(path_type=Path, file_okay=False), help="The second officer's folder.")
@click.option("--purpose", help="Why: a purpose id, such as routine_oversight.")
@click.option("--basis", default="", help="The legal basis, where the purpose has more than one.")
@click.option("--case", "case_reference", help="The number of the order or case.")
@click.option("--class", "disclosure_class", type=click.Choice(DISCLOSURE_CLASSES), default="fields", show_default=True)
@click.option("--name", "names", multiple=True, help="A name, in any script and order; may be given again.")
@click.option("--born", default="", help="12-03-1986, 1986-03-12, Maret 1986, 1986 or 39 tahun.")
@click.option("--nationality", default="", help="A country's name or code.")
@click.option("--sex", default="", help="L or P, M or F.")
@click.option("--document", "documents", multiple=True, help="E12345678, or CHN E12345678; may be given again.")
@click.option("--audience", multiple=True, help="A member to ask; may be given again. Default: all nodes.")
@click.option("--deadline", default=30.0, show_default=True, callback=_seconds, help="Seconds to wait for the result.")
@click.option("--resume", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="A query cut short.")
@click.option("--lang", "language", type=click.Choice(["id", "en"]), default="id", show_default=True)
@_JSON
@click.pass_context
def ask(context: click.Context, /, **options: Any) -> None:
    """Ask every agency about one person, signing here with the officer's own key.

    \b
    Examples:
      simpul-coordinator ask --officer ~/simpul --purpose routine_oversight --case IMI.5-GR.03.02-2134 \\
          --name "CHEN XIAOMING" --born 12-03-1986 --nationality CHN
      simpul-coordinator ask --document E12345678 --purpose joint_operation --case IMI.5-GR.03.02-2134 --json

    Without --officer the folder named by SIMPUL_OFFICER is used, or .simpul/officer here.
    """
    from coordinator.cli.officer import Officer

    officer = Officer.from_folder(_officer_folder(options["officer"]))
    second = Officer.from_folder(options["second_officer"]) if options["second_officer"] else None
    sent = run(_ask(options, officer, second))
    _show(sent, officer, options)
    if any(isinstance(outcome, Silence) for outcome in sent.outcomes.values()):
        context.exit(EXIT_SILENT)


def _show(sent: Sent, officer: Officer, options: dict[str, Any]) -> None:
    from rich.console import Console

    from coordinator.cli.report import as_json as result_as_json
    from coordinator.cli.show import Screen

    if options["as_json"]:
        print_json(result_as_json(sent.query, sent.outcomes, sent.result))
    else:
        Screen(Console(), options["language"], officer.roster.statement).result(sent.people, sent.outcomes, sent.result)


async def _ask(options: dict[str, Any], officer: Officer, second: Officer | None) -> Sent:
    from rich.console import Console

    from coordinator.cli import asking
    from coordinator.cli.sending import send
    from matching.describe import describe

    console = Console(stderr=True)
    if options["resume"]:
        return await send(options["resume"], officer, options["deadline"], console)
    at = datetime.now(UTC)
    for needed in ("purpose", "case_reference"):
        if not options[needed]:
            raise click.UsageError(f"--{needed.split('_')[0]} is needed: every query has a purpose and a case")
    person = describe(
        names=options["names"],
        born=options["born"],
        nationality=options["nationality"],
        sex=options["sex"],
        documents=options["documents"],
        at=at.date(),
    )
    wish = asking.Wish(
        purpose=options["purpose"],
        legal_basis=options["basis"],
        case_reference=options["case_reference"],
        disclosure_class=options["disclosure_class"],
        subjects=(person,),
        audience=options["audience"],
    )
    envelope = asking.sign(asking.make_query(wish, officer, at), officer, second)
    return await send(envelope, officer, options["deadline"], console)


def _officer_folder(given: Path | None) -> Path:
    folder = given or (Path(os.environ["SIMPUL_OFFICER"]) if "SIMPUL_OFFICER" in os.environ else _HERE)
    try:
        found = folder.is_dir()
    except OSError:  # a name that is too long
        found = False
    if not found:
        raise ConfigError(f"no officer's folder at {folder}; name it with --officer")
    return folder
