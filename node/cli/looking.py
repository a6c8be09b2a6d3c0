"""The commands by which an agency looks at its own data: compare, inspect, profile, calibrate. All work offline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from federation.errors import ConfigError
from federation.serving.command import print_json
from federation.terminal import say
from node.cli.options import CONFIG, JSON, run_on_databases
from node.config import load_config


@click.command()
@CONFIG
@JSON
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file to write; one that exists is never written over.",
)
@click.option("--pairs", type=click.IntRange(1_000, 1_000_000), default=100_000, help="At most so many pairs.")
def calibrate(config_path: Path, as_json: bool, out: Path, pairs: int) -> None:
    """Estimate from the agency's own index what each way of agreeing and differing weighs, and write it for review.

    \b
    Example: simpul-node calibrate --config node.toml --out parameters.toml

    Nothing changes until node.toml names the file ([matching] parameters_file) and the service is started again.
    """
    from matching.parameters import parameters_text
    from node.cli.calibrating import calibrate as estimate
    from node.cli.calibrating import report, show_calibration

    if out.exists():
        raise ConfigError(f"{out} exists; a file of parameters is never written over: name another")
    found = run_on_databases(
        estimate(load_config(config_path), datetime.now(UTC), pairs, lambda text: say(text, err=True))
    )
    with out.open("x", encoding="utf-8") as file:
        file.write(parameters_text(found.made, found.found.parameters))
    if as_json:
        print_json({"written": str(out), **report(found)})
    else:
        show_calibration(report(found))
        say(f"Written: {out}. Read it, then name it in {config_path}: [matching] parameters_file.")


@click.command()
@click.argument("a", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.argument("b", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--population", type=click.IntRange(1), default=1_000_000, help="Among how many records B is found.")
@click.option(
    "--parameters",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A file of parameters; without it, the preset ones.",
)
@JSON
def compare(a: Path, b: Path, population: int, parameters: Path | None, as_json: bool) -> None:
    """Explain one comparison of two persons, each a JSON object in a file; needs no database and no network.

    \b
    Example: simpul-node compare asked.json held.json

    A person has any of names (a list), given, family, born, sex, nationality, documents (a list).
    """
    from matching.model import Model
    from matching.parameters import PRESET, load_parameters
    from node.cli.comparing import compared, read_form, show_compared

    today = datetime.now(UTC).date()
    (one, unread), (other, unread_too) = read_form(a, today), read_form(b, today)
    model = Model(parameters=load_parameters(parameters) if parameters else PRESET)
    found = compared(one, other, model, population)
    doubts = [(a.name, member) for member in unread] + [(b.name, member) for member in unread_too]
    if as_json:
        print_json({**found, "unread": [{"file": name, "member": member} for name, member in doubts]})
    else:
        show_compared(found, doubts)


@click.command()
@click.argument("reference")
@CONFIG
@click.option("--type", "record_type", default="", help="The record type, where several have that reference.")
@JSON
def inspect(reference: str, config_path: Path, record_type: str, as_json: bool) -> None:
    """Show how the node sees one record, by the agency's own reference of it: for the agency's own eyes.

    \b
    Example: simpul-node inspect 48113 --config node.toml

    How each value was read, how common each part of a name is (in bits), the record's keys and how many records are
    under each, and which other records are nearest to it.
    """
    from node.cli.inspecting import inspect as look_at
    from node.cli.inspecting import show_inspected

    loaded = load_config(config_path)
    found = run_on_databases(look_at(loaded, reference, record_type))
    if as_json:
        print_json(found)
    else:
        show_inspected(found)


@click.command("profile")
@CONFIG
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The HTML page to write (mode 0600)."
)
@click.option("--records", type=click.IntRange(1), default=1_000_000, help="At most so many of each type.")
def survey(config_path: Path, out: Path, records: int) -> None:
    """Report on the agency's own data: what is missing, impossible, a placeholder or there twice; in one HTML page.

    \b
    Example: simpul-node profile --config node.toml --out profile.html

    Reads the agency's tables and files, writes to no database, and shows counts alone.
    """
    from federation.keys import write_secret
    from node.cli.surveying import page, survey_records

    if out.exists():
        raise ConfigError(f"{out} exists; name another, or remove it")
    found = run_on_databases(survey_records(load_config(config_path), datetime.now(UTC), records, _told_each(100_000)))
    write_secret(out, page(found).encode())
    say(f"{found.survey.records} records profiled: {out}")


def _told_each(step: int) -> Callable[[int], None]:
    """Say on stderr how many records were read, once every `step` of them."""
    told = 0

    def tell(read: int) -> None:
        nonlocal told
        if read // step > told:
            told = read // step
            say(f"{read} records read", err=True)

    return tell
