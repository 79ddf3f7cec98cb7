"""Which row of one run is which of another: by the picture, else its id in a table, and by what it shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emt_tasks.runs.coded import Coded
from emt_tasks.runs.records import Rows, TaskRows

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Rows of two runs, paired.

    Attributes:
        a, b: (k,) places of the pairs in either run, in the order of `a`'s log.
        only_a, only_b: places of the rows that the other run has not.
        by: `image`; `id` where both are of tables that name their rows; else `doc_id`, the row's number.
    """

    a: Places
    b: Places
    only_a: Places
    only_b: Places
    by: str


def paired(a: TaskRows, b: TaskRows) -> Pairs:
    """Pair the rows of two runs of a task.

    A set may hold one picture several times; those are paired in the order of their numbers. A pair has the same label:
    rows whose labels differ are not of the same question.
    """
    by = _by(a.rows, b.rows)
    left, right = _keys(a.rows, b.rows, by)
    if np.array_equal(left, right):
        everything = np.arange(len(left))
        return Pairs(everything, everything, everything[:0], everything[:0], by)
    _, in_a, in_b = np.intersect1d(left, right, assume_unique=True, return_indices=True)
    order = np.argsort(in_a, kind="stable")
    in_a, in_b = in_a[order], in_b[order]
    return Pairs(in_a, in_b, _others(in_a, len(left)), _others(in_b, len(right)), by)


def _by(a: Rows, b: Rows) -> str:
    if a.image is not None and b.image is not None:
        return "image"
    return "id" if a.id is not None and b.id is not None else "doc_id"


def _others(places: Places, n: int) -> Places:
    return np.setdiff1d(np.arange(n), places, assume_unique=True)


def _keys(a: Rows, b: Rows, by: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A number for each row of both, equal where they are the same row of the data."""
    n = len(a)
    if by == "image":
        assert a.image is not None
        assert b.image is not None
        what = np.concatenate([a.image, b.image])
    elif by == "id":
        assert a.id is not None
        assert b.id is not None
        names = {name: place for place, name in enumerate(dict.fromkeys((*a.id.values, *b.id.values)))}
        what = np.concatenate([_recoded(a.id, names), _recoded(b.id, names)])
    else:
        what = np.concatenate([a.doc_id, b.doc_id])
    labels = {label: place for place, label in enumerate(dict.fromkeys((*a.label.values, *b.label.values)))}
    shows = np.concatenate([_recoded(a.label, labels), _recoded(b.label, labels)])
    _, same = np.unique(what, return_inverse=True)
    keys = same.astype(np.int64) * max(len(labels), 1) + shows
    repeats = np.concatenate([_occurrence(keys[:n], a.doc_id), _occurrence(keys[n:], b.doc_id)])
    keys = keys * (int(repeats.max(initial=0)) + 1) + repeats
    return keys[:n], keys[n:]


def _recoded(column: Coded[str], places: dict[str, int]) -> NDArray[np.int64]:
    return np.array([places[value] for value in column.values], np.int64)[column.codes]


def _occurrence(keys: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many rows with the same key have a smaller number."""
    order = np.lexsort((numbers, keys))
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(keys) else np.zeros(0, np.intp)
    since = np.arange(len(keys)) - np.repeat(starts, np.diff(np.r_[starts, len(keys)]))
    found = np.empty(len(keys), np.int64)
    found[order] = since
    return found
