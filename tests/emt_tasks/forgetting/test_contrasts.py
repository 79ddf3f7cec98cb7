from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emt_tasks.forgetting.contrasts import Contrast, contrast, corrected, mean_of
from emt_tasks.outcomes import Outcome
from emt_tasks.runs.coded import Coded
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.records import OUTCOMES, Rows, TaskRows
from emt_tasks.statistics.mcnemar import mcnemar
from emt_tasks.statistics.paired import PairedTable, newcombe

ANSWERS = {"+": Outcome.CORRECT, "-": Outcome.INCORRECT, "?": Outcome.UNSCORED}


def rows(outcomes: str, pictures: str = "", version: str = "1.0", prompt: str = "p") -> TaskRows:
    """A task whose row i shows picture `pictures[i]` and came to `outcomes[i]`."""
    pictures = pictures or "abcdefghijklmnopqrstuvwxyz"[: len(outcomes)]
    n = len(outcomes)
    same = Coded(("x",), np.zeros(n, np.int32))
    nothing = Coded(((),), np.zeros(n, np.int32))
    codes = np.array([OUTCOMES.index(ANSWERS[one]) for one in outcomes], np.int32)
    images = np.array([picture.encode() * 64 for picture in pictures], "S64")
    columns = Rows(np.arange(n), images, same, same, same, Coded(OUTCOMES, codes), nothing, nothing)
    return TaskRows("emt_mnist", "label_match", version, columns, Path("x"), "1", True, "f", "image", prompt)


def made(a: TaskRows, b: TaskRows) -> Contrast:
    found = contrast("A", a, "B", b, "mnist")
    assert isinstance(found, Contrast)
    return found


def test_rows_are_paired_by_picture_and_not_by_place() -> None:
    found = made(rows("+-+-", "abcd"), rows("-+-+", "dcba"))
    assert found.table == PairedTable(both=2, only_a=0, only_b=0, neither=2)


def test_only_pictures_that_both_have_and_could_read_are_compared() -> None:
    found = made(rows("++?-", "abcd"), rows("+?+-", "abcx"))
    assert found.table == PairedTable(1, 0, 0, 0)


def test_difference_interval_and_p_are_the_statistics_rooms() -> None:
    found = made(rows("++++--"), rows("+----+"))
    assert found.difference == pytest.approx(-2 / 6)
    assert found.interval == newcombe(found.table)
    assert found.p == mcnemar(3, 1)


@pytest.mark.parametrize(
    ("other", "trouble"),
    [
        (rows("++", version="2.0"), Trouble.MIXED_VERSIONS),
        (rows("++", prompt="another"), Trouble.DIFFERENT_PROMPTS),
        (rows("++", "yz"), Trouble.NO_OVERLAP),
        (rows("??"), Trouble.NO_OVERLAP),
    ],
)
def test_what_is_not_to_be_compared_is_a_problem(other: TaskRows, trouble: Trouble) -> None:
    found = contrast("A", rows("++"), "B", other, "mnist")
    assert isinstance(found, Problem)
    assert found.trouble is trouble


def test_an_encoder_is_put_no_prompt() -> None:
    assert isinstance(contrast("A", rows("+"), "B", rows("+", prompt="q"), "mnist", asked_alike=False), Contrast)


def of(key: str, *cells: int) -> Contrast:
    table = PairedTable(*cells)
    return Contrast("A", "B", key, table, newcombe(table), mcnemar(table.only_a, table.only_b), 1.0)


def test_what_shows_is_decided_after_holms_correction() -> None:
    weak = replace(of("mnist", 80, 8, 1, 11), p_holm=mcnemar(8, 1))
    assert weak.shown == -1
    assert [one.shown for one in corrected([weak, *[of("mnist", 80, 5, 5, 10)] * 3])] == [0, 0, 0, 0]


CELLS = st.tuples(*[st.integers(1, 300)] * 4)


@given(CELLS)
def test_the_mean_of_one_is_itself(cells: tuple[int, ...]) -> None:
    one = of("mnist", *cells)
    found = mean_of([one])
    assert found is not None
    assert (found.value, *found.interval) == pytest.approx((one.difference, *one.interval))


@given(CELLS)
def test_the_same_pictures_again_tell_nothing_new_but_other_pictures_do(cells: tuple[int, ...]) -> None:
    one, other = of("mnist", *cells), of("cifar10", *cells)
    again, apart = mean_of([one, one]), mean_of([one, other])
    assert again is not None
    assert apart is not None
    width = one.interval[1] - one.interval[0]
    assert again.interval[1] - again.interval[0] == pytest.approx(width)
    assert apart.interval[1] - apart.interval[0] == pytest.approx(width / 2**0.5)


def test_nothing_has_no_mean() -> None:
    assert mean_of([]) is None


def test_the_mean_covers_the_truth_as_often_as_it_says() -> None:
    """Three sets of 200 pictures, 1,500 times; two contrasts of a set on the same pictures, which may only be wider."""
    chance = np.random.default_rng(1)
    shares = ((0.5, 0.2, 0.05, 0.25), (0.6, 0.1, 0.1, 0.2), (0.2, 0.3, 0.1, 0.4))
    truth = float(np.mean([only_b - only_a for _, only_a, only_b, _ in shares]))
    covered = 0
    for _ in range(1500):
        drawn = [of(str(at), *map(int, chance.multinomial(200, share))) for at, share in enumerate(shares)]
        found = mean_of(drawn)
        assert found is not None
        covered += found.interval[0] <= truth <= found.interval[1]
    assert 0.935 <= covered / 1500 <= 0.975
