"""Cohen's kappa against scikit-learn's value and statsmodels' interval."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from emt_tasks.statistics.kappa import cohen

TABLES = st.integers(2, 6).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 60), min_size=k, max_size=k), min_size=k, max_size=k)
)


@given(TABLES)
def test_kappa_and_its_interval_are_those_of_others(table: list[list[int]]) -> None:
    counts = np.array(table)
    ours = cohen(table)
    assume(ours is not None)
    theirs = cohens_kappa(counts)
    assert ours.value == pytest.approx(theirs.kappa, abs=1e-12)
    if theirs.var_kappa > 1e-12:
        assert ours.interval == pytest.approx((max(-1, theirs.kappa_low), min(1, theirs.kappa_upp)), abs=1e-9)
    first = np.repeat(np.arange(len(table)), counts.sum(axis=1))
    second = np.concatenate([np.repeat(np.arange(len(table)), row) for row in counts])
    assert ours.value == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)


@pytest.mark.parametrize("table", [[], [[0, 0], [0, 0]], [[7, 0], [0, 0]]])
def test_where_chance_would_agree_on_everything_there_is_no_kappa(table: list[list[int]]) -> None:
    assert cohen(table) is None


def test_full_agreement_is_one() -> None:
    kappa = cohen([[3, 0], [0, 4]])
    assert (kappa.value, kappa.interval) == (1.0, (1.0, 1.0))


def test_a_table_that_is_not_square_is_refused() -> None:
    with pytest.raises(ValueError, match="not square"):
        cohen([[1, 2]])
