"""`emt tasks`: what is there, and what is asked."""

import json
from importlib.util import find_spec
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from emt_tasks import harness
from emt_tasks.cli.arguments import data_dir_option
from emt_tasks.task_files import task_folder
from emt_tasks.tasks import Task, catalogue, choices_of, task


@click.command()
@click.option("--show", "shown", metavar="TASK", help="Print the prompt of one row of this task, as it is sent.")
@click.option("--row", default=0, show_default=True, help="Which row of the task.")
@click.option(
    "--path",
    "path_of",
    is_flag=False,
    flag_value="lmms_eval",
    metavar="[HARNESS]",
    help="Print the folder of the task files.",
)
@data_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(shown: str | None, row: int, path_of: str | None, data_dir: Path | None, as_json: bool) -> None:
    """List the tasks and groups, or show what one of them asks.

    \b
    Examples:
      emt tasks
      emt tasks --show emt_cifar10 --row 3
      lmms-eval --include_path "$(emt tasks --path)" --tasks emt_cifar10 ...
      lm_eval run --include_path "$(emt tasks --path lm_eval)" --apply_chat_template --tasks emt_cifar10 ...
    """
    if path_of is not None:
        _print_path(path_of)
    elif shown is not None:
        with harness.reading_from(data_dir):
            _print_row(shown, row, as_json)
    elif as_json:
        click.echo(json.dumps([_described(entry) for entry in catalogue().values()], indent=2))
    else:
        Console().print(_table())


def _print_path(name: str) -> None:
    folder = task_folder(name)
    if not folder.is_dir():
        known = ", ".join(
            sorted(entry.name for entry in folder.parent.iterdir() if entry.is_dir() and entry.name[0].isalpha())
        )
        raise click.UsageError(f"no task files for the harness {name!r}. Known: {known}.")
    if find_spec(name) is None:
        click.echo(f"note: {name} is not installed here: pip install 'emt-bench[{name.replace('_', '-')}]'", err=True)
    click.echo(folder)


def _print_row(name: str, row: int, as_json: bool) -> None:
    """The row as the harness would ask it: its own task object renders the prompt."""
    asked = task(name)
    if asked.members:
        raise click.UsageError(f"{name} is a group; show one of {', '.join(asked.members)}.")
    sent = harness.question(name, row)
    choices = choices_of(name) if asked.chooses else ()
    if as_json:
        told = sent | ({"choices": list(choices)} if asked.chooses else {})
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    console = Console(stderr=True)
    picture = f"picture {sent['image']} ({sent['size']}, RGB)"
    console.print(f"{name}, row {row} of {sent['rows']:,}: label {sent['label_name']!r}, {picture}")
    if choices:
        console.print(f"scored after it: {len(choices)} answers, {choices[0]!r} to {choices[-1]!r}", markup=False)
    else:
        console.print("generation: " + ", ".join(f"{key}={value}" for key, value in sent["generation_kwargs"].items()))
    click.echo(sent["prompt"])


def _described(entry: Task) -> dict[str, object]:
    return {
        "name": entry.name,
        "kind": "group" if entry.members else "task",
        "members": list(entry.members),
        "classes": None if entry.members else len(entry.labels.labels),
        "readings": list(entry.readings),
        "dataset": entry.config.get("dataset_path"),
        "revision": (entry.config.get("dataset_kwargs") or {}).get("revision"),
        "version": entry.config["metadata"]["version"],
        "file": str(entry.path),
    }


def _table() -> Table:
    table = Table(caption="run one with: lmms-eval --model llava --tasks NAME   or: emt run --tasks NAME")
    for column in ("name", "classes", "data", "reading"):
        table.add_column(column, no_wrap=column == "name")
    for entry in catalogue().values():
        if entry.members:
            table.add_row(entry.name, "", "group: " + ", ".join(entry.members), "")
        else:
            table.add_row(
                entry.name, str(len(entry.labels.labels)), entry.config["dataset_path"], ", ".join(entry.readings)
            )
    return table
