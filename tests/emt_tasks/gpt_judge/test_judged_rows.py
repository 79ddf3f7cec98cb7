"""The shipped `_judge` tasks through the harness itself."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import toy_sets
from judge_rank import say
from judge_server import JudgeServer
from scripted import Scripted

from emt_tasks import harness
from emt_tasks.harness import evaluate_loaded
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.summary import RunResult


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_sets.write_all(tmp_path_factory.mktemp("data"), each=3)


def run(data: Path, out: Path, say: Callable, *tasks: str, **asked: object) -> RunResult:
    with harness.reading_from(data):
        result = evaluate_loaded(Scripted(say), "scripted", {}, Evaluation(tasks, out, shown=False, **asked))
    assert result is not None
    return result


def by_reading(result: RunResult) -> dict[str, dict[str, float]]:
    return {one.reading: dict(one.shares) for one in result.results}


def test_both_readings_stand_side_by_side_and_each_pair_is_asked_once(
    data: Path, tmp_path: Path, server: JudgeServer, environment: pytest.MonkeyPatch
) -> None:
    result = run(data, tmp_path / "a", say, "emt_cifar10_judge")
    match, judge = (by_reading(result)[name] for name in ("label_match", "gpt_judge"))
    assert judge["correct"] == pytest.approx(match["correct"] + match["intrinsic"]), "this judge takes lists for right"
    assert judge["empty"] == match["empty"] > 0
    assert judge["unscored"] == 0
    assert set(server.delivered.values()) == {1}
    told = json.loads(next(result.folder.glob("*_results.json")).read_text())["results"]["emt_cifar10_judge"]
    assert told["accuracy,gpt_judge"] == pytest.approx(judge["correct"])
    assert told["accuracy,label_match"] == pytest.approx(match["correct"])
    asked = server.seen
    run(data, tmp_path / "b", say, "emt_cifar10_judge")
    assert server.seen == asked, "a second run costs nothing"


def test_the_group_has_both_readings_of_all_four_sets(
    data: Path, tmp_path: Path, server: JudgeServer, environment: pytest.MonkeyPatch
) -> None:
    result = run(data, tmp_path, say, "emt_judge", limit=12)
    told = json.loads(next(result.folder.glob("*_results.json")).read_text())["results"]
    assert len(told) == 5
    for reading in ("label_match", "gpt_judge"):
        each = [told[task][f"accuracy,{reading}"] for task in told if task != "emt_judge"]
        assert told["emt_judge"][f"accuracy,{reading}"] == pytest.approx(sum(each) / 4)
    assert set(server.delivered.values()) == {1}


def test_the_record_says_what_the_judge_said(
    data: Path, tmp_path: Path, server: JudgeServer, environment: pytest.MonkeyPatch
) -> None:
    result = run(data, tmp_path, lambda *_: "a ship", "emt_cifar10_judge")
    rows = [json.loads(line) for line in next(result.folder.glob("*_samples_*.jsonl")).open()]
    judged = [row["emt"] for row in rows if row["emt"]["reading"] == "gpt_judge"]
    assert {(one["label"], one["outcome"]) for one in judged if one["reply"] == "Yes."} == {("ship", "correct")}
    assert {one["protocol"] for one in judged} == {"yes_no"}
    assert {one["judge"] for one in judged} == {"judge"}


def test_offset_pairs_each_answer_with_its_own_label(
    data: Path, tmp_path: Path, server: JudgeServer, environment: pytest.MonkeyPatch
) -> None:
    whole = run(data, tmp_path / "whole", say, "emt_cifar10_judge").results[1]
    part = run(data, tmp_path / "part", say, "emt_cifar10_judge", offset=7, limit=9).results[1]
    assert whole.reading == part.reading == "gpt_judge"
    assert list(part.rows) == list(whole.rows[7:16])


def test_the_label_protocol_never_shows_which_label_is_right(
    data: Path, tmp_path: Path, server: JudgeServer, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("EMT_JUDGE_PROTOCOL", "which_label")
    shares = by_reading(run(data, tmp_path, say, "emt_cifar10_judge"))
    assert shares["gpt_judge"] == pytest.approx(shares["label_match"]), "what it names is what the words name"
    asked = {body["messages"][-1]["content"] for body in server.bodies}
    spoken = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}
    for question in asked:
        assert "Label:" not in question
        assert all(label in question.split("JSON string")[0] for label in spoken)


def test_a_dead_judge_leaves_rows_unscored_and_the_next_start_has_them(
    data: Path, tmp_path: Path, server: JudgeServer, environment: pytest.MonkeyPatch
) -> None:
    server.status = (401, {"error": {"message": "no such key"}})
    first = by_reading(run(data, tmp_path, say, "emt_cifar10_judge"))
    assert first["gpt_judge"]["unscored"] == pytest.approx(1 - first["gpt_judge"]["empty"])
    assert first["label_match"]["unscored"] == 0
    server.status = None
    again = by_reading(run(data, tmp_path, say, "emt_cifar10_judge"))
    assert again["gpt_judge"]["unscored"] == 0


def test_two_ranks_with_an_offset_give_the_verdicts_of_one_and_pay_once(
    data: Path, tmp_path: Path, server: JudgeServer, environment: pytest.MonkeyPatch
) -> None:
    alone = run(data, tmp_path / "alone", say, "emt_cifar10_judge", offset=5).results[1]
    environment.setenv("EMT_STORE", str(tmp_path / "other.sqlite"))
    server.delivered.clear()
    script = Path(__file__).parents[2] / "judge_rank.py"
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
        str(script), str(data), str(tmp_path / "ranks"),
    ]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    manifest = next((tmp_path / "ranks").rglob("*_manifest.json"))
    assert json.loads(manifest.read_text())["settings"]["ranks"] == 2
    samples = next((tmp_path / "ranks").rglob("*_samples_emt_cifar10_judge.jsonl"))
    rows = [json.loads(line) for line in samples.open()]
    judged = {row["doc_id"]: row["emt"] for row in rows if row["emt"]["reading"] == "gpt_judge"}
    assert [judged[number] for number in sorted(judged)] == list(alone.rows)
    assert sorted(judged) == list(range(5, 30))
    assert set(server.delivered.values()) == {1}
