"""Images as instruction records: what a set's task asks, and the answer that training wants to hear."""

import io
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
from PIL import Image

from emt_tasks.errors import EmtError
from emt_tasks.images import rgb
from emt_tasks.labels import label_set
from emt_tasks.sources import SOURCES
from emt_tasks.tasks import prompt_of

# The form of the paper's answers: "The object is a(n) butterfly."; of digits, "The number is 7."
ANSWERS = {"mnist": "The number is {label}."}
OBJECT_ANSWER = "The object is a(n) {label}."


class Record(NamedTuple):
    """One turn of a conversation about an RGB picture; `label` is the class index in its set."""

    image: Image.Image
    prompt: str
    answer: str
    label: int


def question_of(key: str) -> str:
    """What the task of set `key` asks, the same for each of its rows."""
    return prompt_of(f"emt_{key}")


def answers_of(key: str) -> tuple[str, ...]:
    """The wanted answer for each class of set `key`, in index order.

    >>> answers_of("mnist")[7], answers_of("cifar10")[8]
    ('The number is 7.', 'The object is a(n) ship.')
    """
    return tuple(ANSWERS.get(key, OBJECT_ANSWER).format(label=label) for label in label_set(key).labels)


def records(data_dir: Path, key: str, split: str) -> list[Record]:
    """The records of one split of set `key` in a folder of `EMT_DATA_DIR`'s layout, in the order of its rows.

    Raises:
        EmtError: the folder has no such split.
    """
    source, prompt, answers = SOURCES[key], question_of(key), answers_of(key)
    files = sorted((data_dir / source.folder).glob(f"*/{split}-*.parquet"))
    if not files:
        raise EmtError(
            f"{data_dir / source.folder} has no parquet file of the split {split!r}. "
            f"Name a folder that holds {source.hub_id} as the hub keeps it."
        )
    rows = (row for file in files for row in pq.read_table(file, columns=[source.image, source.label]).to_pylist())
    return [
        Record(_decoded(row[source.image]["bytes"]), prompt, answers[row[source.label]], row[source.label])
        for row in rows
    ]


def _decoded(file: bytes) -> Image.Image:
    with Image.open(io.BytesIO(file)) as image:
        image.load()  # `rgb` gives an RGB picture back as it is, and this file is about to be closed
        return rgb(image)
