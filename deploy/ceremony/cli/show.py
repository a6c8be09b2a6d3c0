"""What the commands say: a table for a person, or JSON for a program, on standard output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.ceremony.certificates import certificate_digest
from deploy.ceremony.description import key_id
from federation.printable import json_text, printable
from federation.roster import Member, Roster

_PLAIN_WIDTH: Final = 110

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Give a command its `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")(command)


def facts(values: Mapping[str, object], *, as_json: bool) -> None:
    """Print names and values: what was done, and where."""
    if as_json:
        click.echo(json_text(values))
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in values.items():
        table.add_row(name.replace("_", " "), _text(value))
    _console().print(table)


def roster_table(roster: Roster, heading: str) -> None:
    """Print a roster: its own line, its authorities, its members and every key."""
    _console().print(Text(printable(heading)), style="bold")
    facts({k: v for k, v in roster_facts(roster).items() if k != "members"}, as_json=False)
    member_tables(roster.members)


def member_tables(members: Sequence[Member]) -> None:
    """Print who members are, and then their keys and CAs, whole, for a person to compare."""
    about = Table(title="Members", title_justify="left")
    for column in ("id", "name (id, en)", "roles", "standing", "endpoints"):
        about.add_column(column, overflow="fold")
    keys = Table(title="Keys", title_justify="left")
    for column in ("member", "use", "key id, or SHA-256 of the CA", "until"):
        keys.add_column(column, overflow="fold")
    for member in members:
        about.add_row(*_member_cells(member))
        for key in member.keys:
            keys.add_row(member.id, key.use, key_id(key), f"{key.window.end:%Y-%m-%d}")
        keys.add_row(member.id, "CA", certificate_digest(member.tls_ca), "", end_section=True)
    _console().print(about)
    _console().print(keys)


def roster_facts(roster: Roster) -> dict[str, object]:
    """A roster as names and values, for JSON."""
    return {
        "federation": roster.federation,
        "version": roster.version,
        "issued": roster.window.start.isoformat(),
        "expires": roster.window.end.isoformat(),
        "terms": roster.terms_version,
        "threshold": roster.threshold,
        "authorities": [key.key_id for key in roster.authority_keys],
        "witness_quorum": roster.witness_quorum,
        "revoked": sorted(digest.hex() for digest in roster.revoked_credentials),
        "members": [member_facts(member) for member in roster.members],
    }


def member_facts(member: Member) -> dict[str, object]:
    """A member as names and values, for JSON."""
    return {
        "id": member.id,
        "name_indonesian": member.name_indonesian,
        "name_english": member.name_english,
        "roles": sorted(member.roles),
        "standing": member.standing,
        "endpoints": dict(member.endpoints),
        "keys": [{"use": key.use, "key_id": key_id(key), "until": key.window.end.isoformat()} for key in member.keys],
        "ca_sha256": certificate_digest(member.tls_ca),
        "log_vkey": member.log_vkey,
    }


def _member_cells(member: Member) -> Sequence[Text]:
    endpoints = [f"{kind} {url}" for kind, url in sorted(member.endpoints.items())]
    return (
        _text(member.id),
        _text([member.name_indonesian, member.name_english]),
        _text(sorted(member.roles)),
        _text(member.standing),
        _text(endpoints) if endpoints else Text(""),
    )


def _text(value: object) -> Text:
    """A value as a cell, a line for each of several; nothing in it acts."""
    if isinstance(value, list | tuple):
        return Text("\n".join(printable(str(item)) for item in value) or "-")
    return Text(printable(str(value)))


def _console() -> Console:
    width = None if sys.stdout.isatty() else _PLAIN_WIDTH
    return Console(file=sys.stdout, markup=False, highlight=False, width=width)
