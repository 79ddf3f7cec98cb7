"""The hand-labelled answers: that they are what they say they are."""

import hashlib
from collections import Counter

import pytest

from emt_tasks.hand_labelled import HALVES, KINDS, HandLabelled, hand_labelled
from emt_tasks.labels import ALL_SETS
from emt_tasks.outcomes import Outcome

ANSWERS = hand_labelled()


def test_there_are_at_least_four_hundred_real_answers_of_several_models_and_all_sets() -> None:
    real = [one for one in ANSWERS if one.kind == "real"]
    assert len(real) >= 400
    assert {one.labels.key for one in real} == set(ALL_SETS)
    models = Counter(one.source.split(",")[0].split(" (")[0] for one in real)
    assert len(models) >= 8, models
    assert any("2309.10313" in one.source for one in real)
    assert len({one.text for one in real}) >= 350


def test_the_attacks_are_there_and_say_that_they_are_made_up() -> None:
    tags = Counter(tag for one in ANSWERS for tag in one.tags)
    assert {"injection", "negation", "hedge", "list", "unicode", "long", "dialogue", "scene", "sense"} <= tags.keys()
    assert tags["injection"] >= 15
    assert all(one.kind == "constructed" for one in ANSWERS if {"injection", "long"} & set(one.tags))
    assert max(len(one.text.encode()) for one in ANSWERS) >= 1_000_000


@pytest.mark.parametrize("key", ALL_SETS)
def test_an_outcome_follows_from_the_labels_named(key: str) -> None:
    for one in ANSWERS:
        if one.labels.key == key:
            follows(one)


def follows(one: HandLabelled) -> None:
    assert set(one.named) <= set(one.labels.labels)
    assert len(set(one.named)) == len(one.named)
    assert one.label in one.labels.labels
    expected = (
        {Outcome.INTRINSIC}
        if len(one.named) > 1
        else {Outcome.CORRECT if one.named[0] == one.label else Outcome.INCORRECT}
        if one.named
        else {Outcome.EXTRINSIC, Outcome.EMPTY}
    )
    assert one.outcome in expected
    assert one.kind in KINDS
    assert one.source


def test_no_answer_is_in_both_halves_and_its_text_decides_which() -> None:
    assert [one.id for one in ANSWERS] == list(range(1, len(ANSWERS) + 1))
    assert len({(one.labels.key, one.label, one.text) for one in ANSWERS}) == len(ANSWERS)
    for one in ANSWERS:
        if "long" not in one.tags:
            digest = hashlib.sha256(f"{one.labels.key}\n{one.text}".encode()).digest()
            assert one.half == HALVES[digest[-1] % 2], one.id
    assert min(Counter(one.half for one in ANSWERS).values()) > 300
