"""`emt board known`: the lines by which a board knows data."""

from collections.abc import Iterator
from pathlib import Path

import click

from emt_tasks.cli.arguments import data_dir_option
from emt_tasks.sources import data_dir as folder_of_data


@click.command()
@click.argument("run", required=False, type=click.Path(exists=True, path_type=Path), metavar="[RUN]")
@data_dir_option
def command(run: Path | None, data_dir: Path | None) -> None:
    """Print the lines of known_data.yaml for the sets at hand: each whole test split, and its lite part.

    A maintainer who has the data puts them into the list (leaderboard/known_data.yaml, or known_data.yaml in a board's
    folder of entries); entries of other data are refused. Without --data-dir or EMT_DATA_DIR the hub's cache is read.
    With RUN, a run of one's own on other rows (--limit), the lines are those of its rows.

    \b
    Examples:
      emt board known --data-dir sets >> entries/known_data.yaml
      emt board known out/base >> entries/known_data.yaml
    """
    from leaderboard.entry.hub_sets import parts

    for key, fingerprint, n, name in _rows_of(run) if run else parts(data_dir or folder_of_data()):
        click.echo(f'- {{set: {key}, fingerprint: {fingerprint}, n: {n}, name: "{name}"}}')
    click.echo("next: the lines belong at the end of the board's known_data.yaml, below `known:`", err=True)


def _rows_of(run: Path) -> Iterator[tuple[str, str, int, str]]:
    from emt_tasks.runs.reading_back import read_run
    from leaderboard.entry.making import made
    from leaderboard.entry.schema import EntryFields
    from leaderboard.entry.suggestions import Given

    said = Given(org="org", model="model", submitted_by="somebody", dataset=("data",), base="org/base")
    told = EntryFields.model_validate_json(made(read_run(run)[0], said).entry)
    for key, data in told.datasets.items():
        yield key, data.fingerprint, data.n, f"{data.n:,} rows of the test split"
