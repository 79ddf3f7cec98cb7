"""The `_choice` and `_choice_sentence` tasks through the harness, with models that score what they are told."""

import json
import math
import re
from pathlib import Path

import pytest
import toy_sets
from scripted import Scripted, ScriptedChat

from emt_tasks import harness
from emt_tasks.errors import EmtError
from emt_tasks.likelihood import Likelihood
from emt_tasks.preflight import Asked, checks
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.reading_back import read_run
from emt_tasks.runs.summary import RunResult
from emt_tasks.tasks import catalogue, choices_of
from finetuning.records.wording import Wording, read_template
from leaderboard.entry.making import made
from leaderboard.entry.suggestions import Given

SENTENCES = catalogue()["emt_choice_sentence"].members


class Scorer(Scripted):
    """Gives each label what `worth(row, label)` says."""

    def __init__(self, worth) -> None:
        super().__init__(lambda _doc, _prompt: "")
        self.worth, self.answers = worth, []

    def loglikelihood(self, requests: list) -> list:
        found = []
        for request in requests:
            prompt, answer, to_visual, row, task, split = request.args
            doc = self.task_dict[task][split][row]
            self.prompts.append(prompt)
            self.answers.append(answer)
            assert to_visual(doc)[0].mode == "RGB"
            found.append(self.worth(doc, answer.strip()))
        return found


def right(doc: dict, label: str) -> Likelihood:
    hit = label == doc["labels"][doc["label"]]
    return Likelihood(1.0, False, total=-1.0 if hit else -2.0, with_end=-3.0, over_prior=-4.0 if hit else 4.0)


def label_in(sentence: str) -> str:
    found = re.fullmatch(r"The (?:object is a\(n\)|number is) (.+)\.", sentence)
    assert found, sentence
    return found[1]


def right_in_sentences(doc: dict, sentence: str) -> Likelihood:
    return right(doc, label_in(sentence))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_sets.write_all(tmp_path_factory.mktemp("data"), each=2)


def run(data: Path, out: Path, model: Scripted, *tasks: str, **asked: object) -> RunResult:
    with harness.reading_from(data):
        result = harness.evaluate_loaded(model, "scripted", {}, Evaluation(tasks, out, shown=False, **asked))
    assert result is not None
    return result


def files(result: RunResult, task: str) -> tuple[dict, list[dict]]:
    told = json.loads(next(result.folder.glob("*_results.json")).read_text())["results"]
    return told[task], [json.loads(line) for line in next(result.folder.glob(f"*_samples_{task}.jsonl")).open()]


def test_every_set_has_its_choice_and_the_group_their_means(data: Path, tmp_path: Path) -> None:
    model = Scorer(right)
    result = run(data, tmp_path, model, "emt_choice", limit=3)
    assert {found.task for found in result.results} == {
        f"emt_{key}_choice" for key in ("mnist", "cifar10", "cifar100", "miniimagenet")
    }
    assert all(found.accuracy == 1.0 and found.reading == "choice" for found in result.results)
    assert len(model.answers) == 3 * (10 + 10 + 100 + 100)
    assert " airplane" in model.answers, "the bare label after a space"
    group = json.loads(next(result.folder.glob("*_results.json")).read_text())["results"]["emt_choice"]
    assert group["accuracy,choice"] == 1.0
    assert group["accuracy_prior,choice"] == 0.0


def test_the_keys_are_those_of_the_other_readings_and_shares_add_up(data: Path, tmp_path: Path) -> None:
    def worth(doc: dict, label: str) -> Likelihood:
        return right(doc, label) if doc["label"] % 2 else right({**doc, "label": 0}, label)

    found, rows = files(run(data, tmp_path, Scorer(worth), "emt_cifar10_choice"), "emt_cifar10_choice")
    outcomes = ("accuracy", "incorrect", "intrinsic", "extrinsic", "empty", "unscored")
    assert sum(found[f"{name},choice"] for name in outcomes) == pytest.approx(1)
    assert (found["accuracy,choice"], found["incorrect,choice"], found["foreign,choice"]) == (0.6, 0.4, 0.0)
    assert found["emt,choice"].startswith("60.0 %")
    assert len(rows) == 20
    record = rows[2]["emt"]
    assert (record["reading"], record["raw"], record["prediction"], record["label"]) == (
        "choice",
        "airplane",
        "airplane",
        "bird",
    )
    assert record["scores"]["sum"] == {"prediction": "airplane", "score": -1.0, "label_score": -2.0}
    assert list(record["scores"]) == ["sum", "per_token", "with_end", "prior"]
    assert rows[2]["target"] == "bird"
    assert len(rows[2]["filtered_resps"]) == 10
    assert "resps" not in rows[2], "scores stand once in the log"


def test_offset_and_limit_give_the_verdicts_of_the_whole(data: Path, tmp_path: Path) -> None:
    def worth(doc: dict, label: str) -> Likelihood:
        return Likelihood(float(len(label)), False, total=-float(hash((doc["image_sha256"], label)) % 97))

    whole = run(data, tmp_path / "whole", Scorer(worth), "emt_mnist_choice").results[0].rows
    part = run(data, tmp_path / "part", Scorer(worth), "emt_mnist_choice", offset=7, limit=5).results[0].rows
    assert list(part) == list(whole[7:12])


def test_another_s_model_that_tells_losses_alone_is_read_by_them(data: Path, tmp_path: Path) -> None:
    def worth(doc: dict, label: str) -> tuple[float, bool]:
        return (0.5 if label == doc["labels"][doc["label"]] else 1.5), False

    found, rows = files(run(data, tmp_path, Scorer(worth), "emt_choice", limit=2), "emt_mnist_choice")
    assert found["accuracy,choice"] == found["accuracy_per_token,choice"] == 1.0
    assert "accuracy_prior,choice" not in found
    assert list(rows[0]["emt"]["scores"]) == ["per_token"]


def test_a_score_that_is_no_number_is_unscored(data: Path, tmp_path: Path) -> None:
    worth = lambda _doc, _label: Likelihood(math.nan, False, math.nan)  # noqa: E731
    found, rows = files(run(data, tmp_path, Scorer(worth), "emt_mnist_choice", limit=4), "emt_mnist_choice")
    assert found["unscored,choice"] == 1.0
    assert rows[0]["emt"]["prediction"] is None


def test_a_row_is_kept_whole_or_asked_again_whole(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path, Scorer(right), "emt_mnist_choice", limit=6)
    journal = next((tmp_path / ".emt").glob("*.jsonl"))
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:35]))
    again = Scorer(right)
    result = run(data, tmp_path, again, "emt_mnist_choice", limit=6)
    assert len(again.answers) == 30, "three rows were whole, the fourth was cut off"
    assert result.results[0].accuracy == 1.0
    assert list(files(result, "emt_mnist_choice")[1][0]["emt"]["scores"]) == ["sum", "per_token", "with_end", "prior"]


def test_a_chat_model_is_refused_by_the_harness_in_words(data: Path, tmp_path: Path) -> None:
    with pytest.raises(EmtError, match=r"only generate\. Use the task emt_mnist, or a model that scores"):
        run(data, tmp_path, ScriptedChat(lambda _doc, _prompt: "7"), "emt_choice")


def test_a_chat_model_is_refused_before_it_is_loaded(data: Path, tmp_path: Path) -> None:
    with harness.reading_from(data):
        for model, tasks, refused in (
            ("vllm", "emt_choice", True),
            ("vllm", "emt", False),
            ("vllm", "emt_choice_sentence", True),
            ("emt_hf", "emt_choice", False),
        ):
            found = {check.name: str(check.problem or "") for check in checks(Asked((tasks,), model, {}, tmp_path))}
            assert ("vllm, a chat model" in found["model"]) == refused
            assert not refused or "Use the task emt_mnist, or" in found["model"]


@pytest.mark.parametrize("name", SENTENCES)
def test_sentences_are_those_that_models_are_tuned_on_and_differ_in_the_label_alone(name: str) -> None:
    labels, noun = catalogue()[name].labels.labels, "number" if "mnist" in name else "object"
    taught = Wording(read_template("paper"), labels, noun, seed=0)
    assert choices_of(name) == tuple(taught.said(place, "").answer for place in range(len(labels)))
    assert tuple(map(label_in, choices_of(name))) == labels == choices_of(name.removesuffix("_sentence"))


def test_the_likeliest_sentence_is_read_as_its_label(data: Path, tmp_path: Path) -> None:
    model = Scorer(right_in_sentences)
    result = run(data, tmp_path, model, "emt_choice_sentence", limit=3)
    assert [found.task for found in result.results] == list(SENTENCES)
    assert all(found.accuracy == 1.0 and found.reading == "choice" for found in result.results)
    assert model.answers[0] == " The number is 0."
    assert " The object is a(n) aquarium fish." in model.answers
    group = json.loads(next(result.folder.glob("*_results.json")).read_text())["results"]["emt_choice_sentence"]
    assert (group["accuracy,choice"], group["accuracy_prior,choice"], group["unscored,choice"]) == (1.0, 0.0, 0.0)
    found, rows = files(result, "emt_cifar10_choice_sentence")
    record = rows[2]["emt"]
    assert {record[name] for name in ("raw", "prediction", "label")} == {"bird"}
    assert record["named"] == ["bird"]
    assert list(record["scores"]) == ["sum", "with_end", "prior"]
    assert record["scores"]["prior"] == {"prediction": "airplane", "score": 4.0, "label_score": -4.0}
    assert not [key for key in found if "per_token" in key]


def test_losses_alone_say_nothing_of_labels_in_sentences(data: Path, tmp_path: Path) -> None:
    with pytest.raises(EmtError, match=r"only mean losses .* Use the _choice task of the same set"):
        run(data, tmp_path, Scorer(lambda _doc, _label: (0.5, False)), "emt_mnist_choice_sentence", limit=1)


def test_a_chat_model_is_told_of_the_task_that_generates(data: Path, tmp_path: Path) -> None:
    with pytest.raises(EmtError, match=r"emt_mnist_choice_sentence scores .* Use the task emt_mnist, or a model"):
        run(data, tmp_path, ScriptedChat(lambda _doc, _prompt: "7"), "emt_choice_sentence")


def test_an_encoder_has_sentences_of_its_own_and_is_told_before_it_is_loaded(data: Path, tmp_path: Path) -> None:
    with harness.reading_from(data):
        for tasks, refused in (("emt_choice_sentence", True), ("emt_choice", False)):
            found = {
                check.name: str(check.problem or "") for check in checks(Asked((tasks,), "emt_clip", {}, tmp_path))
            }
            assert ("Use the task emt_mnist_choice: a report" in found["model"]) == refused


def test_bare_labels_and_sentences_stand_apart_in_one_run(data: Path, tmp_path: Path) -> None:
    def worth(doc: dict, answer: str) -> Likelihood:
        return right(doc, label_in(answer)) if answer.startswith("The ") else right({**doc, "label": 0}, answer)

    folder = run(data, tmp_path, Scorer(worth), "emt_cifar10_choice", "emt_cifar10_choice_sentence").folder
    told, problems = read_run(folder)
    assert not problems
    accuracies = {rows.task: float(rows.correct.mean()) for rows in told.tasks}
    assert accuracies == {"emt_cifar10_choice": pytest.approx(0.1), "emt_cifar10_choice_sentence": 1.0}
    with pytest.raises(
        EmtError, match=r"no task that an entry can be of \(emt_cifar10_choice, emt_cifar10_choice_sent"
    ):
        made(told, Given(org="us", model="ours", submitted_by="me"))
