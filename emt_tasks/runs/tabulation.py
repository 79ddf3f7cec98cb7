"""Rows of a sample log become columns, one table a reading, each row of the data once."""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from emt_tasks.runs.coded import Coded, coded
from emt_tasks.runs.records import OUTCOMES, Rows
from emt_tasks.runs.sample_log import Emt, Line

_PLACE = {outcome: place for place, outcome in enumerate(OUTCOMES)}


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The rows of one reading.

    Attributes:
        repeated: how many rows stood there again with the same answer and are left out.
        conflicting: how many rows of the data had different answers; all of those are left out.
        images: how many rows named a picture.
    """

    reading: str
    rows: Rows
    repeated: int
    conflicting: int
    images: int


def tables(lines: Sequence[Line]) -> list[Table]:
    """One table for each reading that `lines` have, in order of first sight."""
    readings = list(dict.fromkeys(line.emt.reading for line in lines))
    if len(readings) == 1:
        return [_table(readings[0], lines)]
    return [_table(reading, [line for line in lines if line.emt.reading == reading]) for reading in readings]


def _table(reading: str, lines: Sequence[Line]) -> Table:
    n = len(lines)
    ids = np.fromiter((line.doc_id for line in lines), np.int64, n)
    kept, repeated, conflicting = _once(ids, lambda row: _answer(lines[row].emt))
    images = [line.emt.image for line in lines]
    rows = Rows(
        doc_id=ids,
        image=_hashes(images),
        label=coded(line.emt.label for line in lines),
        raw=coded(line.emt.raw for line in lines),
        prediction=coded(line.emt.prediction for line in lines),
        outcome=Coded(OUTCOMES, np.fromiter((_PLACE[line.emt.outcome] for line in lines), np.int32, n)),
        named=coded(line.emt.named for line in lines),
        foreign=coded(line.emt.foreign for line in lines),
        id=_ids([line.id for line in lines]),
    )
    whole = rows if kept is None else rows.taken(kept)
    return Table(reading, whole, repeated, conflicting, sum(image is not None for image in images))


def _answer(emt: Emt) -> Hashable:
    """What rows of the same number must have in common to be the same row."""
    return emt.raw, emt.outcome, emt.label, emt.image


def _hashes(images: Sequence[str | None]) -> NDArray[np.bytes_] | None:
    """The pictures' hashes; None where one is missing or no sha256 in hex: then rows go by their number."""
    hexed = [image for image in images if image is not None and len(image) == 64 and image.isascii()]
    return np.array(hexed, "S64") if len(hexed) == len(images) else None


def _ids(ids: Sequence[object]) -> Coded[str] | None:
    """The rows' ids; None where one has none."""
    texts = [one for one in ids if isinstance(one, str) and one]
    return coded(texts) if len(texts) == len(ids) else None


def _once(ids: NDArray[np.int64], answer: Callable[[int], Hashable]) -> tuple[NDArray[np.intp] | None, int, int]:
    """Which rows to keep so that each id is there once; None is all. With how many were repeated, and conflicting."""
    _, first, back, counts = np.unique(ids, return_index=True, return_inverse=True, return_counts=True)
    if len(first) == len(ids):
        return None, 0, 0
    conflicting, repeated = set(), 0
    for row in np.flatnonzero(counts[back] > 1).tolist():
        group = int(back[row])
        if row != first[group]:
            repeated += 1
            if answer(row) != answer(int(first[group])):
                conflicting.add(group)
    kept = [row for group, row in enumerate(first.tolist()) if group not in conflicting]
    return np.array(sorted(kept), np.intp), repeated, len(conflicting)


def fingerprint(rows: Rows) -> str:
    """The sha256 of which pictures were asked about and what they show, in any order; else of ids, or of numbers.

    The same as `emt_tasks.runs.summary.TaskResult.fingerprint`, which a manifest keeps.
    """
    if rows.image is not None:
        return _of_pictures(rows.image.tobytes(), rows.image.itemsize, rows.label.values, rows.label.codes.tobytes())
    if rows.id is not None:
        asked = [f"id {name} {label}" for name, label in zip(rows.id, rows.label, strict=True)]
    else:
        asked = [f"row {number} {label}" for number, label in zip(rows.doc_id.tolist(), rows.label, strict=True)]
    return _sha256(asked)


@lru_cache(maxsize=8)  # runs are of the same few sets, and a board has hundreds of entries on each
def _of_pictures(images: bytes, width: int, labels: tuple[str, ...], codes: bytes) -> str:
    names = np.frombuffer(images, f"S{width}").astype(str).tolist() if images else []
    return fingerprint_of(zip(names, map(labels.__getitem__, np.frombuffer(codes, np.int32).tolist()), strict=True))


def fingerprint_of(rows: Iterable[tuple[str, str]]) -> str:
    """The sha256 of which pictures, by the sha256 of their pixels, are asked about and what they show, in any order."""
    return _sha256([f"{image} {label}" for image, label in rows])


def _sha256(asked: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(asked)).encode("utf8", "surrogatepass")).hexdigest()
