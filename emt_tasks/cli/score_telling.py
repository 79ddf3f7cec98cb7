"""What `emt score` keeps beside the runs, and what it says at its end."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.console import Console

from emt_tasks.cli.arguments import as_word
from emt_tasks.runs.summary import TaskResult, task_results
from emt_tasks.scoring.answers import Answers
from emt_tasks.scoring.stored import keep
from emt_tasks.tables import beside_table, results_table

BESIDE = ("synonym", "hypernym", "coarse")
Records = Sequence[Mapping[str, Any]]


class Shown(NamedTuple):
    """A result without the most of its rows, which may be a million, and what JSON says of it."""

    run: str
    result: TaskResult
    told: Mapping[str, Any]


def kept(answers: Sequence[Answers], name: str, told: Iterable[Records]) -> list[Shown]:
    """Keep the records beside their runs, one run after the other; what is shown of each."""
    shown: list[Shown] = []
    for one, records in zip(answers, told, strict=True):
        click.echo(f"written to {keep(one, name, records)}", err=True)
        shown += [
            Shown(one.run, replace(result, rows=_counted_beside(result.rows)), {"run": one.run, **result.summary()})
            for result in task_results(one.task, records)
        ]
    return shown


def _counted_beside(rows: Records) -> Records:
    """What of the rows the table of credits needs, and no more."""
    return [{name: row[name] for name in BESIDE if name in row} for row in rows if "synonym" in row]


def tell_read(shown: Sequence[Shown], runs: Sequence[Path], as_json: bool) -> None:
    """A table or JSON on stdout, and what to do next."""
    if as_json:
        click.echo(json.dumps({"results": [one.told for one in shown]}, indent=2))
    results = [(one.run, one.result) for one in shown]
    console = Console(stderr=as_json)
    console.print(results_table(results, "readings of stored answers"))
    beside = beside_table(results)
    if beside is not None:
        console.print(beside)
    run = as_word(runs[0])
    click.echo(f"next: emt agree {run} (how far its readings agree), or emt compare {run} OTHER_RUN", err=True)
