import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emt_tasks.statistics.mcnemar import mcnemar
from emt_tasks.statistics.power import independent, measured, power, rows_needed, smallest_drop


def counted_out(n: int, drop: float, share: float, level: float) -> float:
    """Power by going through every table there is."""
    total = 0.0
    for differing in range(n + 1):
        theirs = np.arange(differing + 1)
        rejects = np.array([mcnemar(int(k), differing - int(k)) <= level for k in theirs])
        chance = stats.binom.pmf(theirs, differing, (1 + drop / share) / 2)
        total += stats.binom.pmf(differing, n, share) * chance[rejects].sum()
    return total


@pytest.mark.parametrize("level", [0.05, 0.0125])
@pytest.mark.parametrize(("n", "drop", "share"), [(10, 0.1, 0.3), (40, 0.3, 0.3), (60, 0.1, 0.25), (25, 0.0, 1.0)])
def test_power_is_the_sum_over_every_table(n: int, drop: float, share: float, level: float) -> None:
    assert power(n, drop, share, level) == pytest.approx(counted_out(n, drop, share, level), abs=1e-6)


def test_power_is_what_simulated_runs_have() -> None:
    n, drop, share = 500, 0.05, 0.15
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(n, [(share + drop) / 2, (share - drop) / 2, 1 - share], size=4_000)
    found = np.mean([mcnemar(a, b) <= 0.05 for a, b, _ in drawn.tolist()])
    assert power(n, drop, share) == pytest.approx(found, abs=0.025)  # three standard errors and a little


@pytest.mark.parametrize(("drop", "share"), [(0.02, 0.1), (0.05, 0.2), (0.01, 0.3)])
def test_rows_needed_are_near_connor_s_formula(drop: float, share: float) -> None:
    """R. J. Connor, Biometrics 43 (1987), 207-211: an approximation, a little short of what the exact test needs."""
    z_level, z_power = stats.norm.ppf([0.975, 0.8])
    expected = ((z_level * math.sqrt(share) + z_power * math.sqrt(share - drop**2)) / drop) ** 2
    found = rows_needed(drop, lambda _: share)
    assert found is not None
    assert 1 < found / expected < 1.12


@pytest.mark.parametrize("n", [100, 1_000, 10_000])
@pytest.mark.parametrize("churn", [0.0, 0.05, 0.4])
def test_the_smallest_drop_and_the_rows_it_needs_belong_together(n: int, churn: float) -> None:
    drop = smallest_drop(n, measured(churn))
    assert drop is not None
    assert power(n, drop, churn + drop) >= 0.8 > power(n, drop - 2e-5, churn + drop - 2e-5)
    needed = rows_needed(drop, measured(churn))
    assert needed == pytest.approx(n, rel=0.12)  # exact power goes up and down with n


def test_too_few_rows_show_nothing() -> None:
    assert smallest_drop(5, measured(0.0)) is None, "even five of five are not significant"
    assert smallest_drop(6, measured(0.0)) is not None
    assert power(0, 0.1, 0.1) == 0.0


@pytest.mark.parametrize(("drop", "share"), [(0.3, 0.2), (-0.1, 0.2), (0.1, 1.1)])
def test_what_can_t_be_is_an_error(drop: float, share: float) -> None:
    with pytest.raises(ValueError, match="not possible"):
        power(100, drop, share)


@pytest.mark.parametrize("drop", [0.0, 1.5, -0.1])
def test_rows_for_no_drop_are_an_error(drop: float) -> None:
    with pytest.raises(ValueError, match="give a fraction"):
        rows_needed(drop, measured(0.1))


def test_a_drop_beyond_all_rows_is_said_to_be_so() -> None:
    assert rows_needed(1e-5, measured(0.5)) is None


@settings(max_examples=30, deadline=None)
@given(n=st.integers(6, 3_000), churn=st.floats(0, 0.6), drop=st.floats(0.001, 0.3))
def test_power_is_a_probability_that_grows_with_the_drop(n: int, churn: float, drop: float) -> None:
    less, more = power(n, drop, min(1, churn + drop)), power(n, drop + 0.05, min(1, churn + drop + 0.05))
    assert 0 <= less <= more + 1e-9 <= 1 + 1e-9


def test_independent_errors_differ_on_more_rows_than_any_agreement_leaves() -> None:
    assert independent(0.8)(0.1) == pytest.approx(0.8 * 0.3 + 0.7 * 0.2)
    assert independent(0.05)(0.2) == pytest.approx(0.05)
