"""What entries are called on the page."""

from collections import Counter
from collections.abc import Mapping

from emt_tasks.escaping import plain
from leaderboard.board.table import tuning
from leaderboard.board.view import Board, Entry, Kind
from leaderboard.page.wording import Words
from leaderboard.words import seed_phrase

LONGEST = 44  # characters of a name within a drawing; whole names stand in the table


def models(board: Board, words: Words) -> dict[str, str]:
    """What each entry's model is called, by the entry's id.

    That is its name, behind its organisation's where several have a model of that name; an adversary's is the page's
    own word.
    """
    entries = (*board.entries, *board.pinned)
    orgs: dict[str, set[str]] = {}
    for one in entries:
        orgs.setdefault(_name(one), set()).add(one.model.org)
    found = {}
    for one in entries:
        name = _name(one)
        shown = f"{plain(one.model.org).strip()}/{name}" if len(orgs[name]) > 1 else name
        adversary = one.kind is Kind.ADVERSARY
        found[one.id] = str(words["table"]["adversary"].get(one.model.name, shown)) if adversary else shown
    return found


def _name(entry: Entry) -> str:
    return plain(entry.model.name).strip()


def names(board: Board, words: Words) -> dict[str, str]:
    """Models with their tunings by the entry's id; no two are the same: those that would be have their id behind."""
    called = models(board, words)
    told = {
        one.id: " · ".join(part for part in (called[one.id], plain(tuning(one))) if part)
        for one in (*board.entries, *board.pinned)
    }
    return apart(told, {key: key for key in told})


def tunings(board: Board, words: Words) -> dict[str, str]:
    """What the models of each tuning are called, by series: with the seed, and where that is the same, the series."""
    seeds = {one.id: seed_phrase(one.tuning.seed) for one in (*board.entries, *board.pinned)}
    called = {key: ", ".join(filter(None, (name, seeds[key]))) for key, name in models(board, words).items()}
    told = {one.series: (one.kind, one.tuned_on, called[one.entry]) for one in board.matrix}
    told |= {one.series: (one.kind, one.tuned_on, called[one.points[-1].entry]) for one in board.curves if one.points}
    often = Counter(told.values())
    return {
        series: name if often[kind, on, name] == 1 else f"{name} ({plain(series)})"
        for series, (kind, on, name) in told.items()
    }


def drawn(board: Board, words: Words) -> dict[str, str]:
    """The names of all entries by id, short, and still no two the same."""
    told = {key: short(name) for key, name in names(board, words).items()}
    return apart(told, {key: str(place) for place, key in enumerate(told, start=1)})


def apart(told: Mapping[str, str], marks: Mapping[str, str]) -> dict[str, str]:
    """`told`, where those that are the same have their mark behind; marks are of one key each.

    >>> apart({"a": "x", "b": "x", "c": "x (a)", "d": "y"}, {"a": "a", "b": "b", "c": "c", "d": "d"})
    {'a': 'x (a)', 'b': 'x (b)', 'c': 'x (a) (c)', 'd': 'y'}
    """
    found, marked = dict(told), set[str]()
    while same := _same(found) - marked:
        found |= {key: f"{told[key]} ({marks[key]})" for key in same}
        marked |= same
    return found


def _same(told: Mapping[str, str]) -> set[str]:
    often = Counter(told.values())
    return {key for key, name in told.items() if often[name] > 1}


def short(name: str) -> str:
    """A name for a drawing, its middle left out where it is long.

    >>> short("a" * 50)
    'aaaaaaaaaaaaaaaaaaaaa…aaaaaaaaaaaaaaaaaaaaaa'
    """
    half = LONGEST // 2
    return name if len(name) <= LONGEST else f"{name[: half - 1]}…{name[-half:]}"
