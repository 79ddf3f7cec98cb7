import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from emt_tasks.statistics.paired import PairedTable, newcombe, newcombe_mean, pooled

cells = st.integers(0, 10_000)
tables = st.builds(PairedTable, cells, cells, cells, cells).filter(lambda table: table.n > 0)


def by_statsmodels(table: PairedTable) -> tuple[float, float]:
    """Method 10 put together a second time, on statsmodels' Wilson intervals and numpy's correlation."""
    a, b, c, d = table.cells
    n = table.n
    low_1, high_1 = proportion_confint(a + b, n, method="wilson")
    low_2, high_2 = proportion_confint(a + c, n, method="wilson")
    p1, p2 = (a + b) / n, (a + c) / n
    product = math.prod([a + b, c + d, a + c, b + d])
    excess = a * d - b * c
    phi = 0 if product == 0 else (max(excess - n / 2, 0) if excess > 0 else excess) / math.sqrt(product)
    down, up = np.array([p2 - low_2, high_1 - p1]), np.array([high_2 - p2, p1 - low_1])
    joint = np.array([[1, -phi], [-phi, 1]])
    return p2 - p1 - math.sqrt(max(down @ joint @ down, 0)), p2 - p1 + math.sqrt(max(up @ joint @ up, 0))


@given(tables)
def test_the_interval_is_that_of_statsmodels_wilson_intervals(table: PairedTable) -> None:
    expected = by_statsmodels(table)
    assert newcombe(table) == pytest.approx((max(-1, expected[0]), min(1, expected[1])), abs=1e-6)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (PairedTable(1, 7, 1, 12), (-0.507, -0.026)),  # Fagerland, Lydersen, Laake 2014: airway hyper-responsiveness
        (PairedTable(14, 0, 5, 22), (0.011, 0.226)),  # Altman et al., Statistics with Confidence, 2000, p. 52
    ],
)
def test_published_intervals_are_met(table: PairedTable, expected: tuple[float, float]) -> None:
    assert newcombe(table) == pytest.approx(expected, abs=6e-4)


@given(tables)
def test_the_interval_holds_the_difference_within_minus_1_and_1(table: PairedTable) -> None:
    low, high = newcombe(table)
    assert -1 <= low <= table.difference + 1e-12
    assert table.difference - 1e-12 <= high <= 1


@given(tables)
def test_exchanging_the_runs_turns_the_interval_round(table: PairedTable) -> None:
    low, high = newcombe(PairedTable(table.both, table.only_b, table.only_a, table.neither))
    assert (-high, -low) == pytest.approx(newcombe(table), abs=1e-12)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_a_table_counts_its_columns(rows: list[tuple[bool, bool]]) -> None:
    a, b = zip(*rows, strict=True)
    table = PairedTable.of(a, b)
    assert table.n == len(rows)
    assert (table.share_a, table.share_b) == pytest.approx((np.mean(a), np.mean(b)))
    assert table.difference == pytest.approx(table.share_b - table.share_a)
    assert table.discordance == pytest.approx(np.mean(np.array(a) != np.array(b)))
    assert table.churn == pytest.approx(table.discordance - abs(table.difference))
    assert pooled([table, table]).cells == tuple(2 * cell for cell in table.cells)


def test_columns_of_different_lengths_are_no_pairs() -> None:
    with pytest.raises(ValueError, match="pair the rows first"):
        PairedTable.of([True], [True, False])


def test_the_difference_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no pairs"):
        newcombe(PairedTable(0, 0, 0, 0))


@given(tables)
def test_the_mean_over_one_set_is_that_set_s(table: PairedTable) -> None:
    assert newcombe_mean([table]) == pytest.approx(newcombe(table), abs=1e-12)


@given(st.lists(tables, min_size=1, max_size=6), st.randoms())
def test_the_mean_over_sets_is_within_its_interval_in_any_order(sets: list[PairedTable], chance: random.Random) -> None:
    low, high = newcombe_mean(sets)
    assert low - 1e-12 <= np.mean([table.difference for table in sets]) <= high + 1e-12
    again = sets.copy()
    chance.shuffle(again)
    assert newcombe_mean(again) == pytest.approx((low, high), abs=1e-12)


def test_four_alike_sets_are_twice_as_sure_as_one() -> None:
    table = PairedTable(600, 100, 70, 230)
    (low, high), (low_4, high_4) = newcombe(table), newcombe_mean([table] * 4)
    assert (high - low) / (high_4 - low_4) == pytest.approx(2, rel=1e-6)


def test_the_mean_over_no_sets_is_an_error() -> None:
    with pytest.raises(ValueError, match="no sets"):
        newcombe_mean([])
