"""`emt contract`: does a model's wrapper keep its promises?"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from emt_tasks.cli.arguments import model_args_option
from emt_tasks.errors import UnknownName

if TYPE_CHECKING:
    from model_wrappers.contract import Finding

VALIDATION = 4
SHADES = {"holds": "green", "broken": "red", "not applicable": "dim", "not run": "dim"}


@click.command()
@click.argument("model")
@model_args_option("As for a run: pretrained=<a toy of the true architecture>, ...")
@click.option("--only", default="", metavar="CHECK,...", help="Only these checks.")
@click.option("--skip", default="", metavar="CHECK,...", help="None of these; `ranks` takes longest.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1, ...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    ctx: click.Context, model: str, model_args: dict[str, Any], only: str, skip: str, device: str, as_json: bool
) -> None:
    """Hold MODEL, any that is registered with lmms-eval, to what an evaluation relies on.

    Batches of any size answer as batch 1, padding is not seen, stop strings stop, labels are worth what full forward
    passes say, adapters change what they should, two processes are as one, and so on. Made for toys of the true
    architecture in float32, where equal means equal. Leaves with 4 if a promise is broken.

    \b
    Examples:
      emt contract emt_llava --model-args pretrained=toy-llava
      emt contract my_model --model-args pretrained=toy --skip ranks
    """
    from lmms_eval.models import list_available_models

    from emt_tasks import harness
    from model_wrappers.contract import Subject, chosen, findings

    harness.quiet()
    checks = chosen(_names(only), _names(skip))
    if model not in (known := list_available_models(include_aliases=True)):
        raise UnknownName("model", model, known)
    found = []
    for one in findings(Subject(model, model_args, device), checks):
        click.echo(f"  {one.check:<10} {one.verdict}", err=True)
        found.append(one)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=2))
    else:
        Console(file=sys.stdout).print(_table(found))
    broken = [one.check for one in found if one.verdict == "broken"]
    if broken:
        click.echo(f"{len(broken)} of {len(found)} promises are broken. Mend the first, then run this again.", err=True)
        ctx.exit(VALIDATION)
    click.echo(f"next: emt run --model {model} --model-args ... --tasks emt_lite", err=True)


def _names(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(",") if word.strip())


def _table(found: Sequence["Finding"]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in ("check", "verdict", "what was seen"):
        table.add_column(column, no_wrap=column == "check", overflow="fold")
    for one in found:
        said = Text(_plain(one.said))
        if one.verdict == "broken":
            said = Text(f"{one.promise}\n{_plain(one.said)}\n").append(_plain(one.do), style="bold")
        table.add_row(one.check, Text(one.verdict, style=SHADES[one.verdict]), said)
    return table


def _plain(text: str) -> str:
    """`text` without what moves a terminal's cursor: a stranger's message may hold anything."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
