"""`emt run`: evaluate, and be told what was answered."""

import json
from collections.abc import Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from emt_tasks import harness, preflight
from emt_tasks.cli.arguments import PAIRS, as_word, data_dir_option, model_args_option, named_in
from emt_tasks.errors import EmtError
from emt_tasks.escaping import terminal
from emt_tasks.runs import manifest
from emt_tasks.runs.checkpoint_names import checkpoint_names
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.summary import RunResult, TaskResult
from emt_tasks.statistics.power import independent, smallest_drop
from emt_tasks.tables import beside_table, results_table
from emt_tasks.tuned_folders import tuned_arguments

PARTIAL = 3
SURE_ENOUGH = 0.03  # a difference in accuracy: where rows show that, nothing is said about chance


@click.command()
@click.option("--model", default="llava", show_default=True, help="Any model of lmms-eval, or emt_llava, emt_hf.")
@model_args_option("pretrained=, peft=, projector=, dtype=, device_map=, revision=, ...")
@click.option("--tasks", default="emt", show_default=True, metavar="NAME,...", help="Tasks or groups; see `emt tasks`.")
@click.option(
    "--checkpoints",
    metavar="GLOB",
    help="Folders of adapters or projectors to evaluate in turn on one loaded base; quote it.",
)
@click.option(
    "--output-path",
    "--output_path",
    "output_path",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out"),
    show_default=True,
    help="Where results, samples and manifest go.",
)
@click.option("--batch-size", "--batch_size", "batch_size", type=click.IntRange(1), default=16, show_default=True)
@click.option("--limit", type=click.IntRange(1), help="Rows of each task.")
@click.option("--offset", type=click.IntRange(0), default=0, help="Rows of each task to pass over first.")
@click.option(
    "--gen-kwargs",
    "--gen_kwargs",
    "generation",
    type=PAIRS,
    default="",
    metavar="NAME=VALUE,...",
    help="Generation settings in place of the tasks'.",
)
@data_dir_option
@click.option("--device", help="cpu, cuda, cuda:1, ...")
@click.option("--fresh", is_flag=True, help="Ask everything again instead of going on where an earlier start stopped.")
@click.option("--check", "only_check", is_flag=True, help="Stop after the preflight.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout in place of the table.")
def command(
    model: str, model_args: dict[str, Any], tasks: str, checkpoints: str | None, output_path: Path, batch_size: int,
    limit: int | None, offset: int, generation: dict[str, Any], data_dir: Path | None, device: str | None,
    fresh: bool, only_check: bool, as_json: bool,
) -> None:  # fmt: skip
    """Evaluate a model: preflight, progress, a table with intervals, and a run folder that lmms-eval's tools read too.

    An interrupted run goes on where it stopped when the same command is given again; answers of other weights are never
    reused.

    \b
    Examples:
      emt run --model-args pretrained=llava-hf/llava-1.5-7b-hf --tasks emt_lite
      emt run --model-args pretrained=llava-hf/llava-1.5-7b-hf,peft=my-lora --tasks emt_cifar10 --limit 200
      emt run --model-args pretrained=llava-hf/llava-1.5-7b-hf --checkpoints 'lora-run/epoch-*' --tasks emt_lite
      torchrun --nproc_per_node 2 -m emt_tasks run --tasks emt_lite
    """
    names = named_in("--tasks", tasks)
    adapters = _adapters(checkpoints, model_args)
    first = manifest.rank() == 0
    if first:
        _say_names(adapters)
    with harness.reading_from(data_dir):
        _preflight(preflight.Asked(names, model, model_args, output_path, list(adapters.values())), shown=first)
        if only_check:
            return
        asked = Evaluation(names, output_path, batch_size, limit, offset, generation, keep=not fresh, shown=first)
        harness.quiet()
        runs = _evaluated(model, model_args, adapters, asked, device)
    if runs:
        _report(runs, model, output_path, as_json)
        _require_answers([result for run in runs.values() for result in run.results])


def _adapters(pattern: str | None, model_args: Mapping[str, Any]) -> dict[str, Path]:
    """The folders that `--checkpoints` means, by the names of their runs."""
    if pattern is None:
        return {}
    if model_args.get("peft"):
        raise click.UsageError("--checkpoints brings the adapters; leave peft= out of --model-args.")
    found = [Path(path) for path in glob(pattern) if Path(path).is_dir()]  # noqa: PTH207  # the pattern may be absolute
    if not found:
        raise EmtError(
            f"--checkpoints {pattern!r} matches no folder. Quote the pattern, and check the path before the *."
        )
    return checkpoint_names(found)


def _say_names(adapters: Mapping[str, Path]) -> None:
    """Say so, where the last folder's name does not tell checkpoints apart."""
    longer = [name for name in adapters if "/" in name]
    if longer:
        click.echo(
            f"note: several checkpoints are called {terminal(longer[0].rpartition('/')[2])}; their runs are told apart "
            f"by the folders above: {terminal(', '.join(longer))}",
            err=True,
        )


def _preflight(asked: preflight.Asked, shown: bool) -> None:
    """Print each check as it is made.

    Raises:
        EmtError: the first that fails.
    """
    for check in preflight.checks(asked):
        if check.problem:
            raise check.problem
        if shown:
            click.echo(f"  {check.name:<8} {check.found}", err=True)


def _evaluated(
    model: str, model_args: dict[str, Any], adapters: Mapping[str, Path], asked: Evaluation, device: str | None
) -> dict[str, RunResult]:
    """The result of each checkpoint by its name; of the model itself, under its own, where there are none."""
    lm = harness.load_model(model, model_args, asked.batch_size, device)
    if not adapters:
        result = harness.evaluate_loaded(lm, model, model_args, asked)
        return {} if result is None else {model: result}
    if not hasattr(lm, "use_adapter"):
        raise EmtError(f"the model {model!r} can't change adapters. Use emt_llava or emt_hf for --checkpoints.")
    runs = {}
    for place, (name, folder) in enumerate(adapters.items(), start=1):
        if asked.shown:
            click.echo(f"[{place}/{len(adapters)}] {terminal(str(folder))}", err=True)
        put_on = {**model_args, **tuned_arguments(folder)}
        lm.use_adapter(put_on.get("peft"), put_on.get("projector"))
        result = harness.evaluate_loaded(lm, model, put_on, asked.into(name))
        if result is not None:
            runs[name] = result
    return runs


def _require_answers(results: Sequence[TaskResult]) -> None:
    """End with an error where a model said nothing at all, and as partial where answers are missing."""
    silent = [result.task for result in results if result.shares["empty"] == 1]
    if silent:
        raise EmtError(
            f"the model said nothing about any row of {', '.join(silent)}. Check its chat template and prompt (emt "
            "tasks --show), max_new_tokens, and that the weights are whole."
        )
    lost = sum(round(result.shares["unscored"] * result.n) for result in results)
    if lost:
        click.echo(f"partial: {lost} rows have no answer; run the same command to ask for them again", err=True)
        raise click.exceptions.Exit(PARTIAL)


def _difference_shown(result: TaskResult) -> float:
    """The least difference from a run that errs independently which its rows show; 1 where they show none."""
    low, high = result.interval
    accuracy = min(max(low, 0.5), high)  # the value in the interval that asks for most rows
    return smallest_drop(result.n, independent(accuracy)) or 1.0


def _report(runs: Mapping[str, RunResult], model: str, output_path: Path, as_json: bool) -> None:
    if as_json:
        told = [
            {"name": name, "folder": str(run.folder), "results": [result.summary() for result in run.results]}
            for name, run in runs.items()
        ]
        click.echo(json.dumps({"runs": told}, indent=2))
    console = Console(stderr=as_json)
    rows = [(name, result) for name, run in runs.items() for result in run.results]
    console.print(results_table(rows, model))
    beside = beside_table(rows)
    if beside is not None:
        console.print(beside)
    click.echo(f"written to {output_path}", err=True)
    fewest = max((result for run in runs.values() for result in run.results), key=_difference_shown)
    if _difference_shown(fewest) > SURE_ENOUGH:
        points = f"{fewest.n} rows of {fewest.task} show a difference of {100 * _difference_shown(fewest):.0f} points"
        click.echo(f"note: {points} from an unrelated run; a smaller one may be chance (see emt power)", err=True)
    click.echo(f"next: {next_command([run.folder for run in runs.values()], output_path)}", err=True)


def next_command(folders: Sequence[Path], output_path: Path) -> str:
    """What to do with runs in `folders` below `output_path`."""
    if len(folders) > 1:
        compare = " ".join(as_word(folder) for folder in folders)
        return f"emt report {as_word(output_path)}, with a run of the base there too, or emt compare {compare}"
    look = f"look at the answers in {as_word(folders[0])}/*_samples_*.jsonl (key `emt`)"
    return f"emt compare {as_word(folders[0])} ANOTHER, emt report for a base and its checkpoints, or {look}"
