"""Records for another collection have what its schema asks for (PyPI: every-eval-ever 0.3.0, eval.schema.json)."""

import json
import re
from pathlib import Path

import pytest
import toy_entries

from leaderboard.entry.every_eval_ever import exported, path_of
from leaderboard.entry.folder import read_entries
from leaderboard.entry.known import known_data

REQUIRED = {
    "schema_version", "evaluation_id", "retrieved_timestamp", "source_metadata", "model_info", "eval_library",
    "evaluation_results",
}  # fmt: skip


@pytest.fixture
def candidate(tmp_path: Path):
    board = toy_entries.Board(tmp_path / "entries")
    board.add(toy_entries.run(tmp_path / "run"))
    return read_entries(board.folder, known_data(board.folder)).cases[0].candidate


def test_a_record_has_what_the_schema_requires(candidate) -> None:
    told = json.loads(json.dumps(exported(candidate)))
    assert set(told) >= REQUIRED
    assert told["schema_version"] == "0.3.0"
    assert told["source_metadata"]["evaluator_relationship"] in ("first_party", "third_party", "collaborative", "other")
    details = told["model_info"]["additional_details"]
    assert details["deployment_type"] in ("self_deployed", "externally_managed", "unknown")
    assert details["model_availability"] in ("open_weights", "closed_weights", "unknown")
    assert all(isinstance(value, str) for value in details.values())
    for one in told["evaluation_results"]:
        assert set(one) >= {"evaluation_name", "source_data", "metric_config", "score_details"}
        metric, score = one["metric_config"], one["score_details"]
        assert metric["score_type"] == "continuous"
        assert metric["min_score"] <= score["score"] <= metric["max_score"]
        interval = score["uncertainty"]["confidence_interval"]
        assert interval["lower"] <= score["score"] <= interval["upper"]


def test_accuracy_is_among_its_results_for_every_set(candidate) -> None:
    found = {
        one["evaluation_result_id"]: one["score_details"]["score"] for one in exported(candidate)["evaluation_results"]
    }
    assert found["emt_mnist.label_match.accuracy"] == 0.7
    assert len(found) == 4 * 3


def test_its_path_is_the_same_each_time_and_of_their_form(candidate) -> None:
    assert path_of(candidate) == path_of(candidate)
    uuid4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert re.fullmatch(rf"data/emt/org/model/{uuid4}\.json", path_of(candidate))
