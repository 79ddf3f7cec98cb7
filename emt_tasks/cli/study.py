"""`emt study`: a base tuned on several sets by several recipes, every checkpoint asked about all, and the report."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from emt_tasks import sources
from emt_tasks.cli import report
from emt_tasks.cli.arguments import data_dir_option
from emt_tasks.cli.finetune import fields_of

if TYPE_CHECKING:
    from emt_tasks.preflight import Check
    from finetuning.studies.clock import Clock
    from finetuning.studies.plan import Plan
    from finetuning.studies.study import Study

PRESETS = ("paper", "toy", "mini", "mini-seeds")


@click.command()
@click.argument("study", required=False, metavar="[STUDY.yaml]")
@click.option("--preset", type=click.Choice(PRESETS), help="A study that comes along, in place of a file.")
@click.option("--base", metavar="MODEL", help="Folder or hub id of what is tuned, in place of the study's.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/study"),
    show_default=True,
    help="Tunings go to OUT/RECIPE-SET, runs to OUT/runs, the report to OUT/report.",
)
@click.option("--set-field", "fields", multiple=True, metavar="NAME=VALUE", help="A field in place of the study's own.")
@data_dir_option
@click.option("--device", help="cpu, cuda, cuda:1, ...")
@click.option("--check", "only_check", is_flag=True, help="Stop after the plan and its time, which takes minutes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout: the plan with --check, else the report.")
@click.pass_context
def command(
    ctx: click.Context, study: str | None, preset: str | None, base: str | None, out: Path, fields: tuple[str, ...],
    data_dir: Path | None, device: str | None, only_check: bool, as_json: bool,
) -> None:  # fmt: skip
    """Tune a base on each set by each recipe, ask every epoch about all sets, and report what was forgotten.

    First comes a plan with a time estimate, measured by a few steps and rows on this machine. A study that was stopped
    or killed goes on where it was when the same command is given again, to the same results. docs/finetuning.md has the
    fields of a study.

    \b
    Examples:
      emt study --preset paper --check
      emt study --preset toy --base my-toy-llava --data-dir sets --out out/toy
      emt study --preset mini --check
      emt study my-study.yaml --set-field limit=500 --set-field fields.epochs=1
    """
    if (study is None) == (preset is None):
        raise click.UsageError("name a study: a YAML file, or --preset with one of its names, one of the two.")
    from finetuning.studies.study import read_study

    given = dict(fields_of(fields)) | ({"base": base} if base else {})
    asked = read_study(preset or str(study), given)
    _note("loading torch, transformers and the harness ...")
    from finetuning.training.threads import on_threads
    from finetuning.tuning.alone import alone_in

    found = data_dir or sources.data_dir()
    with alone_in(out), on_threads(asked.threads):
        done = _run(asked, out, found and found.resolve(), device, only_check, as_json)
    if done is not None:
        for variant in _variants(asked)[1:]:
            _note(f"of {variant}: emt report {done} --variant {variant} --out {out / f'report-{variant}'}")
        ctx.invoke(report.command, paths=(done,), out=out / "report", data_dir=data_dir, as_json=as_json)


def _variants(study: "Study") -> tuple[str, ...]:
    """The variants of the tasks that a study asks, first the one that its report is of."""
    from emt_tasks.forgetting import sets
    from emt_tasks.tasks import leaves

    names = [task.name for task in leaves(study.tasks)]
    first = sets.commonest_variant(names)
    return (first, *sorted({sets.asked(name).variant or "plain" for name in names} - {first or "plain"}))


def _run(
    study: "Study", out: Path, data_dir: Path | None, device: str | None, only_check: bool, as_json: bool
) -> Path | None:
    """Plan, and unless that is all do it; the folder of the runs, if it was done."""
    from finetuning.toy.quickstart import quiet_libraries

    quiet_libraries()
    if not study.base:
        made = _miniature(study, out, data_dir, device, only_check, as_json)
        if made is None:
            return None
        study = made
    from finetuning.studies.checks import checks
    from finetuning.studies.plan import plan_of
    from finetuning.studies.run import run_study, started

    plan = plan_of(study, out, data_dir, device)
    _require(checks(plan))
    loaded, clock = started(plan, _note)
    _tell_plan(plan, clock, on_stdout=only_check, as_json=as_json and only_check)
    if only_check:
        _note("next: the same command without --check")
        return None
    run_study(plan, loaded, clock, _note)
    return plan.runs


def _miniature(
    study: "Study", out: Path, data_dir: Path | None, device: str | None, only_check: bool, as_json: bool
) -> "Study | None":
    """The study of a miniature that is made first; None where only the plan of all was asked for, which is told."""
    from finetuning.mini.base import MiniatureBase
    from finetuning.studies.checks import checks
    from finetuning.studies.plan import plan_of
    from finetuning.studies.run import started

    _note("opening the sets that the miniature learns from ...")
    miniature = MiniatureBase(study, out, data_dir, _note)
    if not miniature.finished:
        _note("measuring a few steps of each stage, and an untrained base of its sizes ...")
        stand_in, seconds = miniature.planned()
        plan = plan_of(stand_in, out, data_dir, device)
        _require(checks(plan))
        _, clock = started(plan, _note)
        _tell_plan(plan, clock, on_stdout=only_check, as_json=as_json and only_check, before=seconds)
        if only_check:
            _note("next: the same command without --check")
            return None
    return miniature.made()


def _require(checks: "Iterable[Check]") -> None:
    """Tell of each check, and raise the first problem."""
    for check in checks:
        if check.problem:
            raise check.problem
        _note(f"  {check.name:<8} {check.found}")


def _tell_plan(
    plan: "Plan", clock: "Clock", on_stdout: bool, as_json: bool, before: Mapping[str, float] | None = None
) -> None:
    """The plan as a table or JSON, and what is left of it; `before` are seconds of what comes before it, by stage."""
    told = _as_data(plan, clock)
    if before:
        told["seconds_before"] = {name: round(seconds, 1) for name, seconds in before.items()}
        told["seconds_left"] = round(told["seconds_left"] + sum(before.values()), 1)
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    from finetuning.studies.clock import in_words

    console = Console(stderr=not on_stdout)
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False, pad_edge=False, collapse_padding=True)
    for name in ("tuning", "rows", "steps", "kept", "training", ""):
        table.add_column(name, justify="left" if name in ("tuning", "") else "right", overflow="fold")
    for cell in told["cells"]:
        took = in_words(cell["seconds_of_training"])
        table.add_row(
            f"{cell['name']} ", f" {cell['rows']:,}", f" {cell['steps']:,}", f" {cell['checkpoints']}", f" {took}",
            " done" if cell["done"] else "",
        )  # fmt: skip
    console.print(table)
    each = in_words(told["seconds_of_evaluation"])
    console.print(f"{told['evaluations']} evaluations of {told['rows_of_evaluation']:,} rows, {each} each")
    if before:
        stages = ", ".join(f"{name} {in_words(seconds)}" for name, seconds in before.items())
        console.print(f"before them the base: {stages}")
    console.print(f"about {in_words(told['seconds_left'])} left in all, measured on this machine")


def _as_data(plan: "Plan", clock: "Clock") -> dict[str, Any]:
    cells = [
        {
            "name": cell.job.name,
            "set": cell.job.sets,
            "recipe": cell.job.recipe.name,
            "seed": cell.job.seed,
            "rows": cell.rows,
            "steps": cell.steps,
            "checkpoints": cell.checkpoints,
            "seconds_of_training": round(plan.seconds_of_training(cell, clock.speeds), 1),
            "done": cell.done,
        }
        for cell in plan.cells
    ]
    rows: Mapping[str, int] = plan.rows
    return {
        "base": plan.study.base,
        "cells": cells,
        "evaluations": plan.evaluations,
        "rows_of_evaluation": sum(rows.values()),
        "seconds_of_evaluation": round(plan.seconds_of_evaluation(clock.speeds), 1),
        "images_per_second": {name: round(speed, 2) for name, speed in clock.speeds.images_per_second.items()},
        "seconds_left": round(clock.left(), 1),
        "encoder": plan.encoder,
    }


def _note(line: str) -> None:
    click.echo(line, err=True)
