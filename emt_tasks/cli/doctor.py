"""`emt doctor`: is everything in place?"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from emt_tasks import sources
from emt_tasks.cli.arguments import model_args_option
from emt_tasks.errors import EmtError
from emt_tasks.preflight import Asked, Check, checks
from emt_tasks.runs import manifest
from emt_tasks.tasks import catalogue

PROBE = (
    "import lmms_eval.models, json; from lmms_eval.tasks import TaskManager; print(json.dumps(TaskManager().all_tasks))"
)


@click.command()
@click.option("--model", default="llava", show_default=True, help="Whose arguments to check.")
@model_args_option("Check these weights and adapters too.")
@click.option("--tasks", default="emt", show_default=True, metavar="NAME,...", help="Whose data to check.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, model: str, model_args: dict[str, str], tasks: str, as_json: bool) -> None:
    """Check packages, harness, models, data, weights and disk; leave with 1 if something is wrong.

    \b
    Examples:
      emt doctor
      emt doctor --model-args pretrained=llava-hf/llava-1.5-7b-hf,peft=my-lora
    """
    asked = Asked(tuple(filter(None, tasks.split(","))), model, model_args, Path("out"))
    found = [*_environment(), *checks(asked)]
    if as_json:
        click.echo(
            json.dumps(
                [
                    {"check": c.name, "ok": not c.problem, "found": c.found, "problem": str(c.problem or "")}
                    for c in found
                ],
                indent=2,
            )
        )
    else:
        table = Table(show_header=False)
        for check in found:
            table.add_row(
                "[red]wrong[/]" if check.problem else "[green]fine[/]", check.name, str(check.problem or check.found)
            )
        Console().print(table)
    bad = sum(bool(check.problem) for check in found)
    click.echo(
        f"{bad} of {len(found)} checks need you" if bad else "next: emt quickstart, or emt run --tasks emt_lite",
        err=True,
    )
    ctx.exit(1 if bad else 0)


def _environment() -> Iterator[Check]:
    looks: dict[str, Callable[[], str]] = {
        "packages": _packages, "harness": _harness, "llava": _llava, "device": _device, "local data": _local_data,
    }  # fmt: skip
    for name, look in looks.items():
        try:
            yield Check(name, look())
        except EmtError as error:
            yield Check(name, "", error)


def _packages() -> str:
    try:
        return ", ".join(f"{name} {number}" for name, number in manifest.versions().items())
    except PackageNotFoundError as error:
        raise EmtError(f"the package {error.name} is missing. Install it: pip install emt-bench") from error


def _harness() -> str:
    """Ask the harness itself, in a process of its own, which tasks it sees."""
    words = [sys.executable, "-c", PROBE]
    asked = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    if asked.returncode:
        raise EmtError(f"lmms-eval can't be imported: {(asked.stderr.strip().splitlines() or ['no message'])[-1]}")
    missing = set(catalogue()) - set(json.loads(asked.stdout.splitlines()[-1]))
    if missing:
        names = ", ".join(sorted(missing))
        raise EmtError(f'lmms-eval does not see {names}. Add --include_path "$(emt tasks --path)" to its commands.')
    return f"lmms-eval sees all {len(catalogue())} tasks and groups"


def _llava() -> str:
    if find_spec("llava") is None:
        return "--model llava is emt_llava (the LLaVA repository's package is not installed)"
    return "--model llava is the harness's own; --model emt_llava is ours"


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return ", ".join(torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count()))
    return f"no GPU; {os.cpu_count()} CPU cores"


def _local_data() -> str:
    folder = sources.data_dir()
    return "the hub" if folder is None else f"{sources.DATA_DIR_VARIABLE}={folder}"
