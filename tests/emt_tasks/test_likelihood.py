import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lmms_eval.api.instance import unwrap_generation_output

from emt_tasks.errors import EmtError
from emt_tasks.likelihood import DECIMALS, Likelihood

NUMBERS = st.floats(-1e3, 1e3)
LIKELIHOODS = st.builds(Likelihood, NUMBERS, st.booleans(), NUMBERS, st.none() | NUMBERS, st.none() | NUMBERS)


@given(LIKELIHOODS)
def test_what_the_harness_makes_of_it_reads_back_whole(one: Likelihood) -> None:
    text, _ = unwrap_generation_output(one)
    back = Likelihood.read(text)
    assert json.loads(text)[1] is one.greedy is back.greedy
    for name in ("loss", "total", "with_end", "over_prior"):
        there, here = getattr(one, name), getattr(back, name)
        assert (here is None) if there is None else here == pytest.approx(there, abs=10**-DECIMALS)


def test_it_unpacks_as_the_pair_that_the_harness_expects() -> None:
    one = Likelihood(0.5, True, -1.0)
    loss, greedy = one
    assert (loss, greedy) == (one[0], one[1]) == (0.5, True)


def test_the_harness_s_response_cache_leaves_it_alone() -> None:
    from lmms_eval.caching.response_cache import ResponseCache

    assert not ResponseCache._is_valid_response(Likelihood(0.5, True), "loglikelihood")
    assert ResponseCache._is_valid_response((0.5, True), "loglikelihood")


@pytest.mark.parametrize("given_", [(0.5, True), [0.5, True], "(0.5, True)", "[0.5, true]"])
def test_a_pair_of_another_model_is_read(given_: object) -> None:
    assert Likelihood.read(given_) == Likelihood(0.5, True)


@pytest.mark.parametrize("given_", ["a ship", "", "(0.5,)", None, "[1, 2, 3, 4, 5, 6]", "{}"])
def test_anything_else_is_refused_with_what_it_was(given_: object) -> None:
    with pytest.raises(EmtError, match=r"is no \(loss, greedy\)"):
        Likelihood.read(given_)
