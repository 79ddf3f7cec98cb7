import json
from pathlib import Path

import pytest

from emt_tasks.errors import EmtError
from emt_tasks.runs.reading_back import read_run
from emt_tasks.scoring.readers import by_label_match, records
from emt_tasks.scoring.stored import keep, stored_answers


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A run of lmms-eval on somebody else's task."""
    rows = [
        {"doc_id": n, "target": ["airplane", "cat"][n % 2], "resps": [["a cat"]], "filtered_resps": ["a cat"],
         "exact_match": float(n % 2)}
        for n in range(6)
    ]  # fmt: skip
    log = tmp_path / "20260101_000000_samples_my_task.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = {"results": {"my_task": {"exact_match,none": 0.5}}, "n-samples": {"my_task": {"effective": 6}}}
    (tmp_path / "20260101_000000_results.json").write_text(json.dumps({**told, "config": {"model": "m"}}))
    return tmp_path


def test_a_task_that_is_not_ours_is_read_once_its_labels_are_named(foreign: Path) -> None:
    with pytest.raises(EmtError, match="say with --set"):
        stored_answers([foreign])
    (answers,), _ = stored_answers([foreign], set_key="cifar10")
    assert [answers.labels.labels[row.label] for row in answers.rows] == ["airplane", "cat"] * 3


def test_a_reading_stands_beside_the_log_and_the_log_stays_as_it_was(foreign: Path) -> None:
    (answers,), _ = stored_answers([foreign], set_key="cifar10")
    before = answers.samples.read_bytes()
    path = keep(answers, "label_match", records(answers, by_label_match, "label_match"))
    assert path.name == "20260101_000000_readings_my_task.label_match.jsonl"
    assert answers.samples.read_bytes() == before
    run, _ = read_run(foreign)
    assert {rows.reading: int(rows.correct.sum()) for rows in run.tasks} == {"exact_match": 3, "label_match": 3}


def test_a_later_reading_counts_in_place_of_the_logs_own(foreign: Path) -> None:
    (answers,), _ = stored_answers([foreign], set_key="cifar10")
    told = records(answers, by_label_match, "label_match")
    keep(answers, "label_match", told)
    keep(answers, "label_match", [{**row, "outcome": "unscored"} for row in told])
    run, _ = read_run(foreign)
    read = run.of("my_task", "label_match")
    assert read is not None
    assert not read.scored.any()
    again, _ = stored_answers([foreign], set_key="cifar10")
    assert [row.raw for row in again[0].rows] == ["a cat"] * 6


def test_labels_of_another_set_are_said(foreign: Path) -> None:
    with pytest.raises(EmtError, match="'airplane' is no label of mnist"):
        stored_answers([foreign], set_key="mnist")


def test_half_of_a_surrogate_pair_in_an_answer_is_read_and_kept_as_it_is(foreign: Path) -> None:
    log = foreign / "20260101_000000_samples_my_task.jsonl"
    log.write_text(log.read_text().replace("a cat", r"a cat \ud83d"))
    for _ in range(2):  # the second time from the reading that was kept
        (answers,), _problems = stored_answers([foreign], set_key="cifar10")
        assert [row.raw for row in answers.rows] == ["a cat \ud83d"] * 6
        keep(answers, "label_match", records(answers, by_label_match, "label_match"))
