"""What tunings changed, as tables: one for each method and epoch, a row for each tuned model, a column for each set."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from leaderboard.board.view import Board, Change

REACH = 0.4  # of a difference whose colour is full


@dataclass(frozen=True, slots=True)
class Line:
    """A tuned model, and the names of the sets that it was tuned on; `cells` has None where a set was not run."""

    entry: str
    name: str
    sets: tuple[str, ...]
    cells: tuple[Change | None, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The tunings by one method, after one epoch; `epoch` is None where it is not named."""

    method: str
    epoch: float | None
    lines: tuple[Line, ...]


def matrices(board: Board, tunings: Mapping[str, str]) -> Iterator[Matrix]:
    """Those that have a row: methods in the order of the board, epochs from the first, the unnamed last.

    Args:
        board: with the changes.
        tunings: what tuned models are called, by series.
    """
    methods = list(dict.fromkeys(one.kind for one in board.matrix))
    for method in methods:
        told = [one for one in board.matrix if one.kind == method]
        for epoch in sorted({one.epoch for one in told}, key=lambda one: (one is None, one or 0.0)):
            yield Matrix(method, epoch, tuple(_lines([one for one in told if one.epoch == epoch], board, tunings)))


def _lines(told: Sequence[Change], board: Board, tunings: Mapping[str, str]) -> Iterator[Line]:
    by_cell = {(one.entry, one.evaluated): one for one in told}
    shown = {of.key: of.shown for of in board.sets}
    lines = dict.fromkeys((one.entry, tunings[one.series], one.tuned_on) for one in told)
    for entry, name, tuned_on in sorted(lines, key=lambda line: places(board, line[2])):
        sets = tuple(shown.get(key, key) for key in tuned_on)
        yield Line(entry, name, sets, tuple(by_cell.get((entry, of.key)) for of in board.sets))


def places(board: Board, sets: Sequence[str]) -> tuple[int, ...]:
    """Where what was tuned on stands in the board's order of sets; other data come last."""
    keys = [of.key for of in board.sets]
    return tuple(keys.index(key) if key in keys else len(keys) for key in sets)


def strength(difference: float) -> int:
    """How full the colour of a difference is, in percent, so pale that ink on it can be read.

    >>> strength(-0.2), strength(0.9)
    (28, 55)
    """
    return round(55 * min(1.0, abs(difference) / REACH))
