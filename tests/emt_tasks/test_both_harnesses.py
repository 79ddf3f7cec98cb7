"""Under lmms-eval and lm_eval a row is asked the same, and an answer counts the same: every task."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import judge_server
import pytest
import toy_clip
import toy_sets
from scripted import Scripted
from scripted_lm_eval import ScriptedLM, evaluated

from emt_tasks import harness
from emt_tasks.images import pixel_hash
from emt_tasks.likelihood import Likelihood
from emt_tasks.lm_eval_task import PLACE_OF_PICTURE
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.summary import RunResult
from emt_tasks.tasks import catalogue, task

TASKS = [entry.name for entry in catalogue().values() if not entry.members]
GROUPS = [entry.name for entry in catalogue().values() if entry.members]
ROWS = 6
LOST = "[LMMS_EVAL_REQUEST_FAILED after 5 retries] Connection error."


def say(doc: dict, _prompt: str) -> str:
    """Right, wrong, a list, nothing of the kind, silence, another set's word, or no answer at all; by the picture."""
    labels, right = doc["labels"], doc["labels"][doc["label"]]
    answers = (
        f"The object is a(n) {right}.", labels[doc["label"] - 1], ", ".join(labels), "A blurry picture.\n\nOf what?",
        " \n", f"The {right} is 8, or an aircraft carrier.", LOST, f"\x1b[31m{right}\x00 \ud83d",
    )  # fmt: skip
    return answers[int(doc["image_sha256"][:4], 16) % len(answers)]


def worth(doc: dict, label: str) -> float:
    """A log-likelihood for each label, bare or in its sentence, by the picture; never equal."""
    label = label.removeprefix("The object is a(n) ").removeprefix("The number is ").removesuffix(".")
    luck = (int(doc["image_sha256"][:8], 16) * (7 + doc["labels"].index(label))) % 1009
    return -luck / (10_000 if label == doc["labels"][doc["label"]] and doc["label"] % 2 else 100)


class Scorer(Scripted):
    """The scripted model of lmms-eval, which tells what ours tell."""

    def loglikelihood(self, requests: list) -> list:
        found = []
        for request in requests:
            prompt, answer, to_visual, row, name, split = request.args
            doc = self.task_dict[name][split][row]
            self.prompts.append(prompt)
            self.answers.append(answer)
            self.pictures += to_visual(doc)
            found.append(Likelihood(1.0, False, total=worth(doc, answer.strip())))
        return found

    answers: list[str]


class Both(NamedTuple):
    lmms: RunResult
    lm: dict[str, Any]
    lmms_model: Scorer
    lm_model: ScriptedLM


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Both]]:
    """Both harnesses on one group, once for all tests of its tasks."""
    folder = tmp_path_factory.mktemp("both")
    data = toy_sets.write_all(folder / "data", each=1)

    @cache
    def of(group: str) -> Both:
        lmms_model, lm_model = Scorer(say), ScriptedLM(say, worth)
        lmms_model.answers = []
        with harness.reading_from(data):
            asked = Evaluation((group,), folder / group, limit=ROWS, shown=False)
            first = harness.evaluate_loaded(lmms_model, "scripted", {}, asked)
        assert first is not None
        return Both(first, evaluated(lm_model, data, group, limit=ROWS), lmms_model, lm_model)

    with judge_server.serving() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMT_CLIP_TEXT_MODEL", str(toy_clip.saved(folder / "encoder")))
        patch.setenv("EMT_CLIP_DEVICE", "cpu")
        patch.setenv("OPENAI_BASE_URL", server.url)
        patch.delenv("OPENAI_API_KEY", raising=False)
        patch.setenv("EMT_JUDGE_MODEL", "judge")
        patch.setenv("EMT_JUDGE_YES", "1")
        patch.setenv("EMT_STORE", str(folder / "store.sqlite"))
        yield of


def group_of(name: str) -> str:
    return next(group for group in GROUPS if name in task(group).members)


@pytest.mark.parametrize("group", GROUPS)
def test_both_ask_the_same_of_the_same_pixels(both: Callable[[str], Both], group: str) -> None:
    found = both(group)
    ours = sorted(zip(found.lmms_model.prompts, map(pixel_hash, found.lmms_model.pictures), strict=True))
    theirs = sorted(zip(found.lm_model.prompts, map(pixel_hash, found.lm_model.pictures), strict=True))
    assert theirs == [(PLACE_OF_PICTURE + prompt, pixels) for prompt, pixels in ours]
    assert {image.mode for image in found.lm_model.pictures} == {"RGB"}
    assert sorted(found.lm_model.answers) == sorted(found.lmms_model.answers), "what a choice scores"


@pytest.mark.parametrize("name", TASKS)
def test_the_same_answer_counts_the_same(both: Callable[[str], Both], name: str) -> None:
    found = both(group_of(name))
    theirs = found.lm["samples"][name]
    ours = [row for result in found.lmms.results if result.task == name for row in result.rows]
    readings = task(name).readings
    assert [row["filter"] for row in theirs] == [reading for reading in readings for _ in range(ROWS)]
    drop = {"scores"}  # of a choice: lm_eval's models tell no losses
    assert [{k: v for k, v in row["emt"].items() if k not in drop} for row in theirs] == [
        {k: v for k, v in row.items() if k not in drop} for row in ours
    ]
    assert len({row["emt"]["outcome"] for row in theirs}) > 1, "the answers are of several kinds"


@pytest.mark.parametrize("name", TASKS)
def test_the_same_counts_make_the_same_numbers(both: Callable[[str], Both], name: str) -> None:
    found = both(group_of(name))
    for result in found.lmms.results:
        if result.task != name:
            continue
        told = found.lm["results"][name]
        for outcome in result.shares:
            key = "accuracy" if outcome == "correct" else outcome
            assert told[f"{key},{result.reading}"] == pytest.approx(result.shares[outcome]), key
        assert told[f"emt,{result.reading}"].endswith(f"n = {ROWS}")
    assert found.lm["versions"][name] == task(name).config["metadata"]["version"]


@pytest.mark.parametrize("name", TASKS)
def test_the_raw_answer_stands_in_the_log(both: Callable[[str], Both], name: str) -> None:
    for row in both(group_of(name)).lm["samples"][name]:
        if not task(name).chooses:
            assert row["resps"] == [[row["emt"]["raw"]]]
            assert str(row["filtered_resps"][0]).startswith(row["emt"]["reading"])


@pytest.mark.parametrize("group", GROUPS)
def test_groups_are_macro_means(both: Callable[[str], Both], group: str) -> None:
    told = both(group).lm["results"]
    for reading in task(task(group).members[0]).readings:
        members = [told[name][f"accuracy,{reading}"] for name in task(group).members]
        assert told[group][f"accuracy,{reading}"] == pytest.approx(sum(members) / len(members))
