"""`emt board validate`: is every entry what it says?"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from emt_tasks.cli.arguments import as_word
from emt_tasks.cli.board.folder import VALIDATION, entries_folder, entries_option, no_collecting, tell


@click.command()
@entries_option
@click.option(
    "--lists", type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Main's folder of entries, for a pull request: its known_data.yaml and verified.txt count, and of two entries "
    "with the same answers the one that it has stays.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@no_collecting()
def command(entries: Path | None, lists: Path | None, as_json: bool) -> None:
    """Check every entry by all rules (docs/leaderboard.md), the same as a pull request is checked by.

    Leaves with 4 if a file is wrong; each is named with what is wrong with it. The folder's lists (known_data.yaml,
    verified.txt, board.yaml) are read too; with --lists, those that are not main's are named.

    \b
    Examples:
      emt board validate
      emt board validate --entries my-board/entries --json
    """
    from leaderboard.board.listed import broken_lists, changed_lists
    from leaderboard.entry.folder import Entries, read_entries
    from leaderboard.entry.known import known_data

    folder = entries_folder(entries)
    broken, changed = tuple(broken_lists(folder)), changed_lists(folder, lists) if lists else ()
    if broken and lists is None:
        read = Entries((), ())  # nothing can be checked by lists that can't be read
    else:
        read = read_entries(folder, known_data(lists or folder), lists, latest=_latest())
    excluded = (*broken, *read.excluded)
    if as_json:
        told = [
            {"path": one.path, "reasons": [{"rule": reason.rule, "what": reason.what} for reason in one.reasons]}
            for one in excluded
        ]
        good = [case.candidate.place.id for case in read.cases]
        click.echo(json.dumps({"entries": good, "excluded": told, "changed_lists": list(changed)}, indent=2))
    else:
        tell(excluded)
    if changed:
        click.echo(f"note: {', '.join(changed)}: not main's, which counted here; only maintainers change it", err=True)
    click.echo(f"{len(read.cases)} entries stand every check, {len(excluded)} files do not", err=True)
    if excluded:
        raise click.exceptions.Exit(VALIDATION)
    click.echo(f"next: emt board build --entries {as_word(folder)} --out site", err=True)


def _latest() -> str:
    """Today, wherever on Earth it is the latest."""
    return (datetime.now(UTC) + timedelta(hours=14)).date().isoformat()
