import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from synthetic_runs import BASE, STAMP, paper, write_run

from emt_tasks.forgetting.confusion import BINS, confusion
from emt_tasks.forgetting.failures import FAILURES, FOREIGN, NO_FAILURE, failures_of
from emt_tasks.forgetting.findings import Choices, Findings, findings
from emt_tasks.outcomes import Outcome
from emt_tasks.runs.reading_back import read_runs
from emt_tasks.runs.records import Row

Told = Callable[..., Findings]
RUNS = {truth.name: truth for truth in paper()}
BASE_RUN, LORA = RUNS["base"], RUNS["lora-mnist/epoch-3"]


def rows_of(found: Findings, run: str, key: str) -> dict[str, Row]:
    rows = found.told.rows[run, key].rows
    return {row.image or "": row for row in map(rows.__getitem__, range(len(rows)))}


def is_so(row: Row, way: str) -> bool:
    """The definition of each way of being wrong, written out."""
    return {
        "other": row.outcome is Outcome.INCORRECT,
        "foreign": row.outcome is Outcome.EXTRINSIC and bool(row.foreign),
        "several": row.outcome is Outcome.INTRINSIC,
        "none": row.outcome is Outcome.EXTRINSIC and not row.foreign,
        "empty": row.outcome is Outcome.EMPTY,
    }[way]


def test_what_was_lost_and_gained_is_what_the_comparison_counts(of_the_paper: Findings) -> None:
    assert of_the_paper.fates
    for fate in of_the_paper.fates:
        contrast = of_the_paper.told.contrast(fate.base, fate.run, fate.key)
        assert contrast is not None
        assert (fate.all_lost, fate.gained) == (contrast.table.only_a, contrast.table.only_b)
        assert fate.right == contrast.table.both + contrast.table.only_a


def test_every_wrong_answer_is_wrong_in_one_way(of_the_paper: Findings) -> None:
    for asked in of_the_paper.told.rows.values():
        ways = failures_of(asked)
        assert np.array_equal(ways == NO_FAILURE, asked.correct | ~asked.scored)
        for number, row in enumerate(map(asked.rows.__getitem__, range(60))):
            assert [way for way in FAILURES if is_so(row, way)] == (
                [FAILURES[ways[number]]] if ways[number] != NO_FAILURE else []
            )


def test_ways_are_those_of_the_confusions(of_the_paper: Findings) -> None:
    asked = of_the_paper.told.rows["lora-mnist/epoch-3", "cifar10"]
    found, ways = confusion("r", "cifar10", asked), failures_of(asked)
    assert found is not None
    for way, count in zip(BINS, found.counts[:, -len(BINS) :].sum(axis=0).tolist(), strict=True):
        assert count == (ways == FAILURES.index(way)).sum()


def test_what_is_drawn_was_right_before_is_wrong_after_and_has_the_smallest_hash(told: Told) -> None:
    found = told([BASE_RUN, LORA], choices=Choices(seed=7))
    assert any(FOREIGN in fate.drawn for fate in found.fates)
    for fate in found.fates:
        before, after = rows_of(found, fate.base, fate.key), rows_of(found, fate.run, fate.key)
        right = {image for image, row in before.items() if row.outcome is Outcome.CORRECT}
        for way in FAILURES:
            so = {image for image in right if is_so(after[image], way)}
            assert fate.lost[way] == len(so)
            assert bool(so) == (way in fate.drawn)
            for one in fate.drawn.get(way, ()):
                assert one.image == min(so, key=lambda image: hashlib.sha256(f"7:{image}".encode()).digest())
                assert one.draw == hashlib.sha256(f"7:{one.image}".encode()).hexdigest()
                assert (one.before, one.after) == (before[one.image].raw, after[one.image].raw)
                assert one.label == after[one.image].label


def test_several_are_drawn_in_order_and_none_where_none_are_asked_for(tmp_path: Path) -> None:
    for truth in (BASE_RUN, LORA):
        write_run(tmp_path, truth, 100)
    runs = read_runs([tmp_path])
    several, none = (findings(runs, None, Choices(each=each)).fates for each in (3, 0))
    assert any(len(those) == 3 for fate in several for those in fate.drawn.values())
    for fate in several:
        assert all(list(those) == sorted(those, key=lambda one: one.draw) for those in fate.drawn.values())
    assert [fate.lost for fate in none] == [fate.lost for fate in several]
    assert not any(fate.drawn for fate in none)


def test_pairs_are_found_by_the_picture_and_not_by_the_row(tmp_path: Path) -> None:
    for truth in (BASE_RUN, LORA):
        write_run(tmp_path, truth, 60)
    expected = findings(read_runs([tmp_path])).fates
    log = tmp_path / BASE_RUN.name / f"model/{STAMP}_samples_emt_cifar10.jsonl"
    rows = [json.loads(line) for line in log.read_text().splitlines()][::-1]
    log.write_text("".join(json.dumps({**row, "doc_id": number}) + "\n" for number, row in enumerate(rows)))
    assert findings(read_runs([tmp_path])).fates == expected


def test_an_answer_that_was_not_read_is_no_failure(tmp_path: Path) -> None:
    for truth in (BASE_RUN, LORA):
        write_run(tmp_path, truth, 60)
    log = tmp_path / LORA.name / f"model/{STAMP}_samples_emt_cifar10.jsonl"
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    for row in rows:
        row["emt"] |= {"outcome": "unscored", "prediction": None, "named": [], "foreign": []}
    rows[0]["emt"] |= {"outcome": "empty", "raw": ""}
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    fate = next(one for one in findings(read_runs([tmp_path])).fates if one.key == "cifar10")
    assert fate.right <= 1
    assert fate.all_lost == fate.lost["empty"] == fate.right


def test_where_nothing_can_be_compared_answers_are_shown_by_outcome(tmp_path: Path) -> None:
    write_run(tmp_path, BASE_RUN, 60)
    write_run(tmp_path, replace(LORA, version=2.0), 60)
    found = findings(read_runs([tmp_path]))
    assert found.fates == ()
    assert {example.run for example in found.examples} == {BASE_RUN.name, LORA.name}


def test_each_tunings_last_checkpoint_is_told_and_the_set_it_was_tuned_on_is_known(of_the_paper: Findings) -> None:
    runs = {fate.run for fate in of_the_paper.fates}
    assert runs == {f"{method}-{on}/epoch-3" for method in ("linear", "lora") for on in BASE}
    assert all(fate.tuned_on == (f"-{fate.key}/" in fate.run) for fate in of_the_paper.fates)
