"""Finds the words for classes in an answer that names no label: one tree of spellings for a set, the longest wins."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

from emt_tasks.granularity.classes import Broader, classes_of, stored
from emt_tasks.label_match import words_in
from emt_tasks.label_match.lexicon import names_and_phrases, spellings
from emt_tasks.label_match.mention import Mention
from emt_tasks.label_match.senses import mention_of
from emt_tasks.label_match.tokens import Words
from emt_tasks.labels import LabelSet

KEPT_ANSWERS = 4_096
LONGEST_KEPT = 2_000
"""How many distinct answers are remembered, and how many characters one may have: models repeat short answers."""


@dataclass(slots=True)
class _Term:
    """What a spelling stands for; nothing at all, where it is a label's or a phrase that only holds such a word."""

    classes: set[str] = field(default_factory=set)
    broader: dict[str, Broader] = field(default_factory=dict)
    supers: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer names beside labels.

    Attributes:
        classes: labels of the classes named by a synonym.
        broader: for each broader word named, the labels that it is above; of a word that is a synonym too, nothing.
        supers: superclasses named by their own names.
    """

    classes: frozenset[str]
    broader: tuple[Mapping[str, Broader], ...]
    supers: frozenset[str]


def said_in(answer: str, labels: LabelSet) -> Said:
    """What `answer` names by the words of this room; time is linear in its length."""
    return _remembered(answer, labels) if len(answer) <= LONGEST_KEPT else _said(answer, labels)


def _said(answer: str, labels: LabelSet) -> Said:
    terms = list(_terms_in(words_in(answer), _tree(labels)))
    broader = {id(term): term.broader for term in terms if term.broader and not term.classes}
    return Said(
        classes=frozenset(label for term in terms for label in term.classes),
        broader=tuple(broader.values()),
        supers=frozenset(name for term in terms for name in term.supers),
    )


_remembered = lru_cache(KEPT_ANSWERS)(_said)


def _terms_in(words: Words, tree: Mapping[str, list[tuple[tuple[str, ...], _Term]]]) -> Iterator[_Term]:
    """The terms from left to right, without overlap."""
    tokens, read_to = words.tokens, 0
    for start, token in enumerate(tokens):
        if start < read_to or token not in tree:
            continue
        for spelling, term in tree[token]:
            end = start + len(spelling)
            if len(spelling) == 1 or tuple(tokens[start:end]) == spelling:
                read_to = end
                if mention_of(words, start, end, token if end == start + 1 else "") is not Mention.NO:
                    yield term
                break


@cache
def _tree(labels: LabelSet) -> Mapping[str, list[tuple[tuple[str, ...], _Term]]]:
    """For each first word the spellings that begin with it and what they stand for, the longest first."""
    tree: dict[str, list[tuple[tuple[str, ...], _Term]]] = {}
    for spelling, term in sorted(_terms(labels).items(), key=lambda item: -len(item[0])):
        tree.setdefault(spelling[0], []).append((spelling, term))
    return tree


def _terms(labels: LabelSet) -> dict[tuple[str, ...], _Term]:
    """What each spelling stands for; those of labels and phrases stand for nothing, unless they are such a word too."""
    terms: dict[tuple[str, ...], _Term] = {spelling: _Term() for spelling in names_and_phrases()}
    taken = {spelling for names in labels.names for name in names for spelling in spellings(name)}
    classes = classes_of(labels)

    def of(words: Iterable[str]) -> Iterator[_Term]:
        """The terms of words' spellings but those that are a label's own: of these the strict reading disposes."""
        for word in words:
            yield from (terms.setdefault(spelling, _Term()) for spelling in _spelled(word) if spelling not in taken)

    for label in labels.labels:
        for term in of(classes.synonyms[label]):
            term.classes.add(label)
        for above in classes.broader[label]:
            for term in of([above.word]):
                term.broader[label] = above
    for name, words in classes.supers.items():
        for term in of(words):
            term.supers.add(name)
    return terms


def _spelled(word: str) -> Iterator[tuple[str, ...]]:
    """A word's spellings, its irregular plurals among them."""
    yield from spellings(word)
    *rest, last = word.split()
    for plural in stored("curated")["plurals"].get(last, ()):
        yield from spellings(" ".join([*rest, plural]))
