"""`emt finetune`: tune a model by a recipe, and keep what it was after each epoch."""

import json
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml
from rich import box
from rich.console import Console
from rich.table import Table

from emt_tasks import harness, sources
from emt_tasks.cli.arguments import SEEDS, data_dir_option, named_in
from emt_tasks.runs.manifest import rank

if TYPE_CHECKING:
    from finetuning.training.checkpoint import Checkpoint
    from finetuning.training.job import Job
    from finetuning.tuning.in_the_loop import Asked
    from finetuning.tuning.job_folder import Tuned

RUNS = "runs"  # below --out: where --evaluate leaves them


@click.command()
@click.argument("recipe")
@click.option("--base", required=True, metavar="MODEL", help="Folder or hub id of what learns.")
@click.option("--data", multiple=True, required=True, metavar="SET", help="What it learns from; several are mixed.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/finetune"),
    show_default=True,
    help="Checkpoints go to OUT/RECIPE-SET/epoch-N.",
)
@click.option(
    "--set-field", "fields", multiple=True, metavar="NAME=VALUE", help="A field in place of the recipe's own."
)
@click.option("--seed", type=SEEDS, default=0, show_default=True, help="Of first values, rows, order, dropout.")
@data_dir_option
@click.option("--device", help="cpu, cuda, cuda:1, ...")
@click.option("--revision", help="Of the base on the hub.")
@click.option(
    "--evaluate", metavar="TASKS", help="Ask these tasks of the base and of every checkpoint, while it is in memory."
)
@click.option("--limit", type=click.IntRange(1), help="Rows of each task of --evaluate.")
@click.option("--eval-batch-size", type=click.IntRange(1), default=16, show_default=True, help="Of --evaluate.")
@click.option("--report-to", multiple=True, metavar="TRACKER", help="wandb, tensorboard, ... (the Trainer's own).")
@click.option("--state-every", type=click.IntRange(1), metavar="STEPS", help="Go on from there after a kill, at most.")
@click.option("--workers", type=click.IntRange(0), help="Processes that prepare pictures.")
@click.option("--fresh", is_flag=True, help="Throw away what an earlier start of the same name left.")
@click.option("--check", "only_check", is_flag=True, help="Stop after the preflight.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout in place of the table.")
def command(
    recipe: str, base: str, data: tuple[str, ...], out: Path, fields: tuple[str, ...], seed: int, data_dir: Path | None,
    device: str | None, revision: str | None, evaluate: str | None, limit: int | None, eval_batch_size: int,
    report_to: tuple[str, ...], state_every: int | None, workers: int | None, fresh: bool, only_check: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Fine-tune by RECIPE (linear, lora, prompt, full, their toy- forms, or a YAML file) and keep every epoch.

    Everything that can be wrong is looked for first. An interrupted start goes on where it stopped when the same
    command is given again, to the same weights. Each checkpoint's folder is loaded as it is by emt run and lmms-eval.
    With --evaluate the runs go to OUT/runs, which emt report reads as they are.

    \b
    Examples:
      emt finetune lora --base llava-hf/llava-1.5-7b-hf --data cifar10
      emt finetune lora --base my-llava --data cifar10 --evaluate emt_lite
      emt finetune linear --base my-llava --data cifar10 --data 'mnist?weight=0.1' --set-field epochs=1 --check
      accelerate launch --config_file fsdp.yaml -m emt_tasks finetune full --base my-llava --data mnist
    """
    from finetuning.recipes.recipe import read_recipe, require_read
    from finetuning.records.set_spec import read_spec

    given = fields_of(fields)
    chosen = read_recipe(recipe, given)
    require_read(chosen, given)
    for each in data:
        read_spec(each)
    first = rank() == 0
    if first:
        click.echo("loading torch, transformers and the harness ...", err=True)
    from finetuning.training.job import Job
    from finetuning.tuning.in_the_loop import tune_and_ask
    from finetuning.tuning.tune import tune

    job = Job(
        chosen, base, data, out, seed, data_dir or sources.data_dir(), device, revision, report_to, state_every, workers
    )
    _preflight(job, first)
    asked = _asked(job, evaluate, limit, eval_batch_size) if evaluate else None
    if only_check:
        return
    tuned = tune(job, shown=first, fresh=fresh) if asked is None else tune_and_ask(job, asked, shown=first, fresh=fresh)
    if first:
        _report(tuned, job, as_json, asked)


def _preflight(job: "Job", first: bool) -> None:
    """Look for what the training needs.

    Raises:
        EmtError: something is missing.
    """
    from finetuning.toy.quickstart import quiet_libraries
    from finetuning.tuning.preflight import checks

    quiet_libraries()
    for check in checks(job):
        if check.problem:
            raise check.problem
        if first:
            click.echo(f"  {check.name:<8} {check.found}", err=True)


def _asked(job: "Job", evaluate: str, limit: int | None, batch_size: int) -> "Asked":
    """What checkpoints are asked; all that it needs is there.

    Raises:
        EmtError: something is missing.
    """
    from finetuning.tuning.in_the_loop import Asked, require_one_process

    require_one_process()
    asked = Asked(named_in("--evaluate", evaluate), job.out / RUNS, limit, batch_size, job.data_dir)
    _preflight_of_tasks(asked, job)
    return asked


def fields_of(pairs: Iterable[str]) -> Mapping[str, Any]:
    """The fields that were named, each value as YAML reads it."""
    fields = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(
                f"--set-field {pair!r} is no pair. Write name=value, such as optimizer.learning_rate=1e-4."
            )
        if name in fields:
            raise click.UsageError(f"--set-field {name}= is given twice. Give it once.")
        try:
            fields[name] = yaml.safe_load(value)
        except yaml.YAMLError:
            fields[name] = value
    return fields


def _preflight_of_tasks(asked: "Asked", job: "Job") -> None:
    """Look for what the evaluations need.

    Raises:
        EmtError: something is missing.
    """
    from emt_tasks import preflight
    from finetuning.training.base_model import family_of

    model_args = {"pretrained": job.base, **({"revision": job.revision} if job.revision else {})}
    of_runs = preflight.Asked(
        asked.tasks, family_of(job.base, job.revision).name, model_args, asked.out, elsewhere="--out"
    )
    with harness.reading_from(job.data_dir):
        for check in preflight.checks(of_runs):
            if check.problem:
                raise check.problem
            if check.name == "tasks":
                click.echo(f"  {check.name:<8} {check.found}", err=True)


def _report(tuned: "Tuned", job: "Job", as_json: bool, asked: "Asked | None") -> None:
    """The loss and the checkpoints: a table or JSON on stdout, figure and next command on stderr."""
    from finetuning.training.curve import figure
    from leaderboard.figures import write_figure

    drawn = write_figure(figure(tuned.curve, f"{job.name}: loss"), tuned.folder / "loss")
    losses = {each.step: _loss_at(tuned, each.step) for each in tuned.checkpoints}
    if as_json:
        told = {
            "folder": str(tuned.folder),
            "kept": tuned.kept,
            "stopped": tuned.stopped,
            "images_per_second": round(tuned.images_per_second, 2),
            "checkpoints": [_as_json(each, losses[each.step]) for each in tuned.checkpoints],
            "curve": [point._asdict() for point in tuned.curve],
            "figure": [str(path) for path in drawn],
        }  # fmt: skip
        click.echo(json.dumps(told, indent=2))
    else:
        table = Table(title=job.name, box=box.SIMPLE_HEAD, padding=0, show_edge=False, pad_edge=False)
        for heading in ("epoch", "step", "loss"):
            table.add_column(heading, justify="right")
        table.add_column("checkpoint", overflow="fold")
        for each in tuned.checkpoints:
            table.add_row(f"{each.epoch:g}", f"{each.step:,}", f"{losses[each.step]:.3f}", each.folder.name)
        Console().print(table)
    if tuned.kept:
        click.echo("kept from an earlier start; --fresh does it again", err=True)
    if tuned.stopped:
        click.echo(
            f"stopped early, as {job.recipe.name} asks: {tuned.folder / 'watched.json'} has the scores", err=True
        )
    click.echo(f"written to {tuned.folder}: checkpoints, loss curve (loss.svg, loss.png), training.json", err=True)
    click.echo(f"next: {_next(tuned, job) if asked is None else f'emt report {shlex.quote(str(asked.out))}'}", err=True)


def _as_json(checkpoint: "Checkpoint", loss: float) -> dict[str, Any]:
    return {
        "epoch": checkpoint.epoch,
        "step": checkpoint.step,
        "loss": loss,
        "folder": str(checkpoint.folder),
        "model_args": dict(checkpoint.model_args),
    }


def _loss_at(tuned: "Tuned", step: int) -> float:
    """The mean loss of the steps up to `step` since the curve's point before."""
    return next((point.loss for point in reversed(tuned.curve) if point.step <= step), float("nan"))


def _next(tuned: "Tuned", job: "Job") -> str:
    last = tuned.checkpoints[-1]
    if job.recipe.method == "full":
        return f"emt run --model-args {shlex.quote(f'pretrained={last.folder}')} --tasks emt_lite"
    folders = shlex.quote(str(tuned.folder / "epoch-*"))
    return f"emt run --model-args {shlex.quote(f'pretrained={job.base}')} --checkpoints {folders} --tasks emt_lite"
