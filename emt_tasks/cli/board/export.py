"""`emt board export`: the entries in another collection's form."""

import json
from pathlib import Path

import click

from emt_tasks.cli.board.folder import VALIDATION, entries_folder, entries_option, tell
from emt_tasks.documents.forms import save


@click.command()
@entries_option
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("every_eval_ever"), show_default=True,
    help="The folder to write to.",
)  # fmt: skip
def command(entries: Path | None, out: Path) -> None:
    """Write every entry that stands the check as a record of Every Eval Ever 0.3.0 (evalevalai.com).

    \b
    Examples:
      emt board export --out every_eval_ever
    """
    from leaderboard.entry.every_eval_ever import exported, path_of
    from leaderboard.entry.folder import read_entries
    from leaderboard.entry.known import known_data

    folder = entries_folder(entries)
    read = read_entries(folder, known_data(folder))
    for case in read.cases:
        save(json.dumps(exported(case.candidate), indent=2) + "\n", out / path_of(case.candidate))
    tell(read.excluded, stderr=True)
    click.echo(f"{len(read.cases)} records written to {out}/data", err=True)
    click.echo("next: check them with their tool (Python 3.12): pip install every-eval-ever==0.3.0", err=True)
    if read.excluded:
        raise click.exceptions.Exit(VALIDATION)
