"""Results as a table for the terminal."""

from collections.abc import Iterable

from rich.table import Table

from emt_tasks.runs import TaskResult

SHOWN_OUTCOMES = ("incorrect", "intrinsic", "extrinsic", "empty")


def results_table(results: Iterable[TaskResult], title: str) -> Table:
    """One line for each task and reading: n, accuracy with its interval, and the other shares, all in percent."""
    rows = list(results)
    several = len({row.reading for row in rows}) > 1
    unscored = any(row.shares["unscored"] for row in rows)
    outcomes = (*SHOWN_OUTCOMES, *(("unscored",) if unscored else ()))
    table = Table(title=title, caption="percent; 95 % Wilson intervals; the shares up to the rule add up to 100")
    table.add_column("task", no_wrap=True)
    if several:
        table.add_column("reading")
    table.add_column("n", justify="right")
    table.add_column("accuracy", justify="right", style="bold", no_wrap=True)
    for outcome in outcomes:
        table.add_column(outcome, justify="right")
    table.add_column("│ foreign", justify="right")
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
