"""NC1 to NC4 by hand, on a shape that is collapsed by construction, and against numpy and scikit-learn."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestCentroid

from finetuning.repro.neural_collapse import class_means, collapse, cosines, nearest_means


def simplex(classes: int, width: int, seed: int = 0) -> torch.Tensor:
    """The simplex equiangular tight frame of unit vectors, turned at random: (classes, width)."""
    corner = torch.eye(classes, dtype=torch.float64) - 1 / classes
    turned, _ = torch.linalg.qr(torch.randn(width, classes, generator=torch.Generator().manual_seed(seed)).double())
    return (classes / (classes - 1)) ** 0.5 * corner @ turned.T


@pytest.mark.parametrize("classes", [2, 3, 10, 50])
@pytest.mark.parametrize("shift", [0.0, 7.0])
def test_an_exact_simplex_is_collapsed_wherever_it_lies(classes: int, shift: float) -> None:
    means = simplex(classes, 64)
    assert cosines(means).tolist() == pytest.approx([-1 / (classes - 1)] * (classes * (classes - 1) // 2))
    targets = torch.arange(classes).repeat(3)
    found = collapse(5 * means[targets] + shift, targets, 2 * means, targets)
    assert found.variability == pytest.approx(0, abs=1e-12)
    assert (found.means_norm, found.rows_norm) == pytest.approx((0, 0), abs=1e-12)
    assert (found.means_angle, found.rows_angle) == pytest.approx((0, 0), abs=1e-12)
    assert (found.means_widest, found.rows_widest) == pytest.approx((0, 0), abs=1e-12)
    assert found.alignment == pytest.approx(0, abs=1e-12)
    assert found.agreement == 1


def test_two_classes_by_hand() -> None:
    """Means (-2, 0) and (2, 0), so S_B is 4 along x; rows one to each side of their means in x, so S_W is 1: 1/4/2."""
    features = torch.tensor([[-3.0, 0], [-1, 0], [1, 0], [3, 0]])
    targets = torch.tensor([0, 0, 1, 1])
    rows = torch.tensor([[0.0, 3], [4, 0]])
    found = collapse(features, targets, rows, torch.tensor([0, 0, 0, 1]))
    assert found.variability == pytest.approx(1 / 8)
    assert found.means_norm == pytest.approx(0)
    assert found.rows_norm == pytest.approx(0.5 / 3.5)  # of 3 and 4
    assert found.means_widest == pytest.approx(0)  # opposite: -1 = -1/(2-1)
    assert found.rows_widest == pytest.approx(1)  # at right angles
    means = np.array([[-2, 0], [2, 0]]) / 8**0.5
    assert found.alignment == pytest.approx(((means - rows.numpy() / 5) ** 2).sum())
    assert found.agreement == 3 / 4  # the third row's nearest mean is 1, and the classifier said 0


def test_three_classes_have_angles_by_hand() -> None:
    """Rows at 0, 90 and 180 degrees: cosines 0, -1, 0; mean -1/3, variance 2/9."""
    rows = torch.tensor([[1.0, 0], [0, 1], [-1, 0]])
    found = collapse(rows, torch.arange(3), rows, torch.arange(3))
    assert found.rows_angle == pytest.approx(math.sqrt(2 / 9))
    assert found.rows_widest == pytest.approx((0.5 + 0.5 + 0.5) / 3)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 6), st.integers(2, 12), st.integers(0, 1000))
def test_variability_is_what_numpy_makes_of_the_formula(classes: int, width: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    targets = np.concatenate([np.full(chance.integers(1, 9), label) for label in range(classes)])  # of unequal sizes
    features = chance.normal(size=(len(targets), width)) + 2 * chance.normal(size=(classes, width))[targets]
    means = np.stack([features[targets == label].mean(axis=0) for label in range(classes)])
    centred = means - means.mean(axis=0)
    between = centred.T @ centred / classes
    each = [
        np.cov(features[targets == label], rowvar=False, bias=True).reshape(width, width) for label in range(classes)
    ]
    wanted = np.trace(np.mean(each, axis=0) @ np.linalg.pinv(between, rcond=1e-12, hermitian=True)) / classes
    rows = torch.from_numpy(chance.normal(size=(classes, width)))
    told = torch.from_numpy(targets)
    found = collapse(torch.from_numpy(features), told, rows, told)
    assert found.variability == pytest.approx(wanted, rel=1e-6, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 6), st.integers(1, 12), st.integers(0, 1000))
def test_the_nearest_mean_is_scikit_learns(classes: int, width: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    targets = np.concatenate([np.arange(classes), chance.integers(0, classes, 30)])
    features = chance.normal(size=(len(targets), width))
    means = class_means(torch.from_numpy(features), torch.from_numpy(targets), classes)
    ours = nearest_means(torch.from_numpy(features), means)
    assert ours.tolist() == NearestCentroid().fit(features, targets).predict(features).tolist()


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 100), st.integers(0, 1000))
def test_neither_scale_nor_place_changes_what_is_measured(scale: float, seed: int) -> None:
    chance = torch.Generator().manual_seed(seed)
    features, targets = torch.randn(40, 8, generator=chance).double(), torch.arange(40) % 4
    rows, said = torch.randn(4, 8, generator=chance).double(), torch.randint(0, 4, (40,), generator=chance)
    one = collapse(features, targets, rows, said)
    other = collapse(features * scale + 3, targets, rows * scale, said)
    for name in one.__slots__:
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-6, abs=1e-9), name


def test_dead_features_are_not_called_collapsed() -> None:
    found = collapse(torch.zeros(4, 3), torch.tensor([0, 0, 1, 1]), torch.eye(3)[:2], torch.zeros(4).long())
    assert math.isnan(found.variability)
    assert math.isnan(found.means_norm)
    assert math.isnan(found.alignment)


def test_features_that_are_no_numbers_are_not_measured() -> None:
    found = collapse(torch.full((4, 3), math.nan), torch.tensor([0, 0, 1, 1]), torch.eye(3)[:2], torch.zeros(4).long())
    assert math.isnan(found.variability)


@pytest.mark.parametrize(("targets", "classes"), [([0, 0], 1), ([0, 0], 2), ([0, 2], 2)])
def test_a_class_without_rows_is_refused(targets: list[int], classes: int) -> None:
    with pytest.raises(ValueError, match="two or more are needed"):
        collapse(torch.randn(2, 3), torch.tensor(targets), torch.randn(classes, 3), torch.zeros(2).long())
