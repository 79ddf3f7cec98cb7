import numpy as np
import pytest
from synthetic_runs import BASE, ENCODER, Truth, paper

from emt_tasks.forgetting.findings import Findings


def truth_of(run: str) -> Truth:
    return next(truth for truth in paper() if truth.name == run)


def test_forgetting_is_recovered_with_its_interval(of_the_paper: Findings) -> None:
    """Of 96 intervals at 95 % nearly all hold the truth; the draw is fixed, so that this is no game of chance."""
    covered = []
    for one in of_the_paper.kept:
        truth = BASE[one.change.key] - truth_of(one.run).accuracy[one.change.key]
        assert one.forgetting == pytest.approx(truth, abs=0.06)
        covered.append(one.forgetting_interval[0] <= truth <= one.forgetting_interval[1])
    assert len(covered) == 96
    assert np.mean(covered) >= 0.95


def test_retention_is_the_ratio(of_the_paper: Findings) -> None:
    for one in of_the_paper.kept:
        assert one.retention is not None
        value, low, high = one.retention
        assert value == pytest.approx(truth_of(one.run).accuracy[one.change.key] / BASE[one.change.key], abs=0.12)
        assert low <= value <= (high or np.inf)


def test_the_gap_to_the_encoder_is_recovered(of_the_paper: Findings) -> None:
    assert {one.key for one in of_the_paper.gaps} == set(BASE)
    for one in of_the_paper.gaps:
        assert one.interval[0] <= BASE[one.key] - ENCODER[one.key] <= one.interval[1]
        assert one.shown == -1


def test_backward_transfer_is_the_mean_over_the_sets_not_tuned_on(of_the_paper: Findings) -> None:
    for one in of_the_paper.transfers:
        truth = truth_of(one.run)
        assert truth.tuned is not None
        others = [key for key in BASE if key != truth.tuned["set"]]
        assert one.keys == tuple(others)
        expected = np.mean([truth.accuracy[key] - BASE[key] for key in others])
        assert one.mean.value == pytest.approx(expected, abs=0.03)
        assert one.mean.interval[0] <= expected <= one.mean.interval[1]


def test_a_drop_from_a_peak_is_found_where_linear_first_helped(of_the_paper: Findings) -> None:
    linear = [one for one in of_the_paper.peaks if one.last == "linear-cifar10/epoch-3" and one.key == "cifar100"]
    assert [(one.peak, one.dropped) for one in linear] == [("linear-cifar10/epoch-1", True)]
    lora = [one for one in of_the_paper.peaks if one.last == "lora-cifar10/epoch-3" and one.key == "cifar100"]
    assert [one.peak for one in lora] == ["base"]


def test_a_peaks_interval_allows_for_its_having_been_chosen(of_the_paper: Findings) -> None:
    for one in of_the_paper.peaks:
        plain = one.change.interval
        assert one.interval[0] < plain[0] or one.change.table.only_a == one.change.table.only_b == 0
        assert one.interval[1] > plain[1] or plain[1] == 1


def test_foreign_words_are_counted_by_the_set_that_they_are_of(of_the_paper: Findings) -> None:
    score = of_the_paper.score("lora-mnist/epoch-3", "cifar10")
    assert score is not None
    assert score.words_of == {"mnist": score.foreign}
    wrong = 1 - truth_of("lora-mnist/epoch-3").accuracy["cifar10"]
    assert score.foreign / score.n == pytest.approx(0.6 * wrong, abs=0.08)
    before = of_the_paper.score("base", "cifar10")
    assert before is not None
    assert before.foreign == 0


def test_the_outcomes_of_a_score_add_up(of_the_paper: Findings) -> None:
    assert all(sum(score.counts.values()) == score.n for score in of_the_paper.scores)
