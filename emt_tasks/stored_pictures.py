"""Pictures of our sets by the hash of their pixels, from the folder or the hub's cache where they were read."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import Image, UnidentifiedImageError

from emt_tasks.images import pixel_hash, rgb, whole_pictures_only
from emt_tasks.sources import SOURCES, cached_snapshot
from emt_tasks.tasks import catalogue

SIDE, QUALITY = 112, 78  # of a thumbnail: longest side in pixels, WebP
BATCH = 256  # rows decoded at once
MOST_LOOKED_THROUGH = 20_000  # pictures of a set: its whole test split, and an end where a folder holds more


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture that is looked for: by its hash, near the row it was in."""

    key: str
    image: str
    doc_id: int


def thumbnails(wanted: Iterable[Wanted], folder: Path | None) -> dict[str, bytes]:
    """Small WebP pictures by pixel hash; those that are nowhere, or of another set than ours, are not in it.

    Args:
        wanted: the pictures.
        folder: as `EMT_DATA_DIR` names one; the hub's cache where it is None.
    """
    found: dict[str, bytes] = {}
    by_set: dict[str, list[Wanted]] = {}
    for one in wanted:
        by_set.setdefault(one.key, []).append(one)
    for key, several in by_set.items():
        if key in SOURCES:
            found |= _of_set(key, several, folder)
    return found


def _of_set(key: str, wanted: Sequence[Wanted], folder: Path | None) -> dict[str, bytes]:
    """First the rows whose numbers the logs name, which are right unless a variant was asked; then all."""
    missing = {one.image for one in wanted}
    found: dict[str, bytes] = {}
    files = split_files(key, folder)
    for rows in ({one.doc_id for one in wanted}, None):
        for cell in _cells(files, SOURCES[key].image, rows):
            if not missing:
                return found
            _take(cell, missing, found)
    return found


def _take(cell: Mapping[str, Any] | None, missing: set[str], found: dict[str, bytes]) -> None:
    stored = (cell or {}).get("bytes")
    if not stored:
        return
    try:
        with whole_pictures_only(), Image.open(io.BytesIO(stored)) as picture:
            image = pixel_hash(picture)
            if image in missing:
                missing.discard(image)
                found[image] = _thumbnail(picture)
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
        return  # a broken picture is found missing, which the report says


def _thumbnail(picture: Image.Image) -> bytes:
    small = rgb(picture).copy()
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    lossless = max(small.size) <= 40  # MNIST and CIFAR: every pixel counts
    small.save(written, "WEBP", quality=QUALITY, method=4, lossless=lossless)
    return written.getvalue()


def split_files(key: str, folder: Path | None) -> tuple[Path, ...]:
    """The parquet files of a set's test split, in order; none where they are not here."""
    asked = catalogue()[f"emt_{key}"].config["dataset_kwargs"]
    home = folder / SOURCES[key].folder if folder else cached_snapshot(SOURCES[key].hub_id, asked["revision"])
    return tuple(sorted(home.glob(asked["data_files"]["test"]))) if home.is_dir() else ()


def _cells(files: Sequence[Path], column: str, rows: set[int] | None) -> Iterator[Mapping[str, Any] | None]:
    """The stored pictures, all of them or those with the numbers `rows`."""
    at = 0
    for path in files:
        for batch in pq.ParquetFile(path).iter_batches(BATCH, columns=[column]):
            numbers = (
                range(batch.num_rows) if rows is None else [row - at for row in rows if at <= row < at + batch.num_rows]
            )
            for number in sorted(numbers):
                yield batch.column(0)[number].as_py()
            at += batch.num_rows
            if at >= MOST_LOOKED_THROUGH:
                return
