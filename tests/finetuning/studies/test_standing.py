"""How far a study is: the plan counts as done what the run would keep, and nothing else."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from emt_tasks.cli import emt
from finetuning.studies.checks import checks
from finetuning.studies.clock import Clock
from finetuning.studies.plan import Plan, Speeds, plan_of
from finetuning.studies.run import run_study
from finetuning.studies.study import Study
from finetuning.training.base_model import LoadedBase

SPEEDS = Speeds({"toy-linear": 100.0, "toy-prompt": 100.0}, each=2.0, row=0.5)
SMALL = {"epochs": 1, "fractions": [], "batch_size": 8, "device_batch_size": 8}


@pytest.fixture
def study(base_folder: Path) -> Study:
    """One training of 2 steps, 2 evaluations of 4 rows."""
    return Study(
        base=str(base_folder), sets=("mnist?rows=16",), recipes=("toy-linear",), fields=SMALL, tasks=("emt_mnist",),
        limit=4, encoder=None,
    )  # fmt: skip


@pytest.fixture
def plan_again(study: Study, sets: Path, tmp_path: Path):
    """The plan as another start of the command makes it, with some fields in place of the study's."""

    def planned(**fields: object) -> Plan:
        return plan_of(study.model_validate(study.model_dump() | fields), tmp_path / "out", sets, "cpu")

    return planned


def run(plan: Plan, loaded: LoadedBase) -> list[str]:
    lines: list[str] = []
    run_study(plan, loaded, Clock(plan, SPEEDS), lines.append, shown=False)
    return [line for line in lines if line.startswith("  ")]


@pytest.mark.parametrize(
    "fields",
    [{}, {"limit": 3}, {"tasks": ("emt_cifar10",)}, {"batch_size": 2}],
    ids=["same", "limit", "tasks", "batch"],
)
def test_the_plan_counts_as_left_exactly_what_the_run_does_not_keep(
    plan_again, loaded: LoadedBase, fields: dict[str, object]
) -> None:
    run(plan_again(), loaded)
    plan = plan_again(**fields)
    left, seconds = plan.evaluations_left, plan.seconds_left(SPEEDS)
    assert plan.standing.trained(plan.cells[0])
    assert (seconds == 0) == (left == 0)
    said = run(plan, loaded)
    assert sum("(kept)" not in line for line in said) == left
    assert left == (2 if {"limit", "tasks"} & set(fields) else 0)
    assert plan.evaluations_left == 0
    assert plan_again(**fields).seconds_left(SPEEDS) == 0


def test_a_checkpoint_that_changed_on_disk_is_not_done(plan_again, loaded: LoadedBase) -> None:
    run(plan_again(), loaded)
    weights = next((plan_again().out / "toy-linear-mnist").rglob("*.safetensors"))
    turned = bytearray(weights.read_bytes())
    turned[-1] ^= 1
    weights.write_bytes(turned)
    plan = plan_again()
    assert not plan.standing.trained(plan.cells[0])
    assert plan.standing.base_is_asked()
    assert plan.evaluations_left == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"fields": SMALL | {"epochs": 2}}, r"recipe\.epochs \(1\.0 there, 2\.0 here\)"),
        ({"sets": ("mnist?rows=8",)}, r"of another data"),
    ],
)
def test_a_folder_that_the_run_would_refuse_is_refused_before_it_begins(
    plan_again, loaded: LoadedBase, fields: dict[str, object], said: str
) -> None:
    run(plan_again(), loaded)
    assert not any(check.problem for check in checks(plan_again()))
    plan = plan_again(**fields)
    *_, last = checks(plan)
    with pytest.raises(type(last.problem), match=said) as early:
        raise last.problem
    assert "delete that folder" in str(early.value)
    assert "--fresh" not in str(early.value)
    with pytest.raises(type(last.problem), match=said) as late:
        run(plan, loaded)
    assert str(late.value) == str(early.value)


def test_on_a_stand_in_for_the_base_only_other_differences_are_refused(
    plan_again, loaded: LoadedBase, study: Study, tmp_path: Path
) -> None:
    run(plan_again(), loaded)
    stand_in = tmp_path / "stand-in"
    stand_in.mkdir()
    for path in Path(study.base).iterdir():
        (stand_in / path.name).write_bytes(path.read_bytes())
    (stand_in / "generation_config.json").write_text("{}")  # which makes it another model
    assert any(check.problem for check in checks(plan_again(base=str(stand_in))))
    assert not any(check.problem for check in checks(plan_again(base=str(stand_in)), on_this_base=False))
    other = plan_again(base=str(stand_in), fields=SMALL | {"epochs": 2})
    assert any(check.problem for check in checks(other, on_this_base=False))


def test_a_smaller_study_reports_its_own_runs_and_names_those_of_others(
    study: Study, sets: Path, tmp_path: Path
) -> None:
    path, out = tmp_path / "study.yaml", tmp_path / "out"
    path.write_text(yaml.safe_dump(study.model_dump(mode="json") | {"recipes": ["toy-linear", "toy-prompt"]}))
    words = ["study", str(path), "--data-dir", str(sets), "--device", "cpu", "--out", str(out)]
    both = CliRunner().invoke(emt, words)
    assert "prompt tuning on MNIST" in both.stdout
    assert "not in the report" not in both.stderr
    assert "What it has cost" in both.stdout
    one = CliRunner().invoke(emt, [*words, "--set-field", "recipes=[toy-linear]"])
    assert one.exit_code == both.exit_code == 0, one.output
    assert "linear on MNIST" in one.stdout
    assert "prompt tuning on MNIST" not in one.stdout
    assert "not in the report, as another study left them: toy-prompt-mnist" in one.stderr
