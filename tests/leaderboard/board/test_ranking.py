"""Ranks: against drawing, against others' corrections, and in worlds where the truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from emt_tasks.statistics.mcnemar import mcnemar
from leaderboard.board.ranking import holm_of_pairs, pairwise, ranks

SEED = np.random.SeedSequence(7)


def models(accuracy: list[float], n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.random((len(accuracy), n)) < np.array(accuracy)[:, None]


def test_the_variance_is_that_of_drawing_images_with_replacement() -> None:
    """Rows whose differences speak evenly for both: what the closed form supposes, drawn 20,000 times."""
    rng = np.random.default_rng(1)
    sizes, differing = (300, 120), (60, 20)
    drawn = np.zeros(20_000)
    correct = []
    for n, d in zip(sizes, differing, strict=True):
        a = rng.random(n) < 0.6
        b = a.copy()
        flip = np.r_[np.flatnonzero(a)[: d // 2], np.flatnonzero(~a)[: d // 2]]
        b[flip] = ~b[flip]
        correct.append(np.stack([a, b]))
        cells = np.array([d / 2, d / 2, n - d]) / n
        counts = rng.multinomial(n, cells, size=len(drawn))
        drawn += (counts[:, 0] - counts[:, 1]) / n / len(sizes)
    found = pairwise(correct)
    assert found.difference[0, 1] == 0
    closed = sum(d / (len(sizes) * n) ** 2 for n, d in zip(sizes, differing, strict=True))
    assert drawn.var() == pytest.approx(closed, rel=0.03)


def test_p_is_the_normal_distributions_of_the_difference_less_one_image() -> None:
    a = np.array([True] * 80 + [False] * 20)
    b = np.array([True] * 60 + [False] * 40)
    found = pairwise([np.stack([a, b])])
    assert found.difference[0, 1] == pytest.approx(0.2)
    assert found.p[0, 1] == pytest.approx(2 * norm.sf((0.2 - 0.01) / np.sqrt(20 / 100**2)))


@given(only_a=st.integers(0, 60), only_b=st.integers(0, 60))
def test_few_differing_images_are_not_read_for_more_than_an_exact_test_reads(only_a: int, only_b: int) -> None:
    a = np.array([True] * only_a + [False] * only_b + [True] * 20)
    b = np.array([False] * only_a + [True] * only_b + [True] * 20)
    assert pairwise([np.stack([a, b])]).p[0, 1] >= 0.8 * mcnemar(only_a, only_b)


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_the_correction_is_holms(m: int, seed: int) -> None:
    p = np.random.default_rng(seed).random((m, m)) ** 3
    p = np.minimum(p, p.T)
    np.fill_diagonal(p, 1)
    found = holm_of_pairs(p)
    above = np.triu_indices(m, 1)
    expected = multipletests(p[above], method="holm")[1] if m > 1 else np.zeros(0)
    assert np.allclose(found[above], expected)
    assert np.array_equal(found, found.T)


def test_models_that_are_alike_are_rarely_told_apart() -> None:
    """In 300 worlds of six models of one accuracy some pair is shown to differ in 5 % of them, by chance in 8 %."""
    rng = np.random.default_rng(SEED)
    false = sum(
        bool(pairwise([models([0.6] * 6, 200, rng), models([0.3] * 6, 100, rng)]).better.any()) for _ in range(300)
    )
    assert false <= 24


def test_the_intervals_of_ranks_hold_the_true_ranks() -> None:
    rng = np.random.default_rng(3)
    truth = [0.9, 0.8, 0.78, 0.5, 0.45, 0.1]
    missed = 0
    for _ in range(100):
        correct = [models(truth, 300, rng)]
        found = ranks([float(row.mean()) for row in correct[0]], pairwise(correct))
        missed += any(not one.low <= place + 1 <= one.high for place, one in enumerate(found))
    assert missed <= 10


@given(st.integers(1, 10), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_ranks_do_not_depend_on_the_order_of_models(m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    correct = models(list(rng.random(m)), 80, rng)
    accuracy = [float(row.mean()) for row in correct]
    order = rng.permutation(m)
    found = ranks(accuracy, pairwise([correct]))
    again = ranks([accuracy[k] for k in order], pairwise([correct[order]]))
    assert {(int(k), again[place].low, again[place].high) for place, k in enumerate(order)} == {
        (place, one.low, one.high) for place, one in enumerate(found)
    }
    assert all(one.low <= one.high for one in found)
    assert {one.tie for one in found} == set(range(1, max(one.tie for one in found) + 1))


def test_a_better_model_is_never_in_a_lower_tie_group() -> None:
    rng = np.random.default_rng(5)
    correct = [models([0.9, 0.5, 0.7, 0.2, 0.71], 500, rng)]
    accuracy = [float(row.mean()) for row in correct[0]]
    found = ranks(accuracy, pairwise(correct))
    by_accuracy = [found[place].tie for place in sorted(range(5), key=lambda place: -accuracy[place])]
    assert by_accuracy == sorted(by_accuracy)
    assert (found[0].tie, found[3].tie) == (1, max(by_accuracy))


def test_models_that_answer_alike_share_a_group() -> None:
    same = np.tile(np.random.default_rng(0).random(50) < 0.5, (4, 1))
    assert {(one.tie, one.low, one.high) for one in ranks([0.5] * 4, pairwise([same]))} == {(1, 1, 4)}


@pytest.mark.parametrize("correct", [[], [np.zeros((2, 0), bool)]])
def test_nothing_to_compare_on_is_an_error(correct: list[np.ndarray]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        pairwise(correct)
