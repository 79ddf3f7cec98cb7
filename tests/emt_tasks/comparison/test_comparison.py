from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_runs import picture, row, rows_of, write_run

from emt_tasks.comparison.comparison import Comparison, compared
from emt_tasks.comparison.told import document
from emt_tasks.errors import EmtError
from emt_tasks.runs.problems import Trouble
from emt_tasks.runs.reading_back import read_run
from emt_tasks.statistics.mcnemar import mcnemar
from emt_tasks.statistics.paired import PairedTable, newcombe

TASK = "emt_cifar10"


def compare(folder: Path, *runs: dict, **asked: bool) -> Comparison:
    return compared(
        [read_run(write_run(folder / name, tasks))[0] for name, tasks in zip("abcdef", runs, strict=False)], **asked
    )


def test_a_known_change_is_found(tmp_path: Path) -> None:
    right_a = [True] * 60 + [False] * 40
    right_b = [True] * 45 + [False] * 15 + [True] * 5 + [False] * 35
    [change] = compare(tmp_path, {TASK: rows_of(right_a)}, {TASK: rows_of(right_b)[::-1]}).changes
    assert change.accuracy.table == PairedTable(both=45, only_a=15, only_b=5, neither=35)
    assert change.accuracy.table.difference == pytest.approx(-0.1)
    assert change.accuracy.interval == newcombe(change.accuracy.table)
    assert change.p == change.p_holm == mcnemar(15, 5)
    assert (len(change.lost), len(change.gained), change.n) == (15, 5, 100)
    assert all(a.outcome == "correct" != b.outcome and a.image == b.image for a, b in change.lost)


def test_simulated_runs_with_a_known_drop_are_told_apart_and_equal_ones_are_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    base = rng.random(2_000) < 0.8
    forgot = base & (rng.random(2_000) < 0.9)  # a tenth of what was right is lost: 8 points
    same = base ^ (rng.random(2_000) < 0.02)  # rows change both ways, evenly enough
    runs = [{TASK: rows_of(right.tolist())} for right in (base, forgot, same)]
    dropped, _ = compare(tmp_path, *runs).changes
    low, high = dropped.accuracy.interval
    assert low < -0.08 < high < 0
    assert dropped.p < 1e-6


def test_holm_is_over_the_tasks_of_a_pair(tmp_path: Path) -> None:
    def run(lost: int) -> dict:
        kept = {"one": 20 - lost, "two": 20, "three": 20}
        return {task: rows_of([n < k for n in range(20)]) for task, k in kept.items()}

    changes = compare(tmp_path, run(0), run(8)).changes
    assert {change.task: change.p_holm for change in changes} == {
        "one": pytest.approx(3 * mcnemar(8, 0)),
        "two": 1.0,
        "three": 1.0,
    }


def test_what_each_outcome_and_class_did_is_told(tmp_path: Path) -> None:
    before = [row(n, "cat" if n % 2 else "dog", "cat" if n % 2 else "dog") for n in range(10)]
    after = [row(n, "cat", "cat") if n % 2 else row(n, "dog", None, foreign=["8"]) for n in range(10)]
    [change] = compare(tmp_path, {TASK: before}, {TASK: after}).changes
    assert {one.what: one.table.difference for one in change.outcomes} == {"extrinsic": 0.5, "foreign": 0.5}
    assert [(one.what, one.table.difference) for one in change.classes] == [("dog", -1.0), ("cat", 0.0)]


def test_rows_that_could_not_be_read_are_left_out_and_counted(tmp_path: Path) -> None:
    lost = [row(0, "cat", "cat"), row(1, "cat", None, outcome="unscored"), row(2, "cat", "dog")]
    [change] = compare(tmp_path, {TASK: [row(n, "cat", "cat") for n in range(3)]}, {TASK: lost}).changes
    assert (change.n, change.unscored, change.accuracy.table.only_a) == (2, 1, 1)


def test_other_versions_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    a = read_run(write_run(tmp_path / "a", {TASK: rows_of([True]), "x": rows_of([True])}))[0]
    b = read_run(write_run(tmp_path / "b", {TASK: rows_of([True]), "x": rows_of([True])}, version=2.0))[0]
    with pytest.raises(EmtError, match=r"versions 1\.0 and 2\.0"):
        compared([a, b])
    asked = compared([a, b], across_versions=True)
    assert len(asked.changes) == 2
    assert Trouble.MIXED_VERSIONS in {problem.trouble for problem in asked.problems}


def test_runs_without_a_common_row_are_an_error_that_says_what_each_has(tmp_path: Path) -> None:
    other = [row(n, "cat", "cat", image=picture(f"else {n}")) for n in range(3)]
    with pytest.raises(EmtError, match=r"a has emt_cifar10 .* Nothing can be compared"):
        compare(tmp_path, {TASK: rows_of([True] * 3)}, {TASK: other})


def test_tasks_that_one_run_lacks_are_named_and_the_comparison_is_partial(tmp_path: Path) -> None:
    comparison = compare(tmp_path, {TASK: rows_of([True]), "x": rows_of([True])}, {TASK: rows_of([True])})
    assert [change.task for change in comparison.changes] == [TASK]
    assert [problem.trouble for problem in comparison.problems] == [Trouble.NOT_SHARED]
    assert comparison.partial


def test_the_rows_come_in_the_order_of_their_pictures_whatever_the_logs_order(tmp_path: Path) -> None:
    rows = rows_of([True] * 30)
    wrong = [row(one["doc_id"], one["emt"]["label"], "ship") for one in rows]
    [one] = compare(tmp_path / "1", {TASK: rows}, {TASK: wrong}).changes
    [two] = compare(tmp_path / "2", {TASK: rows[::-1]}, {TASK: wrong}).changes
    images = [a.image for a, _ in one.lost]
    assert images == [a.image for a, _ in two.lost] == sorted(images)


outcomes = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=25)


@settings(max_examples=25, deadline=None)
@given(outcomes)
def test_from_b_to_a_is_the_reverse_of_from_a_to_b(tmp_path_factory: pytest.TempPathFactory, right: list) -> None:
    folder = tmp_path_factory.mktemp("runs")
    a, b = ({TASK: rows_of(list(column))} for column in zip(*right, strict=True))
    [there] = compare(folder / "there", a, b).changes
    [back] = compare(folder / "back", b, a).changes
    assert there.accuracy.table.difference == -back.accuracy.table.difference
    assert there.p == back.p
    assert [a for a, _ in there.lost] == [b for _, b in back.gained]
    assert sum(one.table.n for one in there.classes) == there.n == len(right)


def test_every_column_of_every_table_has_a_head_to_be_read_aloud(tmp_path: Path) -> None:
    sides = (("a", [True, True, False]), ("b", [False, True, True]))
    runs = [read_run(write_run(tmp_path / name, {"emt_cifar10": rows_of(right)}))[0] for name, right in sides]
    tables = list(document(compared(runs), classes=5, rows=3).tables)
    assert len(tables) == 6
    assert all(column.head for table in tables for column in table.columns)
