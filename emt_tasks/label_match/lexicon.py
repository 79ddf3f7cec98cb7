"""Every way to spell a label, as a tree of words that finds the longest name at a place of an answer."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import product

from emt_tasks.label_match.plurals import written_plurals
from emt_tasks.label_match.spelling import folded
from emt_tasks.label_match.tokens import DASH, Words
from emt_tasks.labels import ALL_SETS, LabelSet, label_set


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a run of words stands for, seen from one label set.

    Attributes:
        named: The own label that it is, or that a foreign label ends in ("pickup truck" says truck).
        foreign: The label of another set, if it is one.
        word: The name in the singular, if it is a single word ("sailboat" for a yawl); only such have several senses.
        kept: For a phrase that names no label itself, the places of those of its words that do ("sea turtle": 1).
    """

    named: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    word: str = ""
    kept: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens `start` to `end` (exclusive) of an answer, and what they stand for."""

    start: int
    end: int
    meaning: Meaning


@dataclass(slots=True)
class _Node:
    """A place in the tree: the words that may follow, and what the words so far stand for."""

    following: dict[str, "_Node"] = field(default_factory=dict)
    meaning: Meaning | None = None


class Lexicon:
    """All spellings of one set's labels, of every other set's, and the phrases that only look like them."""

    def __init__(self, labels: LabelSet) -> None:
        """Build the tree for answers to the prompt of `labels`; where two sets share a spelling the own label wins."""
        self._root = _Node()
        own = dict(_spellings(labels))
        for spelling, (label, word, _) in own.items():
            self._add(spelling, Meaning(named=(label,), word=word))
        for key in ALL_SETS:
            for spelling, (label, word, head) in _spellings(label_set(key)):
                if label not in labels.labels:
                    owned = own.get(head)
                    self._add(spelling, Meaning(named=owned[:1] if owned else (), foreign=(label,), word=word))
        for spelling, kept in _phrases():
            self._add(spelling, Meaning(kept=kept))

    def _add(self, spelling: tuple[str, ...], meaning: Meaning) -> None:
        node = self._root
        for word in spelling:
            node = node.following.setdefault(word, _Node())
        node.meaning = node.meaning or meaning

    def spans(self, words: Words) -> Iterator[Span]:
        """The names in an answer, from left to right, without overlap; at each place the longest wins.

        A name may run over a dash or a line break, a phrase may not: those part the items of a list.
        """
        root, read_to = self._root.following, 0
        for start, token in enumerate(words.tokens):
            if start < read_to or token not in root:
                continue
            span = self._longest(words, start, root[token])
            if span is None:
                continue
            read_to = span.end
            if span.meaning.kept is None:
                yield span
            else:
                yield from (self._single(words, start + place) for place in span.meaning.kept)

    def _longest(self, words: Words, start: int, first: _Node) -> Span | None:
        tokens, found, end, apart = words.tokens, None, start, False
        node: _Node | None = first
        while node is not None:
            end += 1
            if node.meaning is not None and not (apart and node.meaning.kept is not None):
                found = Span(start, end, node.meaning)
            if not node.following or end == len(tokens):
                break
            apart = apart or words.gaps[end] >= DASH
            node = node.following.get(tokens[end])
        return found

    def _single(self, words: Words, i: int) -> Span:
        meaning = self._root.following[words.tokens[i]].meaning
        assert meaning is not None, f"a phrase keeps {words.tokens[i]!r}, which is no label"
        return Span(i, i + 1, meaning)


@cache
def lexicon_of(labels: LabelSet) -> Lexicon:
    """The lexicon for answers to the prompt of one label set, built once."""
    return Lexicon(labels)


def _spellings(labels: LabelSet) -> Iterator[tuple[tuple[str, ...], tuple[str, str, tuple[str, ...]]]]:
    """Each spelling of each name as words, with its label, the name if it is one word, and the name's last word."""
    for label, names in zip(labels.labels, labels.names, strict=True):
        for name in names:
            units = [unit.split("|") for unit in folded(name).replace("-", " ").split()]
            last = "".join(units[-1])
            word, head = (last, ()) if len(units) == 1 else ("", (last,))
            for spelling in spellings(name):
                yield spelling, (label, word, head)


def spellings(name: str) -> Iterator[tuple[str, ...]]:
    """The ways to write a name, as words: singular and plural, its parts (at spaces, hyphens and `|`) joined or apart.

    >>> sorted(spellings("hot|dog"))
    [('hot', 'dog'), ('hot', 'dogs'), ('hotdog',), ('hotdogs',)]
    """
    return _written(folded(name).replace("-", " ").replace("|", " ").split())


def names_and_phrases() -> Iterator[tuple[str, ...]]:
    """Every spelling of every set's labels, and the phrases that only look like them."""
    for key in ALL_SETS:
        for spelling, _ in _spellings(label_set(key)):
            yield spelling
    for spelling, _ in _phrases():
        yield spelling


def _written(parts: list[str]) -> Iterator[tuple[str, ...]]:
    """The ways to write a name: singular and plural, its parts joined or apart."""
    for last in (parts[-1], *written_plurals(parts[-1])):
        written: list[tuple[str, ...]] = [(last,)]
        for part in reversed(parts[:-1]):
            written = [option for rest in written for option in ((part, *rest), (part + rest[0], *rest[1:]))]
        yield from written


def _phrases() -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Each phrase that is no label, as words, with the places of the words in it that are."""
    single = {name.replace("|", "") for key in ALL_SETS for names in label_set(key).names for name in names}
    for group in json.loads(files("emt_tasks.labels").joinpath("phrases.json").read_text(encoding="utf-8"))["groups"]:
        for phrase in group["phrases"]:
            marked = phrase.split()
            kept = tuple(i for i, word in enumerate(marked) if word.startswith("*"))
            options = [
                (word, *written_plurals(word)) if word in single else (word,)
                for word in phrase.replace("*", "").split()
            ]
            options[-1] = (options[-1][0], *written_plurals(options[-1][0]))
            for words in product(*options):
                yield words, kept
