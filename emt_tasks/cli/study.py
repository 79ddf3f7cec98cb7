"""`emt study`: a base tuned on several sets by several recipes, every checkpoint asked about all, and the report."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from emt_tasks import sources
from emt_tasks.cli import report
from emt_tasks.cli.arguments import data_dir_option
from emt_tasks.cli.finetune import fields_of
from emt_tasks.cli.study_telling import Before, tell_cost, tell_plan
from emt_tasks.forgetting.findings import findings
from emt_tasks.runs.reading_back import read_runs
from emt_tasks.runs.records import Found
from emt_tasks.tasks import leaves

if TYPE_CHECKING:
    from emt_tasks.preflight import Check
    from finetuning.mini.base import MiniatureBase
    from finetuning.studies.cost import Item
    from finetuning.studies.plan import Plan
    from finetuning.studies.study import Study
    from finetuning.tuning.spent import Spent

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
def command(
    study: str | None, preset: str | None, base: str | None, out: Path, fields: tuple[str, ...],
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
            _note(f"of {variant}: emt report {done.plan.runs} --variant {variant} --out {out / f'report-{variant}'}")
        _report(done, as_json)


def _report(done: "_Done", as_json: bool) -> None:
    """What the study has found, and what it has cost."""
    from finetuning.studies.cost import as_data

    plan = done.plan
    found, others = _own(read_runs([plan.runs], [task.name for task in leaves(plan.study.tasks)]), plan)
    tell_cost(done.cost, Console(stderr=as_json))
    if others:
        _note(
            f"not in the report, as another study left them: {', '.join(others)}. All: emt report {plan.runs} --out DIR"
        )
    report.tell(
        findings(found), plan.out / "report", report.TITLE, plan.data_dir, as_json, {"cost": as_data(done.cost)}
    )


def _own(found: Found, plan: "Plan") -> tuple[Found, tuple[str, ...]]:
    """What was found of a study, and the folders beside it that are of another."""

    def place(folder: Path) -> str:
        return next(iter(folder.relative_to(plan.runs).parts), "") if folder.is_relative_to(plan.runs) else ""

    named = {place(run.folder) for run in found.runs} | {place(Path(problem.where)) for problem in found.problems}
    others = sorted(named - {*plan.places, ""})
    runs = tuple(run for run in found.runs if place(run.folder) not in others)
    problems = tuple(problem for problem in found.problems if place(Path(problem.where)) not in others)
    return Found(runs, problems), tuple(others)


def _variants(study: "Study") -> tuple[str, ...]:
    """The variants of the tasks that a study asks, first the one that its report is of."""
    from emt_tasks.forgetting import sets

    names = [task.name for task in leaves(study.tasks)]
    first = sets.commonest_variant(names)
    return (first, *sorted({sets.asked(name).variant or "plain" for name in names} - {first or "plain"}))


@dataclass(frozen=True, slots=True)
class _Done:
    """A study that is done, and what it has cost."""

    plan: "Plan"
    cost: "tuple[Item, ...]"


def _run(
    study: "Study", out: Path, data_dir: Path | None, device: str | None, only_check: bool, as_json: bool
) -> _Done | None:
    """Plan, and unless that is all do it."""
    from finetuning.toy.quickstart import quiet_libraries

    quiet_libraries()
    made: Mapping[str, Spent | None] = {}
    if not study.base:
        miniature = _miniature(study, out, data_dir, device, only_check, as_json)
        if miniature is None:
            return None
        study, made = miniature.made(), miniature.cost
    from finetuning.studies.checks import checks
    from finetuning.studies.cost import cost_of
    from finetuning.studies.plan import plan_of
    from finetuning.studies.run import run_study, started

    plan = plan_of(study, out, data_dir, device)
    _require(checks(plan))
    loaded, clock = started(plan, _note)
    tell_plan(plan, clock, on_stdout=only_check, as_json=as_json and only_check, cost=cost_of(plan, made))
    if only_check:
        _note("next: the same command without --check")
        return None
    run_study(plan, loaded, clock, _note)
    return _Done(plan, cost_of(plan, made))


def _miniature(
    study: "Study", out: Path, data_dir: Path | None, device: str | None, only_check: bool, as_json: bool
) -> "MiniatureBase | None":
    """The miniature that a study is of; None where only the plan was asked for of one to be made, which is told."""
    from finetuning.mini.base import MiniatureBase
    from finetuning.studies.checks import checks
    from finetuning.studies.cost import cost_of
    from finetuning.studies.plan import plan_of, rows_of
    from finetuning.studies.run import started

    _note("opening the sets that the miniature learns from ...")
    miniature = MiniatureBase(study, out, data_dir, _note)
    if not miniature.finished:
        rows_of(study, data_dir)  # of sets that can't be had is heard before anything is measured
        stand_in, seconds = miniature.planned()
        plan = plan_of(stand_in, out, data_dir, device)
        _require(checks(plan, on_this_base=False))
        _, clock = started(plan, _note)
        cost = cost_of(plan, miniature.cost)
        before = Before(seconds, miniature.rows)
        tell_plan(plan, clock, on_stdout=only_check, as_json=as_json and only_check, before=before, cost=cost)
        if only_check:
            _note("next: the same command without --check")
            return None
    return miniature


def _require(checks: "Iterable[Check]") -> None:
    """Tell of each check, and raise the first problem."""
    for check in checks:
        if check.problem:
            raise check.problem
        _note(f"  {check.name:<8} {check.found}")


def _note(line: str) -> None:
    click.echo(line, err=True)
