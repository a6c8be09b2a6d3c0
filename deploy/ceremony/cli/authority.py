"""Commands of an authority: its key, and the pins."""

from __future__ import annotations

from pathlib import Path

import click

from deploy.ceremony.authorities import create_authority, load_public, write_pins
from deploy.ceremony.cli import show

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("folder", type=PATH)
@click.option("--id", "authority_id", required=True, help="A lower-case id: who holds this key.")
@show.json_option
def authority(folder: Path, authority_id: str, as_json: bool) -> None:
    """Make an authority's key: FOLDER/<id>.pem (secret, mode 0600) and FOLDER/<id>.pub (public).

    \b
    Example, on the authority's own machine, which no network reaches:
      python -m deploy.ceremony authority keys --id bapak-a
    """
    key = create_authority(folder, authority_id)
    values = {"key_id": key.key_id, "secret": str(folder / f"{authority_id}.pem")}
    show.facts(values | {"public": str(folder / f"{authority_id}.pub")}, as_json=as_json)


@click.command()
@click.option("--authority", "publics", type=PATH, multiple=True, required=True, help="An authority's .pub; repeat.")
@click.option("--threshold", type=click.IntRange(1), required=True, help="How many of them must sign a roster.")
@click.option("--out", type=PATH, default=Path("authorities.toml"), show_default=True)
@show.json_option
def authorities(publics: tuple[Path, ...], threshold: int, out: Path, as_json: bool) -> None:
    """Write authorities.toml: the keys that every process is given by hand and starts from.

    \b
    Example:
      python -m deploy.ceremony authorities --authority a.pub --authority b.pub --authority c.pub --threshold 2
    """
    keys = [load_public(path) for path in publics]
    write_pins(out, keys, threshold)
    show.facts(
        {"written": str(out), "threshold": threshold, "keys": [key.key_id for key in keys]},
        as_json=as_json,
    )
