"""`emt power`: what a number of rows can show."""

from pathlib import Path
from typing import Any

import click

from emt_tasks.cli.telling import form_asked, form_options, tell
from emt_tasks.comparison import planning
from emt_tasks.comparison.comparison import compared
from emt_tasks.comparison.planning import Plan
from emt_tasks.errors import EmtError
from emt_tasks.runs.reading_back import read_run
from emt_tasks.statistics.power import LEVEL, MOST_ROWS, POWER


class Numbers(click.ParamType[tuple[float, ...]]):
    """Numbers parted by commas, each within bounds."""

    name = "numbers"

    def __init__(self, low: float, high: float, whole: bool = False) -> None:
        self.low, self.high, self.whole = low, high, whole

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """The numbers; a word that is none, or one out of bounds, is a usage error."""
        if isinstance(value, tuple):
            return value
        return tuple(self._number(word.strip(), param, ctx) for word in str(value).split(",") if word.strip())

    def _number(self, word: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(int(word) if self.whole else float(word))
        except ValueError:
            self.fail(f"{word!r} is no {'whole ' if self.whole else ''}number.", param, ctx)
        if not self.low <= number <= self.high:
            self.fail(f"{word} is not from {self.low:g} to {self.high:g}.", param, ctx)
        return number


@click.command()
@click.option("--rows", type=Numbers(1, MOST_ROWS, whole=True), metavar="N,...", help="What do so many rows show?")
@click.option("--drop", type=Numbers(0.01, 100), metavar="POINTS,...", help="How many rows does such a drop need?")
@click.option(
    "--differing",
    type=Numbers(0, 100),
    metavar="PERCENT,...",
    help="Rows on which two equally good runs differ: one right, one wrong.",
)
@click.option("--accuracy", type=Numbers(0, 100), metavar="PERCENT,...", help="Of a run; the other errs independently.")
@click.option(
    "--runs",
    nargs=2,
    type=click.Path(path_type=Path),
    metavar="A B",
    help="Two runs whose agreement is measured, task by task.",
)
@click.option(
    "--power", "goal", default=100 * POWER, show_default=True, type=click.FloatRange(1, 99.9), help="Percent."
)
@click.option("--level", default=100 * LEVEL, show_default=True, type=click.FloatRange(0.0001, 50), help="Percent.")
@click.option("--tests", default=1, show_default=True, type=click.IntRange(1), help="Tests that share the level.")
@form_options
def command(
    rows: tuple[float, ...] | None, drop: tuple[float, ...] | None, differing: tuple[float, ...] | None,
    accuracy: tuple[float, ...] | None, runs: tuple[Path, Path] | None, goal: float, level: float, tests: int,
    form: str | None, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Tell what drop in accuracy a number of rows can show, and how many rows a drop needs, before they are run.

    Both runs answer the same rows, so that it matters on how many they differ: measure that with --runs on any part of
    the rows, or give it. Nothing is approximated: it is the power of the exact McNemar test.

    \b
    Examples:
      emt power
      emt power --rows 1000 --differing 10
      emt power --drop 2 --runs out/base out/lora
    """
    asked = form_asked(form, out, as_json)
    if sum(given is not None for given in (differing, accuracy, runs)) > 1:
        raise click.UsageError("--differing, --accuracy and --runs say the same thing in three ways; give one of them.")
    cases = _measured(runs) if runs else planning.assumed(_shares(differing), _shares(accuracy))
    plan = Plan(
        cases=tuple(cases),
        rows=tuple(int(n) for n in rows) if rows else (() if drop else planning.ROWS),
        drops=_shares(drop) or (() if rows else planning.DROPS),
        goal=goal / 100,
        level=level / 100 / tests,
    )
    tell(planning.document(plan), planning.as_data(plan), asked, out)
    click.echo("next: emt run --tasks emt --limit N, then emt compare A B", err=True)


def _shares(percent: tuple[float, ...] | None) -> tuple[float, ...]:
    return tuple(number / 100 for number in percent or ())


def _measured(paths: tuple[Path, Path]) -> list[planning.Case]:
    (a, wrong_a), (b, wrong_b) = (read_run(path) for path in paths)
    for problem in (*wrong_a, *wrong_b):
        click.echo(f"note: {problem}", err=True)
    if a.folder.resolve() == b.folder.resolve():
        raise EmtError(f"--runs names {a.folder} twice; a run agrees with itself. Name two runs.")
    comparison = compared([a, b], across_versions=True)
    return [planning.case_of(change) for change in comparison.changes]
