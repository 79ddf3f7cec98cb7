"""Results as a table for the terminal."""

from collections.abc import Iterable

from rich import box
from rich.table import Table

from emt_tasks.runs.summary import TaskResult

HEADERS = {
    "incorrect": "in-\ncor-\nrect",
    "intrinsic": "in-\ntrin-\nsic",
    "extrinsic": "ex-\ntrin-\nsic",
    "empty": "empty",
    "unscored": "un-\nscored",
}
CAPTION = "percent, 95 % Wilson interval; accuracy and the outcomes add up to 100, foreign is counted beside them"


def results_table(results: Iterable[tuple[str, TaskResult]], title: str) -> Table:
    """One line for each named result: n, accuracy with its interval, and the other shares, all in percent.

    Names (of checkpoints, say) and readings have a column only where there is more than one of them.
    """
    rows = list(results)
    named = len({name for name, _ in rows}) > 1
    several = len({row.reading for _, row in rows}) > 1
    outcomes = [name for name in HEADERS if name != "unscored" or any(row.shares[name] for _, row in rows)]
    table = Table(title=title, caption=CAPTION, box=box.SIMPLE_HEAD, padding=0, show_edge=False, pad_edge=False)
    for column in (*(("checkpoint",) if named else ()), "task", *(("reading",) if several else ())):
        table.add_column(column, overflow="fold")  # where room is short names give way, and no number does
    for column in ("n", "accuracy", *(HEADERS[outcome] for outcome in outcomes), "for-\neign"):
        table.add_column(column, justify="right", no_wrap=True, style="bold" if column == "accuracy" else "")
    for name, row in rows:
        words = (*((name,) if named else ()), row.task, *((row.reading,) if several else ()))
        shares = (*(row.shares[outcome] for outcome in outcomes), row.foreign)
        table.add_row(
            *words, f"{row.n:,}", percent(row.accuracy, row.interval), *(f"{100 * share:.1f}" for share in shares)
        )
    return table


BESIDE_CAPTION = (
    "percent; synonym and hypernym (a broader word alone, with the depths in WordNet of those met) come on top of\n"
    "accuracy and change no outcome; coarse is the accuracy of CIFAR-100's superclasses"
)


def beside_table(results: Iterable[tuple[str, TaskResult]]) -> Table | None:
    """What answers are worth beside their outcomes, a line for each result whose rows say it; None where none does."""
    told = [(name, row) for name, row in results if row.beside]
    if not told:
        return None
    table = Table(title="beside the outcomes", caption=BESIDE_CAPTION, box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    named = len({name for name, _ in told}) > 1
    for column in (*(("checkpoint",) if named else ()), "task"):
        table.add_column(column, overflow="fold")
    for column in ("accuracy", "synonym", "hypernym", "depths", "coarse"):
        table.add_column(column, justify="right", no_wrap=column != "depths")
    for name, row in told:
        depths = sorted(int(word.rpartition(" ")[2]) for word in row.beside if " at depth " in word)
        coarse = f"{100 * row.beside['coarse']:.1f}" if "coarse" in row.beside else ""
        table.add_row(
            *((name,) if named else ()),
            row.task,
            f"{100 * row.accuracy:.1f}",
            f"{100 * row.beside['synonym']:.1f}",
            f"{100 * row.beside['hypernym']:.1f}",
            ", ".join(map(str, depths)),
            coarse,
        )
    return table


def percent(share: float, interval: tuple[float, float]) -> str:
    """A share and its interval in percent.

    >>> percent(0.5, (0.25, 0.75))
    '50.0 [25.0, 75.0]'
    """
    low, high = interval
    return f"{100 * share:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
