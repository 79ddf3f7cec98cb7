"""The rule against brute force, and what must hold of it whatever the points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from emt_tasks.clip_argmin.nearest import ROWS_AT_ONCE, TIE, distances, nearest, normalised


def points(rows: st.SearchStrategy[int], columns: int = 3) -> st.SearchStrategy[np.ndarray]:
    within = st.floats(-100, 100, width=32)
    return rows.flatmap(lambda count: arrays(np.float32, (count, columns), elements=within))


@given(points(st.integers(0, 6)), points(st.integers(1, 6)))
def test_distances_are_scipys(some: np.ndarray, labels: np.ndarray) -> None:
    theirs = cdist(some.astype(np.float64), labels.astype(np.float64))
    np.testing.assert_allclose(distances(some, labels), theirs, atol=1e-5)


@given(points(st.integers(1, 6)), points(st.integers(2, 6)))
def test_the_nearest_is_no_farther_than_any_by_brute_force(some: np.ndarray, labels: np.ndarray) -> None:
    found = nearest(some, labels)
    for row, point in enumerate(some.astype(np.float64)):
        each = np.array([np.sqrt(((point - label) ** 2).sum()) for label in labels.astype(np.float64)])
        assert each[found.index[row]] <= each.min() + 1e-3
        assert found.distance[row] == pytest.approx(each.min(), abs=1e-5)
        assert found.margin[row] == pytest.approx(np.sort(each)[1] - each.min(), abs=1e-3)


@given(points(st.integers(1, 5)), points(st.integers(2, 6)), st.randoms())
def test_the_order_of_the_labels_changes_nothing_but_who_wins_a_tie(some, labels, random) -> None:
    order = list(range(len(labels)))
    random.shuffle(order)
    one, other = nearest(some, labels), nearest(some, labels[order])
    np.testing.assert_allclose(one.distance, other.distance, atol=1e-5)
    certain = one.margin > 1e-3
    assert [order[place] for place in other.index[certain]] == one.index[certain].tolist()


@given(points(st.integers(1, 5)), points(st.integers(1, 5)), st.data())
def test_a_label_that_is_there_twice_ties_with_itself_and_the_first_is_named(some, labels, data) -> None:
    again = data.draw(st.integers(0, len(labels) - 1))
    found = nearest(some, np.concatenate([labels, labels[again : again + 1]]))
    assert (found.index < len(labels)).all()
    assert found.tie[found.index == again].all()
    assert (found.margin[found.tie] == 0).all()


@given(points(st.integers(1, 5)), points(st.integers(1, 5)))
def test_on_unit_vectors_the_nearest_is_the_most_similar(some: np.ndarray, labels: np.ndarray) -> None:
    p, q = normalised(some), normalised(labels)
    if not np.isfinite(p).all() or not np.isfinite(q).all():
        return
    found = nearest(p, q)
    cosine = p @ q.T
    assert (cosine[np.arange(len(p)), found.index] >= cosine.max(axis=1) - 1e-5).all()
    assert (found.distance <= 2 + 1e-9).all()


def test_points_that_hold_no_numbers_have_no_nearest() -> None:
    found = nearest(np.array([[np.nan, 0], [np.inf, 0], [1, 0]]), np.array([[0.0, 0], [1, 0]]))
    assert found.index.tolist() == [-1, -1, 1]
    assert np.isnan(found.distance[:2]).all()
    assert not found.tie.any()
    assert np.isnan(normalised(np.zeros((1, 3)))).all()


def test_no_points_and_more_than_go_at_once() -> None:
    labels = np.eye(3)
    assert len(nearest(np.empty((0, 3)), labels).index) == 0
    many = np.tile(labels[[2, 0]], (ROWS_AT_ONCE, 1))
    assert nearest(many, labels).index.tolist() == [2, 0] * ROWS_AT_ONCE


def test_what_differs_by_float_noise_alone_is_a_tie() -> None:
    labels = np.array([[1.0, 0], [1.0, TIE / 4], [0, 1]])
    found = nearest(np.array([[1.0, TIE / 4]]), labels)
    assert (found.index[0], found.tie[0], found.margin[0]) == (0, True, 0)
