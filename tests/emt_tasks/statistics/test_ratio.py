import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emt_tasks.statistics.bootstrap import mean_ratio, paired_bootstrap
from emt_tasks.statistics.paired import PairedTable
from emt_tasks.statistics.ratio import ratio

CELLS = st.tuples(*[st.integers(0, 400)] * 4).filter(lambda cells: sum(cells) > 0)


@given(CELLS)
def test_the_interval_holds_the_ratio_and_nothing_negative(cells: tuple[int, int, int, int]) -> None:
    table = PairedTable(*cells)
    found = ratio(table)
    if table.share_a == 0:
        assert found is None
        return
    assert found is not None
    value, low, high = found
    assert value == pytest.approx(table.share_b / table.share_a)
    assert 0 <= low <= value + 1e-9
    assert high is None or value <= high + 1e-9


@given(CELLS)
def test_less_confidence_is_never_wider(cells: tuple[int, int, int, int]) -> None:
    wide, narrow = ratio(PairedTable(*cells), 0.99), ratio(PairedTable(*cells), 0.8)
    if wide is not None and narrow is not None:
        assert wide[1] <= narrow[1] + 1e-9
        assert wide[2] is None or (narrow[2] is not None and narrow[2] <= wide[2] + 1e-9)


def test_it_agrees_with_the_bootstrap_where_rows_are_many() -> None:
    table = PairedTable(3000, 3000, 500, 3500)
    low, high = paired_bootstrap([table], mean_ratio)
    found = ratio(table)
    assert found is not None
    assert found[1:] == pytest.approx((low, high), abs=2e-3)


def test_nothing_right_any_more_is_not_known_to_be_nothing() -> None:
    found = ratio(PairedTable(0, 40, 0, 60))
    assert found is not None
    assert found[:2] == (0, 0)
    assert 0.05 < (found[2] or 0) < 0.2


def test_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="no pairs"):
        ratio(PairedTable(0, 0, 0, 0))


@pytest.mark.parametrize("shares", [(0.4, 0.3, 0.02, 0.28), (0.05, 0.4, 0.01, 0.54), (0.7, 0.05, 0.05, 0.2)])
def test_it_covers_the_truth_as_often_as_it_says(shares: tuple[float, ...]) -> None:
    """Of 2,000 draws 95 % should cover; 93.5 to 98 % leaves room for chance and for the formula's caution."""
    both, only_a, only_b, _ = shares
    truth = (both + only_b) / (both + only_a)
    drawn = np.random.default_rng(0).multinomial(300, shares, size=2000)
    found = [ratio(PairedTable(*map(int, cells))) for cells in drawn]
    covered = np.mean([one is not None and one[1] <= truth <= (np.inf if one[2] is None else one[2]) for one in found])
    assert 0.935 <= covered <= 0.98
