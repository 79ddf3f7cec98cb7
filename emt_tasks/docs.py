"""The door to the data: hub rows become the columns that prompts and scoring use.

`process_docs` of each task is here, named by its set (`emt_tasks.docs.cifar10`, `emt_tasks.docs.cifar10_lite`). Every
set comes out with the same columns: `image`, `label` (class index), `label_name` (as the hub spells it), `labels` (the
words that the prompt lists, index order) and `image_sha256` (see `emt_tasks.images.pixel_hash`).
"""

from collections.abc import Callable
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.compute as pc
from PIL.Image import Image

from emt_tasks import images, sources
from emt_tasks.errors import EmtError
from emt_tasks.labels import LabelSet, label_set
from emt_tasks.subsets import balanced_rows

LITE_ROWS = 1_000  # our choice: +-3 points at 95 %, a tenth of the time


class BadRows(EmtError):  # noqa: N818  # reads as what it says
    """The rows at hand are not the set that they should be."""


def visual(doc: dict[str, Any]) -> list[Image]:
    """The row's picture in RGB, which every model of the harness expects; MNIST is stored grey (mode L)."""
    return [images.shown(doc["image"])]


def checked_labels(rows: datasets.Dataset, column: str, labels: LabelSet) -> list[int]:
    """The class index of each row.

    Raises:
        BadRows: there are none; one is out of range; or the stored class names are those of another set.
    """
    if len(rows) == 0:
        raise BadRows(f"{labels.key}: the split has no rows. Fetch the set again, or choose a split that has some.")
    stored = getattr(rows.features[column], "names", None)
    if stored is not None and tuple(stored) != labels.hub_names:
        odd = next(
            (i for i, (a, b) in enumerate(zip(stored, labels.hub_names, strict=False)) if a != b),
            min(len(stored), len(labels.hub_names)),
        )
        raise BadRows(
            f"{labels.key}: the data's class names are not its own ({len(stored)} against {len(labels.hub_names)}; "
            f"the first that differs is class {odd}). Use the hub's copy, or rename the classes."
        )
    indices: list[int] = rows[column][:]
    for row, index in enumerate(indices):
        if not isinstance(index, int) or not 0 <= index < len(labels.labels):
            last = len(labels.labels) - 1
            raise BadRows(f"{labels.key}: row {row} has label {index!r}, outside 0..{last}. Mend or drop that row.")
    return indices


def _require_columns(rows: datasets.Dataset, names: tuple[str, ...], key: str) -> None:
    """Raise `BadRows` where `rows` lacks a column of the hub's."""
    for name in names:
        if name not in rows.features:
            there = ", ".join(rows.features)
            raise BadRows(f"{key}: no column {name!r}; there are {there}. Use the hub's columns.")


def hashed(
    batch: dict[str, list[Any]],
    row: list[int],
    *,
    column: str,
    key: str,
    rule: str,  # noqa: ARG001
) -> dict[str, list[str]]:
    """The pixel hashes of a batch of stored pictures; `rule` keeps those of an older definition in the cache unread."""
    return {"sha256": images.stored_pixel_hashes(batch[column], [f"{key}, row {i}," for i in row])}


def pixel_hashes(rows: datasets.Dataset, column: str, key: str) -> list[str]:
    """The pixel hash of each row, kept in the datasets cache so that a split is decoded once and not in each run."""
    stored = rows.select_columns([column]).cast_column(column, datasets.Image(decode=False))
    found = stored.map(
        hashed,
        batched=True,
        with_indices=True,
        batch_size=512,
        remove_columns=[column],
        fn_kwargs={"column": column, "key": key, "rule": images.PIXEL_HASH_RULE},
        desc=f"{key}: hashing pixels",
    )
    hashes: list[str] = found["sha256"][:]
    return hashes


def rows_of(key: str, most: int | None = None) -> Callable[[datasets.Dataset], datasets.Dataset]:
    """The `process_docs` of set `key`; with `most`, of its class-balanced part of at most that many rows.

    The part is chosen and ordered by pixel hash, so that it is the same whatever the order of the rows.
    """

    def process_docs(rows: datasets.Dataset) -> datasets.Dataset:
        sources.require_asked_for(key)
        labels, columns = label_set(key), sources.columns_of(key)
        _require_columns(rows, (columns.image, columns.label), key)
        indices = checked_labels(rows, columns.label, labels)
        hashes = pixel_hashes(rows, columns.image, key)
        if most is not None:
            kept = balanced_rows(indices, hashes, most)
            rows = rows.select(kept)
            indices, hashes = [indices[i] for i in kept], [hashes[i] for i in kept]
        rows = rows.select_columns([columns.image, columns.label])
        rows = rows.rename_columns(
            {old: new for old, new in ((columns.image, "image"), (columns.label, "label")) if old != new}
        )
        return datasets.concatenate_datasets([rows, _added(indices, hashes, labels)], axis=1)

    process_docs.__name__ = process_docs.__qualname__ = key if most is None else f"{key}_lite"
    return process_docs


def _added(indices: list[int], hashes: list[str], labels: LabelSet) -> datasets.Dataset:
    """The columns that are not in the data: label words for every row, without a Python list for each."""
    n, words = len(indices), labels.labels
    repeated = pa.ListArray.from_arrays(
        pa.array(range(0, (n + 1) * len(words), len(words)), pa.int32()),
        pc.take(pa.array(words), pa.array(list(range(len(words))) * n)),
    )
    names = pa.array([labels.hub_names[i] for i in indices])
    return datasets.Dataset(pa.table({"label_name": names, "labels": repeated, "image_sha256": pa.array(hashes)}))


mnist, mnist_lite = rows_of("mnist"), rows_of("mnist", LITE_ROWS)
cifar10, cifar10_lite = rows_of("cifar10"), rows_of("cifar10", LITE_ROWS)
cifar100, cifar100_lite = rows_of("cifar100"), rows_of("cifar100", LITE_ROWS)
miniimagenet, miniimagenet_lite = rows_of("miniimagenet"), rows_of("miniimagenet", LITE_ROWS)
