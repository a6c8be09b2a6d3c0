"""How a command of a serving member ends: what it could not do said in one sentence, and an exit code that tells."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar

import click
import uvloop

from federation.errors import ConfigError, CorruptLog, FederationError
from federation.printable import json_text, printable
from federation.steps import Step, Steps, line
from federation.terminal import Commands, say

T = TypeVar("T")

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1  # asked, and not answered as hoped
EXIT_USAGE: Final = 2
EXIT_CONFIG: Final = 3  # configuration, keys, schema or database do not fit
EXIT_CORRUPT: Final = 4  # the log contradicts itself

EXIT_CODES_HELP: Final = (
    "Exit codes: 0 done; 1 a fault reported by another member; 2 usage; 3 configuration, keys, schema or database do "
    "not fit; 4 the log contradicts itself."
)


class Group(Commands):
    """A group of commands whose known errors end in a sentence and an exit code, never in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            _say(error)
            ctx.exit(EXIT_CONFIG)
        except CorruptLog as error:
            _say(error)
            ctx.exit(EXIT_CORRUPT)
        except FederationError as error:
            _say(error)
            ctx.exit(EXIT_FAILED)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on uvloop."""
    gc.freeze()  # what the modules left in memory stays: the collector need not walk it again and again
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def print_settings(effective: Mapping[str, Mapping[str, Any] | None]) -> None:
    """Show what is in effect, one setting a row; a section that is None is not in effect."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("setting", "value", title="In effect")
    for section, values in effective.items():
        for name, value in (values or {}).items():
            table.add_row(f"{section}.{name}", Text(printable(str(value))))
    Console().print(table)


def print_json(value: Any) -> None:
    """Write one JSON value for a program to read."""
    sys.stdout.write(json_text(value) + "\n")


def take_steps(
    context: click.Context, examine: Callable[[Callable[[Step], None]], Coroutine[Any, Any, Steps]], *, as_json: bool
) -> None:
    """Take the steps of a doctor, each told as one line as soon as it is taken, or all as JSON; ends the command."""
    steps = run(examine(_ignore if as_json else tell))
    if as_json:
        print_json(steps.as_json())
    context.exit(EXIT_OK if steps.fine else EXIT_FAILED)


def tell(step: Step) -> None:
    """Write a step of a check as one line, as soon as it is taken."""
    colours = {"fine": "green", "note": "yellow", "wrong": "red", "not_tried": "yellow"}
    click.echo(click.style(line(step), fg=colours[step.state]))


def _ignore(_step: Step) -> None:
    """Say nothing of a step: all are printed at the end."""


def _say(error: FederationError) -> None:
    facts = "".join(f" [{name} {value}]" for name, value in error.facts.items())
    say(f"{type(error).__name__}: {error.message}{facts}", err=True)
