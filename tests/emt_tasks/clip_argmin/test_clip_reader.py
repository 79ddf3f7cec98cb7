"""Answers to readings, with an encoder that counts letters."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from toy_texts import Letters

from emt_tasks import label_match
from emt_tasks.clip_argmin import NAME, ClipSettings, readings
from emt_tasks.errors import EmtError
from emt_tasks.labels import label_set
from emt_tasks.outcomes import Outcome, outcome_of

CIFAR = label_set("cifar10")
PLAIN = ClipSettings(template="{label}")
ANSWERS = ["a ship", "horse!", "frogs", "birds and a bird", "8", "", "\u200b ", "\U0001f6a2", "The airplane is 8."]


@pytest.fixture
def plain(tmp_path: Path) -> ClipSettings:
    return replace(PLAIN, cache=tmp_path / "kept.sqlite")


def by_brute_force(answer: str, template: str = "{label}", normalise: bool = True) -> tuple[str, float, float]:
    texts = [answer, *(template.replace("{label}", label) for label in CIFAR.labels)]
    rows = Letters().embedded(texts).vectors.astype(np.float64)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True) if normalise else rows
    far = cdist(rows[:1], rows[1:])[0]
    return CIFAR.labels[int(far.argmin())], float(far.min()), float(np.sort(far)[1] - far.min())


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("template", ["{label}", "The object in the image is a {label}."])
def test_the_label_named_its_distance_and_margin_are_those_of_brute_force(plain, template, normalise) -> None:
    asked = replace(plain, template=template, normalise=normalise)
    for reading in readings(["a ship", "horse!", "frogs", "birds and a bird"], CIFAR, asked, Letters()):
        label, distance, margin = by_brute_force(reading.raw, template, normalise)
        assert (reading.named, reading.reading) == ((label,), NAME)
        assert reading.extra["distance"] == pytest.approx(distance, abs=1e-5)
        assert reading.extra["margin"] == pytest.approx(margin, abs=1e-5)
        assert reading.extra["normalised"] is normalise


def test_an_answer_reads_as_it_does_alone_whatever_stands_beside_it(plain) -> None:
    together = readings(ANSWERS * 2, CIFAR, plain, Letters())
    assert together[: len(ANSWERS)] == together[len(ANSWERS) :]
    for answer, reading in zip(ANSWERS, together, strict=False):
        assert readings([answer], CIFAR, plain, Letters()) == [reading]


def test_each_distinct_text_is_embedded_once_ever(plain) -> None:
    first, second = Letters(), Letters()
    readings(["a ship", "a horse"] * 500 + [" a  ship\n"], CIFAR, plain, first)
    assert sorted(first.asked) == sorted([*CIFAR.labels, "a ship", "a horse"])
    readings(["a ship", "a horse", "a cat"], CIFAR, plain, second)
    assert second.asked == ["a cat"]


def test_another_encoder_does_not_get_what_one_has_kept(plain) -> None:
    other = Letters()
    other.fingerprint = "another"
    readings(["a ship"], CIFAR, plain, Letters())
    readings(["a ship"], CIFAR, plain, other)
    assert "a ship" in other.asked


def test_what_says_nothing_is_empty_and_is_not_embedded(plain) -> None:
    encoder = Letters()
    for reading in readings(["", " \n", "...", "\u200b"], CIFAR, plain, encoder):
        assert outcome_of(reading, "ship") is Outcome.EMPTY
        assert reading.extra == {}
    assert sorted(encoder.asked) == sorted(CIFAR.labels)


def test_foreign_words_are_those_of_label_match(plain) -> None:
    reading = readings(["The airplane is 8."], CIFAR, plain, Letters())[0]
    assert reading.foreign == label_match.read("The airplane is 8.", CIFAR).foreign == ("8",)


def test_a_label_farther_than_the_limit_is_told_but_not_named(plain) -> None:
    free = readings(["a ship"], CIFAR, plain, Letters())[0]
    far = float(str(free.extra["distance"]))
    bound = readings(["a ship"], CIFAR, replace(plain, max_distance=far / 2), Letters())[0]
    assert (bound.named, bound.extra["nearest"], bound.extra["max_distance"]) == ((), free.named[0], far / 2)
    assert outcome_of(bound, "ship") is Outcome.EXTRINSIC
    assert readings(["a ship"], CIFAR, replace(plain, max_distance=far * 2), Letters())[0].named == free.named


def test_an_answer_as_near_to_several_labels_names_the_first_and_says_so(plain) -> None:
    reading = readings(["8"], CIFAR, plain, Letters())[0]  # no label has a digit
    assert (reading.named, reading.extra["tie"], reading.extra["margin"]) == (("airplane",), True, 0)
    assert readings(["a ship"], CIFAR, plain, Letters())[0].extra["tie"] is False


def test_long_answers_are_read_by_their_beginning_and_that_is_said_once(plain, caplog) -> None:
    long = ["ship " * 50, "frog " * 10**5, "cat"]
    with caplog.at_level(logging.WARNING):
        found = readings(long * 3, CIFAR, plain, Letters())
    assert [reading.extra["truncated"] for reading in found[:3]] == [True, True, False]
    assert [reading.named for reading in found[:3]] == [("ship",), ("frog",), ("cat",)]
    said = [record.getMessage() for record in caplog.records]
    assert said == ["clip_argmin: 2 of 3 distinct answers are longer than letters reads; of those the beginning counts"]


def test_an_answer_without_a_finite_point_is_unscored_and_a_label_without_one_is_an_error(plain) -> None:
    reading = readings(["nothing", "a ship"], CIFAR, plain, Letters())
    assert outcome_of(reading[0], "ship") is Outcome.UNSCORED
    assert (reading[0].extra["nearest"], reading[1].scored) == (None, True)
    with pytest.raises(EmtError, match=r"letters turns 'nothing airplane' into no finite point"):
        readings(["a ship"], CIFAR, replace(plain, template="nothing {label}"), Letters())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=()) | st.sampled_from("ship<>\x1b\u202e\ud800"), max_size=30)))
def test_whatever_is_said_only_labels_come_back_and_the_record_is_json(plain, answers: list[str]) -> None:
    found = readings(answers, CIFAR, plain, Letters())
    assert [reading.raw for reading in found] == answers
    for reading in found:
        assert set(reading.named) <= set(CIFAR.labels)
        assert len(reading.named) <= 1
        assert all(isinstance(value, str | float | bool | None) for value in reading.extra.values())


def test_no_answers_are_no_readings(plain) -> None:
    assert readings([], CIFAR, plain, Letters()) == []
