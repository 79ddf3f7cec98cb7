"""The tasks without the list, through the harness itself, and what their answers are worth beside the strict number."""

import json
from pathlib import Path

import pytest
import toy_sets
from scripted import Scripted

from emt_tasks import harness
from emt_tasks.harness import evaluate_loaded
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.summary import RunResult
from emt_tasks.tasks import leaves, prompt_of, task

OPEN = ("emt_mnist_open", "emt_cifar10_open", "emt_cifar100_open", "emt_miniimagenet_open")
SAID = {"automobile": "a car", "cat": "an animal", "ship": "a ship", "dog": "a truck"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_sets.write_all(tmp_path_factory.mktemp("data"), each=1)


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    model = Scripted(lambda doc, _: SAID.get(doc["labels"][doc["label"]], "I can't tell."))
    with harness.reading_from(data):
        found = evaluate_loaded(model, "scripted", {}, Evaluation(OPEN, tmp_path_factory.mktemp("out"), shown=False))
    assert found is not None
    return found


def test_the_question_is_asked_without_the_list() -> None:
    assert prompt_of("emt_mnist_open") == "What is the number in the image?"
    for name in OPEN[1:]:
        assert prompt_of(name) == "What is the object in the image?"
    assert tuple(leaf.name for leaf in leaves(("emt_open",))) == OPEN


@pytest.mark.parametrize("name", OPEN)
def test_but_for_the_question_an_open_task_is_its_closed_one(name: str) -> None:
    closed = task(name.removesuffix("_open"))
    differing = {key for key in closed.config if closed.config[key] != task(name).config[key]}
    assert differing == {"task", "doc_to_text", "metadata"}


def test_credits_stand_beside_the_strict_number_in_the_harnesss_results(run: RunResult) -> None:
    found = json.loads(next(run.folder.glob("*_results.json")).read_text())["results"]
    cifar10 = {name: found["emt_cifar10_open"][f"{name},label_match"] for name in ("accuracy", "synonym", "hypernym")}
    assert cifar10 == {"accuracy": 0.1, "synonym": 0.1, "hypernym": 0.1}
    assert "coarse,label_match" in found["emt_cifar100_open"]
    assert "coarse,label_match" not in found["emt_cifar10_open"]


def test_the_record_of_a_row_says_which_word_it_was(run: RunResult) -> None:
    lines = next(run.folder.glob("*_samples_emt_cifar10_open.jsonl")).open()
    rows = {row["emt"]["label"]: row["emt"] for row in map(json.loads, lines)}
    assert (rows["automobile"]["synonym"], rows["automobile"]["outcome"]) == (True, "extrinsic")
    above = rows["cat"]["hypernym"]
    assert (above["word"], above["depth"]) == ("animal", 6)
    assert (rows["ship"]["synonym"], rows["ship"]["hypernym"]) == (False, None)
    assert (rows["dog"]["outcome"], rows["dog"]["hypernym"]) == ("incorrect", None)
