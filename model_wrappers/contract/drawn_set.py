"""A CIFAR-10 of drawn pictures in the layout that `EMT_DATA_DIR` expects: the benchmark's own tasks run on it."""

from pathlib import Path

import datasets

from emt_tasks.labels import label_set
from emt_tasks.sources import SOURCES
from model_wrappers.contract.samples import drawn

KEY, CONFIG = "cifar10", "plain_text"  # and the hub's name of its configuration
TASKS = ("emt_cifar10", "emt_cifar10_choice")


def write_drawn_set(root: Path, count: int) -> Path:
    """Write `count` rows as the test split below `root`; `root`."""
    source, names = SOURCES[KEY], list(label_set(KEY).hub_names)
    folder = root / source.folder / CONFIG
    folder.mkdir(parents=True)
    features = datasets.Features({source.image: datasets.Image(), source.label: datasets.ClassLabel(names=names)})
    columns = {
        source.image: [drawn(row).resize((32, 32)) for row in range(count)],
        source.label: [row % len(names) for row in range(count)],
    }
    datasets.Dataset.from_dict(columns, features=features).to_parquet(folder / "test-00000-of-00001.parquet")
    return root
