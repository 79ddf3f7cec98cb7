import os
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from emt_tasks import hook
from emt_tasks.task_files import task_folder

TASKS = {
    f"emt_{key}{part}"
    for key in ("mnist", "cifar10", "cifar100", "miniimagenet")
    for part in ("", "_lite", "_choice", "_choice_sentence", "_clip")
} | {
    "emt",
    "emt_lite",
    "emt_choice",
    "emt_choice_sentence",
    "emt_clip",
}


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_harness_indexes_our_tasks_after_its_models_are_imported() -> None:
    shown = python("import lmms_eval.models\nfrom lmms_eval.tasks import TaskManager\nprint(*TaskManager().all_tasks)")
    assert set(shown.split()) >= TASKS


def test_leaving_out_the_default_tasks_leaves_out_ours() -> None:
    shown = python(
        "import lmms_eval.models\n"
        "from lmms_eval.tasks import TaskManager\n"
        "print(TaskManager(include_defaults=False).all_tasks)"
    )
    assert shown.strip() == "[]"


def test_importing_the_harness_models_loads_no_torch_and_no_model() -> None:
    shown = python(
        "import lmms_eval.models, sys\n"
        "heavy = ('torch', 'transformers', 'datasets', 'model_wrappers.base')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert shown.strip() == "[]"


def test_the_entry_point_imports_few_modules_of_its_own() -> None:
    """A count, not a time: 50 ms are some hundred small modules (`make bench` has the time)."""
    shown = python(
        "import lmms_eval.models.registry_v2, sys\n"
        "before = set(sys.modules)\n"
        "import model_wrappers.registration\n"
        "print(len(set(sys.modules) - before))"
    )
    assert int(shown) < 40


@pytest.mark.parametrize("manager", [SimpleNamespace(), SimpleNamespace(initialize_tasks=print), None])
def test_an_unknown_harness_is_told_what_to_do_and_is_left_alone(manager: object) -> None:
    module = ModuleType("lmms_eval.tasks")
    if manager is not None:
        module.TaskManager = manager  # type: ignore[attr-defined]
    before = dict(vars(manager)) if manager is not None else None
    with pytest.warns(UserWarning, match=r'--include_path "\$\(emt tasks --path\)"') as caught:
        hook.teach(module)
    assert len(caught) == 1
    assert manager is None or vars(manager) == before


def test_teaching_twice_wraps_once() -> None:
    class TaskManager:
        def initialize_tasks(self, include_path: object = None, include_defaults: bool = True) -> dict:
            return {"theirs": include_path} if include_defaults in (True, False) else {}

        def _get_task_and_group(self, folder: str) -> dict:
            return {"ours": folder}

        def _get_config(self, name: str) -> dict:
            return {"task": name}

        def load_task_or_group(self, task_list: object, task_type: str = "simple") -> object:
            return task_list, task_type

        def match_tasks(self, task_list: list[str]) -> list[str]:
            return task_list

    module = ModuleType("lmms_eval.tasks")
    module.TaskManager = TaskManager  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hook.teach(module)
        wrapped = TaskManager.__dict__["initialize_tasks"]
        hook.teach(module)
    assert TaskManager.__dict__["initialize_tasks"] is wrapped
    assert TaskManager().initialize_tasks() == {"theirs": None, "ours": str(task_folder())}
    assert TaskManager().initialize_tasks(None, False) == {"theirs": None}


def test_a_hub_that_is_away_costs_seconds_and_not_a_minute_for_each_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What plain lmms-eval does with our tasks, in a process of its own: it changes what the hub's client knows."""
    program = (
        "import time; from lmms_eval.tasks import TaskManager; from emt_tasks import hook; import lmms_eval.tasks\n"
        "from emt_tasks.task_files import task_folder; from emt_tasks.errors import EmtError\n"
        "hook.teach(lmms_eval.tasks)\n"
        "manager = TaskManager('ERROR', include_path=[str(task_folder())], include_defaults=False)\n"
        "start = time.monotonic()\n"
        "try:\n    manager.load_task_or_group(['emt_cifar10'])\n"
        "except EmtError as error:\n    print(error, time.monotonic() - start < 40)\n"
    )
    away = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=False, env={**os.environ, "HF_DATASETS_OFFLINE": "0", **away},
    )  # fmt: skip
    assert "does not answer: what is in the caches" in done.stderr, done.stderr[-500:]
    assert "its cache has no test split of uoft-cs/cifar10" in done.stdout
    assert done.stdout.strip().endswith("True")
