"""A folder of two sets in the hub's own schemas, made of what every install has: real digits and drawn objects.

`mnist/` holds scikit-learn's `load_digits`: 1,797 real handwritten digits of 8x8 grey levels, scaled to 28x28.
`cifar10/` holds drawings of CIFAR-10's ten classes (`finetuning.toy.drawings`). Columns, class names, configs and
cards are the hub's, so that the tasks `emt_mnist` and `emt_cifar10` read the folder unmodified through `EMT_DATA_DIR`.
"""

import io
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from emt_tasks.labels import label_set
from emt_tasks.sources import SOURCES
from finetuning.toy.drawings import drawing

CONFIG_NAMES = {"mnist": "mnist", "cifar10": "plain_text"}  # the hub's
SMALLEST_DIGIT_CLASS = 174  # images of the digit 8 in load_digits; the others have up to 183


class SetSizes(BaseModel):
    """Images of each class; of the digits, those that are not for testing are for training."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digit_tests: int = Field(30, gt=0, lt=SMALLEST_DIGIT_CLASS)
    drawing_tests: int = Field(30, gt=0)
    drawing_trains: int = Field(400, gt=0)


class Example(NamedTuple):
    """A picture and the index of its class."""

    image: Image.Image
    label: int


Splits = dict[str, list[Example]]


def write_toy_data(folder: Path, seed: int, sizes: SetSizes) -> None:
    """Write `mnist/` and `cifar10/` below `folder`; the same bytes for the same seed and sizes.

    No picture stands in two splits, test splits have equally many rows of each class, and rows are in random order.
    """
    _write_set(folder, "mnist", digit_splits(seed, sizes), "scikit-learn's load_digits, scaled from 8x8 to 28x28.")
    _write_set(folder, "cifar10", drawing_splits(seed, sizes), "Drawn by emt-bench; no photographs.")


def digit_splits(seed: int, sizes: SetSizes) -> Splits:
    """The real digits as 28x28 pictures of mode L, white on black as in MNIST."""
    from sklearn.datasets import load_digits  # a second of imports

    random = Random(f"digits {seed}")
    by_class: list[list[Example]] = [[] for _ in range(10)]
    stored = load_digits()
    for levels, label in zip(stored.images, stored.target, strict=True):
        grey = Image.fromarray(np.rint(levels * (255 / 16)).astype(np.uint8), "L")
        by_class[label].append(Example(grey.resize((28, 28), Image.Resampling.BICUBIC), int(label)))
    for examples in by_class:
        random.shuffle(examples)
    tests = [example for examples in by_class for example in examples[: sizes.digit_tests]]
    trains = [example for examples in by_class for example in examples[sizes.digit_tests :]]
    return {"train": _shuffled(trains, random), "test": _shuffled(tests, random)}


def drawing_splits(seed: int, sizes: SetSizes) -> Splits:
    """Drawings of CIFAR-10's classes as 32x32 pictures of mode RGB."""
    splits = {}
    for split, each in (("train", sizes.drawing_trains), ("test", sizes.drawing_tests)):
        random = Random(f"drawings {split} {seed}")
        labels = enumerate(label_set("cifar10").labels)
        examples = [Example(drawing(word, random), label) for label, word in labels for _ in range(each)]
        splits[split] = _shuffled(examples, random)
    return splits


def _shuffled(examples: list[Example], random: Random) -> list[Example]:
    return random.sample(examples, len(examples))


def _write_set(folder: Path, key: str, splits: Splits, origin: str) -> None:
    """Write set `key` as the hub keeps it: a card, and a parquet file for each split in its config's folder."""
    home, config = folder / SOURCES[key].folder, CONFIG_NAMES[key]
    (home / config).mkdir(parents=True, exist_ok=True)
    for split, examples in splits.items():
        pq.write_table(_table(key, examples), home / config / f"{split}-00000-of-00001.parquet")
    (home / "README.md").write_text(_card(key, splits, origin), encoding="utf8")


def _table(key: str, examples: Iterable[Example]) -> pa.Table:
    """The hub's two columns, with the features in the schema's metadata where `datasets` looks for them."""
    from datasets import ClassLabel, Features
    from datasets import Image as ImageFeature

    source = SOURCES[key]
    features = Features({source.image: ImageFeature(), source.label: ClassLabel(names=list(label_set(key).hub_names))})
    rows = [{source.image: {"bytes": _png(image), "path": None}, source.label: label} for image, label in examples]
    return pa.Table.from_pylist(rows, schema=features.arrow_schema)


def _png(image: Image.Image) -> bytes:
    """The picture's file."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _card(key: str, splits: Splits, origin: str) -> str:
    """The set's README.md: what the hub's card says of configs and features, and where the pictures are from."""
    source, config = SOURCES[key], CONFIG_NAMES[key]
    names = dict(enumerate(label_set(key).hub_names))
    features = [
        {"name": source.image, "dtype": "image"},
        {"name": source.label, "dtype": {"class_label": {"names": {str(i): name for i, name in names.items()}}}},
    ]
    files = [{"split": split, "path": f"{config}/{split}-*"} for split in splits]
    head = {
        "dataset_info": {"config_name": config, "features": features},
        "configs": [{"config_name": config, "default": True, "data_files": files}],
    }
    note = f"A stand-in for {source.hub_id} in its schema, written by `emt quickstart`. {origin}"
    return f"---\n{yaml.safe_dump(head, sort_keys=False)}---\n\n{note}\n"
