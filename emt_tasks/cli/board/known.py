"""`emt board known`: the lines by which a board knows data."""

from pathlib import Path

import click

from emt_tasks.cli.arguments import data_dir_option
from emt_tasks.sources import data_dir as folder_of_data


@click.command()
@data_dir_option
def command(data_dir: Path | None) -> None:
    """Print the lines of known_data.yaml for the sets at hand: each whole test split, and its lite part.

    A maintainer who has the data puts them into the list (leaderboard/known_data.yaml, or known_data.yaml in a board's
    folder of entries); entries of other data are refused. Without --data-dir or EMT_DATA_DIR the hub's cache is read.

    \b
    Examples:
      emt board known --data-dir sets >> entries/known_data.yaml
    """
    from leaderboard.entry.hub_sets import parts

    for part in parts(data_dir or folder_of_data()):
        line = f'{{set: {part.key}, fingerprint: {part.fingerprint}, n: {part.n}, name: "{part.name}"}}'
        click.echo(f"- {line}")
    click.echo("next: the lines belong at the end of the board's known_data.yaml, below `known:`", err=True)
