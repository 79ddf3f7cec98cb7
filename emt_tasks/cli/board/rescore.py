"""`emt board rescore`: all answers read anew."""

from pathlib import Path

import click

from emt_tasks.cli.arguments import as_word
from emt_tasks.cli.board.folder import entries_folder, entries_option
from emt_tasks.escaping import terminal


@click.command()
@entries_option
@click.option("--check", is_flag=True, help="Say what would change, and change nothing.")
def command(entries: Path | None, check: bool) -> None:
    """Read the answers of every entry by label_match as it is now, and write predictions, counts and confusions anew.

    For a board's maintainers, after label_match itself has changed: entries made before would no longer stand the
    check. Raw answers stay as they were handed in.

    \b
    Examples:
      emt board rescore --check
      emt board rescore --entries my-board/entries
    """
    from leaderboard.entry.rescoring import rescored

    folder = entries_folder(entries)
    changed = 0
    for path, rows, files in rescored(folder):
        changed += 1
        click.echo(f"{terminal(path)}: {rows:,} answers are read otherwise")
        if not check:
            for name, content in files.items():
                part = (folder / name).with_name(f"{(folder / name).name}.part")
                part.write_bytes(content)
                part.replace(folder / name)
    click.echo(f"{changed} entries {'would change' if check else 'changed'}", err=True)
    click.echo(f"next: emt board validate --entries {as_word(folder)}", err=True)
