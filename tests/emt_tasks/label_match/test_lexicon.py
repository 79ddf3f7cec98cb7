"""The lexicon and the files behind the senses of words."""

import json
from importlib.resources import files

import pytest

from emt_tasks.label_match import adjectives, english, negation, numerals, places, revisions, senses
from emt_tasks.label_match.lexicon import Span, _phrases, _spellings, lexicon_of
from emt_tasks.label_match.tokens import words_of
from emt_tasks.labels import ALL_SETS, label_set


def spans(text: str, key: str = "cifar100") -> list[Span]:
    return list(lexicon_of(label_set(key)).spans(words_of(text)))


def stored(name: str) -> dict:
    return json.loads(files("emt_tasks.labels").joinpath(f"{name}.json").read_text(encoding="utf-8"))


def test_no_spelling_stands_for_two_labels() -> None:
    label_of: dict[tuple[str, ...], str] = {}
    for key in ALL_SETS:
        for spelling, (label, _, _) in _spellings(label_set(key)):
            assert label_of.setdefault(spelling, label) == label, spelling


def test_no_phrase_is_a_label_and_each_kept_word_is_one() -> None:
    spellings = {spelling for key in ALL_SETS for spelling, _ in _spellings(label_set(key))}
    for phrase, kept in _phrases():
        assert phrase not in spellings
        assert all((phrase[place],) in spellings for place in kept), phrase


@pytest.mark.parametrize("key", ALL_SETS)
def test_the_longest_name_wins_wherever_a_name_holds_another(key: str) -> None:
    for label, names in zip(label_set(key).labels, label_set(key).names, strict=True):
        for name in names:
            found = spans(name.replace("|", "").lower().replace("-", " "), key)
            assert [span.meaning.named for span in found] == [(label,)], name


def test_a_name_runs_over_lines_but_not_over_punctuation() -> None:
    assert [span.meaning.named for span in spans("pickup\ntruck")] == [("pickup truck",)]
    assert [span.meaning.foreign for span in spans("pickup, truck")] == [("truck",)]


def test_a_phrase_ends_with_its_line() -> None:
    assert [span.meaning.named for span in spans("sea\nlion")] == [("sea",), ("lion",)]
    assert spans("sea lion") == []


def test_a_foreign_label_that_ends_in_an_own_one_names_both() -> None:
    (span,) = spans("pick-up trucks", "cifar10")
    assert (span.meaning.named, span.meaning.foreign) == (("truck",), ("pickup truck",))


def test_every_neighbour_belongs_to_a_label_of_one_word() -> None:
    words = {word for key in ALL_SETS for _, (_, word, _) in _spellings(label_set(key))}
    assert set(stored("neighbours")["words"]) <= words
    assert set(senses._RULES) <= words


def test_lists_of_looks_hold_no_label() -> None:
    words = {word for key in ALL_SETS for _, (_, word, _) in _spellings(label_set(key))}
    assert not adjectives.LOOKS & words, "'an apple and orange' would be a colour"


def test_every_class_of_english_words_is_used() -> None:
    sources = "".join(
        files("emt_tasks.label_match").joinpath(f"{m.__name__.split('.')[-1]}.py").read_text()
        for m in (english, senses, adjectives, numerals, negation, places, revisions)
    )
    for name in stored("english")["classes"]:
        assert f'"{name}"' in sources, name
