"""`emt board build`: the page and its data."""

from pathlib import Path

import click

from emt_tasks.cli.arguments import as_word, data_dir_option
from emt_tasks.cli.board.folder import VALIDATION, entries_folder, entries_option, no_collecting, tell
from emt_tasks.sources import data_dir as folder_of_data


@click.command()
@entries_option
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("site"), show_default=True,
    help="Where the site goes; files of the same names are replaced.",
)  # fmt: skip
@data_dir_option
@click.option("--embed-images", is_flag=True, help="Show miniImageNet's pictures too; mind its terms.")
@click.option("--no-images", is_flag=True, help="Show no pictures at all.")
@no_collecting()
def command(entries: Path | None, out: Path, data_dir: Path | None, embed_images: bool, no_images: bool) -> None:
    """Make index.html, data.json, data.csv, schema.json and figures from all entries that stand every check.

    An entry that is wrong is named and left out, the rest is built, and the exit code is 4. The same entries give the
    same bytes. Pictures of MNIST and CIFAR come from --data-dir (EMT_DATA_DIR) or the hub's cache, where they are.

    \b
    Examples:
      emt board build --out site
      emt board build --entries my-board/entries --out public --no-images
    """
    from leaderboard.board.assembling import board
    from leaderboard.board.settings import board_settings
    from leaderboard.board.writing import entry_files, site, write
    from leaderboard.entry.folder import read_entries
    from leaderboard.entry.known import known_data
    from leaderboard.page import render

    folder = entries_folder(entries)
    known = known_data(folder)
    read = read_entries(folder, known)
    made = board(read, known, board_settings(folder))
    if not no_images:
        from leaderboard.board.pictures import with_pictures

        made = with_pictures(made, data_dir or folder_of_data(), embed_images)
    files = site(made, render(made))
    write({**files, **entry_files(read, folder)}, out)
    tell(read.excluded, stderr=True)
    size = len(files["index.html"]) / 1e3
    click.echo(
        f"written to {out}: index.html ({size:,.0f} kB), data.json, data.csv, schema.json, {len(files) - 4} more; "
        f"{len(made.entries)} models, {len(made.pinned)} pinned, {len(read.excluded)} files left out",
        err=True,
    )
    click.echo(f"next: emt board serve {as_word(out)}, or open {as_word(out / 'index.html')} in a browser", err=True)
    if read.excluded:
        raise click.exceptions.Exit(VALIDATION)
