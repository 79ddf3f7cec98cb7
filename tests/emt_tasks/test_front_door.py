"""The shipped task files through the harness itself, with a model that says what it is told."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import toy_sets
from scripted import Scripted, ScriptedChat

from emt_tasks import harness
from emt_tasks.errors import EmtError
from emt_tasks.harness import evaluate_loaded
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.summary import RunResult

WORLD = {
    "right": lambda doc, _: f"The object is a(n) {doc['labels'][doc['label']]}.",
    "wrong": lambda doc, _: f"{doc['labels'][doc['label'] - 1]}",
    "lists all": lambda doc, _: ", ".join(doc["labels"]),
    "names none": lambda _doc, _: "a blurry picture",
    "silent": lambda _doc, _: " \n ",
}
OUTCOME = {
    "right": "correct",
    "wrong": "incorrect",
    "lists all": "intrinsic",
    "names none": "extrinsic",
    "silent": "empty",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_sets.write_all(tmp_path_factory.mktemp("data"), each=2)


def run(data: Path, out: Path, model: Scripted, *tasks: str, **asked: object) -> RunResult:
    with harness.reading_from(data):
        result = evaluate_loaded(model, "scripted", {}, Evaluation(tasks, out, shown=False, **asked))
    assert result is not None
    return result


@pytest.mark.parametrize("kind", WORLD)
def test_every_answer_has_its_outcome_on_every_set(data: Path, tmp_path: Path, kind: str) -> None:
    result = run(data, tmp_path, Scripted(WORLD[kind]), "emt")
    assert {task.task for task in result.results} == {"emt_mnist", "emt_cifar10", "emt_cifar100", "emt_miniimagenet"}
    for task in result.results:
        assert task.shares[OUTCOME[kind]] == 1.0, task.task
        assert sum(task.shares.values()) == pytest.approx(1)


def test_the_files_are_the_harnesss_and_every_row_has_the_record(data: Path, tmp_path: Path) -> None:
    result = run(
        data, tmp_path, Scripted(lambda doc, _: "The airplane is 8." if doc["label"] else "an airplane"), "emt_cifar10"
    )
    results = json.loads(next(result.folder.glob("*_results.json")).read_text())["results"]["emt_cifar10"]
    rows = [json.loads(line) for line in next(result.folder.glob("*_samples_emt_cifar10.jsonl")).open()]
    assert len(rows) == 20
    for row in rows:
        assert set(row["emt"]) >= {"reading", "raw", "prediction", "outcome", "named", "foreign", "image"}
        assert row["resps"] == [row["emt"]["raw"]], "the harness keeps the raw answer beside the reading"
        assert len(row["emt"]["image"]) == 64
    assert results["accuracy,label_match"] == sum(row["emt"]["outcome"] == "correct" for row in rows) / 20 == 0.1
    assert results["foreign,label_match"] == sum(bool(row["emt"]["foreign"]) for row in rows) / 20 == 0.9
    outcomes = ("accuracy", "incorrect", "intrinsic", "extrinsic", "empty", "unscored")
    assert sum(results[f"{name},label_match"] for name in outcomes) == pytest.approx(1)
    assert results["emt,label_match"] == "10.0 % [2.8, 30.1], n = 20"
    assert rows[0]["target"] == "airplane"


def test_the_manifest_says_what_made_the_run(data: Path, tmp_path: Path) -> None:
    result = run(data, tmp_path, Scripted(WORLD["right"]), "emt_mnist")
    told = json.loads(next(result.folder.glob("*_manifest.json")).read_text())
    assert told["tasks"]["emt_mnist"]["data_dir"] == str(data)
    assert told["tasks"]["emt_mnist"]["data_fingerprint"] == result.tasks["emt_mnist"].fingerprint
    assert told["model"] == "scripted"


@pytest.mark.parametrize("kind", [Scripted, ScriptedChat])
def test_simple_and_chat_models_are_sent_the_same_prompt_and_picture(
    data: Path, tmp_path: Path, kind: type[Scripted]
) -> None:
    model = kind(WORLD["right"])
    run(data, tmp_path, model, "emt_mnist", limit=3)
    assert set(model.prompts) == {
        "What is the number in the image? Please only answer a single number in 0, 1, 2, 3, 4, 5, 6, 7, 8, 9."
    }
    assert [image.mode for image in model.pictures] == ["RGB"] * 3


def test_offset_and_limit_give_the_verdicts_of_the_whole(data: Path, tmp_path: Path) -> None:
    say: Callable = lambda doc, _: doc["labels"][(doc["label"] + len(doc["image_sha256"].strip("0123"))) % 10]  # noqa: E731
    whole = run(data, tmp_path / "whole", Scripted(say), "emt_cifar10").tasks["emt_cifar10"].rows
    part = run(data, tmp_path / "part", Scripted(say), "emt_cifar10", offset=7, limit=5).tasks["emt_cifar10"].rows
    assert list(part) == list(whole[7:12])


def test_nothing_is_asked_twice_after_an_interruption(data: Path, tmp_path: Path) -> None:
    def break_after(rows: int) -> Callable:
        asked: list[str] = []

        def say(doc: dict, _prompt: str) -> str:
            if len(asked) == rows:
                raise KeyboardInterrupt
            asked.append(doc["image_sha256"])
            return doc["labels"][doc["label"]]

        return say

    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path, Scripted(break_after(13)), "emt_cifar10")
    again = Scripted(WORLD["right"])
    result = run(data, tmp_path, again, "emt_cifar10")
    assert len(again.prompts) == 20 - 8, "one slice of 8 rows was finished"
    assert result.tasks["emt_cifar10"].accuracy == 1.0
    fresh = Scripted(WORLD["right"])
    run(data, tmp_path, fresh, "emt_cifar10", keep=False)
    assert len(fresh.prompts) == 20


def test_other_settings_or_arguments_are_asked_anew(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path, Scripted(WORLD["right"]), "emt_mnist")
    other = Scripted(WORLD["silent"])
    run(data, tmp_path, other, "emt_mnist", generation={"max_new_tokens": 5})
    assert len(other.prompts) == 20
    changed = Scripted(WORLD["silent"])
    with harness.reading_from(data):
        evaluate_loaded(changed, "scripted", {"dtype": "float64"}, Evaluation(("emt_mnist",), tmp_path, shown=False))
    assert len(changed.prompts) == 20


def test_bad_data_is_said_plainly_through_the_harnesss_retries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lmms_eval.api.task import ConfigurableTask

    monkeypatch.setattr(ConfigurableTask.download.retry, "wait", lambda _: 0)
    toy_sets.write_set(tmp_path, "cifar10", [0, 99])
    with pytest.raises(EmtError, match="row 1 has label 99"):
        run(tmp_path, tmp_path / "out", Scripted(WORLD["right"]), "emt_cifar10")


def test_a_model_that_returns_too_few_answers_is_no_result(data: Path, tmp_path: Path) -> None:
    class Short(Scripted):
        def generate_until(self, requests: list) -> list[str]:
            return super().generate_until(requests)[:-1]

    with pytest.raises(EmtError, match=r"answers to .* requests"):
        run(data, tmp_path, Short(WORLD["right"]), "emt_mnist")


def test_the_row_shown_is_the_row_sent(data: Path) -> None:
    with harness.reading_from(data):
        shown = harness.question("emt_cifar10", 3)
        assert (shown["label_name"], shown["size"], shown["rows"]) == ("cat", "32x32", 20)
        with pytest.raises(EmtError, match="rows 0 to 19; there is no row 20"):
            harness.question("emt_cifar10", 20)


def test_a_failed_request_is_unscored_and_asked_again(data: Path, tmp_path: Path) -> None:
    note = "[LMMS_EVAL_REQUEST_FAILED after 5 retries] Connection error."
    result = run(data, tmp_path, Scripted(lambda _doc, _: note), "emt_mnist").tasks["emt_mnist"]
    assert result.shares["unscored"] == 1
    assert result.rows[0]["raw"] == note
    again = Scripted(WORLD["right"])
    assert run(data, tmp_path, again, "emt_mnist").tasks["emt_mnist"].accuracy == 1
    assert len(again.prompts) == 20


def test_no_answer_at_all_is_an_empty_one(data: Path, tmp_path: Path) -> None:
    result = run(data, tmp_path, Scripted(lambda _doc, _: None), "emt_mnist").tasks["emt_mnist"]  # type: ignore[arg-type, return-value]
    assert (result.shares["empty"], result.rows[0]["raw"]) == (1, "")


def test_rows_past_the_end_are_said_plainly(data: Path, tmp_path: Path) -> None:
    with pytest.raises(EmtError, match="--offset past the end"):
        run(data, tmp_path, Scripted(WORLD["right"]), "emt_mnist", offset=1000)
