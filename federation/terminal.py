"""How commands speak: nothing that was typed, read or received acts on the terminal that it is shown on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from federation.printable import printable, require_any_character


class Commands(click.Group):
    """A group of commands whose words about a bad command line show no character that acts."""

    def make_context(self, *args: Any, **settings: Any) -> click.Context:
        """Read the group's own part of the command line."""
        require_any_character()
        with _harmless():
            return super().make_context(*args, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _harmless():
            return super().invoke(ctx)


def say(text: str, *, err: bool = False) -> None:
    """Print one line for a person."""
    click.echo(printable(text), err=err)


@contextmanager
def _harmless() -> Iterator[None]:
    try:
        yield
    except click.ClickException as error:
        if not isinstance(error, click.MissingParameter):  # REASON: it repeats nothing that was typed, and has lines
            vars(error)["message"] = printable(error.message)  # REASON: click calls it final, and prints it raw
        raise
