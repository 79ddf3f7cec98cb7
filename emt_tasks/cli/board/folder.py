"""Where entries are, and how those that are left out are told."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.console import Console

from emt_tasks.documents import terminal
from emt_tasks.documents.blocks import Column, Document, Table
from emt_tasks.errors import EmtError

if TYPE_CHECKING:
    from leaderboard.board.view import Excluded

Command = TypeVar("Command", bound=Callable[..., Any])
VALIDATION = 4
HERE = (Path("leaderboard/entries"), Path("entries"))


@contextmanager
def no_collecting() -> Iterator[None]:
    """Without Python's search for cycles: over every answer again and again it takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def entries_option(command: Command) -> Command:
    """`--entries`."""
    return click.option(
        "--entries",
        type=click.Path(file_okay=False, path_type=Path),
        help="The folder of entries.  [default: leaderboard/entries or entries, where you are]",
    )(command)


def entries_folder(named: Path | None, make: bool = False) -> Path:
    """The folder of entries: as named, or where one is looked for; with `make`, where one would be.

    Raises:
        EmtError: there is none.
    """
    if named is not None:
        return named
    found = next((path for path in HERE if path.is_dir()), HERE[0] if make else None)
    if found is None:
        raise EmtError("no folder of entries here. Name one with --entries; emt board init DIR makes a board.")
    return found


def tell(excluded: Sequence["Excluded"], stderr: bool = False) -> None:
    """The files that are left out, each with what is wrong with it."""
    if not excluded:
        return
    rows = tuple((one.path, reason.rule, reason.what) for one in excluded for reason in one.reasons)
    columns = (Column("file", folds=True), Column("rule"), Column("what is wrong", folds=True))
    terminal.shown(Document("Left out", (Table("Left out", columns, rows),)), Console(stderr=stderr))
