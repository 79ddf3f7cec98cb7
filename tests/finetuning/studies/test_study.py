"""A study: what it is made of, what is known before, and that it ends alike wherever it was stopped."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from emt_tasks.cli import emt
from emt_tasks.errors import EmtError, UnknownName
from finetuning.studies.checks import checks
from finetuning.studies.clock import Clock
from finetuning.studies.plan import Plan, Speeds, plan_of
from finetuning.studies.run import run_study
from finetuning.studies.study import Study, read_study
from finetuning.training.base_model import LoadedBase
from finetuning.training.checkpoint import checkpoints_in
from finetuning.tuning.alone import LOCK, alone_in

SMALL = {"epochs": 1, "fractions": [], "batch_size": 8, "device_batch_size": 8, "lora": {"rank": 2, "dropout": 0.3}}
SPEEDS = Speeds({"toy-linear": 100.0, "toy-lora": 50.0}, each=2.0, row=0.5)


@pytest.fixture
def study(base_folder: Path) -> Study:
    """Two sets by two recipes: 4 trainings of 2 steps, 5 evaluations of 8 rows."""
    return Study(
        base=str(base_folder),
        sets=("mnist?rows=16", "cifar10?rows=16"),
        recipes=("toy-linear", "toy-lora"),
        fields=SMALL,
        tasks=("emt_mnist", "emt_cifar10"),
        limit=4,
        encoder=None,
    )


@pytest.fixture
def make_plan(study: Study, sets: Path, tmp_path: Path):
    def made(name: str = "out") -> Plan:
        return plan_of(study, tmp_path / name, sets, "cpu")

    return made


def weights(plan: Plan) -> dict[str, object]:
    return {
        f"{each.folder.parent.name}/{each.folder.name}": each.told["weights"]
        for cell in plan.cells
        for each in checkpoints_in(cell.job.folder)
    }


def answers(plan: Plan) -> dict[str, list[object]]:
    """What every run of the study answered, by the run's place and task."""
    found: dict[str, list[object]] = {}
    for path in sorted(plan.runs.rglob("*_samples_*.jsonl")):
        place = path.parent.parent.relative_to(plan.runs).as_posix() + path.stem.partition("_samples_")[2]
        assert place not in found, "a run is there twice"
        found[place] = [(json.loads(line)["emt"]["image"], json.loads(line)["emt"]["raw"]) for line in path.open()]
    return found


@pytest.mark.slow
def test_stopped_at_every_line_it_ends_as_one_that_was_not(loaded: LoadedBase, make_plan) -> None:
    whole, broken = make_plan("whole"), make_plan("broken")
    lines: list[str] = []
    run_study(whole, loaded, Clock(whole, SPEEDS), lines.append, shown=False)
    assert sum("epoch-1.0" in line for line in lines) == 4

    def stop(line: str) -> None:
        if line.startswith("  ") and not line.endswith("(kept)"):
            raise KeyboardInterrupt

    starts = 0
    while True:
        starts += 1
        try:
            run_study(broken, loaded, Clock(broken, SPEEDS), stop, shown=False)
            break
        except KeyboardInterrupt:
            continue
    assert starts == 6  # one for each evaluation, and one that finds all done
    assert weights(broken) == weights(whole)
    assert answers(broken) == answers(whole)
    assert len(answers(whole)) == 10


def test_the_plan_counts_what_is_done_and_the_clock_ends_at_nothing(loaded: LoadedBase, make_plan) -> None:
    plan = make_plan()
    assert [cell.job.name for cell in plan.cells] == [
        "toy-linear-mnist", "toy-linear-cifar10", "toy-lora-mnist", "toy-lora-cifar10",
    ]  # fmt: skip
    assert (plan.evaluations, dict(plan.rows)) == (5, {"emt_mnist": 4, "emt_cifar10": 4})
    assert plan.seconds_left(SPEEDS) == pytest.approx(2 * 16 / 100 + 2 * 16 / 50 + 5 * (2 + 8 * 0.5))
    clock, left = Clock(plan, SPEEDS), []
    run_study(plan, loaded, clock, lambda _: left.append(clock.left()), shown=False)
    assert clock.left() == 0
    assert left[0] > 0


def test_what_is_missing_is_said_before_anything_begins(make_plan, study: Study, sets: Path, tmp_path: Path) -> None:
    found = list(checks(make_plan()))
    assert not any(check.problem for check in found)
    assert {"tasks", "toy-linear", "toy-lora", "mnist", "cifar10", "disk"} <= {check.name for check in found}
    with pytest.raises(EmtError, match="cifar100"):
        plan_of(study.model_copy(update={"sets": ("cifar100",)}), tmp_path, sets, "cpu")
    with pytest.raises(EmtError, match="has toy-linear-mnist twice"):
        plan_of(study.model_copy(update={"sets": ("mnist", "mnist?rows=3")}), tmp_path, sets, "cpu")


def test_two_studies_do_not_work_in_one_folder(tmp_path: Path) -> None:
    with alone_in(tmp_path):
        code = f"from filelock import FileLock; FileLock({str(tmp_path / LOCK)!r}).acquire(timeout=0)"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "Timeout" in other.stderr
    with alone_in(tmp_path):
        pass


def test_the_papers_grid_is_its_section_5() -> None:
    paper = read_study("paper")
    assert paper.sets == ("mnist", "cifar10", "cifar100", "miniimagenet")
    assert [(recipe.method, recipe.epochs) for recipe in paper.read_recipes()] == [("linear", 3.0), ("lora", 3.0)]
    with pytest.raises(EmtError, match="give --base"):
        read_study("toy")


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"set": ["mnist"]}, UnknownName, "Did you mean 'sets'"),
        ({"sets": ["mnits"]}, UnknownName, "Did you mean 'mnist'"),
        ({"sets": []}, EmtError, "at least 1"),
        ({"tasks": ["emt_litle"]}, UnknownName, "Did you mean 'emt_lite'"),
        ({"recipes": ["lorra"]}, UnknownName, "Did you mean 'lora'"),
        ({"recipes": ["lora", "lora"]}, EmtError, "two recipes of the study are called 'lora'"),
        ({"recipes": [{"recipe": "lora", "fields": {"lora.rnk": 3}}]}, UnknownName, "lora.rank"),
        ({"recipes": [{"recip": "lora"}]}, UnknownName, "recipe"),
        ({"recipes": 5}, EmtError, "recipes"),
        ({"recipes": [{"recipe": "linear", "fields": {"lora.rank": 3}}]}, EmtError, "Only method lora reads it"),
        ({"limit": 0}, EmtError, "greater than 0"),
        ({"seeds": [-1]}, EmtError, "seeds"),
    ],
)
def test_a_study_that_means_nothing_is_refused_by_name(
    fields: dict, error: type, said: str, base_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump({"base": str(base_folder), "sets": ["mnist"], "recipes": ["linear"]} | fields))
    with pytest.raises(error, match=said):
        read_study(str(path))


def test_the_command_plans_runs_and_reports(study: Study, sets: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "study.yaml", tmp_path / "out"
    told = study.model_dump(mode="json") | {"recipes": ["toy-linear"], "sets": ["cifar10?rows=16"]}
    path.write_text(yaml.safe_dump(told))
    words = ["study", str(path), "--data-dir", str(sets), "--device", "cpu", "--out", str(out)]
    planned = CliRunner().invoke(emt, [*words, "--check", "--json"])
    assert planned.exit_code == 0, planned.output
    assert [cell["name"] for cell in json.loads(planned.stdout)["cells"]] == ["toy-linear-cifar10"]
    assert not (out / "runs").exists()
    done = CliRunner().invoke(emt, words)
    assert done.exit_code == 0, done.output
    assert "1 left" not in done.stdout
    assert (out / "report" / "report.html").is_file()
    assert "linear on CIFAR-10" in done.stdout
    assert CliRunner().invoke(emt, ["study"]).exit_code == 2
