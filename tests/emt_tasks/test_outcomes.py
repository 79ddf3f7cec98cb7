"""Outcomes: exactly one holds, and their shares add up to 1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emt_tasks.errors import EmtError
from emt_tasks.outcomes import Outcome, outcome_of, shares
from emt_tasks.reading import Reading


def reading(*named: str, says_something: bool = True) -> Reading:
    return Reading("label_match", "...", named, (), says_something)


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (reading("cat"), Outcome.CORRECT),
        (reading("dog"), Outcome.INCORRECT),
        (reading("cat", "dog"), Outcome.INTRINSIC),
        (reading(), Outcome.EXTRINSIC),
        (reading(says_something=False), Outcome.EMPTY),
        (None, Outcome.UNSCORED),
    ],
)
def test_a_reading_of_a_cat_comes_to(found: Reading | None, outcome: Outcome) -> None:
    assert outcome_of(found, "cat") is outcome


def test_one_name_is_a_prediction_and_several_are_none() -> None:
    assert reading("cat").prediction == "cat"
    assert reading().prediction is reading("cat", "dog").prediction is None


@given(st.lists(st.sampled_from(Outcome), min_size=1))
def test_shares_are_fractions_of_every_outcome_and_add_up_to_1(outcomes: list[Outcome]) -> None:
    fractions = shares(outcomes)
    assert list(fractions) == list(Outcome)
    assert all(0 <= share <= 1 for share in fractions.values())
    assert sum(fractions.values()) == pytest.approx(1, abs=1e-12)
    assert all(share == outcomes.count(outcome) / len(outcomes) for outcome, share in fractions.items())


def test_no_outcomes_have_no_shares() -> None:
    with pytest.raises(EmtError, match="had no rows"):
        shares([])


def test_an_outcome_is_written_as_its_word() -> None:
    assert f"{Outcome.CORRECT}" == str(Outcome.CORRECT) == Outcome.CORRECT == "correct"
