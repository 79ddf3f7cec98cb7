"""What a study has cost: told from its records, and said to be unknown where an older version kept none."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from emt_tasks.documents import terminal
from finetuning.studies.clock import Clock
from finetuning.studies.cost import Item, as_data, cost_of, document
from finetuning.studies.plan import Plan, Speeds, plan_of
from finetuning.studies.run import run_study
from finetuning.studies.study import Study
from finetuning.training.base_model import LoadedBase
from finetuning.tuning.job_folder import DONE
from finetuning.tuning.spent import LEDGER, Spent, record_of, recorded
from finetuning.tuning.whole_runs import MARK

SPEEDS = Speeds({"toy-linear": 100.0}, each=2.0, row=0.5)


@pytest.fixture
def plan(base_folder: Path, sets: Path, tmp_path: Path) -> Plan:
    """One training of 2 steps, 2 evaluations of 4 rows."""
    fields = {"epochs": 1, "fractions": [], "batch_size": 8, "device_batch_size": 8}
    study = Study(
        base=str(base_folder), sets=("mnist?rows=16",), recipes=("toy-linear",), fields=fields, tasks=("emt_mnist",),
        limit=4, encoder=None,
    )  # fmt: skip
    return plan_of(study, tmp_path / "out", sets, "cpu")


def run(plan: Plan, loaded: LoadedBase) -> list[str]:
    lines: list[str] = []
    run_study(plan, loaded, Clock(plan, SPEEDS), lines.append, shown=False)
    return lines


def shown(items: tuple[Item, ...]) -> str:
    page = StringIO()
    terminal.shown(document(items), Console(file=page, width=100))
    return page.getvalue()


def test_trainings_and_evaluations_tell_their_cost_and_nothing_twice(plan: Plan, loaded: LoadedBase) -> None:
    run(plan, loaded)
    trainings, evaluations, total = cost_of(plan, {})
    assert [(item.what, item.count, item.unknown) for item in (trainings, evaluations, total)] == [
        ("trainings", 1, 0), ("evaluations", 2, 0), ("total", 3, 0),
    ]  # fmt: skip
    assert trainings.spent is not None
    assert evaluations.spent is not None
    assert min(trainings.spent.cpu, evaluations.spent.cpu) > 0
    assert total.spent == trainings.spent + evaluations.spent
    seconds = [json.loads(path.read_text())["seconds"] for path in plan.runs.rglob(MARK)]
    assert 0.5 * sum(seconds) < evaluations.spent.wall < 1.5 * sum(seconds) + 10  # what a busy machine may stand still
    assert not list(plan.out.rglob(f"*{LEDGER}"))
    before = {path: path.read_bytes() for path in plan.out.rglob("*.json")}
    assert all("kept" in line for line in run(plan, loaded) if line.startswith("  "))
    assert {path: path.read_bytes() for path in plan.out.rglob("*.json")} == before


def test_what_a_killed_start_has_spent_is_told_as_begun(plan: Plan) -> None:
    (cell,) = plan.cells
    cell.job.folder.mkdir(parents=True)
    (cell.job.folder / LEDGER).write_text(json.dumps({"of": "x", **record_of(Spent(40, 20))}))
    *_, begun, total = cost_of(plan, {})
    assert begun == Item("begun", 1, 0, Spent(40, 20))
    assert total.spent == Spent(40, 20)
    assert "begun" in shown((begun, total))


def test_an_evaluation_that_is_asked_anew_is_not_counted_twice(plan: Plan) -> None:
    folder = plan.runs / plan.places[0] / "run"
    folder.mkdir(parents=True)
    (folder / MARK).write_text(json.dumps(record_of(Spent(100, 50))))
    (folder / LEDGER).write_text(json.dumps({"of": "", **record_of(Spent(130, 60))}))  # goes on from the mark's
    *_, begun, total = cost_of(plan, {})
    assert begun.spent == Spent(30, 10)
    assert total.spent == Spent(130, 60)


def test_a_stage_of_the_making_that_was_begun_is_in_it(plan: Plan) -> None:
    ledger = plan.out / "miniature" / f".mini-encoder{LEDGER}"
    ledger.parent.mkdir(parents=True)
    ledger.write_text(json.dumps({"of": "x", **record_of(Spent(1200, 600))}))
    *_, begun, _ = cost_of(plan, {})
    assert begun.spent == Spent(1200, 600)


def test_a_folder_of_an_older_version_is_kept_and_its_cost_is_unknown_not_nothing(
    plan: Plan, loaded: LoadedBase
) -> None:
    run(plan, loaded)
    for path in (*plan.out.rglob(MARK), *plan.out.rglob(DONE)):
        told = json.loads(path.read_text())
        del told["spent"]
        path.write_text(json.dumps(told))
    assert all("kept" in line for line in run(plan, loaded) if line.startswith("  "))
    items = cost_of(plan, {"encoder": Spent(7200, 3600), "language": None})
    assert [(item.what, item.count, item.unknown, item.spent) for item in items] == [
        ("encoder", 1, 0, Spent(7200, 3600)),
        ("language", 1, 1, None),
        ("trainings", 1, 1, None),
        ("evaluations", 2, 2, None),
        ("total", 5, 4, Spent(7200, 3600)),
    ]
    assert as_data(items)[1] == {
        "what": "language", "count": 1, "not_recorded": 1, "cpu_seconds": None, "wall_seconds": None,
    }  # fmt: skip
    page = shown(items)
    assert page.count("not recorded") == 2 * 4
    assert "2 h 0 min" in page
    assert " 0" not in page.partition("CPU time is")[0].replace("2 h 0 min", "").replace("1 h 0 min", "")


def test_an_evaluation_that_is_asked_more_counts_the_answers_that_it_had(plan: Plan, loaded: LoadedBase) -> None:
    run(plan, loaded)
    first = recorded(json.loads((plan.runs / "base" / MARK).read_text()))
    run(replace(plan, study=plan.study.model_copy(update={"limit": 6})), loaded)
    more = recorded(json.loads((plan.runs / "base" / MARK).read_text()))
    assert first is not None
    assert more is not None
    assert more.cpu > first.cpu


def test_answers_that_an_older_version_began_leave_their_cost_unknown(plan: Plan, loaded: LoadedBase) -> None:
    run(plan, loaded)
    (plan.runs / "base" / MARK).unlink()
    run(plan, loaded)
    assert recorded(json.loads((plan.runs / "base" / MARK).read_text())) is None
    assert cost_of(plan, {})[1].unknown == 1


def test_a_study_that_has_done_nothing_has_cost_nothing_and_says_no_time(plan: Plan) -> None:
    assert [(item.count, item.spent) for item in cost_of(plan, {})] == [(0, None)] * 3
    assert "not recorded" not in shown(cost_of(plan, {}))
    assert record_of(None) == {}
