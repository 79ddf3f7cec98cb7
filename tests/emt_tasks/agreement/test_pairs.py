"""Two readings of the same rows."""

from pathlib import Path

import pytest
from toy_readings import write_run

from emt_tasks.agreement.pairs import OUTCOMES, pairs_of
from emt_tasks.outcomes import Outcome
from emt_tasks.runs.reading_back import read_runs


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run")


def test_every_two_readings_are_compared_row_by_row(run: Path) -> None:
    (pair,) = pairs_of(read_runs([run]).runs)
    assert (pair.readings, pair.n, pair.unscored, pair.alone) == (("label_match", "other"), 6, 1, (0, 0))
    assert pair.correct == (2, 4)
    place = {outcome: k for k, outcome in enumerate(OUTCOMES)}
    assert pair.confusion[place[Outcome.EXTRINSIC]][place[Outcome.CORRECT]] == 2
    assert pair.confusion[place[Outcome.EMPTY]][place[Outcome.UNSCORED]] == 1
    assert sum(map(sum, pair.confusion)) == 7
    assert pair.agreeing == 3
    # right or wrong: both 2, the first alone 0, the second alone 2, neither 2
    assert pair.kappa.value == pytest.approx(0.4)


def test_where_they_differ_each_answer_stands_once_with_its_rows(run: Path) -> None:
    (pair,) = pairs_of(read_runs([run]).runs)
    first, second = pair.differences
    assert (first.label, first.raw, first.rows) == ("dog", "a puppy", (2, 3))
    assert first.outcomes == (Outcome.EXTRINSIC, Outcome.CORRECT)
    assert first.predictions == (None, "dog")
    assert second.rows == (5,)


def test_only_the_readings_asked_for_are_compared(run: Path) -> None:
    assert pairs_of(read_runs([run]).runs, ["label_match"]) == []
