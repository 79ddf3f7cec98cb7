"""The reading `label_match`: cases from a file, and laws."""

import json
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emt_tasks.label_match import read
from emt_tasks.labels import ALL_SETS, LabelSet, label_set
from emt_tasks.outcomes import Outcome, outcome_of

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "cases" / "label_match.jsonl").read_text("utf-8").splitlines()
]
LABELS = [(key, label) for key in ALL_SETS for label in label_set(key).labels]
SENTENCES = (
    "{}",
    "{}.",
    "{}\n",
    '"{}"',
    "**{}**",
    "Answer: {}",
    "The object is a(n) {}.",
    "The object is {}.",
    "The object is a {}.",
    "This is {a} {}",
    "It is {a} {}.",
    "It's {a} {}",
    "{}s",
    "a photo of {a} {}",
    "{A} {} is shown.",
    "There is {a} {} in the picture.",
    "The object in the image is {a} {}.",
    "The image shows {a} {}, which is clearly visible.",
    "I think the answer is {}",
    "The correct answer is: {}",
)
THINGS = ("{A} {}", "the {}", "a small {}", "a red {}", "two {}s", "a picture of {a} {}", "some {}s")
SCENES = (
    *(
        "on a shelf",
        "with a leaf",
        "in the middle",
        "is shown",
        "standing there",
        "and a wall",
        "that is old",
        "at night",
    ),
    *(
        "can be seen",
        "made of paper",
        "lying down",
        "covered in snow",
        "appears blurry",
        "against a wall",
        "as well",
        "",
    ),
)
# Odd characters beside plain ones: long s, accents, marks without width, dashes, brackets, digits of three scripts.
ODD = "\u017f\u0301\u200b\u00ad\u202e\ufe0f\u20e3\u2014\u2011\u2019\u2028\x00\ud800\ufdfa\uff18\u0667\u2467猫🐱"
ALPHABET = st.one_of(st.sampled_from(ODD + " _-'/.,:()[]<>|*#\\\n0189aens"), st.characters())
PIECES = st.one_of(
    st.sampled_from([label for _, label in LABELS]),
    st.sampled_from(
        [
            "a",
            "an",
            "the",
            "is",
            "of",
            "in",
            "and",
            "can",
            "be",
            "with",
            "one",
            "two",
            "8",
            "10",
            "1.",
            "it",
            "like",
            "top",
        ]
    ),
    st.sampled_from([", ", ". ", "\n", "-", " - ", "'s", "(", ")", "/", "</s>", "<think>", "</think>"]),
)
ANSWERS = st.one_of(st.text(ALPHABET), st.lists(PIECES).map(" ".join), st.lists(PIECES).map("".join))

UNITS = [
    *("cat, ", "can ", "the can and ", "orange and ", "it is orange ", "probably ", "sea ", "pick up ", "tank in a "),
    *(
        "in a glass glass ",
        "ear and tail ",
        "1. ",
        "1 ",
        "1/",
        "1-",
        "one or ",
        "2 or ",
        "a",
        "a'",
        "a_",
        "- ",
        "(",
        "\x00",
    ),
    *("<think>", "<|", "[inst", "e\u0301\u0316", "🐱", "1,111", "1.1", "African hunting ", "Treeing Walker "),
]


def sentence(form: str, label: str) -> str:
    article = "an" if label[0].lower() in "aeio8" else "a"
    return form.replace("{a}", article).replace("{A}", article.title()).replace("{}", label)


@pytest.mark.parametrize("case", CASES, ids=[f"{case['set']}-{case['answer'][:40]!r}" for case in CASES])
def test_an_answer_reads_as_its_case_says(case: dict[str, Any]) -> None:
    reading = read(case["answer"], label_set(case["set"]))
    found = {
        "named": list(reading.named),
        "foreign": list(reading.foreign),
        "outcome": outcome_of(reading, case["gold"]).value,
    }
    assert found == {name: case[name] for name in found}, case["why"]


def test_there_are_cases_of_every_set_and_outcome_each_once() -> None:
    assert Counter((case["set"], case["answer"]) for case in CASES).most_common(1)[0][1] == 1
    assert all(case["gold"] in label_set(case["set"]).labels and case["why"] for case in CASES)
    assert {case["set"] for case in CASES} == set(ALL_SETS)
    assert {case["outcome"] for case in CASES} == set(Outcome) - {Outcome.UNSCORED}
    assert len(CASES) >= 250


@pytest.mark.parametrize("form", SENTENCES)
def test_every_label_reads_back_from_a_sentence(form: str) -> None:
    for key, label in LABELS:
        reading = read(sentence(form, label), label_set(key))
        assert (reading.named, reading.foreign) == ((label,), ()), (key, label)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("thing", THINGS)
def test_no_label_loses_its_sense_in_an_ordinary_caption(thing: str, scene: str) -> None:
    for key, label in LABELS:
        if key != "mnist" and label != "ear":  # without corn, "the ear" and "a small ear" are parts of a body
            assert label in read(f"{sentence(thing, label)} {scene}", label_set(key)).named, (key, label)


@pytest.mark.parametrize("key", ALL_SETS)
def test_hub_names_and_clip_names_name_their_class(key: str) -> None:
    labels = label_set(key)
    for label, hub_name, clip_name in zip(labels.labels, labels.hub_names, labels.clip_names, strict=True):
        assert read(f"a photo of a {clip_name}.", labels).named == (label,)
        if key != "miniimagenet":  # its hub names are WNIDs
            assert read(f"The object is a {hub_name}.", labels).named == (label,)


@pytest.mark.parametrize("separator", [", ", " or ", " and ", ", and ", "; ", " & ", "\n", "\n- ", " | "])
@pytest.mark.parametrize("key", ALL_SETS)
@settings(max_examples=30)
@given(st.data())
def test_a_listing_reads_back_in_its_own_order(key: str, separator: str, data: st.DataObject) -> None:
    labels = label_set(key)
    listed = data.draw(st.lists(st.sampled_from(labels.labels), min_size=1, unique=True))
    reading = read(separator.join(listed), labels)
    assert (reading.named, reading.foreign) == (tuple(listed), ())


@pytest.mark.parametrize("key", ALL_SETS)
def test_the_prompts_own_list_reads_back_however_it_is_joined(key: str) -> None:
    labels = label_set(key)
    for separator in (", ", " ", "\n", "/", " / ", ","):
        assert read(separator.join(labels.labels), labels).named == labels.labels, separator


@given(ANSWERS, st.sampled_from(ALL_SETS))
def test_only_labels_come_back_each_once(answer: str, key: str) -> None:
    labels = label_set(key)
    reading = read(answer, labels)
    others = {label for other in ALL_SETS for label in label_set(other).labels} - set(labels.labels)
    assert set(reading.named) <= set(labels.labels)
    assert set(reading.foreign) <= others
    assert len({*reading.named, *reading.foreign}) == len(reading.named) + len(reading.foreign)
    assert reading.says_something or not (reading.named or reading.foreign)
    assert reading.raw == answer


@given(
    st.sampled_from(LABELS),
    st.sampled_from(SENTENCES),
    st.sampled_from("_- "),
    st.sampled_from([str.upper, str.title, str.lower]),
)
def test_case_and_what_joins_the_words_change_nothing(
    labelled: tuple[str, str], form: str, joint: str, cased: Any
) -> None:
    key, label = labelled
    written = label.replace("-", joint).replace(" ", joint)
    assert read(cased(sentence(form, written)), label_set(key)).named == (label,)


@pytest.mark.parametrize(
    "wrap", ["{}!", "{} .", "\n{}\n", "  {}", "{}</s>", '"{}"', "{}\u200b", "<think>a cat and 7</think>{}"]
)
def test_punctuation_and_markup_around_an_answer_change_nothing(wrap: str) -> None:
    for case in CASES:
        if "think>" in case["answer"]:
            continue
        reading = read(wrap.replace("{}", case["answer"]), label_set(case["set"]))
        assert [*reading.named] == case["named"], case
        assert [*reading.foreign] == case["foreign"], case
        assert reading.says_something == (case["outcome"] != "empty"), case


@given(st.lists(st.sampled_from(" \n\t.,;:!?-_*#()[]{}\"'`/\\\u200b\u00ad\u2014\u3002\x00\ufffd")).map("".join))
def test_what_holds_no_word_says_nothing(answer: str) -> None:
    assert outcome_of(read(answer, label_set("cifar10")), "cat") is Outcome.EMPTY


def steps(answer: str, labels: LabelSet) -> int:
    """How many lines of Python reading an answer runs."""
    count = 0

    def trace(_frame: FrameType, _event: str, _argument: object) -> Any:
        nonlocal count
        count += 1
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        read(answer, labels)
    finally:
        sys.settrace(previous)
    return count


@pytest.mark.parametrize("key", ["mnist", "cifar100"])
@pytest.mark.parametrize("unit", UNITS)
def test_time_is_linear_in_the_length_of_an_answer(unit: str, key: str) -> None:
    labels = label_set(key)
    read(unit, labels)  # what is built once does not count
    short, long = steps(unit * 100, labels), steps(unit * 800, labels)
    assert long < 8.5 * short + 200


def test_a_megabyte_of_anything_is_read() -> None:
    for unit in ("a cat, ", "<think>", "\u202e\u0623 ", " ", "-", "\ufdfa", "a\u0316\u0301", "8"):
        assert read(unit * (2**20 // len(unit)), label_set("cifar10")).reading == "label_match"
