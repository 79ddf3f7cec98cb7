"""Whether the lists that lie beside the entries can be read, and are those of main."""

from collections.abc import Callable, Iterator
from pathlib import Path

from emt_tasks.errors import EmtError
from leaderboard.board.settings import FILE as BOARD_FILE
from leaderboard.board.settings import board_settings
from leaderboard.board.view import Excluded, Remark
from leaderboard.entry.known import FILE as KNOWN_FILE
from leaderboard.entry.known import known_data
from leaderboard.entry.lists import VERIFIED_FILE, verified_ids

READERS: dict[str, Callable[[Path], object]] = {
    KNOWN_FILE: known_data,
    VERIFIED_FILE: verified_ids,
    BOARD_FILE: board_settings,
}


def broken_lists(folder: Path) -> Iterator[Excluded]:
    """The lists of a folder of entries that can't be read; a build would end at them."""
    for name, read in READERS.items():
        try:
            read(folder)
        except EmtError as error:
            yield Excluded(name, (Remark("lists", str(error)),))


def changed_lists(folder: Path, lists: Path) -> tuple[str, ...]:
    """The lists of `folder` that are not, byte for byte, those of `lists`, main's."""
    return tuple(name for name in READERS if _content(folder / name) != _content(lists / name))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None
