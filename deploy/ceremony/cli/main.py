"""The ceremony's commands under one name, and what their exit codes mean."""

from __future__ import annotations

from typing import Any, Final

import click

from deploy.ceremony.cli import authority, member, officer, roster
from federation.errors import ConfigError, FederationError
from federation.terminal import Commands, say

REFUSED: Final = 1
UNUSABLE: Final = 3


class Ceremony(Commands):
    """A group of commands that turns our errors into a sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error becomes one line on standard error."""
        try:
            return super().invoke(ctx)
        except (ConfigError, OSError) as error:
            say(f"error: {error}", err=True)
            ctx.exit(UNUSABLE)
        except FederationError as error:
            known = ", ".join(f"{name} {value}" for name, value in error.facts.items())
            say(f"refused: {error}{f' ({known})' if known else ''}", err=True)
            ctx.exit(REFUSED)


@click.group(cls=Ceremony, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Create a federation and change its roster.

    Authorities, members and officers each run their own commands on their own machines; what passes between them is
    public (.pub, member.toml, roster.draft, roster.envelope, authorities.toml) or goes to one officer alone.

    \b
    Exit codes
      0  done
      1  refused: a signature is missing or wrong, a roster does not follow or is expired, or you said no
      2  the command line is wrong
      3  a file is missing, unreadable, readable by others, or would be overwritten; or a plan cannot be
    """


for command in (
    *(authority.authority, authority.authorities),
    *(member.member, member.rotate_command, member.tls, member.describe),
    *(officer.officer, officer.credential),
    roster.roster,
):
    main.add_command(command)
