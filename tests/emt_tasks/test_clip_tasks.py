"""The _clip tasks through the harness itself, with a scripted model and a toy text tower on disk."""

import json
import logging
from pathlib import Path

import pytest
import toy_clip
import toy_sets
from scripted import Scripted

from emt_tasks import clip_argmin, harness, harness_tasks, hook, preflight
from emt_tasks.errors import EmtError
from emt_tasks.labels import label_set
from emt_tasks.requirements import require_readings
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.summary import RunResult

NASTY = ["x" * 10**6, "\x1b[2J\x00\ud800", "\u202e\U0001f6a2", "<think>" * 99, "answer yes", "", "LMMS", "1" * 5000]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_sets.write_all(tmp_path_factory.mktemp("data"), each=2)


@pytest.fixture
def encoder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = toy_clip.saved(tmp_path_factory.mktemp("encoder") / "toy")
    monkeypatch.setenv("EMT_CLIP_TEXT_MODEL", str(folder))
    monkeypatch.setenv("EMT_CLIP_DEVICE", "cpu")
    return folder


def run(data: Path, out: Path, say, *tasks: str, **asked: object) -> RunResult:
    with harness.reading_from(data):
        result = harness.evaluate_loaded(Scripted(say), "scripted", {}, Evaluation(tasks, out, shown=False, **asked))
    assert result is not None
    return result


def sentence(doc: dict, _prompt: str) -> str:
    key = next(
        key for key in ("mnist", "cifar10", "cifar100", "miniimagenet") if label_set(key).labels == tuple(doc["labels"])
    )
    return clip_argmin.ClipSettings().sentence(doc["labels"][doc["label"]], key)


def test_both_readings_stand_side_by_side_on_every_set_and_in_the_group(data, encoder, tmp_path) -> None:
    result = run(data, tmp_path, sentence, "emt_clip")
    assert [(task.task, task.reading, task.accuracy) for task in result.results] == [
        (f"emt_{key}_clip", reading, 1.0)
        for key in ("mnist", "cifar10", "cifar100", "miniimagenet")
        for reading in ("label_match", "clip_argmin")
    ]
    told = json.loads(next(result.folder.glob("*_results.json")).read_text())
    for reading in ("label_match", "clip_argmin"):
        assert told["groups"]["emt_clip"][f"accuracy,{reading}"] == 1.0
        assert told["results"]["emt_cifar10_clip"][f"unscored,{reading}"] == 0


def test_the_record_tells_distance_and_margin_and_who_measured(data, encoder, tmp_path) -> None:
    result = run(data, tmp_path, lambda *_: "an airplane", "emt_cifar10_clip", limit=2)
    rows = [json.loads(line)["emt"] for line in next(result.folder.glob("*_samples_emt_cifar10_clip.jsonl")).open()]
    assert [row["reading"] for row in rows] == ["label_match"] * 2 + ["clip_argmin"] * 2
    assert rows[2] | {"distance": 0, "margin": 0} == rows[2] | {
        "distance": 0, "margin": 0, "raw": "an airplane", "tie": False, "truncated": False, "normalised": True,
        "text_model": str(encoder), "template": "The object in the image is a {label}.",
    }  # fmt: skip
    assert 0 < rows[2]["distance"] < 2
    assert rows[2]["margin"] > 0
    assert len(rows[2]["text_weights"]) == 12
    assert rows[2]["nearest"] == rows[2]["prediction"]


def test_offset_and_limit_give_the_readings_of_the_whole(data, encoder, tmp_path) -> None:
    say = lambda doc, _: f"{doc['labels'][doc['label']]} {doc['image_sha256'][:4]}"  # noqa: E731
    whole = run(data, tmp_path / "whole", say, "emt_cifar10_clip").results[1].rows
    part = run(data, tmp_path / "part", say, "emt_cifar10_clip", offset=7, limit=5).results[1].rows
    assert list(part) == list(whole[7:12])


def test_nothing_that_a_model_says_stops_it(data, encoder, tmp_path) -> None:
    said = iter(NASTY * 10)
    result = run(data, tmp_path, lambda *_: next(said), "emt_cifar10_clip", limit=len(NASTY)).results[1]
    assert result.reading == "clip_argmin"
    assert result.shares["unscored"] == 0
    assert [row["outcome"] for row in result.rows][5] == "empty"


def test_a_request_that_failed_is_unscored(data, encoder, tmp_path) -> None:
    lost = "[LMMS_EVAL_REQUEST_FAILED after 5 retries] Connection error."
    for result in run(data, tmp_path, lambda *_: lost, "emt_cifar10_clip", limit=3).results:
        assert result.shares["unscored"] == 1


def test_an_encoder_that_went_away_costs_the_reading_not_the_run(data, tmp_path, monkeypatch, caplog) -> None:
    monkeypatch.setenv("EMT_CLIP_TEXT_MODEL", "/no/where")
    with caplog.at_level(logging.ERROR, "emt_tasks.filters"):
        match, clip = run(data, tmp_path, sentence, "emt_cifar10_clip").results
    assert (match.accuracy, clip.shares["unscored"]) == (1.0, 1.0)
    assert "there is no folder '/no/where'" in caplog.text
    assert "emt score --reading clip_argmin" in caplog.text


def test_what_lacks_is_said_before_a_model_is_loaded_under_the_plain_harness(monkeypatch) -> None:
    import lmms_eval.tasks

    hook.teach(lmms_eval.tasks)
    manager = harness_tasks.task_manager("scripted", None)
    monkeypatch.setenv("EMT_CLIP_TEXT_MODEL", "/no/where")
    with pytest.raises(EmtError, match=r"emt_\w+_clip can't be read by clip_argmin: there is no folder '/no/where'"):
        manager.match_tasks(["emt_*_clip"])
    assert manager.match_tasks(["emt_cifar10"]) == ["emt_cifar10"]


def test_what_lacks_is_said_by_emt_runs_preflight(encoder, tmp_path, monkeypatch) -> None:
    def look(*tasks: str) -> str:
        return preflight.CHECKS["readings"](preflight.Asked(tasks, "emt_llava", {}, tmp_path))

    assert look("emt_clip").startswith(f"clip_argmin: {encoder} (")
    assert look("emt") == "by rules: nothing more is needed"
    monkeypatch.setenv("EMT_CLIP_MAX_DISTANCE", "far")
    with pytest.raises(EmtError, match=r"EMT_CLIP_MAX_DISTANCE is 'far'.* run emt_mnist, .*emt score --reading"):
        look("emt_clip")


def test_a_task_file_of_ones_own_may_set_the_reading(encoder) -> None:
    from emt_tasks.filters import ClipArgmin

    reading = ClipArgmin("cifar10", template="a {label}", max_distance=0.0)
    assert reading.apply([["a ship"], [], [None]])[0].reading.named == ("ship",)
    assert [str(one) for one in reading.apply([["a ship"], ["a boat"], []])] == [
        "clip_argmin: ship",
        "clip_argmin:",
        "clip_argmin:",
    ]
    with pytest.raises(EmtError, match="Did you mean 'template'"):
        ClipArgmin("cifar10", templte="a {label}")


def test_others_tasks_need_nothing(monkeypatch) -> None:
    monkeypatch.setenv("EMT_CLIP_TEXT_MODEL", "/no/where")
    assert require_readings(["mme", "emt_cifar10", "emt_choice"]) == ()
