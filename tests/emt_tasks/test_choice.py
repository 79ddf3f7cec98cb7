import math

from emt_tasks import choice
from emt_tasks.likelihood import Likelihood

LABELS = ["bee", "beetle", "cat"]
WHOLE = [
    Likelihood(2.0, False, total=-2.0, with_end=-9.0, over_prior=-1.0),
    Likelihood(1.5, False, total=-3.0, with_end=-3.5, over_prior=-2.0),
    Likelihood(4.0, False, total=-4.0, with_end=-4.5, over_prior=1.0),
]


def test_each_variant_has_its_own_favourite() -> None:
    found = choice.scores(WHOLE)
    assert list(found) == ["sum", "per_token", "with_end", "prior"]
    assert {name: choice.likeliest(some, LABELS) for name, some in found.items()} == {
        "sum": "bee",
        "per_token": "beetle",
        "with_end": "beetle",
        "prior": "cat",
    }


def test_a_label_that_another_begins_wins_only_with_its_end() -> None:
    """The sum of `beetle`'s tokens is that of `bee`'s and more."""
    found = choice.scores(WHOLE[:2])
    assert choice.read(found, LABELS[:2]).prediction == "bee"
    assert choice.likeliest(found["with_end"], LABELS[:2]) == "beetle"


def test_losses_alone_leave_the_choice_by_them() -> None:
    found = choice.scores([Likelihood(2.0, False), Likelihood(1.0, False)])
    assert list(found) == ["per_token"]
    assert choice.read(found, ["cat", "dog"]).prediction == "dog"


def test_a_variant_that_one_label_lacks_is_not_there() -> None:
    assert "prior" not in choice.scores([*WHOLE[:2], Likelihood(1.0, False, -1.0, -2.0)])


def test_a_score_that_is_no_number_leaves_the_row_unread() -> None:
    assert choice.read({"sum": [-1.0, math.nan]}, ["cat", "dog"]) is None


def test_in_a_sentence_the_mean_over_tokens_would_go_by_length_and_is_left_out() -> None:
    """By hand: the shared words are worth -30 in 7 tokens, `cat` -1 in 1, `palm tree` -4 in 2, each stop -0.1."""
    cat, tree = (-30 - own - 0.1 for own in (1, 4))
    found = [Likelihood(-cat / 9, False, total=cat), Likelihood(-tree / 10, False, total=tree)]
    assert choice.likeliest(choice.scores(found)["per_token"], ["cat", "palm tree"]) == "palm tree"
    in_sentence = choice.scores(found, choice.IN_SENTENCE)
    assert list(in_sentence) == ["sum"]
    assert choice.read(in_sentence, ["cat", "palm tree"]).prediction == "cat"
