"""Which set a task asks about, and in which variant."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from emt_tasks.escaping import plain
from emt_tasks.labels import ALL_SETS, label_set

SHOWN = {"mnist": "MNIST", "cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "miniimagenet": "miniImageNet"}
RGB = ("cifar10", "cifar100", "miniimagenet")  # "RGB sets" of the paper's section 5: all but MNIST, which is grey
MOST_NAMED = 4  # sets tuned on together
LONGEST = 60  # characters of a name that is none of ours
VARIANTS = ("", "lite", "open", "open_lite", "choice", "choice_sentence", "judge", "clip")
"""The order of preference where runs are equal."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a task asks.

    Attributes:
        key: the set's key; for a task that is not one of ours, the task's name.
        variant: what stands behind the set in the task's name ("lite"); "" for the plain task.
    """

    key: str
    variant: str


def asked(task: str) -> Asked:
    """The set and variant of `task`.

    >>> asked("emt_cifar10_lite"), asked("mmbench_en")
    (Asked(key='cifar10', variant='lite'), Asked(key='mmbench_en', variant=''))
    """
    prefix, _, rest = task.partition("_")
    key, _, variant = rest.partition("_")
    return Asked(key, variant) if prefix == "emt" and key in ALL_SETS else Asked(task, "")


def shown(key: str) -> str:
    """A set's name as the paper writes it; its key, made safe, where it is none of ours."""
    return SHOWN.get(key) or plain(key)[:LONGEST]


def shown_together(keys: Iterable[str]) -> str:
    """The names of sets that were tuned on together.

    >>> shown_together(("cifar10", "mnist"))
    'CIFAR-10 + MNIST'
    """
    names = list(map(shown, keys))
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return " + ".join([*names[:MOST_NAMED], *more])


def ordered(keys: Iterable[str]) -> tuple[str, ...]:
    """`keys` each once: ours in the paper's order, then others by name."""
    unique = set(keys)
    return (*(key for key in ALL_SETS if key in unique), *sorted(unique - set(ALL_SETS)))


def commonest_variant(tasks: Iterable[str]) -> str:
    """The variant of ours that most of `tasks` are of; of several the first of `VARIANTS`."""
    tally = Counter(asked(task).variant for task in tasks if asked(task).key in ALL_SETS)
    rank = {variant: place for place, variant in enumerate(VARIANTS)}
    return min(tally, key=lambda variant: (-tally[variant], rank.get(variant, len(rank)), variant), default="")


@cache
def vocabulary(key: str) -> frozenset[str]:
    """The labels of a set of ours; none for other tasks."""
    return frozenset(label_set(key).labels) if key in ALL_SETS else frozenset()


def classes(keys: Iterable[str]) -> int | None:
    """How many classes sets have together; None where one of them is none of ours."""
    known = list(keys)
    return sum(len(vocabulary(key)) for key in known) if all(key in ALL_SETS for key in known) else None
