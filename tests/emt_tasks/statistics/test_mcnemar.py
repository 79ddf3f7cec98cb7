import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests

from emt_tasks.statistics.mcnemar import holm, mcnemar


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_p_is_statsmodels_exact_p(only_a: int, only_b: int) -> None:
    assert mcnemar(only_a, only_b) == pytest.approx(
        statsmodels_mcnemar([[5, only_a], [only_b, 5]], exact=True).pvalue, abs=1e-9
    )


@given(st.integers(0, 60), st.integers(0, 60))
def test_p_is_scipy_s_two_sided_binomial_p(only_a: int, only_b: int) -> None:
    if only_a + only_b:
        assert mcnemar(only_a, only_b) == pytest.approx(binomtest(only_a, only_a + only_b).pvalue, abs=1e-9)


def test_where_nothing_differs_nothing_is_found() -> None:
    assert mcnemar(0, 0) == 1.0


def test_less_than_no_rows_is_an_error() -> None:
    with pytest.raises(ValueError, match="not negative"):
        mcnemar(-1, 3)


@settings(max_examples=10, deadline=None)  # statsmodels takes its time
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_statsmodels_holm(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1].tolist(), abs=1e-9)


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([]) == []
