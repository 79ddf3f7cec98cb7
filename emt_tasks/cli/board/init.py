"""`emt board init`: a board of one's own."""

from pathlib import Path

import click

from emt_tasks.cli.arguments import as_word


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
def command(folder: Path) -> None:
    """Begin a board of your own in DIR: a folder of entries, its lists, and the workflow that checks and publishes it.

    \b
    Examples:
      emt board init our-board
    """
    from leaderboard.template import begin

    for path in begin(folder):
        click.echo(f"  {path}", err=True)
    click.echo(f"next: emt board add RUN --entries {as_word(folder / 'entries')}", err=True)
