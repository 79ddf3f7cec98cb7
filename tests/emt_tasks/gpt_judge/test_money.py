import datetime
import json
from pathlib import Path

import pytest

from emt_tasks.errors import EmtError, RefusedToSpend
from emt_tasks.gpt_judge.money import Budget, Price, estimate, price_of, tokens_in
from emt_tasks.gpt_judge.protocols import protocol
from emt_tasks.gpt_judge.questions import Question, Questions
from emt_tasks.gpt_judge.settings import OPENAI
from emt_tasks.labels import label_set

TODAY = datetime.date(2026, 11, 22)
PRICE = Price(model="judge", input=1.0, output=2.0, batch=0.5, read=TODAY, source="here")
COUNTED = Path(__file__).parents[2] / "cases" / "judge_tokens.json"


def question(answer: str, named: str = "yes_no", key: str = "cifar10") -> Question:
    return Questions(protocol(named), "judge", label_set(key)).about("cat", answer)


@pytest.mark.parametrize("case", json.loads(COUNTED.read_text(encoding="utf8")), ids=lambda case: case["answer"][:20])
def test_the_range_of_tokens_holds_what_openais_encoding_counts(case: dict) -> None:
    """The counts are tiktoken's, of cl100k_base and o200k_base; they were made where the encodings could be had."""
    told = tokens_in(question(case["answer"], case["protocol"], case["set"]))
    assert told.least <= case["cl100k_base"] <= told.most
    assert told.least <= case["o200k_base"] <= told.most


def test_an_unknown_price_is_unknown_and_never_nothing() -> None:
    told = estimate([question("a cat")], None)
    assert told.usd is None
    assert "price unknown" in told.in_words(None)
    assert "$" not in told.in_words(None)


def test_a_price_holds_for_its_host_alone() -> None:
    assert price_of("gpt-4o-mini", OPENAI) is not None
    assert price_of("gpt-4o-mini", "http://127.0.0.1:8000/v1") is None
    assert price_of("my-model", OPENAI) is None


def test_a_table_of_ones_own_comes_first_and_may_say_nothing_is_paid(tmp_path: Path) -> None:
    table = tmp_path / "prices.yaml"
    table.write_text(
        "prices:\n  - {model: mine, input: 0, output: 0, read: 2026-01-01, source: my own machine}\n"
        "  - {model: gpt-4o-mini, input: 9, output: 9, read: 2026-01-01, source: a letter}\n"
    )
    mine = price_of("mine", "http://127.0.0.1:8000/v1", table)
    assert mine is not None
    assert estimate([question("x")], mine).usd is not None
    assert price_of("gpt-4o-mini", OPENAI, table).input == 9  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prices: [{model: x}]", "input"),
        ("prices: [{model: x, input: -1, output: 0, read: 2026-01-01, source: s}]", "greater than or equal"),
        ("prices: {", "no YAML"),
        ("prices: [{model: x, input: 1, output: 0, source: s}]", "read"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path: Path, text: str, said: str) -> None:
    table = tmp_path / "prices.yaml"
    table.write_text(text)
    with pytest.raises(EmtError, match=said):
        price_of("x", OPENAI, table)


def test_the_estimate_says_how_old_the_price_is_and_that_a_judge_is_gone() -> None:
    gone = price_of("gpt-3.5-turbo", OPENAI)
    words = estimate([question("a cat")], gone).in_words(gone, TODAY)
    assert "prices read 2026-11-22" in words
    assert "gpt-3.5-turbo was retired on 2026-10-23" in words


def test_a_batch_takes_half() -> None:
    asked = [question("a cat")]
    whole, half = estimate(asked, PRICE).usd, estimate(asked, PRICE, batch=True).usd
    assert whole is not None
    assert half is not None
    assert half.most == pytest.approx(whole.most / 2)


def test_a_budget_sets_aside_the_most_and_gives_back_what_was_not_used() -> None:
    one = question("a cat")
    most = PRICE.usd(tokens_in(one).most, 16)
    budget = Budget(1.5 * most, PRICE)
    assert budget.reserve(one) == pytest.approx(most)
    assert budget.reserve(one) is None, "two under way could cost more than is left"
    budget.settle(most, 10, 1)
    assert budget.spent == pytest.approx(PRICE.usd(10, 1))
    assert budget.reserve(one) is not None


def test_a_limit_without_a_price_is_refused_with_what_to_do() -> None:
    with pytest.raises(RefusedToSpend, match="the judge's price is unknown"):
        Budget(1.0, None)
