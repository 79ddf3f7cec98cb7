"""Wilson's interval, against statsmodels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from emt_tasks.statistics.intervals import wilson

TRIALS = st.integers(1, 200_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(TRIALS, st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99, 0.999]))
def test_it_is_the_interval_of_statsmodels(trials: tuple[int, int], confidence: float) -> None:
    successes, n = trials
    expected = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    assert wilson(successes, n, confidence) == pytest.approx(expected, abs=1e-12)


@given(TRIALS)
def test_it_holds_the_share_and_stays_within_0_and_1(trials: tuple[int, int]) -> None:
    low, high = wilson(*trials)
    assert 0 <= low <= trials[0] / trials[1] <= high <= 1


@pytest.mark.parametrize("n", [1, 7, 10_000])
def test_it_says_something_at_no_and_at_all_successes(n: int) -> None:
    assert wilson(0, n)[0] == 0
    assert wilson(0, n)[1] > 0
    assert wilson(n, n)[0] < 1
    assert wilson(n, n)[1] == 1


def test_no_trials_tell_nothing() -> None:
    assert wilson(0, 0) == (0, 1)


@pytest.mark.parametrize(("successes", "n", "confidence"), [(-1, 5, 0.95), (6, 5, 0.95), (1, 5, 95), (1, 5, 0)])
def test_what_is_no_count_or_no_probability_is_refused(successes: int, n: int, confidence: float) -> None:
    with pytest.raises(ValueError, match=r"between 0 and|probability"):
        wilson(successes, n, confidence)
