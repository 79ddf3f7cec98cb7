"""Fingerprints of a copy of the sets, for the list of known data."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from emt_tasks.errors import EmtError
from emt_tasks.images import stored_pixel_hashes
from emt_tasks.labels import ALL_SETS, label_set
from emt_tasks.runs.tabulation import fingerprint_of
from emt_tasks.sources import SOURCES
from emt_tasks.stored_pictures import split_files
from emt_tasks.subsets import balanced_rows

LITE_ROWS = 1_000  # of the `_lite` tasks


class Part(NamedTuple):
    """A set, or its `_lite` part, as it is at hand."""

    key: str
    fingerprint: str
    n: int
    name: str


def parts(folder: Path | None) -> Iterator[Part]:
    """Every set's whole test split and its `_lite` part, of a copy of the sets.

    Args:
        folder: as `EMT_DATA_DIR` names one; the hub's cache where it is None.

    Raises:
        EmtError: none of the sets is there, or a picture is broken.
    """
    there = {key: files for key in ALL_SETS if (files := split_files(key, folder))}
    if not there:
        raise EmtError("none of the sets is at hand. Name a folder of them with --data-dir.")
    for key, files in there.items():
        labels = label_set(key).labels
        indices, hashes = _rows(key, files)
        yield _part(key, [labels[i] for i in indices], hashes, "test split")
        kept = balanced_rows(indices, hashes, LITE_ROWS)
        if len(kept) < len(indices):
            yield _part(key, [labels[indices[i]] for i in kept], [hashes[i] for i in kept], "lite part")


def _part(key: str, labels: list[str], hashes: list[str], what: str) -> Part:
    return Part(key, fingerprint_of(zip(hashes, labels, strict=True)), len(labels), f"{what}, {len(labels):,} rows")


def _rows(key: str, files: tuple[Path, ...]) -> tuple[list[int], list[str]]:
    """Class index and pixel hash of every row."""
    source = SOURCES[key]
    indices: list[int] = []
    hashes: list[str] = []
    for path in files:
        for batch in pq.ParquetFile(path).iter_batches(256, columns=[source.image, source.label]):
            where = [f"{path.name}, row {len(indices) + place}," for place in range(batch.num_rows)]
            indices += batch.column(1).to_pylist()
            hashes += stored_pixel_hashes(batch.column(0).to_pylist(), where)
    return indices, hashes
