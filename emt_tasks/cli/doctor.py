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
from emt_tasks.task_files import task_folder
from emt_tasks.tasks import catalogue

PROBE = (
    "import lmms_eval.models, json; from lmms_eval.tasks import TaskManager; print(json.dumps(TaskManager().all_tasks))"
)

LM_EVAL_PROBE = (
    "import sys; from importlib.metadata import version; from lm_eval.tasks import TaskManager; "
    "from emt_tasks import lm_eval_task; from emt_tasks.tasks import catalogue; "
    "missing = set(catalogue()) - set(TaskManager(include_path=sys.argv[1], include_defaults=False).all_tasks); "
    "sys.exit(f'it does not see {sorted(missing)}' if missing else print(version('lm_eval')))"
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
        "packages": _packages, "harness": _harness, "lm_eval": _lm_eval, "llava": _llava, "device": _device,
        "local data": _local_data,
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


def _lm_eval() -> str:
    """Whether the other harness is there, and sees the tasks through the folder that its command is given."""
    if find_spec("lm_eval") is None:
        return "lm_eval is not installed, and only its own command wants it (pip install 'emt-bench[lm-eval]')"
    words = [sys.executable, "-c", LM_EVAL_PROBE, str(task_folder("lm_eval"))]
    asked = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    if asked.returncode:
        reason = (asked.stderr.strip().splitlines() or ["no message"])[-1]
        raise EmtError(f"lm_eval can't load our tasks: {reason}. Install it anew: pip install 'emt-bench[lm-eval]'")
    how = '--include_path "$(emt tasks --path lm_eval)" --apply_chat_template'
    return f"lm_eval {asked.stdout.strip()} sees all {len(catalogue())} ({how})"


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
