"""What entries are called on the page."""

from emt_tasks.escaping import plain
from leaderboard.board.table import tuning
from leaderboard.board.view import Board, Entry, Kind
from leaderboard.page.wording import Words

LONGEST = 44  # characters of a name within a drawing; whole names stand in the table


def named(entry: Entry, words: Words) -> str:
    """An entry's name with its tuning; an adversary's is the page's own word."""
    if entry.kind is Kind.ADVERSARY:
        return str(words["table"]["adversary"].get(entry.model.name, plain(entry.model.name)))
    parts = (plain(entry.model.name).strip(), plain(tuning(entry)))
    return " · ".join(part for part in parts if part)


def names(board: Board, words: Words) -> dict[str, str]:
    """The names of all entries by their id."""
    return {entry.id: named(entry, words) for entry in (*board.entries, *board.pinned)}


def short(name: str) -> str:
    """A name for a drawing, its middle left out where it is long.

    >>> short("a" * 50)
    'aaaaaaaaaaaaaaaaaaaaa…aaaaaaaaaaaaaaaaaaaaaa'
    """
    half = LONGEST // 2
    return name if len(name) <= LONGEST else f"{name[: half - 1]}…{name[-half:]}"
