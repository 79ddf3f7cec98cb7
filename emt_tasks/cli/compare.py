"""`emt compare`: what changed from one run to others."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from emt_tasks.cli.arguments import as_word
from emt_tasks.cli.telling import form_asked, form_options, tell
from emt_tasks.comparison import data, told
from emt_tasks.comparison.comparison import Comparison, compared
from emt_tasks.escaping import terminal
from emt_tasks.runs.problems import Problem
from emt_tasks.runs.reading_back import read_run
from emt_tasks.runs.records import Run

PARTIAL = 3


@click.command()
@click.argument("paths", metavar="A B [C ...]", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--tasks", metavar="NAME,...", help="Only these tasks.")
@click.option("--reading", metavar="NAME,...", help="Only these readings; by default all that two runs share.")
@click.option("--classes", default=5, show_default=True, type=click.IntRange(0), help="Classes to show of each task.")
@click.option(
    "--rows",
    default=3,
    show_default=True,
    type=click.IntRange(0),
    help="Rows to show that only one of two runs has right; JSON has them all.",
)
@click.option("--across-versions", is_flag=True, help="Compare different versions of a task too.")
@form_options
def command(
    paths: tuple[Path, ...], tasks: str | None, reading: str | None, classes: int, rows: int, across_versions: bool,
    form: str | None, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Compare runs of emt run, lmms-eval or lm_eval on the rows they share: each of B, C, ... with A.

    A, B, ... are run folders, or folders above one run. Differences are B less A, each with a 95 % interval and an
    exact test; rows go together by picture, of tables by id. Exit code 3: something was left out or is not whole.

    \b
    Examples:
      emt compare out/base out/lora
      emt compare out/base out/epoch-1 out/epoch-2 out/epoch-3 --tasks emt_cifar10
      emt compare out/base out/lora --out comparison.html
    """
    if len(paths) < 2:
        alone = terminal(str(paths[0]))
        raise click.UsageError(f"one run alone ({alone}) is no comparison. Name another: emt compare A B.")
    asked = form_asked(form, out, as_json)
    runs, problems = _read(paths, tasks.split(",") if tasks else None)
    readings = frozenset(filter(None, (reading or "").split(",")))
    comparison = compared(runs, problems, readings=readings, across_versions=across_versions)
    tell(told.document(comparison, classes=classes, rows=rows), data.as_data(comparison), asked, out)
    _notes(comparison, paths, shown=asked == "table")


def _read(paths: Sequence[Path], tasks: list[str] | None) -> tuple[list[Run], list[Problem]]:
    """The run of each path; runs whose folders bear the same name are told apart by the path that was given."""
    read = [read_run(path, tasks) for path in paths]
    if len({(run.folder.resolve(), run.name) for run, _ in read}) < len(read):
        raise click.UsageError("the same run is named twice; name each once.")
    names = [run.name for run, _ in read]
    named = [
        replace(run, name=str(path)) if names.count(run.name) > 1 else run
        for path, (run, _) in zip(paths, read, strict=True)
    ]
    return named, [problem for _, problems in read for problem in problems]


def _notes(comparison: Comparison, paths: Sequence[Path], shown: bool) -> None:
    if comparison.problems and not shown:
        for problem in comparison.problems:
            click.echo(f"note: {problem}", err=True)
    names = [as_word(path) for path in paths]
    here = " ".join(names)
    click.echo(f"next: emt power --runs {names[0]} {names[1]}, or emt compare {here} --out comparison.html", err=True)
    if comparison.partial:
        click.echo("partial: see the notes on these runs", err=True)
        raise click.exceptions.Exit(PARTIAL)
