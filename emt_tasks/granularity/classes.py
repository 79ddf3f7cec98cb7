"""The words for each class of a set beside its label, as the data files of this room say."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from emt_tasks.labels import LabelSet


@dataclass(frozen=True, slots=True)
class Broader:
    """A word for something above a class.

    Attributes:
        word: in the singular, as WordNet writes it.
        synset: its offset in WordNet 3.0's `data.noun`.
        depth: steps from it up to `entity`: 0 says everything and nothing, `dog` is at 8.
        steps: steps from the class up to it, 1 for what is right above.
    """

    word: str
    synset: str
    depth: int
    steps: int


@dataclass(frozen=True, slots=True)
class Classes:
    """What the classes of one set are called.

    Attributes:
        synonyms: for each label its other words, in the singular.
        broader: for each label the words above it.
        coarse: for each label its superclass; empty for a set without.
        supers: for each superclass the words that name it.
    """

    synonyms: Mapping[str, tuple[str, ...]]
    broader: Mapping[str, tuple[Broader, ...]]
    coarse: dict[str, str]
    supers: Mapping[str, tuple[str, ...]]


@cache
def stored(name: str) -> dict[str, Any]:
    """The content of a data file of this room."""
    content: dict[str, Any] = json.loads(files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8"))
    return content


@cache
def classes_of(labels: LabelSet) -> Classes:
    """The words for the classes of `labels`, read once.

    A word that is above every class of the set ("digit" of MNIST's) tells nothing apart and is left out.
    """
    wordnet = stored("wordnet")
    rows = {row["label"]: row for row in wordnet["classes"][labels.key]}
    everywhere = set.intersection(*(set(row["above"]) for row in rows.values()))
    coarse = stored("coarse")["classes"] if labels.key == "cifar100" else []
    return Classes(
        synonyms={label: _synonyms(labels.key, label, row["synsets"]) for label, row in rows.items()},
        broader={
            label: _broader(labels.key, label, {o: n for o, n in row["above"].items() if o not in everywhere})
            for label, row in rows.items()
        },
        coarse={fine: line["label"] for line in coarse for fine in line["fine"]},
        supers={line["label"]: tuple(line["names"]) for line in coarse},
    )


def _synonyms(key: str, label: str, synsets: list[str]) -> tuple[str, ...]:
    """WordNet's words for a class without those that a person took away, and those that a person added."""
    curated = stored("curated")
    left_out = {word for group in curated["synonyms_left_out"] for word in group["words"].get(label, ())}
    own = [word for offset in synsets for word in stored("wordnet")["synsets"][offset]["words"]]
    added = [word for line in _added("synonyms_added", key, label) for word in line["words"]]
    return tuple(dict.fromkeys(word for word in own + added if word not in left_out))


def _broader(key: str, label: str, above: Mapping[str, int]) -> tuple[Broader, ...]:
    """The words above a class, nearest first; a word of several senses is its nearest one."""
    curated, synsets = stored("curated"), stored("wordnet")["synsets"]
    left_out = {word for group in curated["broader_left_out"] for word in group["words"]}
    added = [
        (word, line["synset"], line["steps"]) for line in _added("broader_added", key, label) for word in line["words"]
    ]
    words = [(word, offset, steps) for offset, steps in above.items() for word in synsets[offset]["words"]]
    found: dict[str, Broader] = {}
    for word, offset, steps in added + words:
        if word not in left_out:
            found.setdefault(word, Broader(word, offset, synsets[offset]["depth"], steps))
    return tuple(found.values())


def _added(kind: str, key: str, label: str) -> list[dict[str, Any]]:
    return [line for line in stored("curated")[kind] if line["set"] == key and line["label"] == label]
