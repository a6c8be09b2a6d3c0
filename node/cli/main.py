"""simpul-node: run one agency's node, and prepare what it stands on.

What only one command needs is loaded by that command: a demo starts two dozen of these processes.
"""

from __future__ import annotations

import federation.handshake  # noqa: F401  # REASON: before anything loads gRPC

# isort: split
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from federation.errors import ConfigError
from federation.instant import system_clock
from federation.serving.command import EXIT_CODES_HELP, Group, print_json, print_settings, run, take_steps
from federation.serving.member import Keys, create_member_log, enrolled_roster
from federation.terminal import say
from node.cli.looking import calibrate, compare, inspect, survey
from node.cli.options import CONFIG, JSON, run_on_databases
from node.config import load_config, parameters_of


@click.group(cls=Group, epilog=EXIT_CODES_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="simpul")
def main() -> None:
    """Run one agency's node: it answers signed queries from the agency's own records.

    \b
    A new node, in order:
      simpul-node check-config --config node.toml
      simpul-node migrate      --config node.toml
      simpul-node create-log   --config node.toml
      simpul-node index        --config node.toml
      simpul-node serve        --config node.toml
    """


@main.command()
@CONFIG
def serve(config_path: Path) -> None:
    """Answer queries until SIGTERM or SIGINT, then finish what is in hand and end.

    \b
    Example: simpul-node serve --config /etc/simpul/node.toml
    """
    from node.serve import serve as serve_node

    run(serve_node(load_config(config_path)))


@main.command("check-config")
@CONFIG
@JSON
def check_config(config_path: Path, as_json: bool) -> None:
    """Check configuration, keys, roster, mapping and policy, and print what is in effect.

    \b
    Example: simpul-node check-config --config node.toml --json
    """
    from federation.terms import terms
    from node.records.mapping import load_mapping
    from node.rules import load_policy

    loaded = load_config(config_path)
    settings = loaded.config
    Keys.from_folder(settings.member.keys)
    roster = enrolled_roster(settings.member)
    mapping = load_mapping(settings.records.mapping_file)
    types = frozenset(record.type for record in mapping.record)
    policy = load_policy(settings.policy.policy_file, terms(), types)
    effective: dict[str, Any] = msgspec.to_builtins(settings, enc_hook=str)
    effective["effective"] = {
        "roster_version": roster.version,
        "record_types": sorted(types),
        "policy_version": policy.version,
        "parameters": parameters_of(loaded).version,
        "purposes": sorted(policy.rules),
    }
    if as_json:
        print_json(effective)
    else:
        print_settings(effective)


@main.command()
@CONFIG
@JSON
@click.pass_context
def doctor(context: click.Context, config_path: Path, as_json: bool) -> None:
    """Try each step of a query's path alone, from the keys to what a coordinator sees; changes nothing.

    \b
    Example: simpul-node doctor --config node.toml

    Exit codes: 0 nothing is wrong (there may be notes); 1 something is, and is told with what to do.
    """
    from node.cli.doctor import examine

    take_steps(context, lambda tell: examine(config_path, system_clock, tell), as_json=as_json)


@main.command()
@CONFIG
def migrate(config_path: Path) -> None:
    """Bring the node's tables up to date, as the owner of its database (owner_dsn).

    \b
    Example: simpul-node migrate --config node.toml
    """
    from node.schema import migrate_node

    settings = load_config(config_path).config
    migrate_node(settings.database.owner_dsn, settings.database.log_dsn, settings.index_dsn)
    click.echo("The schema is up to date.")


@main.command("create-log")
@CONFIG
def create_log(config_path: Path) -> None:
    """Make the member's log, once and for all (owner_dsn); a service never makes one.

    \b
    Example: simpul-node create-log --config node.toml
    """
    settings = load_config(config_path).config
    origin = enrolled_roster(settings.member).member(settings.member.id).log_origin
    run(create_member_log(settings.database.owner_dsn, settings.member, settings.log, origin))
    say(f"The log {origin} is made; its first checkpoint is anchored in {settings.log.anchor_file}.")


@main.command()
@CONFIG
@JSON
@click.option("--anew", is_flag=True, help="Do not go on from a build that was stopped; begin again.")
def index(config_path: Path, as_json: bool, anew: bool) -> None:
    """Build the match index from the agency's own tables, beside the one in use, and switch to it.

    A build that was stopped is gone on with: what it has read is kept where the rows are as they were.

    \b
    Example: simpul-node index --config node.toml
    """
    from node.cli.indexing import index_records

    loaded = load_config(config_path)
    built = run_on_databases(index_records(loaded, datetime.now(UTC), show=not as_json, anew=anew))
    if as_json:
        print_json(built)
        return
    kept = f" ({built['kept']} were left by a build that was stopped)" if built["kept"] else ""
    click.echo(f"Indexed {built['records']} records in {built['seconds']:.1f} s{kept}.")
    _tell_doubts(built)


@main.command()
@CONFIG
@JSON
@click.option("--follow", is_flag=True, help="Go on, pass after pass, until SIGTERM or SIGINT.")
@click.option("--compare", is_flag=True, help="Compare everything now, whatever has a change column or a trigger.")
@click.pass_context
def refresh(context: click.Context, config_path: Path, as_json: bool, follow: bool, compare: bool) -> None:
    """Bring the match index in step with the agency's records; the node goes on answering meanwhile.

    \b
    Examples:
      simpul-node refresh --config node.toml
      simpul-node refresh --config node.toml --follow

    Exit codes: 0 all is in step; 1 a record type is not, and is told with what to do; 3 another process writes the
    index, or it is not built.
    """
    from node.cli.refreshing import follow as follow_source
    from node.cli.refreshing import refresh_once

    loaded = load_config(config_path)
    if follow and (compare or as_json):
        raise click.UsageError("--follow goes with neither --compare nor --json")
    if follow:
        run(follow_source(loaded, system_clock))
        return
    made = run_on_databases(refresh_once(loaded, system_clock, compare=compare))
    if as_json:
        print_json(made)
    else:
        for each in made["types"]:
            counts = f"{each['added']} added, {each['changed']} changed, {each['removed']} removed"
            say(f"{each['record_type']}: {each['why'] or each['done']} ({counts})")
        _tell_doubts(made)
    context.exit(1 if any(each["done"] == "failed" for each in made["types"]) else 0)


@main.command()
@CONFIG
def trigger(config_path: Path) -> None:
    """Print the SQL by which the agency's own tables tell of their changes; its DBA may read and run it.

    \b
    Example: simpul-node trigger --config node.toml > simpul-trigger.sql

    Only for record types whose mapping says refresh = "notify"; nothing is run or connected to.
    """
    from node.records.mapping import load_mapping
    from node.records.notices import trigger_statements

    found = trigger_statements(load_mapping(load_config(config_path).config.records.mapping_file))
    if not found:
        raise ConfigError('no record of the mapping has refresh = "notify", so there is no trigger to install')
    click.echo(found, nl=False)


def _tell_doubts(made: Mapping[str, Any]) -> None:
    """Say what was not understood, by column, and which rows were not read, by their references or lines."""
    for column, count in made["not_understood"].items():
        say(f"  {column}: {count} values not understood, kept as written")
    for named in made["unread"]:
        say(f"  {named}")


main.add_command(calibrate)
main.add_command(compare)
main.add_command(inspect)
main.add_command(survey)
