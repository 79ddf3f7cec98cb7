"""One look at every task file: what it must have for its numbers to mean something."""

import json
import re
from pathlib import Path

import pytest

from emt_tasks.errors import UnknownName
from emt_tasks.sources import SOURCES
from emt_tasks.tasks import catalogue, leaves, prompt_of, task

TASKS = [entry for entry in catalogue().values() if not entry.members]
PROMPTS = Path(__file__).parent.parent / "cases" / "prompts.json"


@pytest.mark.parametrize("entry", catalogue().values(), ids=lambda entry: entry.name)
def test_a_task_is_called_as_its_file_and_has_a_version(entry) -> None:
    assert entry.path.stem == entry.name
    assert entry.config["metadata"]["version"] >= 1.0


@pytest.mark.parametrize("entry", TASKS, ids=lambda entry: entry.name)
def test_a_task_names_its_data_and_pins_it(entry) -> None:
    source = SOURCES[entry.labels.key]
    assert entry.config["dataset_path"] == source.hub_id
    assert re.fullmatch("[0-9a-f]{40}", entry.config["dataset_kwargs"]["revision"])
    assert entry.config["process_docs"].startswith(f"emt_tasks.docs.{entry.labels.key}")


@pytest.mark.parametrize("entry", TASKS, ids=lambda entry: entry.name)
def test_the_prompt_is_the_accepted_one(entry) -> None:
    accepted = json.loads(PROMPTS.read_text(encoding="utf8"))
    assert prompt_of(entry.name) == accepted[entry.name], (
        "The prompt changed. If that is meant, raise the task's version, add a line to CHANGELOG.md, accept it with:\n"
        "python -c 'import json; from emt_tasks.tasks import catalogue, prompt_of; "
        "print(json.dumps({t.name: prompt_of(t.name) for t in catalogue().values() if not t.members}, indent=1))' "
        "> tests/cases/prompts.json"
    )


def test_the_prompts_are_the_papers() -> None:
    assert prompt_of("emt_cifar10") == (
        "What is the object in the image? Please only answer a single object in "
        "airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck."
    )
    assert prompt_of("emt_mnist") == (
        "What is the number in the image? Please only answer a single number in 0, 1, 2, 3, 4, 5, 6, 7, 8, 9."
    )
    assert ", crab, crocodile," in prompt_of("emt_cifar100")
    assert "African hunting dog" in prompt_of("emt_miniimagenet")


def test_a_group_opens_into_its_tasks_once() -> None:
    assert [leaf.name for leaf in leaves(("emt", "emt_cifar10"))] == [
        "emt_mnist",
        "emt_cifar10",
        "emt_cifar100",
        "emt_miniimagenet",
    ]


def test_an_unknown_task_is_told_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no task 'emt_cifar_10'\. Did you mean 'emt_cifar10'\?"):
        task("emt_cifar_10")
