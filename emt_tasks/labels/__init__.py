"""The label sets: what the hub calls each class, what its prompt lists, CLIP's name, and what counts as naming it.

One JSON file a set, a line a class in index order. A line's `names` are all the names that count, its own included; `|`
stands where a closed compound may be split ("sky|scraper"). A class without `names` has its label only. Facts that need
a reason carry it as `why`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from emt_tasks.errors import UnknownName

ALL_SETS = ("mnist", "cifar10", "cifar100", "miniimagenet")


@dataclass(frozen=True, slots=True, eq=False)
class LabelSet:
    """The classes of one set; every tuple is in index order. There is one object a set: compared by identity.

    Attributes:
        key: Name of the set, one of `ALL_SETS`.
        hub_names: As the hub's `ClassLabel` spells them ("aquarium_fish", "n02116738").
        labels: The words that the prompt lists ("aquarium fish", "African hunting dog").
        clip_names: What an encoder is asked with ("African wild dog").
        names: For each class the names that count as naming it, `|` where a word may be split ("hot|dog").
    """

    key: str
    hub_names: tuple[str, ...]
    labels: tuple[str, ...]
    clip_names: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]


@cache
def label_set(key: str) -> LabelSet:
    """The label set named `key`.

    >>> label_set("cifar100").labels[26], label_set("cifar100").hub_names[26]
    ('crab', 'cra')

    Raises:
        UnknownName: there is no such set.
    """
    if key not in ALL_SETS:
        raise UnknownName("label set", key, ALL_SETS)
    classes = json.loads(files(__name__).joinpath(f"{key}.json").read_text(encoding="utf-8"))["classes"]
    return LabelSet(
        key=key,
        hub_names=tuple(line["hub"] for line in classes),
        labels=tuple(line["label"] for line in classes),
        clip_names=tuple(line["clip"] for line in classes),
        names=tuple(tuple(line.get("names", [line["label"]])) for line in classes),
    )


def set_of(words: Sequence[str]) -> LabelSet | None:
    """The label set whose prompt lists exactly these `words` in this order; None where it is none of ours."""
    return _by_labels().get(tuple(words))


@cache
def _by_labels() -> dict[tuple[str, ...], LabelSet]:
    return {label_set(key).labels: label_set(key) for key in ALL_SETS}
