import time

import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap

from emt_tasks.statistics.bootstrap import mean_ratio, paired_bootstrap, percentiles, resampled
from emt_tasks.statistics.paired import PairedTable, newcombe

TABLE = PairedTable(both=600, only_a=100, only_b=70, neither=230)


def test_the_interval_is_that_of_drawing_the_rows_themselves() -> None:
    differences = np.repeat([0, -1, 1, 0], TABLE.cells)
    theirs = scipy_bootstrap(
        (differences,), np.mean, n_resamples=10_000, method="percentile", batch=500, rng=np.random.default_rng(1)
    ).confidence_interval
    assert paired_bootstrap([TABLE]) == pytest.approx((theirs.low, theirs.high), abs=1.5e-3)


def test_the_interval_is_close_to_newcombe_s_where_rows_are_many() -> None:
    assert paired_bootstrap([TABLE]) == pytest.approx(newcombe(TABLE), abs=2e-3)


def test_every_draw_has_as_many_rows_as_there_are() -> None:
    drawn = resampled(TABLE.cells, 50)
    assert drawn.shape == (50, 4)
    assert (drawn.sum(axis=1) == TABLE.n).all()


def test_the_same_seed_gives_the_same_interval_and_another_one_another() -> None:
    assert paired_bootstrap([TABLE]) == paired_bootstrap([TABLE])
    assert paired_bootstrap([TABLE], seed=1) != paired_bootstrap([TABLE], seed=2)


def test_a_mean_over_sets_is_surer_than_each_of_them() -> None:
    low, high = paired_bootstrap([TABLE])
    low_4, high_4 = paired_bootstrap([TABLE] * 4)
    assert (high - low) / (high_4 - low_4) == pytest.approx(2, rel=0.05)


def test_a_ratio_to_nothing_is_left_out_of_its_draws() -> None:
    low, high = paired_bootstrap([PairedTable(1, 1, 1, 5)], mean_ratio)
    assert 0 <= low <= high < np.inf


def test_percentiles_pass_over_what_is_no_number() -> None:
    assert percentiles(np.array([1.0, np.nan, 1.0])) == (1.0, 1.0)


def test_nothing_can_be_drawn_from_nothing() -> None:
    with pytest.raises(ValueError, match="no rows"):
        resampled([0, 0])


def test_ten_thousand_resamples_of_ten_thousand_rows_take_less_than_two_seconds() -> None:
    started = time.process_time()
    paired_bootstrap([PairedTable(6_000, 1_000, 700, 2_300)], resamples=10_000)
    assert time.process_time() - started < 2
