"""`emt judge`: the judge's verdicts, prices and questions."""

import json
import sys
from importlib.resources import files
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table

from emt_tasks.errors import EmtError
from emt_tasks.escaping import terminal
from emt_tasks.gpt_judge import exchange, protocols
from emt_tasks.gpt_judge.store import VerdictStore, store_path
from emt_tasks.labels import ALL_SETS, label_set

store_option = click.option(
    "--store", type=click.Path(dir_okay=False, path_type=Path), help="The file of verdicts (EMT_STORE)."
)


@click.group()
def command() -> None:
    """Look after the judge: what is stored, take it elsewhere and back, its prices, its questions.

    \b
    Examples:
      emt judge status
      emt judge export verdicts.jsonl
      emt judge import verdicts.jsonl && emt score out/llava --reading gpt_judge --replay
      emt judge prices > my-prices.yaml
      emt judge protocol yes_no --label cat --answer "It is a dog."
    """


@command.command()
@store_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(store: Path | None, as_json: bool) -> None:
    """Say how many verdicts are stored, by protocol and judge.

    \b
    Example:
      emt judge status --json
    """
    path = store or store_path()
    with VerdictStore(path) as opened:
        counts, waiting = opened.counts(), len(opened.in_batches())
    if as_json:
        click.echo(json.dumps({"store": str(path), "in_batches": waiting, "verdicts": counts}, indent=2))
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in ("protocol", "prompt", "judge", "verdicts", "unclear", "tokens in", "out"):
        table.add_column(column, justify="left" if column in ("protocol", "prompt", "judge") else "right")
    for row in counts:
        table.add_row(
            *(terminal(f"{value:,}" if isinstance(value, int) else str(value or 0)) for value in row.values())
        )
    Console().print(table)
    click.echo(f"{path}; {waiting:,} pairs wait in batches", err=True)
    click.echo("next: emt judge export FILE, or emt score RUN --reading gpt_judge", err=True)


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@store_option
def export(file: Path, store: Path | None) -> None:
    """Write all verdicts to FILE as JSON lines; - is stdout.

    \b
    Example:
      emt judge export verdicts.jsonl
    """
    with VerdictStore(store or store_path()) as opened:
        lines = (f"{line}\n" for line in exchange.exported(opened))
        if str(file) == "-":
            sys.stdout.writelines(lines)
            return
        try:
            part = file.with_name(f"{file.name}.part")
            with part.open("w", encoding="utf8") as out:
                out.writelines(lines)
            part.replace(file)
        except OSError as error:
            raise EmtError(f"{file} can't be written ({error.strerror}). Choose another.") from error
    click.echo(f"written to {file}\nnext, elsewhere: emt judge import {file}", err=True)


@command.command("import")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, allow_dash=True))
@store_option
def import_(file: str, store: Path | None) -> None:
    """Take the verdicts of FILE in, all or none; - is stdin. One that is there already stays.

    \b
    Example:
      emt judge import verdicts.jsonl
    """
    with VerdictStore(store or store_path()) as opened, click.open_file(file, encoding="utf8") as lines:
        try:
            found = exchange.imported(opened, lines, file)
        except UnicodeDecodeError as error:
            raise EmtError(f"{file} is no UTF-8 text. `emt judge export` writes what is read here.") from error
    click.echo(
        f"{found['new']:,} new, {found['same']:,} were there, {found['other']:,} were there otherwise and stay",
        err=True,
    )
    click.echo("next: emt score RUN --reading gpt_judge --replay", err=True)


@command.command()
def prices() -> None:
    """Print the price table that ships, to be edited (--prices, EMT_JUDGE_PRICES).

    \b
    Example:
      emt judge prices > my-prices.yaml
    """
    click.echo(files("emt_tasks.gpt_judge").joinpath("prices.yaml").read_text("utf8"), nl=False)


@command.command()
@click.argument("name", default="yes_no")
@click.option("--set", "set_key", type=click.Choice(ALL_SETS), default="cifar10", show_default=True)
@click.option("--label", default="cat", show_default=True, help="The right label.")
@click.option("--answer", help="Show the question about this answer, in place of the protocol itself.")
def protocol(name: str, set_key: str, label: str, answer: str | None) -> None:
    """Print a judge protocol, to be edited, or the question that it asks.

    \b
    Examples:
      emt judge protocol which_label > mine.yaml
      emt judge protocol mine.yaml --answer "a picture of a fish in a tank" --set cifar100
    """
    asked = protocols.protocol(name)
    if answer is not None:
        click.echo("".join(f"[system] {asked.system}\n" if asked.system else ""), nl=False)
        click.echo(asked.question(answer, label, label_set(set_key).labels))
    elif name in protocols.SHIPPED:
        click.echo(files("emt_tasks.gpt_judge").joinpath("prompts", f"{name}.yaml").read_text("utf8"), nl=False)
    else:
        click.echo(Path(name).read_text("utf8"), nl=False)
