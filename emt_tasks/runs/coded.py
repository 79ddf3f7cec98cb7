"""A column of values that repeat: each is kept, and worked on, once."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
R = TypeVar("R")
V = TypeVar("V", bound=Hashable)


@dataclass(frozen=True, slots=True, eq=False)
class Coded(Generic[T]):
    """A column in which values repeat: each value once, and which one each row has.

    Attributes:
        values: the distinct values.
        codes: (n,) int32, the place in `values` of each row's.
    """

    values: tuple[T, ...]
    codes: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> T:
        return self.values[int(self.codes[row])]

    def __iter__(self) -> Iterator[T]:
        return (self.values[code] for code in self.codes.tolist())

    def taken(self, rows: NDArray[np.intp]) -> "Coded[T]":
        """The column of the rows at the places `rows`."""
        return Coded(self.values, self.codes[rows])

    def mapped(self, function: Callable[[T], R]) -> "Coded[R]":
        """The column of what `function` makes of each value; it is called once a value that some row has."""
        used, codes = np.unique(self.codes, return_inverse=True)
        return Coded(tuple(function(self.values[code]) for code in used.tolist()), codes.astype(np.int32))

    def read_as(self, function: Callable[[T], V]) -> "Coded[V]":
        """The column of what `function` makes of each value; it is called once a value, equal results are one value.

        >>> column = coded(["a", "B", "A"]).read_as(str.lower)
        >>> column.values, column.codes.tolist()
        (('a', 'b'), [0, 1, 0])
        """
        made = coded([function(value) for value in self.values])
        return Coded(made.values, made.codes[self.codes])

    def counts(self) -> Counter[T]:
        """How many rows have each value that some row has."""
        tally = np.bincount(self.codes, minlength=len(self.values)).tolist()
        return Counter({value: count for value, count in zip(self.values, tally, strict=True) if count})


def coded(values: Iterable[V]) -> Coded[V]:
    """The column of `values`, distinct ones in order of first sight.

    >>> column = coded("abba")
    >>> column.values, column.codes.tolist()
    (('a', 'b'), [0, 1, 1, 0])
    """
    column = values if isinstance(values, list) else list(values)
    places = {value: place for place, value in enumerate(dict.fromkeys(column))}
    return Coded(tuple(places), np.fromiter(map(places.__getitem__, column), np.int32, len(column)))
