"""Which classes are learnt first."""

from dataclasses import dataclass

import numpy as np

from emt_tasks.errors import EmtError
from finetuning.records.selection import Indices

FEWEST = 4  # classes: with fewer a half has only one, and there is nothing to tell apart


@dataclass(frozen=True, slots=True)
class Halves:
    """The classes of a set in two parts, in index order: `first` are 0 to `middle` - 1.

    Attributes:
        middle: number of classes in the first half; of an odd number of classes the first half has one more.
        classes: in both.
    """

    middle: int
    classes: int

    def rows(self, targets: Indices, half: int) -> Indices:
        """The row numbers of half 0 or 1, ascending."""
        return np.flatnonzero((targets >= self.middle) == bool(half))

    def of(self, half: int) -> slice:
        """The classes of half 0 or 1."""
        return slice(self.middle, self.classes) if half else slice(self.middle)


def halves(classes: int, name: str) -> Halves:
    """The two halves of `classes` classes.

    >>> halves(5, "photos")
    Halves(middle=3, classes=5)

    Raises:
        EmtError: there are too few.
    """
    if classes < FEWEST:
        there = "one class" if classes == 1 else f"{classes} classes"
        raise EmtError(
            f"{name} has {there}; learning one half and then the other needs at least {FEWEST}, two in each."
        )
    return Halves((classes + 1) // 2, classes)
