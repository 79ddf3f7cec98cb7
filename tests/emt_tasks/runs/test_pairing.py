from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_runs import picture, row, rows_of, write_run

from emt_tasks.runs.comparability import differences
from emt_tasks.runs.pairing import paired
from emt_tasks.runs.problems import Trouble
from emt_tasks.runs.reading_back import read_run
from emt_tasks.runs.records import Run, TaskRows

TASK = "emt_cifar10"


def read(folder: Path, rows: list, **said: object) -> Run:
    write_run(folder, {TASK: rows}, **said)
    return read_run(folder)[0]


def rows_in(folder: Path, rows: list) -> TaskRows:
    return read(folder, rows).tasks[0]


def shown(rows: TaskRows, places: np.ndarray) -> list:
    return [(rows.rows[place].image, rows.rows[place].label) for place in places.tolist()]


def test_rows_are_paired_by_picture_whatever_their_numbers_and_order(tmp_path: Path) -> None:
    a = rows_in(tmp_path / "a", [row(n, "cat", "cat", image=picture(name)) for n, name in enumerate("vwxyz")])
    b = rows_in(tmp_path / "b", [row(n, "cat", "cat", image=picture(name)) for n, name in enumerate("zyxwv")])
    pairs = paired(a, b)
    assert pairs.by == "image"
    assert pairs.a.tolist() == [0, 1, 2, 3, 4]
    assert pairs.b.tolist() == [4, 3, 2, 1, 0]


def test_rows_that_only_one_has_are_named(tmp_path: Path) -> None:
    a = rows_in(tmp_path / "a", [row(n, "cat", "cat") for n in range(5)])
    b = rows_in(tmp_path / "b", [row(n, "cat", "cat") for n in range(3, 9)])
    pairs = paired(a, b)
    assert (pairs.a.tolist(), pairs.b.tolist()) == ([3, 4], [0, 1])
    assert (pairs.only_a.tolist(), pairs.only_b.tolist()) == ([0, 1, 2], [2, 3, 4, 5])


def test_a_picture_with_another_label_is_no_pair(tmp_path: Path) -> None:
    a = rows_in(tmp_path / "a", [row(0, "cat", "cat"), row(1, "dog", "dog")])
    b = rows_in(tmp_path / "b", [row(0, "ship", "cat"), row(1, "dog", "dog")])
    assert paired(a, b).a.tolist() == [1]


def test_a_picture_that_is_there_twice_is_paired_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    same = picture("same")
    a = rows_in(tmp_path / "a", [row(n, "cat", "cat", image=same) for n in (1, 7)])
    b = rows_in(tmp_path / "b", [row(n, "cat", "cat", image=same) for n in (9, 4, 2)])
    pairs = paired(a, b)
    assert [(int(a.rows.doc_id[i]), int(b.rows.doc_id[j])) for i, j in zip(pairs.a, pairs.b, strict=True)] == [
        (1, 2),
        (7, 4),
    ]
    assert b.rows.doc_id[pairs.only_b].tolist() == [9]


def test_without_pictures_rows_go_by_number_and_that_is_said(tmp_path: Path) -> None:
    a = rows_in(tmp_path / "a", [row(n, "cat", "cat") for n in range(3)])
    plain = [{"doc_id": n, "target": "cat", "filtered_resps": "x", "accuracy": 1.0} for n in (2, 1)]
    b = rows_in(tmp_path / "b", plain)
    pairs = paired(a, b)
    assert (pairs.by, pairs.a.tolist(), pairs.b.tolist()) == ("doc_id", [1, 2], [1, 0])


pictures = st.lists(st.tuples(st.sampled_from("vwxyz"), st.sampled_from(["cat", "dog"])), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(left=pictures, right=pictures)
def test_pairs_are_the_rows_that_both_have_and_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory, left: list, right: list
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    a, b = (
        rows_in(folder / name, [row(n, label, label, image=picture(p)) for n, (p, label) in enumerate(rows)])
        for name, rows in (("a", left), ("b", right))
    )
    pairs, back = paired(a, b), paired(b, a)
    assert shown(a, pairs.a) == shown(b, pairs.b)
    assert sorted([*pairs.a, *pairs.only_a]) == list(range(len(left)))
    assert sorted([*pairs.b, *pairs.only_b]) == list(range(len(right)))
    assert not set(shown(a, pairs.only_a)) & set(shown(b, pairs.only_b))
    assert set(zip(pairs.a.tolist(), pairs.b.tolist(), strict=True)) == set(
        zip(back.b.tolist(), back.a.tolist(), strict=True)
    )


def test_runs_that_asked_the_same_have_no_differences(tmp_path: Path) -> None:
    rows = rows_of([True, False])
    assert differences([read(tmp_path / "a", rows), read(tmp_path / "b", rows[::-1])]) == ()


def test_other_versions_rows_and_prompts_are_named(tmp_path: Path) -> None:
    a = read(tmp_path / "a", rows_of([True] * 4))
    b = read(tmp_path / "b", rows_of([True] * 3), version=2.0, config={"doc_to_text": "Name it."})
    found = differences([a, b])
    assert [problem.trouble for problem in found] == [
        Trouble.MIXED_VERSIONS,
        Trouble.DIFFERENT_PROMPTS,
        Trouble.DIFFERENT_ROWS,
    ]
    assert "4 and 3 rows, of which 3 are the same" in found[2].what
