"""The four sets in small: drawn pictures in the hub's own schemas, in the layout that `EMT_DATA_DIR` expects."""

import io
import random
from collections.abc import Sequence
from pathlib import Path

import datasets
from PIL import Image

from emt_tasks.labels import label_set
from emt_tasks.sources import SOURCES

MODES = {"mnist": ("L", 28), "cifar10": ("RGB", 32), "cifar100": ("RGB", 32), "miniimagenet": ("RGB", 84)}
CONFIGS = {"mnist": "mnist", "cifar10": "plain_text", "cifar100": "cifar100", "miniimagenet": "data"}


def picture(key: str, seed: int) -> Image.Image:
    """A picture of the set's mode and size; another for each seed."""
    mode, side = MODES[key]
    noise = random.Random(f"{key} {seed}").randbytes(side * side * len(mode))
    return Image.frombytes(mode, (side, side), noise)


def png(image: Image.Image) -> bytes:
    """The picture's file."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def write_set(root: Path, key: str, labels: Sequence[int], files: Sequence[bytes] | None = None) -> Path:
    """Write set `key` with one row for each of `labels` as the test split below `root`; its folder."""
    source, names = SOURCES[key], label_set(key).hub_names
    folder = root / source.folder / CONFIGS[key]
    folder.mkdir(parents=True)
    files = files or [png(picture(key, seed)) for seed in range(len(labels))]
    plain = datasets.Features({source.image: datasets.Image(), source.label: datasets.Value("int64")})
    rows = datasets.Dataset.from_dict(
        {source.image: [{"bytes": file, "path": None} for file in files], source.label: list(labels)}, features=plain
    )
    if all(0 <= label < len(names) for label in labels):
        rows = rows.cast_column(source.label, datasets.ClassLabel(names=list(names)))
    rows.to_parquet(folder / "test-00000-of-00001.parquet")
    return folder.parent


def write_all(root: Path, each: int) -> Path:
    """Write all four sets with `each` rows of every class of the small ones and one of every class of the large."""
    for key in SOURCES:
        classes = len(label_set(key).labels)
        write_set(root, key, [row % classes for row in range(classes * each if classes <= 10 else classes)])
    return root
