"""Results as a table for the terminal."""

from collections.abc import Iterable

from rich import box
from rich.table import Table

from emt_tasks.runs import TaskResult

HEADERS = {
    "incorrect": "in-\ncor-\nrect",
    "intrinsic": "in-\ntrin-\nsic",
    "extrinsic": "ex-\ntrin-\nsic",
    "empty": "empty",
    "unscored": "un-\nscored",
}


def results_table(results: Iterable[TaskResult], title: str) -> Table:
    """One line for each task and reading: n, accuracy with its interval, and the other shares, all in percent."""
    rows = list(results)
    several = len({row.reading for row in rows}) > 1
    unscored = any(row.shares["unscored"] for row in rows)
    outcomes = [outcome for outcome in HEADERS if outcome != "unscored" or unscored]
    caption = "percent, 95 % Wilson interval; accuracy and the outcomes add up to 100, foreign is counted beside them"
    table = Table(
        title=title, caption=caption, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False
    )
    table.add_column("task", no_wrap=True)
    if several:
        table.add_column("reading")
    table.add_column("n", justify="right", no_wrap=True)
    table.add_column("accuracy", justify="right", style="bold", no_wrap=True)
    for outcome in outcomes:
        table.add_column(HEADERS[outcome], justify="right", no_wrap=True)
    table.add_column("for-\neign", justify="right", no_wrap=True)
    for row in rows:
        low, high = row.interval
        table.add_row(
            row.task,
            *((row.reading,) if several else ()),
            f"{row.n:,}",
            f"{100 * row.accuracy:.1f} [{100 * low:.1f}, {100 * high:.1f}]",
            *(f"{100 * row.shares[outcome]:.1f}" for outcome in outcomes),
            f"{100 * row.foreign:.1f}",
        )
    return table
