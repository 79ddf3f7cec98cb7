"""What an answer is worth beside its strict outcome: cases, and the law that nothing of it changes that outcome."""

import json
from importlib.resources import files
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emt_tasks import label_match
from emt_tasks.filters import Carried
from emt_tasks.granularity import Broader, credit_of
from emt_tasks.granularity.classes import classes_of, stored
from emt_tasks.granularity.terms import said_in
from emt_tasks.labels import ALL_SETS, label_set
from emt_tasks.outcomes import Outcome, outcome_of
from emt_tasks.reading import Reading
from emt_tasks.results import process_results

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "cases" / "granularity.jsonl").read_text("utf-8").splitlines()
]
SHARED = Path(__file__).parents[4] / "shared" / "data"
WORDS = sorted(
    {word for key in ALL_SETS for words in classes_of(label_set(key)).synonyms.values() for word in words}
    | {one.word for key in ALL_SETS for above in classes_of(label_set(key)).broader.values() for one in above}
    | {label for key in ALL_SETS for label in label_set(key).labels}
)
PIECES = st.one_of(
    st.sampled_from(WORDS), st.sampled_from(["a", "not", ",", "\n", "-", "of", "Human:", "8"]), st.text()
)
ANSWERS = st.one_of(st.lists(PIECES).map(" ".join), st.sampled_from(WORDS).map("The object is a {}.".format))


def read(answer: str, key: str) -> Reading:
    return label_match.read(answer, label_set(key))


def row(key: str, label: int) -> dict:
    labels = label_set(key)
    return {"labels": list(labels.labels), "label": label, "image_sha256": "0" * 64}


@pytest.mark.parametrize("case", CASES, ids=[f"{case['set']}-{case['answer'][:40]!r}" for case in CASES])
def test_an_answer_is_worth_what_its_case_says(case: dict) -> None:
    credit = credit_of(read(case["answer"], case["set"]), case["gold"], label_set(case["set"]))
    found = {
        "synonym": credit.synonym,
        "hypernym": credit.hypernym.word if credit.hypernym else None,
        "coarse": credit.coarse,
    }
    assert found == {name: case[name] for name in found}, case["why"]


@given(ANSWERS, st.sampled_from(ALL_SETS), st.data())
def test_the_strict_number_is_the_same_with_and_without_credit(answer: str, key: str, data: st.DataObject) -> None:
    labels = label_set(key)
    index = data.draw(st.integers(0, len(labels.labels) - 1))
    reading, doc = read(answer, key), row(key, index)
    strict = outcome_of(reading, labels.labels[index])
    ours = process_results(doc, [Carried(reading)])
    unknown = process_results({**doc, "labels": [*labels.labels, "a label of nobody's"]}, [Carried(reading)])
    assert "synonym" not in unknown
    shared = unknown.keys() - {"emt"}
    assert {name: ours[name] for name in shared} == {name: unknown[name] for name in shared}
    assert ours["emt"]["outcome"] == strict
    assert ours["accuracy"] == float(strict is Outcome.CORRECT)
    assert ours["emt"]["named"] == list(reading.named)


@given(ANSWERS, st.sampled_from(ALL_SETS), st.data())
def test_accuracy_synonym_and_hypernym_add_up_to_at_most_one(answer: str, key: str, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(label_set(key).labels) - 1))
    counts = process_results(row(key, index), [Carried(read(answer, key))])
    assert counts["accuracy"] + counts["synonym"] + counts["hypernym"] <= 1
    if counts["synonym"] or counts["hypernym"]:
        assert counts["extrinsic"] == 1
    if key == "cifar100":
        assert counts["coarse"] >= max(counts["accuracy"], counts["synonym"])


@pytest.mark.parametrize("key", ALL_SETS)
def test_every_synonym_is_credited_to_its_class_alone(key: str) -> None:
    labels = label_set(key)
    for label, words in classes_of(labels).synonyms.items():
        for word in words:
            reading = read(f"a photo of a {word}", key)
            if reading.named:  # a spelling that the strict reading knows: "little girl", "computer keyboard"
                continue
            others = [other for other in labels.labels if credit_of(reading, other, labels).synonym]
            assert others == [label], word


@pytest.mark.parametrize("key", ALL_SETS)
def test_a_label_itself_needs_no_credit(key: str) -> None:
    for label in label_set(key).labels:
        credit = credit_of(read(f"a photo of a {label}", key), label, label_set(key))
        assert (credit.synonym, credit.hypernym) == (False, None)
        assert credit.coarse is (True if key == "cifar100" else None)


def test_an_answer_that_was_never_had_is_worth_nothing() -> None:
    labels = label_set("cifar100")
    assert credit_of(None, "bear", labels).coarse is False
    lost = Carried(read("[LMMS_EVAL_REQUEST_FAILED] an animal", "cifar100"))
    counts = process_results(row("cifar100", 3), [lost])
    assert (counts["unscored"], counts["hypernym"], counts["coarse"]) == (1, 0, 0)


def test_the_papers_question_has_its_depth() -> None:
    hunting_dog = credit_of(read("dog", "miniimagenet"), "African hunting dog", label_set("miniimagenet"))
    assert hunting_dog.hypernym == Broader("dog", "02084071", depth=8, steps=2)


def test_every_class_has_a_synset_or_something_above_it() -> None:
    for key in ALL_SETS:
        assert tuple(classes_of(label_set(key)).synonyms) == label_set(key).labels
        for line in stored("wordnet")["classes"][key]:
            assert line["synsets"] or line["above"], line["label"]
    assert sum(len(rows) for rows in stored("wordnet")["classes"].values()) == 220


def test_what_a_person_took_away_was_there() -> None:
    wordnet, curated = stored("wordnet"), stored("curated")
    own: dict[str, set[str]] = {}
    for rows in wordnet["classes"].values():
        for line in rows:
            words = {word for offset in line["synsets"] for word in wordnet["synsets"][offset]["words"]}
            own.setdefault(line["label"], set()).update(words)
    for group in curated["synonyms_left_out"]:
        for label, words in group["words"].items():
            assert set(words) <= own[label], label
    broader = {word for entry in wordnet["synsets"].values() for word in entry["words"]}
    for group in curated["broader_left_out"]:
        assert set(group["words"]) <= broader, set(group["words"]) - broader
    for kind in ("synonyms_added", "broader_added"):
        for line in curated[kind]:
            assert line["label"] in label_set(line["set"]).labels
            assert line["source"]


def test_the_superclasses_are_twenty_of_five_and_cover_every_class() -> None:
    rows = stored("coarse")["classes"]
    assert [len(line["fine"]) for line in rows] == [5] * 20
    assert sorted(name for line in rows for name in line["fine"]) == sorted(label_set("cifar100").labels)


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data, the hub's superclass of each row")
def test_the_superclasses_are_the_hubs() -> None:
    (file,) = (SHARED / "cifar100").glob("*/test-*.parquet")
    table = pq.read_table(file, columns=["fine_label", "coarse_label"])
    names = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]["coarse_label"]["names"]
    ours = classes_of(label_set("cifar100")).coarse
    for line in table.to_pylist():
        assert ours[label_set("cifar100").labels[line["fine_label"]]] == names[line["coarse_label"]].replace("_", " ")


def test_wordnets_licence_is_shipped_with_its_words() -> None:
    licence = files("emt_tasks.granularity").joinpath("LICENSE.wordnet").read_text("utf-8")
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in licence
    assert "LICENSE.wordnet" in stored("wordnet")["licence"]


@pytest.mark.parametrize("unit", ["animal ", "a dog-", "\x00", "\u202e\u0623 ", "🐱", "car, ", "daddy "])
def test_a_megabyte_of_anything_is_read(unit: str) -> None:
    assert said_in(unit * (2**20 // len(unit)), label_set("cifar10")).classes <= {"automobile", "dog"}
